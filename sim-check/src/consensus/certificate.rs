//! What a good run came to, with the reasons why it is good.

use super::{Ballot, Instance};
use std::collections::BTreeMap;

/// What a good run came to, and why each value was right; checked by [`verify`](Self::verify). Places are positions in the
/// list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions<V> {
    /// The value of each decided instance.
    pub values: BTreeMap<Instance, V>,
    /// Where each of these was proposed first.
    pub proposed: BTreeMap<Instance, usize>,
    /// Each ballot in which something was accepted.
    pub ballots: BTreeMap<(Instance, Ballot), BallotValue<V>>,
}

/// The one value of a ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotValue<V> {
    /// The value.
    pub value: V,
    /// Why it could be accepted, if acceptors are judged; the newest reason holds until the next one, as long as nobody
    /// promises anything more in this ballot.
    pub grounds: Vec<Grounds>,
}

/// A quorum of promises of a ballot of which no vote is higher than one for the value of the ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// Where the value was accepted on these grounds first.
    pub from: usize,
    /// Where the promises stand, each the newest one of its acceptor.
    pub quorum: Vec<usize>,
}
