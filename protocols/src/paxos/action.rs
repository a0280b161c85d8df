//! What goes into a role and what comes out: the border between the pure part and the shell.

use super::ballot::Value;
use super::message::Message;
use super::record::Record;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Promises and votes.
    Acceptor,
    /// Makes proposals for clients.
    Proposer,
    /// Counts votes.
    Learner,
    /// Proposes values and waits for the decision.
    Client,
}

/// One process: its role and its index among those of this role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// What it does.
    pub role: Role,
    /// Which of them, from 0.
    pub index: u16,
}

impl Peer {
    /// Acceptor number `index`.
    pub const fn acceptor(index: u16) -> Peer {
        Peer { role: Role::Acceptor, index }
    }

    /// Proposer number `index`.
    pub const fn proposer(index: u16) -> Peer {
        Peer { role: Role::Proposer, index }
    }

    /// Learner number `index`.
    pub const fn learner(index: u16) -> Peer {
        Peer { role: Role::Learner, index }
    }

    /// Client number `index`.
    pub const fn client(index: u16) -> Peer {
        Peer { role: Role::Client, index }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Acceptor => "acceptor",
            Role::Proposer => "proposer",
            Role::Learner => "learner",
            Role::Client => "client",
        };
        write!(f, "{role}-{}", self.index)
    }
}

/// What a role reacts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message arrived.
    Message {
        /// The sender, as the transport knows it.
        from: Peer,
        /// What it said.
        message: Message,
    },
    /// The role's timer fired.
    TimerFired,
}

/// Why a timer runs. The shell draws the delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Answers are missing: say it again. The delay should grow with `attempt` (from 0), so that
    /// it outgrows the round trip of a slow network.
    Resend {
        /// How often this has been said already.
        attempt: u32,
    },
    /// Another proposer was faster: wait for a random time whose mean grows with `attempt`
    /// (from 1), so that one of the duellists gets through (PMS 2.4).
    Backoff {
        /// How often this proposer has been overtaken.
        attempt: u32,
    },
}

/// What the shell has to do, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write the record to the role's journal and sync it, before the next action.
    Persist(Record),
    /// Tell the operator that this identity exists from now on ([`super::Boot`]), before the next
    /// action. It must survive whatever happens to the role's disk.
    MarkInitialised,
    /// Send to one process.
    Send(Peer, Message),
    /// Send to each process of a role, apart from oneself.
    SendToAll(Role, Message),
    /// Start the role's only timer; one that runs already is replaced.
    StartTimer(Timer),
    /// Stop the timer, if it runs.
    StopTimer,
    /// This process now knows the decision. At most once in a life.
    Decide(Value),
}
