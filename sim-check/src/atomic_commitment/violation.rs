//! What went wrong.

use super::{Decision, Node, TxnName};
use std::fmt;

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// AC1: two nodes decided differently.
    Agreement {
        /// The transaction.
        txn: TxnName,
        /// The place, node and decision of the first.
        first: (usize, Node, Decision),
        /// The place, node and decision of the other.
        second: (usize, Node, Decision),
    },
    /// AC2: a node reversed its decision.
    Stability {
        /// The transaction.
        txn: TxnName,
        /// The node.
        node: Node,
        /// Where it decided first.
        first: (usize, Decision),
        /// Where it decided otherwise.
        second: (usize, Decision),
    },
    /// AC3: a commit without the yes of a participant.
    Validity {
        /// The transaction.
        txn: TxnName,
        /// The place and node of the commit.
        commit: (usize, Node),
        /// Who had not voted yes.
        without: Node,
        /// Where it voted no, if it did.
        voted_no: Option<usize>,
    },
    /// AC4: an abort although all voted yes and nothing failed.
    NonTriviality {
        /// The transaction.
        txn: TxnName,
        /// The place and node of the abort.
        abort: (usize, Node),
    },
    /// AC5: a participant never decided, though everything was repaired.
    Termination {
        /// The transaction.
        txn: TxnName,
        /// The participant.
        node: Node,
    },
    /// A participant that never failed did not decide.
    Blocked {
        /// The transaction.
        txn: TxnName,
        /// The participant.
        node: Node,
    },
    /// A vote or decision of a transaction that never began.
    Unknown {
        /// The transaction.
        txn: TxnName,
        /// The place.
        at: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement { txn, first: (at, a, x), second: (then, b, y) } => write!(
                f,
                "AC1: node {a} decided to {x} transaction {txn} at event {at}, but node {b} decided \
                 to {y} it at event {then}"
            ),
            Self::Stability { txn, node, first: (at, x), second: (then, y) } => write!(
                f,
                "AC2: node {node} decided to {x} transaction {txn} at event {at} and to {y} it at \
                 event {then}"
            ),
            Self::Validity { txn, commit: (at, node), without, voted_no: Some(no) } => write!(
                f,
                "AC3: node {node} committed transaction {txn} at event {at}, but node {without} had \
                 voted no at event {no}"
            ),
            Self::Validity { txn, commit: (at, node), without, voted_no: None } => write!(
                f,
                "AC3: node {node} committed transaction {txn} at event {at} without the vote of node \
                 {without}"
            ),
            Self::NonTriviality { txn, abort: (at, node) } => write!(
                f,
                "AC4: node {node} aborted transaction {txn} at event {at}, though all had voted yes \
                 and nothing had failed"
            ),
            Self::Termination { txn, node } => write!(
                f,
                "AC5: node {node} never decided transaction {txn}, though all failures were repaired"
            ),
            Self::Blocked { txn, node } => write!(
                f,
                "node {node} never failed, but waited in vain for a decision of transaction {txn}"
            ),
            Self::Unknown { txn, at } => {
                write!(f, "event {at} is about transaction {txn}, which never began")
            }
        }
    }
}
