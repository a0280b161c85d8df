//! Registers at the levels whose version orders must be searched for.

use super::facts::{Facts, NOBODY};
use crate::txn::client_order::ClientOrder;
use crate::txn::execution::Execution;
use crate::txn::graph::{Edge, Graph, GraphBuilder, Kind};
use crate::txn::history::{INITIAL, KeyId, TxnHistory, TxnId};
use crate::txn::level::{Guarantee, IsolationLevel};
use crate::txn::order::add_client_order;
use crate::txn::search::{Form, Found, RwRule, knots};
use crate::txn::solve::{Choice, Mode, Problem, Solution, solve};
use crate::verdict::Meter;
use std::collections::BTreeMap;

/// What the search came to.
pub(in crate::txn) enum Complete {
    Holds(Execution),
    Violated,
    Exhausted,
}

/// The most edges that choices may bring: beyond, the problem does not fit into memory.
const ARCS_MAX: usize = 40_000_000;

/// Decides a level by looking for a version order that it permits.
pub(in crate::txn) fn complete(
    facts: &Facts<'_>,
    level: IsolationLevel,
    meter: &mut Meter,
) -> Complete {
    let parallel = matches!(
        level.guarantee(),
        Guarantee::ParallelSnapshotIsolation | Guarantee::ConsistentView
    );
    let mode = match level.guarantee() {
        Guarantee::Prefix => Mode::Prefix,
        Guarantee::SnapshotIsolation => Mode::Snapshot,
        _ => Mode::Serial,
    };
    let Some(problem) = build(facts, mode, level.order(), !parallel) else {
        return Complete::Exhausted;
    };
    let layout = problem.layout;
    let hint = hint(facts.history, &problem);
    let writers = facts.writers_by_key();
    let mut gave_up = false;
    let refute = |position: &[u32]| {
        if !parallel {
            return None;
        }
        refute_parallel(facts, &writers, level.order(), position, &mut gave_up)
    };
    let solution = solve(problem, hint, meter, refute);
    if gave_up {
        return Complete::Exhausted;
    }
    match solution {
        Solution::Impossible => Complete::Violated,
        Solution::Exhausted => Complete::Exhausted,
        Solution::Order { position } => {
            Complete::Holds(Execution::from_positions(layout, &position, facts.txns()))
        }
    }
}

/// All that is known, and a choice for each pair of writers of a key. With `anti` the
/// anti-dependencies are edges too.
fn build(facts: &Facts<'_>, mode: Mode, order: ClientOrder, anti: bool) -> Option<Problem> {
    let history = facts.history;
    let mut problem = Problem::new(mode, history.len() as u32);
    add_order(&mut problem, history, |txn| facts.committed[txn as usize], order);
    let mut readers: BTreeMap<(TxnId, KeyId), Vec<TxnId>> = BTreeMap::new();
    for txn in facts.txns() {
        for read in facts.reads(txn) {
            if read.version == INITIAL || read.writer != NOBODY {
                readers.entry((read.writer, read.key)).or_default().push(txn);
            }
            if read.writer != NOBODY {
                problem.add_known(read.writer, txn, Kind::Wr);
            }
        }
    }
    let none = Vec::new();
    let of = |writer: TxnId, key: KeyId| readers.get(&(writer, key)).unwrap_or(&none);
    let mut arcs = 0;
    let mut pairs: BTreeMap<(TxnId, TxnId), Choice> = BTreeMap::new();
    for (key, writers) in facts.writers_by_key().iter().enumerate() {
        let key = key as KeyId;
        if anti {
            for reader in of(NOBODY, key) {
                for writer in writers {
                    problem.add_known(*reader, *writer, Kind::Rw);
                }
            }
        }
        arcs += writers.len() * writers.len();
        if arcs > ARCS_MAX {
            return None;
        }
        for (place, first) in writers.iter().enumerate() {
            for second in &writers[place + 1..] {
                let choice = pairs.entry((*first, *second)).or_insert_with(|| Choice {
                    first: *first,
                    second: *second,
                    forward: vec![problem.arc(*first, *second, Kind::Ww)],
                    backward: vec![problem.arc(*second, *first, Kind::Ww)],
                });
                if !anti {
                    continue;
                }
                for reader in of(*first, key).iter().filter(|reader| *reader != second) {
                    choice.forward.push(problem.arc(*reader, *second, Kind::Rw));
                }
                for reader in of(*second, key).iter().filter(|reader| *reader != first) {
                    choice.backward.push(problem.arc(*reader, *first, Kind::Rw));
                }
                arcs += of(*first, key).len() + of(*second, key).len();
            }
        }
    }
    problem.choices = pairs.into_values().collect();
    Some(problem)
}

/// Adds the edges of the client order.
pub(in crate::txn) fn add_order(
    problem: &mut Problem,
    history: &TxnHistory,
    counts: impl Fn(TxnId) -> bool,
    order: ClientOrder,
) {
    let mut graph = GraphBuilder::new(history.len() as u32);
    add_client_order(&mut graph, history, counts, order);
    add_graph(problem, &graph.build(), |_| true);
}

/// Adds the edges of a graph of dependencies for which `counts` holds.
pub(in crate::txn) fn add_graph(
    problem: &mut Problem,
    graph: &Graph,
    counts: impl Fn(&Edge) -> bool,
) {
    let others: Vec<u32> =
        (graph.txn_count..graph.node_count()).map(|_| problem.add_node()).collect();
    let other = |node: u32| others[(node - graph.txn_count) as usize];
    for node in 0..graph.node_count() {
        for edge in graph.edges(node).iter().filter(|edge| counts(edge)) {
            let arc = match (graph.is_txn(node), graph.is_txn(edge.to)) {
                (true, true) => problem.arc(node, edge.to, edge.kind),
                (true, false) => (problem.arc(node, node, edge.kind).0, other(edge.to)),
                (false, true) => (other(node), problem.arc(edge.to, edge.to, edge.kind).1),
                (false, false) => (other(node), other(edge.to)),
            };
            problem.known.push(arc);
        }
    }
}

/// Positions in the order of the events: what was invoked first begins first, what was
/// acknowledged first commits first.
pub(in crate::txn) fn hint(history: &TxnHistory, problem: &Problem) -> Vec<u32> {
    let mut nodes: Vec<(u32, u32)> = Vec::with_capacity(problem.node_count() as usize);
    for (txn, entry) in history.txns().iter().enumerate() {
        let (begin, commit) =
            (problem.layout.begin(txn as TxnId), problem.layout.commit(txn as TxnId));
        nodes.push((entry.completed, commit));
        if begin != commit {
            nodes.push((entry.invoked, begin));
        }
    }
    let known: Vec<bool> = {
        let mut known = vec![false; problem.node_count() as usize];
        nodes.iter().for_each(|(_, node)| known[*node as usize] = true);
        known
    };
    nodes.sort_unstable();
    let rest = (0..problem.node_count()).filter(|node| !known[*node as usize]);
    let order: Vec<u32> = nodes.into_iter().map(|(_, node)| node).chain(rest).collect();
    let mut position = vec![0; order.len()];
    for (place, node) in order.iter().enumerate() {
        position[*node as usize] = place as u32;
    }
    position
}

/// The dependencies that follow when the writers of each key commit in the order of their
/// positions.
pub(in crate::txn) fn graph_of(
    facts: &Facts<'_>,
    writers: &[Vec<TxnId>],
    order: ClientOrder,
    position: &[u32],
) -> Graph {
    let history = facts.history;
    let mut graph = GraphBuilder::new(history.len() as u32);
    add_client_order(&mut graph, history, |txn| facts.committed[txn as usize], order);
    let mut sorted: Vec<Vec<TxnId>> = writers.to_vec();
    for (key, list) in sorted.iter_mut().enumerate() {
        list.sort_by_key(|txn| position[*txn as usize]);
        for pair in list.windows(2) {
            let version = |txn| facts.written(txn, key as KeyId).expect("a writer of the key");
            graph.add(pair[0], pair[1], Kind::Ww, version(pair[0]), version(pair[1]));
        }
    }
    for txn in facts.txns() {
        for read in facts.reads(txn) {
            let list = &sorted[read.key as usize];
            let after = match read.writer {
                NOBODY if read.version == INITIAL => 0,
                NOBODY => continue,
                writer => {
                    graph.add(writer, txn, Kind::Wr, read.version, read.version);
                    let same = |other: &TxnId| *other == writer;
                    list.iter().position(same).expect("a writer of the key") + 1
                }
            };
            // A transaction does not overtake itself: its own write comes after what it read.
            if let Some(next) = list.get(after) {
                let version = facts.written(*next, read.key).expect("a writer of the key");
                graph.add(txn, *next, Kind::Rw, read.version, version);
            }
        }
    }
    graph.build()
}

/// Pairs of writers whose order lets some transaction see an effect that it also misses.
fn refute_parallel(
    facts: &Facts<'_>,
    writers: &[Vec<TxnId>],
    order: ClientOrder,
    position: &[u32],
    gave_up: &mut bool,
) -> Option<Vec<(TxnId, TxnId)>> {
    let graph = graph_of(facts, writers, order, position);
    let form = Form { ww: true, wr: true, order, rw: RwRule::Single };
    let cycle = knots(&graph).iter().find_map(|knot| match knot.find(form) {
        Found::Cycle(cycle) => Some(cycle),
        Found::Nothing => None,
        Found::GaveUp => {
            *gave_up = true;
            None
        }
    })?;
    let mut pairs = Vec::new();
    for step in &cycle.steps {
        match step.kind {
            Kind::Ww => pairs.push((step.from, step.to)),
            Kind::Rw => {
                let key = facts.history.key_of(step.next);
                let read = facts.reads(step.from).iter().find(|read| read.key == key);
                let writer = read.expect("the read that was overtaken").writer;
                if writer != NOBODY {
                    pairs.push((writer, step.to));
                }
            }
            Kind::Wr | Kind::Process | Kind::Realtime => {}
        }
    }
    Some(pairs)
}
