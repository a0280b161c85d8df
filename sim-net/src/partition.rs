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
/// let cut = Partition::halves([a], [b]);
/// assert!(cut.blocks(a, b) && cut.blocks(b, a) && !cut.blocks(b, c) && !cut.blocks(a, c));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Partition {
    /// Nodes each of which is cut off from every other node, also from those that are added later.
    Alone(Vec<NodeId>),
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

    /// A node that no other reaches, nor it them.
    pub fn isolate(node: NodeId) -> Partition {
        Partition::Alone(vec![node])
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

    /// Whether messages from one node to another are blocked.
    pub fn blocks(&self, from: NodeId, to: NodeId) -> bool {
        if from == to {
            return false;
        }
        let apart = |one: &[NodeId], other: &[NodeId]| {
            (one.contains(&from) && other.contains(&to))
                || (one.contains(&to) && other.contains(&from))
        };
        match self {
            Partition::Alone(nodes) => nodes.contains(&from) || nodes.contains(&to),
            Partition::Groups(groups) => groups
                .iter()
                .enumerate()
                .any(|(at, group)| groups[at + 1..].iter().any(|other| apart(group, other))),
            Partition::Bridge { left, between, right } => {
                apart(left, right) && !between.contains(&from) && !between.contains(&to)
            }
            Partition::Ring(nodes) => {
                let place = |node: NodeId| nodes.iter().position(|other| *other == node);
                let (Some(from), Some(to)) = (place(from), place(to)) else { return false };
                let distance = from.abs_diff(to);
                distance > 1 && distance < nodes.len() - 1
            }
            Partition::OneWay { from: senders, to: receivers } => {
                senders.contains(&from) && receivers.contains(&to)
            }
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |nodes: &[NodeId]| {
            nodes.iter().map(|node| format!("n{}", node.0)).collect::<Vec<_>>().join(" ")
        };
        match self {
            Partition::Alone(nodes) => write!(f, "{{{} | all others}}", list(nodes)),
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

    /// The blocked pairs among nodes 1 to 6.
    fn pairs(partition: &Partition) -> Vec<(u16, u16)> {
        let all = (1..=6).flat_map(|from| (1..=6).map(move |to| (from, to)));
        all.filter(|(from, to)| partition.blocks(NodeId(*from), NodeId(*to))).collect()
    }

    #[test]
    fn groups_are_cut_both_ways_and_whole_inside() {
        let groups = [vec![1, 2], vec![3], vec![4]];
        let groups = groups.map(|group| group.into_iter().map(NodeId).collect());
        let three = Partition::Groups(groups.to_vec());
        let want = [(1, 3), (1, 4), (2, 3), (2, 4), (3, 1), (3, 2), (3, 4), (4, 1), (4, 2), (4, 3)];
        assert_eq!(pairs(&three), want);
        assert_eq!(pairs(&Partition::halves(nodes([1]), nodes([1, 2]))), [(1, 2), (2, 1)]);
        let alone = pairs(&Partition::isolate(NodeId(3)));
        assert_eq!(alone.len(), 10);
        assert!(alone.iter().all(|(from, to)| *from == 3 || *to == 3));
    }

    #[test]
    fn a_bridge_reaches_both_sides() {
        let bridge = Partition::bridge(nodes([1, 2]), nodes([2, 3]), nodes([4, 5]));
        assert_eq!(pairs(&bridge), [(1, 4), (1, 5), (4, 1), (5, 1)]);
    }

    #[test]
    fn in_a_ring_each_node_reaches_two() {
        for n in 1..7 {
            let ring = Partition::ring((1..=n).map(NodeId));
            for from in 1..=n {
                let reached = (1..=n)
                    .filter(|to| *to != from && !ring.blocks(NodeId(from), NodeId(*to)))
                    .count();
                assert_eq!(reached, usize::from(n - 1).min(2), "{n} {from}");
            }
        }
    }

    #[test]
    fn one_way_is_one_way() {
        let one_way = Partition::one_way(nodes([1]), nodes([1, 2]));
        assert_eq!(pairs(&one_way), [(1, 2)]);
    }

    #[test]
    fn shapes_are_readable() {
        assert_eq!(Partition::halves(nodes([1, 2]), nodes([3])).to_string(), "{n1 n2 | n3}");
        assert_eq!(Partition::one_way(nodes([1]), nodes([2])).to_string(), "{n1 -| n2}");
    }
}
