//! How the judges of isolation levels decide.

use super::client_order::ClientOrder;
use super::execution::Execution;
use super::finding::{Finding, Findings, Witness};
use super::history::{Model, TxnHistory, TxnId, VersionId};
use super::level::{Guarantee, IsolationLevel};
use super::list::{Lists, Outcome, Reach};
use super::register::{Complete, Facts, Weak, complete, weak_violation};
use super::solve::{Choice, Mode, Problem, Solution, solve};
use super::{register, search};
use crate::verdict::{Exhausted, Meter};
use std::collections::BTreeMap;

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
        problem.choices = unobserved_pairs(&lists, &problem);
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

/// A choice for each pair of transactions whose appends to a key nobody saw.
fn unobserved_pairs(lists: &Lists<'_>, problem: &Problem) -> Vec<Choice> {
    let mut pairs = BTreeMap::new();
    for group in unobserved_groups(lists) {
        for (place, first) in group.iter().enumerate() {
            for second in &group[place + 1..] {
                let writer = |version: &VersionId| lists.orders.writer[*version as usize];
                let (a, b) = (writer(first), writer(second));
                let (first, second) = (a.min(b), a.max(b));
                pairs.entry((first, second)).or_insert_with(|| Choice {
                    first,
                    second,
                    forward: vec![problem.arc(first, second, super::graph::Kind::Ww)],
                    backward: vec![problem.arc(second, first, super::graph::Kind::Ww)],
                });
            }
        }
    }
    pairs.into_values().collect()
}

/// The unobserved versions of each key.
fn unobserved_groups(lists: &Lists<'_>) -> Vec<Vec<VersionId>> {
    let mut by_key: BTreeMap<u32, Vec<VersionId>> = BTreeMap::new();
    for version in &lists.orders.unobserved {
        by_key.entry(lists.history.key_of(*version)).or_default().push(*version);
    }
    by_key.into_values().collect()
}

/// Pairs of unobserved appends whose order closes a cycle with one anti-dependency.
fn refute_lists(
    lists: &Lists<'_>,
    order: ClientOrder,
    position: &[u32],
    gave_up: &mut bool,
) -> Option<Vec<(TxnId, TxnId)>> {
    let mut graph = super::graph::GraphBuilder::new(lists.graph.txn_count);
    for _ in lists.graph.txn_count..lists.graph.node_count() {
        graph.add_node();
    }
    for node in 0..lists.graph.node_count() {
        for edge in lists.graph.edges(node) {
            graph.add(node, edge.to, edge.kind, edge.seen, edge.next);
        }
    }
    let mut chosen = std::collections::BTreeSet::new();
    for mut group in unobserved_groups(lists) {
        let writer = |version: &VersionId| lists.orders.writer[*version as usize];
        group.sort_by_key(|version| position[writer(version) as usize]);
        for pair in group.windows(2) {
            let (a, b) = (writer(&pair[0]), writer(&pair[1]));
            graph.add(a, b, super::graph::Kind::Ww, pair[0], pair[1]);
            chosen.insert((a, b));
        }
    }
    let form = search::Form { ww: true, wr: true, order, rw: search::RwRule::Single };
    let cycle = search::knots(&graph.build()).iter().find_map(|knot| match knot.find(form) {
        search::Found::Cycle(cycle) => Some(cycle),
        search::Found::Nothing => None,
        search::Found::GaveUp => {
            *gave_up = true;
            None
        }
    })?;
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
