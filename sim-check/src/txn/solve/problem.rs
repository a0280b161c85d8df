//! What is known, and what is to be chosen.

use crate::txn::graph::Kind;
use crate::txn::history::TxnId;

/// How transactions become nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) enum Mode {
    /// One node each: all at one moment.
    Serial,
    /// A begin and a commit: reads at the begin, writes at the commit, and of two writers of a key
    /// one begins after the other has committed.
    Snapshot,
    /// A begin and a commit; writers of a key may overlap.
    Prefix,
}

/// A directed edge between two nodes.
pub(in crate::txn) type Arc = (u32, u32);

/// Which of two transactions came first, and what follows from either answer. The first of the pair
/// has the lower number; choices are sorted by their pair.
#[derive(Clone, Debug)]
pub(in crate::txn) struct Choice {
    pub first: TxnId,
    pub second: TxnId,
    /// Edges if `first` came first.
    pub forward: Vec<Arc>,
    /// Edges if `second` came first.
    pub backward: Vec<Arc>,
}

/// Which nodes stand for a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) struct Layout {
    pub mode: Mode,
}

impl Layout {
    /// The node at which a transaction begins.
    pub fn begin(self, txn: TxnId) -> u32 {
        if self.mode == Mode::Serial { txn } else { txn * 2 }
    }

    /// The node at which a transaction commits.
    pub fn commit(self, txn: TxnId) -> u32 {
        if self.mode == Mode::Serial { txn } else { txn * 2 + 1 }
    }
}

/// A graph with choices.
#[derive(Clone, Debug)]
pub(in crate::txn) struct Problem {
    pub layout: Layout,
    node_count: u32,
    pub known: Vec<Arc>,
    pub choices: Vec<Choice>,
}

impl Problem {
    pub fn new(mode: Mode, txn_count: u32) -> Self {
        let layout = Layout { mode };
        let mut problem =
            Self { layout, node_count: txn_count, known: Vec::new(), choices: Vec::new() };
        if mode != Mode::Serial {
            problem.node_count = txn_count * 2;
            for txn in 0..txn_count {
                problem.known.push((layout.begin(txn), layout.commit(txn)));
            }
        }
        problem
    }

    pub fn node_count(&self) -> u32 {
        self.node_count
    }

    /// A node that is no transaction.
    pub fn add_node(&mut self) -> u32 {
        self.node_count += 1;
        self.node_count - 1
    }

    /// The edge that a dependency becomes.
    pub fn arc(&self, from: TxnId, to: TxnId, kind: Kind) -> Arc {
        match (kind, self.layout.mode) {
            (Kind::Rw, _) => (self.layout.begin(from), self.layout.commit(to)),
            (Kind::Ww, Mode::Prefix) => (self.layout.commit(from), self.layout.commit(to)),
            _ => (self.layout.commit(from), self.layout.begin(to)),
        }
    }

    pub fn add_known(&mut self, from: TxnId, to: TxnId, kind: Kind) {
        if from != to {
            let arc = self.arc(from, to, kind);
            self.known.push(arc);
        }
    }

    /// Positions in which all edges lead forward, if there are no choices and no cycle.
    pub fn topological(&self) -> Option<Vec<u32>> {
        let nodes = self.node_count as usize;
        let mut heads = vec![0u32; nodes + 2];
        let mut incoming = vec![0u32; nodes];
        for (from, to) in &self.known {
            heads[*from as usize + 2] += 1;
            incoming[*to as usize] += 1;
        }
        for node in 1..heads.len() {
            heads[node] += heads[node - 1];
        }
        let mut ends = vec![0u32; self.known.len()];
        for (from, to) in &self.known {
            let slot = &mut heads[*from as usize + 1];
            ends[*slot as usize] = *to;
            *slot += 1;
        }
        let first = (0..nodes as u32).filter(|node| incoming[*node as usize] == 0);
        let mut order: Vec<u32> = first.collect();
        order.reserve(nodes - order.len());
        let mut position = vec![0; nodes];
        let mut next = 0;
        while next < order.len() {
            let node = order[next] as usize;
            position[node] = next as u32;
            for to in &ends[heads[node] as usize..heads[node + 1] as usize] {
                incoming[*to as usize] -= 1;
                if incoming[*to as usize] == 0 {
                    order.push(*to);
                }
            }
            next += 1;
        }
        (order.len() == nodes).then_some(position)
    }
}
