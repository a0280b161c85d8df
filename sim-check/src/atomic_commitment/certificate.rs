//! What a good run came to, with the reasons why it is good.

use super::{Node, TxnName};
use std::collections::BTreeMap;

/// What a good run came to, and why each decision was right; checked by [`verify`](Self::verify).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many transactions somebody committed.
    pub committed: usize,
    /// How many transactions somebody aborted.
    pub aborted: usize,
    /// Participants that voted yes, are up and know no decision: blocked, which two-phase commit
    /// allows.
    pub blocked: Vec<(TxnName, Node)>,
    /// The end of each transaction that began.
    pub txns: BTreeMap<TxnName, Settlement>,
}

/// How a transaction ended at all nodes that know its end. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Nobody decided.
    Undecided,
    /// Every decision was to commit.
    Committed {
        /// Where each participant voted yes.
        yes: BTreeMap<Node, usize>,
    },
    /// Every decision was to abort.
    Aborted {
        /// Why that was allowed.
        because: Excuse,
    },
}

/// What allows to abort a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excuse {
    /// A vote of no, at this place.
    Refused(usize),
    /// This participant never voted yes.
    Silent(Node),
    /// Something failed at this place, before anybody aborted.
    Failed(usize),
}
