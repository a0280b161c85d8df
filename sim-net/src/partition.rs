//! Partitions as data: which directed pairs of nodes cannot talk.

use crate::NodeId;
use std::fmt;

/// A partition: a shape over nodes, from which the blocked directed pairs follow.
///
/// A node that a partition does not name keeps all its links: name the clients too when they shall be cut off. No node is ever cut off
/// from itself. The shapes are those of "Toward a Generic Fault Tolerance Technique for Partial Network Partitioning" (OSDI 2020) and of
/// Jepsen's nemeses.
///
/// ```
/// use sim_net::{NodeId, Partition};
///
/// let [a, b, c] = [1, 2, 3].map(NodeId);
/// let cut = Partition::isolate(a, [b, c]);
/// assert_eq!(cut.pairs(), [(a, b), (a, c), (b, a), (c, a)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partition {
    /// Groups of nodes that cannot reach one another.
    Groups(Vec<Vec<NodeId>>),
    /// Two sides that cannot reach one another, while the nodes between them reach both.
    Bridge {
        /// One side.
        left: Vec<NodeId>,
        /// The nodes that reach both.
        between: Vec<NodeId>,
        /// The other side.
        right: Vec<NodeId>,
    },
    /// Nodes in a circle, each of which reaches its two neighbours only.
    Ring(Vec<NodeId>),
    /// Messages from these to those are blocked. The other direction works.
    OneWay {
        /// Senders.
        from: Vec<NodeId>,
        /// Receivers.
        to: Vec<NodeId>,
    },
}

impl Partition {
    /// Two groups that cannot reach one another.
    pub fn halves(
        one: impl IntoIterator<Item = NodeId>,
        other: impl IntoIterator<Item = NodeId>,
    ) -> Partition {
        Partition::Groups(vec![one.into_iter().collect(), other.into_iter().collect()])
    }

    /// A node that the others cannot reach, nor it them.
    pub fn isolate(node: NodeId, others: impl IntoIterator<Item = NodeId>) -> Partition {
        Partition::halves([node], others)
    }

    /// Two sides that cannot reach one another, while the nodes between them reach both.
    pub fn bridge(
        left: impl IntoIterator<Item = NodeId>,
        between: impl IntoIterator<Item = NodeId>,
        right: impl IntoIterator<Item = NodeId>,
    ) -> Partition {
        Partition::Bridge {
            left: left.into_iter().collect(),
            between: between.into_iter().collect(),
            right: right.into_iter().collect(),
        }
    }

    /// A circle in which each node reaches its two neighbours only.
    pub fn ring(nodes: impl IntoIterator<Item = NodeId>) -> Partition {
        Partition::Ring(nodes.into_iter().collect())
    }

    /// Messages of `from` do not reach `to`; those of `to` reach `from`.
    pub fn one_way(
        from: impl IntoIterator<Item = NodeId>,
        to: impl IntoIterator<Item = NodeId>,
    ) -> Partition {
        Partition::OneWay { from: from.into_iter().collect(), to: to.into_iter().collect() }
    }

    /// The blocked pairs `(from, to)`, sorted, each once.
    pub fn pairs(&self) -> Vec<(NodeId, NodeId)> {
        let mut pairs = Vec::new();
        match self {
            Partition::Groups(groups) => {
                for (at, group) in groups.iter().enumerate() {
                    for other in &groups[at + 1..] {
                        both_ways(&mut pairs, group, other);
                    }
                }
            }
            Partition::Bridge { left, between, right } => {
                both_ways(&mut pairs, left, right);
                pairs.retain(|(a, b)| !between.contains(a) && !between.contains(b));
            }
            Partition::Ring(nodes) => {
                let last = nodes.len().saturating_sub(1);
                for (i, &from) in nodes.iter().enumerate() {
                    for (j, &to) in nodes.iter().enumerate() {
                        let distance = i.abs_diff(j);
                        if distance > 1 && distance < last {
                            pairs.push((from, to));
                        }
                    }
                }
            }
            Partition::OneWay { from, to } => one_way(&mut pairs, from, to),
        }
        pairs.retain(|(from, to)| from != to);
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}

fn one_way(pairs: &mut Vec<(NodeId, NodeId)>, from: &[NodeId], to: &[NodeId]) {
    pairs.extend(from.iter().flat_map(|&a| to.iter().map(move |&b| (a, b))));
}

fn both_ways(pairs: &mut Vec<(NodeId, NodeId)>, one: &[NodeId], other: &[NodeId]) {
    one_way(pairs, one, other);
    one_way(pairs, other, one);
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |nodes: &[NodeId]| {
            nodes.iter().map(|node| format!("n{}", node.0)).collect::<Vec<_>>().join(" ")
        };
        match self {
            Partition::Groups(groups) => {
                let groups: Vec<String> = groups.iter().map(|group| list(group)).collect();
                write!(f, "{{{}}}", groups.join(" | "))
            }
            Partition::Bridge { left, between, right } => {
                write!(f, "{{{} |({})| {}}}", list(left), list(between), list(right))
            }
            Partition::Ring(nodes) => write!(f, "ring {{{}}}", list(nodes)),
            Partition::OneWay { from, to } => write!(f, "{{{} -| {}}}", list(from), list(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes<const N: usize>(ids: [u16; N]) -> [NodeId; N] {
        ids.map(NodeId)
    }

    fn blocked(partition: &Partition, from: u16, to: u16) -> bool {
        partition.pairs().contains(&(NodeId(from), NodeId(to)))
    }

    #[test]
    fn groups_are_cut_both_ways_and_whole_inside() {
        let three = Partition::Groups(vec![
            nodes([1, 2]).to_vec(),
            nodes([3]).to_vec(),
            nodes([4]).to_vec(),
        ]);
        assert_eq!(three.pairs().len(), 10);
        assert!(blocked(&three, 1, 3) && blocked(&three, 3, 1) && blocked(&three, 4, 3));
        assert!(!blocked(&three, 1, 2) && !blocked(&three, 2, 1));
    }

    #[test]
    fn a_bridge_reaches_both_sides() {
        let bridge = Partition::bridge(nodes([1, 2]), nodes([3]), nodes([4, 5]));
        assert_eq!(bridge.pairs().len(), 8);
        assert!(bridge.pairs().iter().all(|(a, b)| a.0 != 3 && b.0 != 3));
    }

    #[test]
    fn in_a_ring_each_node_reaches_two() {
        for n in 1..7 {
            let ring = Partition::ring((1..=n).map(NodeId));
            for from in 1..=n {
                let reached = (1..=n).filter(|to| *to != from && !blocked(&ring, from, *to));
                assert_eq!(reached.count(), usize::from(n - 1).min(2), "{n} {from}");
            }
        }
    }

    #[test]
    fn one_way_is_one_way() {
        let one_way = Partition::one_way(nodes([1]), nodes([1, 2]));
        assert_eq!(one_way.pairs(), [(NodeId(1), NodeId(2))]);
    }

    #[test]
    fn shapes_are_readable() {
        assert_eq!(Partition::halves(nodes([1, 2]), nodes([3])).to_string(), "{n1 n2 | n3}");
        assert_eq!(Partition::one_way(nodes([1]), nodes([2])).to_string(), "{n1 -| n2}");
    }
}
