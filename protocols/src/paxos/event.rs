//! What the processes export about themselves, for the invariants.
//!
//! The shell makes events from the actions that it performs, with [`Event::of`]: a role cannot
//! claim what it does not do.

use super::action::{Action, Peer, Role};
use super::ballot::{Ballot, Value, Vote};
use super::message::Message;
use super::record::Record;
use serde::{Deserialize, Serialize};

/// One step of the protocol that a checker wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A client is about to propose this value for the first time.
    ValueProposed {
        /// The client's value.
        value: Value,
    },
    /// A process begins a life.
    Started {
        /// Which.
        by: Peer,
    },
    /// This record is durable: its sync is done, or a new life has found it after syncing.
    Durable {
        /// Whose.
        by: Peer,
        /// What.
        record: Record,
    },
    /// 1a leaves a proposer.
    PrepareSent {
        /// The proposer's index.
        proposer: u16,
        /// For this ballot.
        ballot: Ballot,
    },
    /// 1b leaves an acceptor.
    PromiseSent {
        /// The acceptor's index.
        acceptor: u16,
        /// For this ballot.
        ballot: Ballot,
    },
    /// 2a leaves a proposer.
    ProposalSent {
        /// The proposer's index.
        proposer: u16,
        /// What is proposed.
        vote: Vote,
    },
    /// 2b leaves an acceptor.
    VoteSent {
        /// The acceptor's index.
        acceptor: u16,
        /// What it votes for.
        vote: Vote,
    },
    /// A process knows the decision: a learner by counting, others by being told.
    Decided {
        /// Who knows.
        by: Peer,
        /// What it believes to be decided.
        value: Value,
    },
}

impl Event {
    /// What the action of `by` means to a checker, if anything. To be exported when a persist is
    /// complete, and for every other action right before it is performed.
    pub fn of(by: Peer, action: &Action) -> Option<Event> {
        match *action {
            Action::Persist(record) => Some(Event::Durable { by, record }),
            Action::Decide(value) => Some(Event::Decided { by, value }),
            Action::Send(_, message) | Action::SendToAll(_, message) => Event::sent(by, message),
            Action::MarkInitialised | Action::StartTimer(_) | Action::StopTimer => None,
        }
    }

    fn sent(by: Peer, message: Message) -> Option<Event> {
        let index = by.index;
        match (by.role, message) {
            (Role::Proposer, Message::Prepare { ballot }) => {
                Some(Event::PrepareSent { proposer: index, ballot })
            }
            (Role::Proposer, Message::Accept { vote }) => {
                Some(Event::ProposalSent { proposer: index, vote })
            }
            (Role::Acceptor, Message::Promise { ballot, .. }) => {
                Some(Event::PromiseSent { acceptor: index, ballot })
            }
            (Role::Acceptor, Message::Accepted { vote }) => {
                Some(Event::VoteSent { acceptor: index, vote })
            }
            (Role::Acceptor | Role::Proposer | Role::Learner | Role::Client, _) => None,
        }
    }
}
