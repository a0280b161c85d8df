//! The drivers agree, whoever has the word when.

use super::*;
use crate::certificate::verify_linearization;
use crate::history::{HistoryBuilder, ProcessId};
use crate::spec::{
    AppendList, AppendListOp, AppendListRet, CasRegister, CasRegisterOp, RegisterRet,
    SequentialSpec,
};
use crate::verdict::Budget;

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % n
    }
}

/// As in use; merged states from the first moment on; turns as short as can be.
const SHARES: [Shares; 3] = [
    Shares { first: 100, each: 1_000 },
    Shares { first: 0, each: 1_000 },
    Shares { first: 5, each: 1 },
];

/// Clients of an object that sometimes tells them what was true a while ago.
fn draw<S: SequentialSpec>(
    spec: &S,
    random: &mut Random,
    clients: usize,
    op: fn(&mut Random) -> S::Op,
    result: fn(&S::State, &S::Op) -> S::Ret,
) -> History<S::Op, S::Ret> {
    let mut builder = HistoryBuilder::new();
    let mut states = vec![spec.initial()];
    let mut open = vec![None; clients];
    let mut processes: Vec<u64> = (0..clients as u64).collect();
    for _ in 0..clients * 10 {
        let client = random.below(clients as u64) as usize;
        let process = ProcessId(processes[client]);
        match open[client].take() {
            None => {
                let op = op(random);
                builder.invoke(process, op.clone()).unwrap();
                open[client] = Some((op, None));
            }
            Some((op, None)) => {
                let age = if random.below(8) == 0 { 4 } else { 1 };
                let ret = result(&states[states.len().saturating_sub(age)], &op);
                states.extend(spec.step(&states[states.len() - 1], &op, None));
                open[client] = Some((op, Some(ret)));
            }
            Some((_, Some(_))) if random.below(16) == 0 => {
                builder.info(process).unwrap();
                processes[client] += clients as u64;
            }
            Some((_, Some(ret))) => builder.ok(process, ret).unwrap(),
        }
    }
    builder.finish()
}

/// Judges histories with all shares; returns how many have a linearization and how many have none.
fn agree<S: SequentialSpec>(
    spec: &S,
    clients: usize,
    histories: u64,
    op: fn(&mut Random) -> S::Op,
    result: fn(&S::State, &S::Op) -> S::Ret,
) -> [u32; 2] {
    let mut counts = [0; 2];
    for seed in 0..histories {
        let history = draw(spec, &mut Random(seed), clients, op, result);
        let ids: Vec<OperationId> = history.iter().map(|(id, _)| id).collect();
        let verdicts = SHARES.map(|shares| {
            let mut meter = Budget::UNLIMITED.meter();
            match search_in_shares(spec, &history, &ids, None, shares, &mut meter) {
                Found::Order(order) => {
                    verify_linearization(spec, &history, &order).unwrap();
                    true
                }
                Found::Stuck { .. } => false,
                Found::Exhausted(exhausted) => panic!("{exhausted}"),
            }
        });
        assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{seed}: {verdicts:?}");
        counts[usize::from(!verdicts[0])] += 1;
    }
    counts
}

#[test]
fn drivers_agree_on_registers() {
    let [good, bad] = agree(
        &CasRegister::new(0),
        5,
        300,
        |random| match random.below(4) {
            0 | 1 => CasRegisterOp::Read,
            2 => CasRegisterOp::Write(random.below(20)),
            _ => CasRegisterOp::Cas(random.below(20), random.below(20)),
        },
        |state, op| match op {
            CasRegisterOp::Read => RegisterRet::Value(*state),
            CasRegisterOp::Write(_) => RegisterRet::Written,
            CasRegisterOp::Cas(from, _) => RegisterRet::Swapped(from == state),
        },
    );
    assert!(good > 10 && bad > 10, "{good} good, {bad} bad");
}

#[test]
fn drivers_agree_on_lists() {
    let [good, bad] = agree(
        &AppendList::new(),
        3,
        // Few: where there is no end to the states, the search for impossible results is long.
        40,
        |random| match random.below(3) {
            0 => AppendListOp::Read,
            _ => AppendListOp::Append(random.below(3)),
        },
        |state, op| match op {
            AppendListOp::Read => AppendListRet::Elements(state.clone()),
            AppendListOp::Append(_) => AppendListRet::Appended,
        },
    );
    assert!(good > 4 && bad > 4, "{good} good, {bad} bad");
}

#[test]
fn more_operations_overlap_than_a_word_has_bits() {
    // One client writes by itself, so that the search is on its way when it meets the others.
    for last in [0, 1] {
        let mut builder = HistoryBuilder::new();
        for value in 0..20 {
            builder.invoke(ProcessId(0), CasRegisterOp::Write(value)).unwrap();
            builder.ok(ProcessId(0), RegisterRet::Written).unwrap();
        }
        for client in 0..70 {
            builder
                .invoke(ProcessId(client), CasRegisterOp::Cas(19 + client, 20 + client))
                .unwrap();
        }
        for client in 0..70 {
            builder.ok(ProcessId(client), RegisterRet::Swapped(true)).unwrap();
        }
        builder.invoke(ProcessId(0), CasRegisterOp::Read).unwrap();
        builder.ok(ProcessId(0), RegisterRet::Value(89 - last)).unwrap();
        let (spec, history) = (CasRegister::new(0), builder.finish());
        let ids: Vec<OperationId> = history.iter().map(|(id, _)| id).collect();
        let mut meter = Budget::UNLIMITED.meter();
        match search(&spec, &history, &ids, None, &mut meter) {
            Found::Order(order) => {
                assert_eq!(last, 0);
                verify_linearization(&spec, &history, &order).unwrap();
            }
            Found::Stuck { operation, .. } => assert_eq!((last, operation.0), (1, 90)),
            Found::Exhausted(exhausted) => panic!("{exhausted}"),
        }
    }
}

#[test]
fn a_value_that_nobody_wrote_is_found_before_a_long_search() {
    let mut builder = HistoryBuilder::new();
    for client in 0..14 {
        builder.invoke(ProcessId(client), CasRegisterOp::Write(client % 3)).unwrap();
    }
    builder.invoke(ProcessId(14), CasRegisterOp::Read).unwrap();
    builder.ok(ProcessId(14), RegisterRet::Value(9)).unwrap();
    (0..14).for_each(|client| builder.ok(ProcessId(client), RegisterRet::Written).unwrap());
    let history = builder.finish();
    let ids: Vec<OperationId> = (0..15).map(OperationId).collect();
    let (spec, shares) = (CasRegister::new(0), Shares::of(15));
    let mut meter = Budget::UNLIMITED.meter();
    let found = search_in_shares(&spec, &history, &ids, None, shares, &mut meter);
    let Found::Stuck { operation, evidence } = found else { panic!("nobody wrote 9") };
    assert_eq!((operation, evidence), (OperationId(14), vec![OperationId(14)]));
    assert!(meter.spent() < shares.each, "{} configurations", meter.spent());
}
