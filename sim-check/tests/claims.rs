//! Nobody can refute what has an explanation.

mod support;

use sim_check::certificate::{verify_refutation, verify_violation};
use sim_check::history::HistoryRecorder;
use sim_check::linearizability::check_linearizability;
use sim_check::refutation::{
    Beginning, Refutation, refute_linearizability, refute_sequential_consistency,
};
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::{
    CasRegister, CasRegisterOp, FifoQueue, KeyValue, Register, RegisterRet, SequentialSpec, Set,
};
use sim_check::{Budget, History, OperationId, Outcome, ProcessId, Verdict};
use support::draw::{Drawn, Shape, draw_history};
use support::orders::{Order, exhaustive};
use support::random::Random;

const SHAPE: Shape =
    Shape { operations: 9, clients: 4, unknown_percent: 25, fail_percent: 3, wrong_percent: 25 };

/// Changes one thing about a refutation.
fn tamper<State: Clone>(refutation: &mut Refutation<State>, random: &mut Random) {
    let drop_one = |ids: &mut Vec<OperationId>, random: &mut Random| {
        if !ids.is_empty() {
            ids.remove(random.below(ids.len()));
        }
    };
    match random.below(7) {
        0 if !refutation.beginnings.is_empty() => {
            refutation.beginnings.remove(random.below(refutation.beginnings.len()));
        }
        1 if !refutation.certain.is_empty() => {
            let row = random.below(refutation.certain.len());
            drop_one(&mut refutation.certain[row], random);
        }
        2 if !refutation.optional.is_empty() => {
            let row = random.below(refutation.optional.len());
            drop_one(&mut refutation.optional[row], random);
        }
        3 => drop_one(&mut refutation.anytime, random),
        4 if refutation.certain.len() > 1 => {
            let row = refutation.certain.pop().expect("more than one");
            refutation.certain[0].extend(row);
        }
        5 if !refutation.optional.is_empty() => {
            let row = refutation.optional.pop().expect("one");
            refutation.certain.push(row);
        }
        _ if !refutation.beginnings.is_empty() => {
            let at = random.below(refutation.beginnings.len());
            let done = &mut refutation.beginnings[at].done;
            let row = random.below(done.len());
            done[row] += 1;
        }
        _ => {}
    }
}

/// Changes one thing about a history.
fn change<S: Drawn>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    random: &mut Random,
) -> History<S::Op, S::Ret> {
    let mut operations = history.operations().to_vec();
    let at = random.below(operations.len());
    let operation = &mut operations[at];
    if operation.outcome.ok().is_some() {
        let mut results = spec.results(&operation.op);
        operation.outcome = match random.below(3) {
            0 => Outcome::Unknown,
            _ => Outcome::Ok(results.swap_remove(random.below(results.len()))),
        };
    } else {
        operation.op = spec.draw(random);
    }
    History::from_operations(operations)
}

/// Nobody can refute what has an explanation, and a refutation needs all its beginnings.
fn refutations_hold<S: Drawn>(spec: &S) {
    let (mut held, mut refused, mut of_good) = (0, 0, 0);
    for seed in 0..1_500 {
        let mut random = Random::new(seed);
        let history = draw_history(spec, &mut random, SHAPE);
        let budget = Budget::UNLIMITED;
        let mut refutations = Vec::new();
        if let Verdict::Violation(violation) = check_linearizability(spec, &history, budget) {
            refutations.extend(refute_linearizability(spec, &history, &violation, budget));
        }
        if let Verdict::Violation(violation) = check_sequential_consistency(spec, &history, budget)
        {
            refutations.extend(refute_sequential_consistency(spec, &history, &violation, budget));
        }
        for refutation in refutations {
            assert_eq!(verify_violation(spec, &history, &refutation), Ok(()));
            held += 1;
            for at in 0..refutation.beginnings.len() {
                let mut less = refutation.clone();
                less.beginnings.remove(at);
                assert!(verify_refutation(spec, &history, &less).is_err(), "seed {seed}: {at}");
                refused += 1;
            }
            for _ in 0..20 {
                let other = change(spec, &history, &mut random);
                if !exhaustive(spec, &other, of(refutation.order)) {
                    continue;
                }
                let mut claim = refutation.clone();
                for _ in 0..random.below(3) {
                    tamper(&mut claim, &mut random);
                }
                let verified = verify_violation(spec, &other, &claim);
                assert!(verified.is_err(), "seed {seed}: {other:#?} {claim:#?}");
                of_good += 1;
            }
        }
    }
    assert!(held > 200 && refused > 1_000 && of_good > 1_000, "{held} {refused} {of_good}");
}

fn of(order: sim_check::refutation::Order) -> Order {
    match order {
        sim_check::refutation::Order::RealTime => Order::RealTime,
        sim_check::refutation::Order::Process => Order::Process,
    }
}

#[test]
fn refutations_of_registers() {
    refutations_hold(&Register::new(0));
    refutations_hold(&CasRegister::new(0));
}

#[test]
fn refutations_of_collections() {
    refutations_hold(&FifoQueue::new());
    refutations_hold(&Set::new());
    refutations_hold(&KeyValue::new());
}

/// Which process asked for what, and what it was told.
type Asked = (u64, CasRegisterOp<u8>, Option<RegisterRet<u8>>);

/// A history that has an explanation, and what is claimed of it: that its operations in these rows have none.
fn refuses(
    operations: &[Asked],
    concurrent: bool,
    (certain, optional): (&[&[u32]], &[&[u32]]),
    beginnings: &[(&[u32], u32)],
) {
    let mut recorder = HistoryRecorder::new();
    let mut open = Vec::new();
    for (process, op, ret) in operations {
        let id = recorder.invoke(ProcessId(*process), None, op.clone());
        open.extend(ret.clone().map(|ret| (id, ret)));
        if !concurrent {
            open.drain(..).for_each(|(id, ret)| recorder.ok(id, None, ret).expect("it is open"));
        }
    }
    open.drain(..).for_each(|(id, ret)| recorder.ok(id, None, ret).expect("it is open"));
    let (spec, history) = (CasRegister::new(0), recorder.finish());
    assert!(exhaustive(&spec, &history, Order::RealTime), "{history:?}");
    let rows = |rows: &[&[u32]]| {
        rows.iter().map(|row| row.iter().map(|id| OperationId(*id)).collect()).collect()
    };
    let claim = Refutation {
        order: sim_check::refutation::Order::RealTime,
        certain: rows(certain),
        optional: rows(optional),
        anytime: Vec::new(),
        states: vec![0, 1, 2],
        beginnings: beginnings
            .iter()
            .map(|(done, state)| Beginning {
                done: (*done).into(),
                state: *state,
                contradiction: Vec::new(),
            })
            .collect(),
        trusts_promises: true,
    };
    let verified = verify_refutation(&spec, &history, &claim);
    assert!(verified.is_err(), "{history:?} {claim:?}");
}

/// Each claim would hold if the verifier did not look at its rows.
#[test]
fn rows_that_are_none() {
    use CasRegisterOp::{Cas, Read, Write};
    let (written, one) = (Some(RegisterRet::Written), Some(RegisterRet::Value(1)));
    // The second one has not to wait for the first.
    let both = [(0, Write(1), written), (1, Read, one.clone())];
    refuses(&both, true, (&[&[1, 0]], &[]), &[(&[0], 0)]);
    // It took effect once.
    let swapped = [(0, Cas(0, 1), Some(RegisterRet::Swapped(true)))];
    refuses(&swapped, false, (&[&[0], &[0]], &[]), &[(&[0, 0], 0), (&[1, 0], 1), (&[0, 1], 1)]);
    // The later one has to wait for the read, and the earlier one has not.
    let twice = [(0, Write(1), None), (1, Read, one), (2, Write(1), None)];
    refuses(&twice, false, (&[&[1]], &[&[2, 0]]), &[(&[0, 0], 0)]);
}

/// A token that nobody brings, and so nobody takes.
struct Token;

impl SequentialSpec for Token {
    type State = ();
    type Op = ();
    type Ret = ();
    type Key = ();

    fn initial(&self) {}

    fn step(&self, (): &(), (): &(), _: Option<&()>) -> Option<()> {
        None
    }
}

/// Nobody knows that it took effect: it need not.
#[test]
fn what_need_not_have_happened() {
    let mut recorder = HistoryRecorder::new();
    recorder.invoke(ProcessId(0), None, ());
    let history = recorder.finish();
    assert!(exhaustive(&Token, &history, Order::RealTime));
    let claim = Refutation {
        order: sim_check::refutation::Order::RealTime,
        certain: vec![vec![OperationId(0)]],
        optional: Vec::new(),
        anytime: Vec::new(),
        states: vec![()],
        beginnings: vec![Beginning { done: [0].into(), state: 0, contradiction: Vec::new() }],
        trusts_promises: false,
    };
    assert!(verify_refutation(&Token, &history, &claim).is_err());
}
