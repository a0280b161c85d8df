//! The named ways in which transactions go wrong.

use super::client_order::ClientOrder;
use std::fmt;

/// A named anomaly.
///
/// The cycles carry the client order that they need: [`ClientOrder::Free`] for none (`G1c`),
/// [`ClientOrder::Session`] for at least one edge of process order (`G1c-process`),
/// [`ClientOrder::RealTime`] for at least one of real time (`G1c-realtime`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anomaly {
    /// One read returns an element twice.
    DuplicateElements,
    /// The versions of one key cannot be ordered as the assumptions demand.
    CyclicVersions,
    /// Two reads of a key return lists of which neither is a prefix of the other.
    IncompatibleOrder,
    /// A read returns what nobody wrote.
    ThinAirRead,
    /// A read returns the write of an aborted transaction.
    G1a,
    /// A read returns a write that its transaction replaced before it committed.
    G1b,
    /// A committed version builds on an aborted one.
    DirtyUpdate,
    /// A transaction does not read its own write, or reads a key twice with different results.
    Internal,
    /// A transaction reads a key twice, with different results and no own write between.
    NonRepeatableRead,
    /// A transaction reads what it writes only later.
    FutureRead,
    /// A transaction sees another one, and then a version older than it.
    NonMonotonicView,
    /// A transaction sees one part of another and misses the rest.
    FracturedRead,
    /// A transaction sees an effect and misses its cause.
    CausalityViolation,
    /// Two transactions read the same version and both replace it.
    LostUpdate,
    /// A cycle of write dependencies.
    G0 {
        /// The client order it needs.
        order: ClientOrder,
    },
    /// A cycle of write and read dependencies.
    G1c {
        /// The client order it needs.
        order: ClientOrder,
    },
    /// A cycle with exactly one anti-dependency.
    GSingle {
        /// The client order it needs.
        order: ClientOrder,
    },
    /// Two writes become visible to two readers in opposite orders.
    LongFork,
    /// A cycle with two or more anti-dependencies of which no two are neighbours.
    GNonadjacent {
        /// The client order it needs.
        order: ClientOrder,
    },
    /// Two transactions each read what the other one writes.
    WriteSkew,
    /// A cycle with neighbouring anti-dependencies.
    G2Item {
        /// The client order it needs.
        order: ClientOrder,
    },
}

impl Anomaly {
    /// The anomaly and all more general ones of which it is a case.
    pub fn and_implied(self) -> Vec<Self> {
        let mut all = vec![self];
        let mut next = 0;
        while next < all.len() {
            for implied in all[next].directly_implied() {
                if !all.contains(&implied) {
                    all.push(implied);
                }
            }
            next += 1;
        }
        all
    }

    fn directly_implied(self) -> Vec<Self> {
        let free = ClientOrder::Free;
        match self {
            Self::IncompatibleOrder | Self::DirtyUpdate => vec![Self::G1a],
            Self::NonMonotonicView | Self::NonRepeatableRead => vec![Self::FracturedRead],
            Self::FracturedRead | Self::CausalityViolation | Self::LostUpdate => {
                vec![Self::GSingle { order: free }]
            }
            Self::G0 { order } => vec![Self::G1c { order }],
            Self::GSingle { order } => vec![Self::GNonadjacent { order }],
            Self::LongFork => vec![Self::GNonadjacent { order: free }],
            Self::GNonadjacent { order } => vec![Self::G2Item { order }],
            Self::WriteSkew => vec![Self::G2Item { order: free }],
            Self::FutureRead => vec![Self::G1c { order: free }],
            Self::DuplicateElements
            | Self::CyclicVersions
            | Self::ThinAirRead
            | Self::G1a
            | Self::G1b
            | Self::Internal
            | Self::G1c { .. }
            | Self::G2Item { .. } => Vec::new(),
        }
    }

    /// The usual name: `G-single-item-process`.
    pub fn name(self) -> String {
        let (base, order) = match self {
            Self::DuplicateElements => ("duplicate-elements", ClientOrder::Free),
            Self::CyclicVersions => ("cyclic-versions", ClientOrder::Free),
            Self::IncompatibleOrder => ("incompatible-order", ClientOrder::Free),
            Self::ThinAirRead => ("thin-air-read", ClientOrder::Free),
            Self::G1a => ("G1a", ClientOrder::Free),
            Self::G1b => ("G1b", ClientOrder::Free),
            Self::DirtyUpdate => ("dirty-update", ClientOrder::Free),
            Self::Internal => ("internal", ClientOrder::Free),
            Self::NonRepeatableRead => ("non-repeatable-read", ClientOrder::Free),
            Self::FutureRead => ("future-read", ClientOrder::Free),
            Self::NonMonotonicView => ("non-monotonic-view", ClientOrder::Free),
            Self::FracturedRead => ("fractured-read", ClientOrder::Free),
            Self::CausalityViolation => ("causality-violation", ClientOrder::Free),
            Self::LostUpdate => ("lost-update", ClientOrder::Free),
            Self::G0 { order } => ("G0", order),
            Self::G1c { order } => ("G1c", order),
            Self::GSingle { order } => ("G-single-item", order),
            Self::LongFork => ("long-fork", ClientOrder::Free),
            Self::GNonadjacent { order } => ("G-nonadjacent-item", order),
            Self::WriteSkew => ("write-skew", ClientOrder::Free),
            Self::G2Item { order } => ("G2-item", order),
        };
        let suffix = match order {
            ClientOrder::Free => "",
            ClientOrder::Session => "-process",
            ClientOrder::RealTime => "-realtime",
        };
        format!("{base}{suffix}")
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
