//! Dependencies between transactions over lists.

use super::scan::ExternalRead;
use super::versions::{NOBODY, VersionOrders};
use crate::txn::client_order::ClientOrder;
use crate::txn::graph::{Graph, GraphBuilder, Kind};
use crate::txn::history::{INITIAL, TxnHistory, TxnId, VersionId};
use crate::txn::order::add_client_order;

/// From this many edges on, the readers of a version and those who replaced it meet in a node.
const HUB_THRESHOLD: usize = 64;

/// How far anti-dependencies reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) enum Reach {
    /// From a reader to the writer of the next version. Where write dependencies count too, the
    /// later writers follow from that.
    Next,
    /// To the writers of all later versions, through a chain of nodes for each key.
    All,
}

/// All dependencies, with the edges of `order`.
pub(in crate::txn) fn build_graph(
    history: &TxnHistory,
    orders: &VersionOrders,
    external: &[ExternalRead],
    order: ClientOrder,
    reach: Reach,
) -> Graph {
    let mut graph = GraphBuilder::new(history.len() as u32);
    graph.reserve(history.len() * 8);
    add_write_order(&mut graph, history, orders);
    let mut readers_of_last = vec![Vec::new(); history.key_count()];
    let chains = match reach {
        Reach::Next => None,
        Reach::All => Some(Chains::new(&mut graph, history, orders)),
    };
    for read in external {
        add_read_from(&mut graph, orders, *read);
        match &chains {
            None => add_next(&mut graph, history, orders, *read, &mut readers_of_last),
            Some(chains) => chains.add_later(&mut graph, history, orders, *read),
        }
    }
    add_unobserved(&mut graph, history, orders, readers_of_last);
    let counts = |txn: TxnId| orders.committed[txn as usize];
    add_client_order(&mut graph, history, counts, ClientOrder::Session.min(order));
    if order == ClientOrder::RealTime {
        add_client_order(&mut graph, history, counts, order);
    }
    graph.build()
}

/// The committed transaction that appended a version.
fn committed_writer(orders: &VersionOrders, version: VersionId) -> Option<TxnId> {
    let writer = orders.writer[version as usize];
    (writer != NOBODY && orders.committed[writer as usize]).then_some(writer)
}

fn add_write_order(graph: &mut GraphBuilder, history: &TxnHistory, orders: &VersionOrders) {
    for key in 0..history.key_count() as u32 {
        let mut before: Option<(TxnId, VersionId)> = None;
        for version in orders.order(history, key) {
            let Some(writer) = committed_writer(orders, *version) else { continue };
            if let Some((earlier, seen)) = before {
                graph.add(earlier, writer, Kind::Ww, seen, *version);
            }
            before = Some((writer, *version));
        }
    }
}

fn add_read_from(graph: &mut GraphBuilder, orders: &VersionOrders, read: ExternalRead) {
    if read.last != INITIAL
        && let Some(writer) = committed_writer(orders, read.last)
    {
        graph.add(writer, read.txn, Kind::Wr, read.last, read.last);
    }
}

/// Where a read ends in the observed order; one that does not fit it has been reported.
fn end_of(orders: &VersionOrders, read: ExternalRead) -> Option<usize> {
    match read.last {
        INITIAL => Some(0),
        last => orders.position(last).map(|position| position as usize + 1),
    }
}

fn add_next(
    graph: &mut GraphBuilder,
    history: &TxnHistory,
    orders: &VersionOrders,
    read: ExternalRead,
    readers_of_last: &mut [Vec<TxnId>],
) {
    let Some(position) = end_of(orders, read) else { return };
    let later = &orders.order(history, read.key)[position..];
    // Who read an intermediate version has been reported; its writer did not overtake it.
    let source = if read.last == INITIAL { NOBODY } else { orders.writer[read.last as usize] };
    let next = later.iter().find_map(|next| {
        let writer = committed_writer(orders, *next)?;
        (writer != source).then_some((writer, *next))
    });
    match next {
        Some((writer, next)) => graph.add(read.txn, writer, Kind::Rw, read.last, next),
        None => readers_of_last[read.key as usize].push(read.txn),
    }
}

/// Appends that nobody saw come after the last one that somebody saw.
fn add_unobserved(
    graph: &mut GraphBuilder,
    history: &TxnHistory,
    orders: &VersionOrders,
    readers_of_last: Vec<Vec<TxnId>>,
) {
    let mut unobserved: Vec<VersionId> = orders.unobserved.clone();
    unobserved.sort_by_key(|version| history.key_of(*version));
    for group in unobserved.chunk_by(|a, b| history.key_of(*a) == history.key_of(*b)) {
        let key = history.key_of(group[0]);
        let last = orders.last(history, key);
        let observed = orders.order(history, key).iter().rev();
        let before =
            observed.copied().find_map(|seen| Some((committed_writer(orders, seen)?, seen)));
        for version in group {
            if let Some((earlier, seen)) = before {
                graph.add(earlier, orders.writer[*version as usize], Kind::Ww, seen, *version);
            }
        }
        add_replaced(graph, orders, group, &readers_of_last[key as usize], last);
    }
}

/// Each of `readers` saw `last`, which each of `group` replaced.
fn add_replaced(
    graph: &mut GraphBuilder,
    orders: &VersionOrders,
    group: &[VersionId],
    readers: &[TxnId],
    last: VersionId,
) {
    let writer = |version: &VersionId| orders.writer[*version as usize];
    if readers.len() * group.len() <= HUB_THRESHOLD {
        let source = if last == INITIAL { NOBODY } else { orders.writer[last as usize] };
        for reader in readers {
            for version in group.iter().filter(|version| writer(version) != source) {
                graph.add(*reader, writer(version), Kind::Rw, last, *version);
            }
        }
        return;
    }
    let mut by_writer: Vec<(TxnId, VersionId)> = group.iter().map(|v| (writer(v), *v)).collect();
    by_writer.sort_unstable();
    let hub = graph.add_node();
    // A transaction that both reads and replaces must not meet itself: one chain of hubs leads to those before it, and
    // another one to those after it.
    let mut readers = readers.to_vec();
    readers.sort_unstable();
    readers.dedup();
    let (both, others): (Vec<_>, Vec<_>) =
        by_writer.into_iter().partition(|(writer, _)| readers.binary_search(writer).is_ok());
    for (writer, version) in others {
        graph.add(hub, writer, Kind::Rw, last, version);
    }
    let mut add_chain = |both: &mut dyn Iterator<Item = (TxnId, VersionId)>| {
        let mut so_far = graph.add_node();
        for (writer, version) in both {
            graph.add(writer, so_far, Kind::Rw, last, last);
            let next = graph.add_node();
            graph.add(next, so_far, Kind::Rw, last, last);
            graph.add(next, writer, Kind::Rw, last, version);
            so_far = next;
        }
        so_far
    };
    add_chain(&mut both.iter().rev().copied());
    let all = add_chain(&mut both.iter().copied());
    for reader in readers {
        graph.add(reader, hub, Kind::Rw, last, last);
        if both.binary_search_by_key(&reader, |(writer, _)| *writer).is_err() {
            graph.add(reader, all, Kind::Rw, last, last);
        }
    }
}

/// For each key a chain of nodes, one for each version, from which the writers of that version and
/// all later ones can be reached.
struct Chains {
    /// For each key the node of each observed version, and one for all that nobody saw.
    nodes: Vec<Vec<u32>>,
    unobserved: Vec<Vec<VersionId>>,
}

impl Chains {
    fn new(graph: &mut GraphBuilder, history: &TxnHistory, orders: &VersionOrders) -> Self {
        let mut unobserved = vec![Vec::new(); history.key_count()];
        for version in &orders.unobserved {
            unobserved[history.key_of(*version) as usize].push(*version);
        }
        let mut chains = Self { nodes: Vec::new(), unobserved };
        for key in 0..history.key_count() as u32 {
            let order = orders.order(history, key);
            let nodes: Vec<u32> = (0..=order.len()).map(|_| graph.add_node()).collect();
            for (node, version) in nodes.iter().zip(order) {
                graph.add(*node, node + 1, Kind::Rw, *version, *version);
                if let Some(writer) = committed_writer(orders, *version) {
                    graph.add(*node, writer, Kind::Rw, *version, *version);
                }
            }
            let last = nodes[order.len()];
            for version in &chains.unobserved[key as usize] {
                let writer = orders.writer[*version as usize];
                graph.add(last, writer, Kind::Rw, *version, *version);
            }
            chains.nodes.push(nodes);
        }
        chains
    }

    /// Leads from a reader to all later writers but itself.
    fn add_later(
        &self,
        graph: &mut GraphBuilder,
        history: &TxnHistory,
        orders: &VersionOrders,
        read: ExternalRead,
    ) {
        let Some(start) = end_of(orders, read) else { return };
        let order = orders.order(history, read.key);
        let is_own = |version: &VersionId| orders.writer[*version as usize] == read.txn;
        let later = order[start..].iter().rposition(is_own).map_or(start, |own| start + own + 1);
        let unobserved = &self.unobserved[read.key as usize];
        let meets_itself = unobserved.iter().any(is_own);
        let direct = if meets_itself { order.len() } else { later };
        for version in &order[start..direct] {
            if let Some(writer) = committed_writer(orders, *version) {
                graph.add(read.txn, writer, Kind::Rw, read.last, *version);
            }
        }
        if meets_itself {
            for version in unobserved {
                let writer = orders.writer[*version as usize];
                graph.add(read.txn, writer, Kind::Rw, read.last, *version);
            }
        } else {
            let node = self.nodes[read.key as usize][later];
            graph.add(read.txn, node, Kind::Rw, read.last, read.last);
        }
    }
}
