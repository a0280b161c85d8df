//! Numbers of proposals, values, and votes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a proposal, unique to one proposer (PMS 2.2, 2.5).
///
/// Ordered by counter, then by proposer: two proposers never make the same ballot, and a proposer
/// that has seen any ballot can make a greater one.
///
/// ```
/// use protocols::paxos::Ballot;
///
/// assert!(Ballot::new(1, 2) > Ballot::new(1, 0));
/// assert!(Ballot::new(2, 0) > Ballot::new(1, 2));
/// assert!(Ballot::new(1, 0) > Ballot::ZERO);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Ballot {
    /// Grows with each attempt of a proposer; 0 is used by nobody.
    pub counter: u64,
    /// The proposer that owns this ballot.
    pub proposer: u16,
}

impl Ballot {
    /// Less than every ballot that a proposer makes: "nothing promised yet".
    pub const ZERO: Ballot = Ballot { counter: 0, proposer: 0 };

    /// The ballot of `proposer` with this counter.
    pub const fn new(counter: u64, proposer: u16) -> Ballot {
        Ballot { counter, proposer }
    }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.p{}", self.counter, self.proposer)
    }
}

/// What is agreed on. Each proposed value is unique in a run, so that a checker knows whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value(pub u64);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// A value under a ballot: what a proposer proposes (2a) and an acceptor accepts (2b).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// The number of the proposal.
    pub ballot: Ballot,
    /// Its value.
    pub value: Value,
}

impl Vote {
    /// The vote for `value` at `ballot`.
    pub const fn new(ballot: Ballot, value: Value) -> Vote {
        Vote { ballot, value }
    }
}

impl fmt::Display for Vote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ballot, self.value)
    }
}
