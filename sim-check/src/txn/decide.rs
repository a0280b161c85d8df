//! How the judges of isolation levels decide.

use super::client_order::ClientOrder;
use super::execution::Execution;
use super::finding::{Finding, Findings, Witness};
use super::history::{Model, TxnHistory, TxnId};
use super::level::{Guarantee, IsolationLevel};
use super::list::{Lists, Outcome, Reach};
use super::register::{Complete, Facts, Weak, complete, weak_violation};
use super::solve::{Choice, Mode, Problem, Solution, solve};
use super::{register, search};
use crate::verdict::{Exhausted, Meter};
use std::collections::BTreeSet;

/// A verdict without its explanation.
pub(super) enum Decision {
    Holds(Execution),
    /// With what is wrong, if that was seen at once.
    Violated(Option<Finding>),
    Unknown(Exhausted),
}

pub(super) fn decide(history: &TxnHistory, level: IsolationLevel, meter: &mut Meter) -> Decision {
    match history.model() {
        Model::ListAppend => decide_list(history, level, meter),
        Model::RwRegister => decide_register(history, level, meter),
    }
}

fn unknown(meter: &Meter, reason: &str) -> Decision {
    Decision::Unknown(Exhausted { configurations: meter.spent(), reason: reason.to_owned() })
}

fn decide_list(history: &TxnHistory, level: IsolationLevel, meter: &mut Meter) -> Decision {
    let reach = match level.guarantee() {
        Guarantee::Causal => Reach::All,
        _ => Reach::Next,
    };
    let lists = Lists::new(history, level.order(), reach);
    let gave_up = match lists.violation(level) {
        Outcome::Violated(finding) => return Decision::Violated(Some(finding)),
        Outcome::Nothing => false,
        Outcome::GaveUp => true,
    };
    if gave_up {
        return unknown(meter, "there are too many anti-dependencies to look at each");
    }
    let txns = || (0..history.len() as TxnId).filter(|txn| lists.orders.committed[*txn as usize]);
    let guarantee = level.guarantee();
    let mode = match guarantee {
        Guarantee::Prefix => Mode::Prefix,
        Guarantee::SnapshotIsolation => Mode::Snapshot,
        _ => Mode::Serial,
    };
    let parallel =
        matches!(guarantee, Guarantee::ParallelSnapshotIsolation | Guarantee::ConsistentView);
    let anti = matches!(
        guarantee,
        Guarantee::RepeatableRead
            | Guarantee::Serializable
            | Guarantee::Prefix
            | Guarantee::SnapshotIsolation
    );
    let mut problem = Problem::new(mode, history.len() as u32);
    register::add_graph(&mut problem, &lists.graph, |edge| {
        (anti || edge.kind != super::graph::Kind::Rw)
            && (guarantee != Guarantee::ReadUncommitted || edge.kind != super::graph::Kind::Wr)
    });
    let layout = problem.layout;
    if mode == Mode::Snapshot || parallel {
        let choice = |(first, second): (TxnId, TxnId)| Choice {
            first,
            second,
            forward: vec![problem.arc(first, second, super::graph::Kind::Ww)],
            backward: vec![problem.arc(second, first, super::graph::Kind::Ww)],
        };
        problem.choices = lists.unobserved_pairs().into_iter().map(choice).collect();
    }
    if problem.choices.is_empty() {
        let position = problem.topological().expect("the level forbids the cycles of the problem");
        return Decision::Holds(Execution::from_positions(layout, &position, txns()));
    }
    // Nothing conflicts in a serial order, whatever the unobserved appends do.
    let mut serial = Problem::new(Mode::Serial, history.len() as u32);
    register::add_graph(&mut serial, &lists.graph, |_| true);
    if let Some(position) = serial.topological() {
        let execution = Execution::from_positions(serial.layout, &position, txns());
        return Decision::Holds(execution);
    }
    let hint = register::hint(history, &problem);
    let mut gave_up = false;
    let refute = |position: &[u32]| {
        if !parallel {
            return None;
        }
        refute_lists(&lists, level.order(), position, &mut gave_up)
    };
    let solution = solve(problem, hint, meter, refute);
    match solution {
        _ if gave_up => unknown(meter, "there are too many anti-dependencies to look at each"),
        Solution::Order { position } => {
            Decision::Holds(Execution::from_positions(layout, &position, txns()))
        }
        Solution::Impossible => Decision::Violated(Some(Finding {
            anomaly: super::anomaly::Anomaly::GNonadjacent { order: level.order() },
            witness: Witness::Unordered,
        })),
        Solution::Exhausted => Decision::Unknown(meter.exhausted()),
    }
}

/// Pairs of unobserved appends whose order closes a cycle with one anti-dependency.
fn refute_lists(
    lists: &Lists<'_>,
    order: ClientOrder,
    position: &[u32],
    gave_up: &mut bool,
) -> Option<Vec<(TxnId, TxnId)>> {
    let mut chosen = Vec::new();
    for mut group in lists.unobserved_groups() {
        group.sort_by_key(|(writer, _)| position[*writer as usize]);
        chosen.extend(group.windows(2).map(|pair| (pair[0], pair[1])));
    }
    let form = search::Form { ww: true, wr: true, order, rw: search::RwRule::Single };
    let knots = search::knots(&lists.graph_with(&chosen));
    let cycle = knots.iter().find_map(|knot| match knot.find(form) {
        search::Found::Cycle(cycle) => Some(cycle),
        search::Found::Nothing => None,
        search::Found::GaveUp => {
            *gave_up = true;
            None
        }
    })?;
    let chosen: BTreeSet<(TxnId, TxnId)> =
        chosen.into_iter().map(|((first, _), (second, _))| (first, second)).collect();
    let pairs = cycle.steps.iter().map(|step| (step.from, step.to));
    Some(pairs.filter(|pair| chosen.contains(pair)).collect())
}

fn decide_register(history: &TxnHistory, level: IsolationLevel, meter: &mut Meter) -> Decision {
    let facts = Facts::new(history);
    if let Some(finding) = facts.findings.first(|anomaly| level.forbids(anomaly)) {
        return Decision::Violated(Some(finding.clone()));
    }
    if facts.ambiguous.is_some() {
        return unknown(meter, "a value was read that the key got twice: values must be unique");
    }
    match level.guarantee() {
        Guarantee::ReadUncommitted => Decision::Holds(Execution::serial(facts.txns().collect())),
        Guarantee::ReadCommitted
        | Guarantee::MonotonicAtomicView
        | Guarantee::ItemCutIsolation
        | Guarantee::CursorStability
        | Guarantee::ReadAtomic
        | Guarantee::UpdateAtomic
        | Guarantee::Causal => match weak_violation(&facts, level) {
            Weak::Order(order) => Decision::Holds(Execution::serial(order)),
            Weak::Impossible => Decision::Violated(None),
        },
        Guarantee::ConsistentView
        | Guarantee::ParallelSnapshotIsolation
        | Guarantee::Prefix
        | Guarantee::SnapshotIsolation
        | Guarantee::RepeatableRead
        | Guarantee::Serializable => decide_complete(&facts, level, meter),
    }
}

fn decide_complete(facts: &Facts<'_>, level: IsolationLevel, meter: &mut Meter) -> Decision {
    // A causal violation is one of all these levels, and is found in polynomial time.
    let causal = match level.order() {
        ClientOrder::Free => None,
        ClientOrder::Session | ClientOrder::RealTime => Some(IsolationLevel::CAUSAL),
    };
    if let Some(causal) = causal
        && !matches!(weak_violation(facts, causal), Weak::Order(_))
    {
        return Decision::Violated(None);
    }
    match complete(facts, level, meter) {
        Complete::Holds(execution) => Decision::Holds(execution),
        Complete::Violated => Decision::Violated(None),
        Complete::Exhausted => Decision::Unknown(meter.exhausted()),
    }
}

/// All findings of a history of lists that need no cycle.
pub(super) fn local_findings(history: &TxnHistory) -> Findings {
    match history.model() {
        Model::ListAppend => Lists::new(history, ClientOrder::Free, Reach::Next).findings,
        Model::RwRegister => Facts::new(history).findings,
    }
}
