//! Edges for the order of each process and for real time, linear in the number of transactions.

use super::client_order::ClientOrder;
use super::graph::{GraphBuilder, Kind};
use super::history::{NEVER, Status, TxnHistory, TxnId};

/// Adds the edges of `order` between the transactions for which `counts` holds.
///
/// Real time goes through a chain of moments, one for each completion: a transaction leads to
/// the moment of its completion, and the last moment before an invocation leads to the invoked
/// transaction. The number of edges does not depend on how many transactions overlap.
pub(super) fn add_client_order(
    graph: &mut GraphBuilder,
    history: &TxnHistory,
    counts: impl Fn(TxnId) -> bool,
    order: ClientOrder,
) {
    match order {
        ClientOrder::Free => {}
        ClientOrder::Session => add_process_order(graph, history, counts),
        ClientOrder::RealTime => add_real_time(graph, history, counts),
    }
}

fn add_process_order(
    graph: &mut GraphBuilder,
    history: &TxnHistory,
    counts: impl Fn(TxnId) -> bool,
) {
    for (before, after) in process_pairs(history, counts) {
        graph.add_order(before, after, Kind::Process);
    }
}

/// Neighbouring transactions of each process. One of unknown outcome comes after those before it,
/// but may take effect at any later time, so it comes before nothing.
pub(super) fn process_pairs(
    history: &TxnHistory,
    counts: impl Fn(TxnId) -> bool,
) -> Vec<(TxnId, TxnId)> {
    let mut last = std::collections::BTreeMap::new();
    let mut dense: Vec<Option<TxnId>> = vec![None; 1 << 12];
    let mut pairs = Vec::with_capacity(history.len());
    for (txn, entry) in history.txns().iter().enumerate() {
        let txn = txn as TxnId;
        if entry.status == Status::Fail || !counts(txn) {
            continue;
        }
        let slot = match dense.get_mut(entry.process as usize) {
            Some(slot) => slot,
            None => last.entry(entry.process).or_default(),
        };
        if let Some(before) = *slot {
            pairs.push((before, txn));
        }
        if entry.status == Status::Ok {
            *slot = Some(txn);
        }
    }
    pairs
}

fn add_real_time(graph: &mut GraphBuilder, history: &TxnHistory, counts: impl Fn(TxnId) -> bool) {
    // Invocations are in order already; completions are sorted by their position.
    let mut completions: Vec<(u32, TxnId)> = history
        .txns()
        .iter()
        .enumerate()
        .filter(|(txn, entry)| {
            entry.status == Status::Ok && entry.completed != NEVER && counts(*txn as TxnId)
        })
        .map(|(txn, entry)| (entry.completed, txn as TxnId))
        .collect();
    completions.sort_unstable();
    let mut moment = None;
    let mut next = 0;
    for (txn, entry) in history.txns().iter().enumerate() {
        if entry.status == Status::Fail || !counts(txn as TxnId) {
            continue;
        }
        let mut moved = None;
        while next < completions.len() && completions[next].0 < entry.invoked {
            let node = *moved.get_or_insert_with(|| graph.add_node());
            graph.add_order(completions[next].1, node, Kind::Realtime);
            next += 1;
        }
        if let Some(node) = moved {
            if let Some(before) = moment {
                graph.add_order(before, node, Kind::Realtime);
            }
            moment = Some(node);
        }
        if let Some(node) = moment {
            graph.add_order(node, txn as TxnId, Kind::Realtime);
        }
    }
}

/// Whether `before` was acknowledged before `after` began.
pub(super) fn precedes_in_real_time(history: &TxnHistory, before: TxnId, after: TxnId) -> bool {
    let (before, after) = (history.txn(before), history.txn(after));
    before.status == Status::Ok && before.completed < after.invoked
}

/// Whether `before` comes before `after` in the same process.
pub(super) fn precedes_in_process(history: &TxnHistory, before: TxnId, after: TxnId) -> bool {
    let (a, b) = (history.txn(before), history.txn(after));
    a.process == b.process && a.status == Status::Ok && before < after
}
