//! What the processes say to each other.

use super::ballot::{Ballot, Value, Vote};
use serde::{Deserialize, Serialize};

/// Chosen by a client, never used twice by it; a reply carries the id of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u64);

/// A message. Who sent it is known from the transport (see [`super::Input::Message`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Client to proposer: please let this be the value. Safe to repeat.
    Propose {
        /// The request to answer.
        request: RequestId,
        /// The client's value.
        value: Value,
    },
    /// Client to learner or proposer: tell me what is decided, now or as soon as you know.
    Query {
        /// The request to answer.
        request: RequestId,
    },
    /// To a client: this value is decided (perhaps another client's).
    Reply {
        /// The request that this answers.
        request: RequestId,
        /// The decided value.
        value: Value,
    },
    /// 1a, proposer to acceptors: promise to take part in nothing below `ballot`.
    Prepare {
        /// The ballot to promise.
        ballot: Ballot,
    },
    /// 1b, acceptor to proposer: promised, and this is my last vote.
    Promise {
        /// The promised ballot, which also says which 1a this answers.
        ballot: Ballot,
        /// The vote with the greatest ballot that the acceptor has cast.
        accepted: Option<Vote>,
    },
    /// 2a, proposer to acceptors: please vote for this.
    Accept {
        /// The proposal.
        vote: Vote,
    },
    /// 2b, acceptor to learners: I have voted for this.
    Accepted {
        /// The vote cast.
        vote: Vote,
    },
    /// Acceptor to proposer: `ballot` is refused because `promised` was promised.
    Nack {
        /// The refused ballot.
        ballot: Ballot,
        /// What the acceptor has promised.
        promised: Ballot,
    },
    /// Learner to proposers and learners: this value is chosen.
    Decided {
        /// The chosen value.
        value: Value,
    },
}
