//! The verifiers refuse certificates that were tampered with.

mod support;

use sim_check::certificate::{verify_linearization, verify_sequential_order};
use sim_check::linearizability::check_linearizability;
use sim_check::sequential::check_sequential_consistency;
use sim_check::session::{
    SessionGuarantee, check_session_guarantee, verify_session_guarantee, verify_session_violation,
};
use sim_check::spec::{CasRegister, NondeterministicSpec};
use sim_check::txn::{
    Anomaly, Evidence, Finding, IsolationLevel, Kind, MicroOp, Model, Status, TxnHistoryBuilder,
    Violation, Witness, check,
};
use sim_check::{Budget, History, OperationId, Outcome, Verdict};
use support::draw::{Shape, draw_history};
use support::random::Random;
use support::sessions::draw_sessions;
use support::transactions::draw_transactions;

const SHAPE: Shape =
    Shape { operations: 9, clients: 4, unknown_percent: 10, fail_percent: 3, wrong_percent: 5 };

/// An order without one operation that succeeded, and one with an operation twice.
fn incomplete_orders<S: NondeterministicSpec>(
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
) -> Vec<Vec<OperationId>> {
    let succeeded = |id: &OperationId| matches!(history.operation(*id).outcome, Outcome::Ok(_));
    let mut all = Vec::new();
    for (at, id) in order.iter().enumerate() {
        let mut twice = order.to_vec();
        twice.push(*id);
        all.push(twice);
        if succeeded(id) {
            let mut less = order.to_vec();
            less.remove(at);
            all.push(less);
        }
    }
    all
}

#[test]
fn orders_of_operations() {
    let spec = CasRegister::new(0);
    let (mut refused, mut swapped) = (0, 0);
    for seed in 0..2_000 {
        let history = draw_history(&spec, &mut Random::new(seed), SHAPE);
        let real_time = check_linearizability(&spec, &history, Budget::UNLIMITED);
        let process = check_sequential_consistency(&spec, &history, Budget::UNLIMITED);
        if let Verdict::Ok(found) = &real_time {
            for order in incomplete_orders::<CasRegister<u8>>(&history, &found.order) {
                assert!(verify_linearization(&spec, &history, &order).is_err(), "{order:?}");
                refused += 1;
            }
            for at in 1..found.order.len() {
                let mut order = found.order.clone();
                order.swap(at - 1, at);
                let (later, earlier) = (order[at - 1], order[at]);
                if history.operation(earlier).precedes(history.operation(later)) {
                    assert!(verify_linearization(&spec, &history, &order).is_err(), "{order:?}");
                    swapped += 1;
                }
            }
        }
        if let Verdict::Ok(found) = &process {
            for order in incomplete_orders::<CasRegister<u8>>(&history, &found.order) {
                assert!(verify_sequential_order(&spec, &history, &order).is_err(), "{order:?}");
            }
        }
    }
    assert!(refused > 5_000 && swapped > 1_000, "{refused} {swapped}");
}

#[test]
fn orders_of_versions() {
    let (mut orders_refused, mut cycles_refused) = (0, 0);
    for seed in 0..4_000 {
        let accesses = draw_sessions(&mut Random::new(seed));
        for guarantee in SessionGuarantee::ALL {
            match check_session_guarantee(guarantee, &accesses, Budget::UNLIMITED) {
                Verdict::Ok(mut found) => {
                    let Some((_, order)) = found.orders.iter_mut().find(|(_, o)| !o.is_empty())
                    else {
                        continue;
                    };
                    // Without a version that somebody depends on, or in reverse.
                    order.reverse();
                    let reversed = verify_session_guarantee(guarantee, &accesses, &found).is_err();
                    orders_refused += u64::from(reversed);
                }
                Verdict::Violation(mut violation) => {
                    let whole = violation.cycle.clone();
                    violation.cycle.clear();
                    assert!(verify_session_violation(&accesses, &violation).is_err());
                    if whole.len() > 1 {
                        violation.cycle = whole[1..].to_vec();
                        assert!(verify_session_violation(&accesses, &violation).is_err());
                    }
                    violation.cycle = whole.clone();
                    violation.cycle[0].second = OperationId(99);
                    if violation.cycle[0].first.is_some() {
                        assert!(verify_session_violation(&accesses, &violation).is_err());
                    }
                    cycles_refused += 1;
                }
                Verdict::Unknown(exhausted) => panic!("{exhausted}"),
            }
        }
    }
    assert!(orders_refused > 500 && cycles_refused > 500, "{orders_refused} {cycles_refused}");
}

#[test]
fn executions() {
    let (mut refused, mut moved) = (0, 0);
    for seed in 0..600 {
        let model = [Model::ListAppend, Model::RwRegister][seed as usize % 2];
        let history = draw_transactions(model, &mut Random::new(seed), 5);
        for level in IsolationLevel::ALL.iter().copied() {
            let Verdict::Ok(execution) = check(&history, level, Budget::default()) else {
                continue;
            };
            for at in 0..execution.order.len() {
                let mut less = execution.clone();
                let txn = less.order.remove(at);
                less.snapshots.remove(at);
                if history.txn(txn).status == Status::Ok {
                    assert!(less.verify(&history, level).is_err(), "{level} without T{txn}");
                }
                let mut twice = execution.clone();
                twice.order.push(txn);
                twice.snapshots.push(0);
                assert!(twice.verify(&history, level).is_err(), "{level} with T{txn} twice");
                refused += 1;
            }
            if level == IsolationLevel::STRICT_SERIALIZABLE && !execution.order.is_empty() {
                let mut backwards = execution.clone();
                backwards.order.reverse();
                let (first, last) =
                    (history.txn(backwards.order[0]), *backwards.order.last().expect("some"));
                let last = history.txn(last);
                if last.status == Status::Ok && last.completed < first.invoked {
                    assert!(backwards.verify(&history, level).is_err(), "{level} backwards");
                    moved += 1;
                }
            }
        }
    }
    assert!(refused > 5_000 && moved > 20, "{refused} {moved}");
}

/// Nobody can claim that all orders were tried in vain where one of them is right.
#[test]
fn searches_that_never_were() {
    let (mut refused, mut accepted) = (0, 0);
    for seed in 0..400 {
        let model = [Model::ListAppend, Model::RwRegister][seed as usize % 2];
        let history = draw_transactions(model, &mut Random::new(seed), 5);
        for level in [IsolationLevel::SNAPSHOT_ISOLATION, IsolationLevel::PREFIX] {
            let unordered = Finding {
                anomaly: Anomaly::GNonadjacent { order: level.order() },
                witness: Witness::Unordered,
            };
            for evidence in [Evidence::Search, Evidence::Finding(unordered)] {
                let original = (0..history.len() as u32).collect();
                let claim = Violation { level, history: history.clone(), original, evidence };
                let verified = claim.verify(&history);
                match check(&history, level, Budget::default()) {
                    Verdict::Ok(_) => {
                        assert!(verified.is_err(), "seed {seed}: {level}");
                        refused += 1;
                    }
                    Verdict::Violation(_) => accepted += u32::from(verified.is_ok()),
                    Verdict::Unknown(exhausted) => panic!("{exhausted}"),
                }
            }
        }
    }
    assert!(refused > 100 && accepted > 100, "{refused} {accepted}");
}

/// Where a write was left out, what others saw of it proves nothing.
#[test]
fn parts_without_what_was_read() {
    let reads = |model, seen: &[i64]| match model {
        Model::RwRegister => MicroOp::read("x", seen.last().copied().unwrap_or_default()),
        Model::ListAppend => MicroOp::read_list("x", seen.to_vec()),
    };
    for model in [Model::RwRegister, Model::ListAppend] {
        let write = |value| match model {
            Model::RwRegister => MicroOp::write("x", value),
            Model::ListAppend => MicroOp::append("x", value),
        };
        // The reader stands first, so that its part is the beginning of the whole.
        let mut builder = TxnHistoryBuilder::new(model);
        builder.ok(0, vec![reads(model, &[1])]).unwrap();
        let part = builder.build();
        let mut builder = TxnHistoryBuilder::new(model);
        builder.ok(0, vec![reads(model, &[1])]).unwrap();
        builder.ok(1, vec![write(1)]).unwrap();
        let whole = builder.build();
        let level = IsolationLevel::SERIALIZABLE;
        assert!(check(&whole, level, Budget::default()).is_ok());
        let Verdict::Violation(claim) = check(&part, level, Budget::default()) else {
            panic!("nobody wrote it")
        };
        claim.verify(&part).unwrap();
        assert!(claim.verify(&whole).is_err(), "{claim}");
    }
}

#[test]
fn violations() {
    let (mut cycles, mut findings) = (0, 0);
    for seed in 0..1_500 {
        let model = [Model::ListAppend, Model::RwRegister][seed as usize % 2];
        let history = draw_transactions(model, &mut Random::new(seed), 5);
        let level = IsolationLevel::STRICT_SERIALIZABLE;
        let Verdict::Violation(violation) = check(&history, level, Budget::default()) else {
            continue;
        };
        // Another history has no such transactions.
        let mut other = violation.clone();
        other.original.reverse();
        if other.original != violation.original {
            assert!(other.verify(&history).is_err(), "{violation}");
        }
        let Evidence::Finding(finding) = &violation.evidence else { continue };
        let mut weaker = violation.clone();
        weaker.level = IsolationLevel::READ_UNCOMMITTED;
        if !weaker.level.forbids(finding.anomaly) {
            assert!(weaker.verify(&history).is_err(), "{violation}");
        }
        match &finding.witness {
            Witness::Cycle(cycle) => {
                for at in 0..cycle.steps.len() {
                    let with = |change: &dyn Fn(&mut Vec<sim_check::txn::Step>)| {
                        let mut changed = violation.clone();
                        if let Evidence::Finding(finding) = &mut changed.evidence
                            && let Witness::Cycle(cycle) = &mut finding.witness
                        {
                            change(&mut cycle.steps);
                        }
                        changed
                    };
                    let shorter = with(&|steps| {
                        steps.remove(at);
                    });
                    assert!(shorter.verify(&history).is_err(), "without a step: {violation}");
                    let kind = match cycle.steps[at].kind {
                        Kind::Ww | Kind::Rw | Kind::Realtime | Kind::Process => Kind::Wr,
                        Kind::Wr => Kind::Rw,
                    };
                    let other_kind = with(&|steps| steps[at].kind = kind);
                    assert!(other_kind.verify(&history).is_err(), "{kind:?}: {violation}");
                    cycles += 1;
                }
            }
            Witness::Local { .. } => {
                let mut changed = violation.clone();
                if let Evidence::Finding(finding) = &mut changed.evidence {
                    finding.anomaly = Anomaly::DuplicateElements;
                }
                if finding.anomaly != Anomaly::DuplicateElements {
                    assert!(changed.verify(&history).is_err(), "another anomaly: {violation}");
                    findings += 1;
                }
            }
            Witness::Unordered => {}
        }
    }
    assert!(cycles > 200 && findings > 50, "{cycles} {findings}");
}
