//! Faults of links as values.

use crate::{NodeId, Partition};
use sim_runtime::choice::Ratio;
use sim_runtime::time::Nanos;
use std::fmt;
use std::num::NonZeroU32;

/// A set of directed links, as faults and tests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Every link.
    All,
    /// From one node to another.
    One(NodeId, NodeId),
    /// Between two nodes, both directions.
    Between(NodeId, NodeId),
    /// All links out of a node.
    From(NodeId),
    /// All links into a node.
    To(NodeId),
    /// All links out of a node and into it.
    Of(NodeId),
}

impl Links {
    /// Whether the link from one node to another is among them.
    pub fn contains(&self, from: NodeId, to: NodeId) -> bool {
        match *self {
            Links::All => true,
            Links::One(a, b) => (from, to) == (a, b),
            Links::Between(a, b) => (from, to) == (a, b) || (from, to) == (b, a),
            Links::From(node) => from == node,
            Links::To(node) => to == node,
            Links::Of(node) => from == node || to == node,
        }
    }
}

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Links::All => f.write_str("all links"),
            Links::One(a, b) => write!(f, "n{} -> n{}", a.0, b.0),
            Links::Between(a, b) => write!(f, "n{} <-> n{}", a.0, b.0),
            Links::From(node) => write!(f, "n{} -> all", node.0),
            Links::To(node) => write!(f, "all -> n{}", node.0),
            Links::Of(node) => write!(f, "n{} <-> all", node.0),
        }
    }
}

/// What a fault does to links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing gets through. A message is dropped when its link is blocked at the moment it is sent or at the moment it would arrive.
    Block(Partition),
    /// Delays are multiplied.
    Slow {
        /// Which links.
        links: Links,
        /// By how much, 1 and more.
        factor: u32,
    },
    /// Messages are held back by a fixed time on top of what they take.
    Hold {
        /// Which links.
        links: Links,
        /// For how long, in nanoseconds.
        delay: Nanos,
        /// Whether the fault is over with the first message that it held back.
        once: bool,
    },
    /// Messages are lost.
    Lose {
        /// Which links.
        links: Links,
        /// How likely.
        ratio: Ratio,
    },
    /// Messages arrive twice.
    Duplicate {
        /// Which links.
        links: Links,
        /// How likely.
        ratio: Ratio,
    },
}

/// A fault of links: what it does, and under which name the ledger counts it.
///
/// Where faults overlap, a link is blocked while any fault blocks it, and the greatest factor and the greatest ratio count.
///
/// ```
/// use sim_net::{LinkFault, Links, NodeId};
///
/// let fault = LinkFault::slow(Links::From(NodeId(1)), 50);
/// assert_eq!((fault.name, fault.to_string()), ("slow_link", "n1 -> all, 50 times slower".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFault {
    /// The name in the ledger.
    pub name: &'static str,
    /// What it does.
    pub effect: Effect,
}

impl LinkFault {
    /// A partition.
    pub fn partition(partition: Partition) -> LinkFault {
        LinkFault { name: "partition", effect: Effect::Block(partition) }
    }

    /// A blocked link, one direction only.
    pub fn block(from: NodeId, to: NodeId) -> LinkFault {
        let partition = Partition::one_way([from], [to]);
        LinkFault { name: "block_link", effect: Effect::Block(partition) }
    }

    /// Links that are slow for as long as the fault lasts.
    pub fn slow(links: Links, factor: u32) -> LinkFault {
        LinkFault { name: "slow_link", effect: Effect::Slow { links, factor: factor.max(1) } }
    }

    /// Links that hold back all that is sent while the fault lasts.
    pub fn hold(links: Links, delay: Nanos) -> LinkFault {
        LinkFault { name: "hold", effect: Effect::Hold { links, delay, once: false } }
    }

    /// Links that hold back the next message, and no other.
    pub fn hold_next(links: Links, delay: Nanos) -> LinkFault {
        LinkFault { name: "hold", effect: Effect::Hold { links, delay, once: true } }
    }

    /// Links that lose messages.
    pub fn lose(links: Links, ratio: Ratio) -> LinkFault {
        LinkFault { name: "loss", effect: Effect::Lose { links, ratio } }
    }

    /// Links that duplicate messages.
    pub fn duplicate(links: Links, ratio: Ratio) -> LinkFault {
        LinkFault { name: "duplicate", effect: Effect::Duplicate { links, ratio } }
    }

    /// The same fault under another name in the ledger.
    pub fn named(self, name: &'static str) -> LinkFault {
        LinkFault { name, ..self }
    }

    /// Whether it touches the link from one node to another.
    pub fn touches(&self, from: NodeId, to: NodeId) -> bool {
        match &self.effect {
            Effect::Block(partition) => partition.blocks(from, to),
            Effect::Slow { links, .. }
            | Effect::Hold { links, .. }
            | Effect::Lose { links, .. }
            | Effect::Duplicate { links, .. } => links.contains(from, to),
        }
    }
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.effect {
            Effect::Block(partition) => write!(f, "{partition}"),
            Effect::Slow { links, factor } => write!(f, "{links}, {factor} times slower"),
            Effect::Hold { links, delay, once } => {
                let what = if *once { "the next message" } else { "all" };
                write!(f, "{links}, {what} held back by {delay} ns")
            }
            Effect::Lose { links, ratio } => write!(f, "{links}, {ratio} lost"),
            Effect::Duplicate { links, ratio } => write!(f, "{links}, {ratio} duplicated"),
        }
    }
}

/// Names a fault of a run, in the order of injection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(NonZeroU32);

impl FaultId {
    /// The fault that was injected after `index` others.
    pub(crate) fn new(index: usize) -> FaultId {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        FaultId(number.expect("fewer than 2^32 faults"))
    }

    /// How many faults were injected before.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}
