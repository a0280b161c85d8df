//! What went wrong.

use super::{Ballot, Instance, Node};
use std::fmt;

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation<V> {
    /// Two nodes decided differently, also if one crashed later.
    Agreement {
        /// The instance.
        instance: Instance,
        /// The place, node and value of the first decision.
        first: (usize, Node, V),
        /// The place, node and value of the other.
        second: (usize, Node, V),
    },
    /// A decided value was never proposed.
    Validity {
        /// The instance.
        instance: Instance,
        /// The place, node and value.
        decided: (usize, Node, V),
    },
    /// A node decided an instance twice without a crash in between, or twice differently.
    Integrity {
        /// The instance.
        instance: Instance,
        /// The node.
        node: Node,
        /// The place and value of the first decision.
        first: (usize, V),
        /// The place and value of the other.
        second: (usize, V),
    },
    /// A node that had to decide did not.
    Termination {
        /// The instance.
        instance: Instance,
        /// The node.
        node: Node,
    },
    /// Two values were accepted in one ballot.
    BallotConflict {
        /// The instance.
        instance: Instance,
        /// The ballot.
        ballot: Ballot,
        /// The place and value of the first.
        first: (usize, V),
        /// The place and value of the other.
        second: (usize, V),
    },
    /// An acceptor took part in a ballot lower than one that it had promised or accepted.
    BallotRegression {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// Where it had gone higher.
        higher: (usize, Ballot),
        /// Where it went back.
        lower: (usize, Ballot),
    },
    /// An acceptor did not tell in a promise what it had accepted.
    ForgottenVote {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// Where it had accepted.
        accepted: (usize, Ballot),
        /// The promise.
        promise: usize,
    },
    /// A value was accepted in a ballot in which no quorum of promises allows it.
    UnsafeValue {
        /// The instance.
        instance: Instance,
        /// The ballot.
        ballot: Ballot,
        /// The place and value.
        accepted: (usize, V),
    },
}

impl<V: fmt::Display> fmt::Display for Violation<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement { instance, first: (at, a, x), second: (then, b, y) } => write!(
                f,
                "agreement: in instance {instance} node {a} decided {x} at event {at}, but node {b} \
                 decided {y} at event {then}"
            ),
            Self::Validity { instance, decided: (at, node, value) } => write!(
                f,
                "validity: in instance {instance} node {node} decided {value} at event {at}, which \
                 nobody had proposed"
            ),
            Self::Integrity { instance, node, first: (at, x), second: (then, y) } => write!(
                f,
                "integrity: in instance {instance} node {node} decided {x} at event {at} and {y} at \
                 event {then}"
            ),
            Self::Termination { instance, node } => {
                write!(f, "termination: node {node} never decided instance {instance}")
            }
            Self::BallotConflict { instance, ballot, first: (at, x), second: (then, y) } => write!(
                f,
                "ballot {ballot} of instance {instance} has two values: {x} was accepted at event \
                 {at} and {y} at event {then}"
            ),
            Self::BallotRegression { instance, node, higher: (at, x), lower: (then, y) } => write!(
                f,
                "in instance {instance} acceptor {node} was in ballot {x} at event {at} and went back \
                 to {y} at event {then}"
            ),
            Self::ForgottenVote { instance, node, accepted: (at, ballot), promise } => write!(
                f,
                "in instance {instance} acceptor {node} accepted in ballot {ballot} at event {at} and \
                 did not say so in its promise at event {promise}"
            ),
            Self::UnsafeValue { instance, ballot, accepted: (at, value) } => write!(
                f,
                "in instance {instance} {value} was accepted in ballot {ballot} at event {at}, but no \
                 quorum of promises allows that value"
            ),
        }
    }
}
