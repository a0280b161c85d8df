//! The graph of dependencies between transactions.

use super::history::{TxnId, VersionId};

/// Why one transaction comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It wrote a version, which the other one replaced.
    Ww,
    /// It wrote a version, which the other one read.
    Wr,
    /// It came before the other one in the same process.
    Process,
    /// It was acknowledged before the other one began.
    Realtime,
    /// It read a version, which the other one replaced: an anti-dependency.
    Rw,
}

impl Kind {
    /// The usual short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ww => "ww",
            Self::Wr => "wr",
            Self::Process => "process",
            Self::Realtime => "realtime",
            Self::Rw => "rw",
        }
    }
}

/// One edge: of a version that was made or seen at its start to one made or seen at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub to: u32,
    pub kind: Kind,
    pub seen: VersionId,
    pub next: VersionId,
}

/// Directed edges, grouped by their start.
///
/// Nodes below `txn_count` are transactions. The others stand for moments of real time or for
/// groups of edges; what a path through them means is given by its last edge.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub txn_count: u32,
    heads: Vec<u32>,
    edges: Vec<Edge>,
}

impl Graph {
    pub fn node_count(&self) -> u32 {
        self.heads.len() as u32 - 1
    }

    pub fn edges(&self, node: u32) -> &[Edge] {
        &self.edges[self.heads[node as usize] as usize..self.heads[node as usize + 1] as usize]
    }

    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    pub fn is_txn(&self, node: u32) -> bool {
        node < self.txn_count
    }
}

/// Collects edges in any order.
#[derive(Clone, Debug)]
pub(super) struct GraphBuilder {
    txn_count: u32,
    node_count: u32,
    starts: Vec<u32>,
    edges: Vec<Edge>,
}

impl GraphBuilder {
    pub fn new(txn_count: u32) -> Self {
        Self { txn_count, node_count: txn_count, starts: Vec::new(), edges: Vec::new() }
    }

    pub fn reserve(&mut self, edges: usize) {
        self.starts.reserve(edges);
        self.edges.reserve(edges);
    }

    /// A node that is no transaction.
    pub fn add_node(&mut self) -> u32 {
        self.node_count += 1;
        self.node_count - 1
    }

    pub fn add(&mut self, from: u32, to: u32, kind: Kind, seen: VersionId, next: VersionId) {
        if from != to {
            self.starts.push(from);
            self.edges.push(Edge { to, kind, seen, next });
        }
    }

    pub fn add_order(&mut self, from: TxnId, to: TxnId, kind: Kind) {
        self.add(from, to, kind, 0, 0);
    }

    pub fn build(self) -> Graph {
        let nodes = self.node_count as usize;
        let mut heads = vec![0u32; nodes + 2];
        for start in &self.starts {
            heads[*start as usize + 2] += 1;
        }
        for node in 1..heads.len() {
            heads[node] += heads[node - 1];
        }
        let nothing = Edge { to: 0, kind: Kind::Ww, seen: 0, next: 0 };
        let mut edges = vec![nothing; self.edges.len()];
        for (start, edge) in self.starts.iter().zip(&self.edges) {
            let place = &mut heads[*start as usize + 1];
            edges[*place as usize] = *edge;
            *place += 1;
        }
        heads.pop();
        Graph { txn_count: self.txn_count, heads, edges }
    }
}

/// Groups nodes into strongly connected components: Tarjan's algorithm, without recursion.
///
/// `successor(node, i)` is the i-th successor of a node. Components come in reverse topological
/// order: what a component reaches has a lower number.
pub(super) struct Components {
    /// The component of each node.
    pub of: Vec<u32>,
    pub count: u32,
    /// The nodes of each component that has more than one.
    pub cyclic: Vec<Vec<u32>>,
}

pub(super) fn components(
    node_count: u32,
    mut successor: impl FnMut(u32, u32) -> Option<u32>,
) -> Components {
    const NEW: u32 = u32::MAX;
    const DONE: u32 = 1 << 31;
    // Before a node is done: its low link. Afterwards: its component, marked with DONE.
    let mut low = vec![NEW; node_count as usize];
    let mut stack: Vec<u32> = Vec::new();
    let mut calls: Vec<(u32, u32, u32)> = Vec::new();
    let mut index = 0;
    let mut count = 0;
    let mut cyclic = Vec::new();
    for root in 0..node_count {
        if low[root as usize] != NEW {
            continue;
        }
        low[root as usize] = index;
        stack.push(root);
        calls.push((root, index, 0));
        index += 1;
        while let Some((node, own, position)) = calls.last_mut() {
            if let Some(next) = successor(*node, *position) {
                *position += 1;
                let link = low[next as usize];
                if link == NEW {
                    low[next as usize] = index;
                    stack.push(next);
                    calls.push((next, index, 0));
                    index += 1;
                } else if link & DONE == 0 {
                    let node = *node as usize;
                    low[node] = low[node].min(link);
                }
                continue;
            }
            let (node, own) = (*node, *own);
            calls.pop();
            let link = low[node as usize];
            if let Some((parent, ..)) = calls.last() {
                let parent = *parent as usize;
                low[parent] = low[parent].min(link);
            }
            if link == own {
                let start = stack.iter().rposition(|n| *n == node).expect("an open node");
                for member in &stack[start..] {
                    low[*member as usize] = count | DONE;
                }
                if stack.len() - start > 1 {
                    cyclic.push(stack[start..].to_vec());
                }
                stack.truncate(start);
                count += 1;
            }
        }
    }
    for component in &mut low {
        *component &= !DONE;
    }
    Components { of: low, count, cyclic }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_in_reverse_topological_order() {
        // 0 -> 1 <-> 2 -> 3, and 4 alone.
        let next: [&[u32]; 5] = [&[1], &[2], &[1, 3], &[], &[]];
        let found = components(5, |node, i| next[node as usize].get(i as usize).copied());
        assert_eq!(found.count, 4);
        assert_eq!(found.of[1], found.of[2]);
        assert!(found.of[3] < found.of[1] && found.of[1] < found.of[0]);
        assert_eq!(found.cyclic, [vec![1, 2]]);
    }

    #[test]
    fn a_long_path_does_not_overflow_the_stack() {
        let len = 1_000_000;
        let found = components(len, |node, i| (i == 0).then_some((node + 1) % len));
        assert_eq!(found.count, 1);
        assert_eq!(found.cyclic[0].len(), len as usize);
    }

    #[test]
    fn edges_are_grouped_by_start_and_self_edges_are_left_out() {
        let mut builder = GraphBuilder::new(3);
        builder.add(2, 0, Kind::Rw, 5, 6);
        builder.add(1, 1, Kind::Ww, 0, 0);
        builder.add(0, 1, Kind::Ww, 1, 2);
        builder.add(2, 1, Kind::Wr, 3, 3);
        let graph = builder.build();
        assert_eq!(graph.edge_count(), 3);
        assert_eq!(graph.edges(1), []);
        let ends: Vec<u32> = graph.edges(2).iter().map(|edge| edge.to).collect();
        assert_eq!(ends, [0, 1]);
        assert!(graph.is_txn(2) && !graph.is_txn(3));
    }
}
