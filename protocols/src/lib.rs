//! Reference protocols: real protocols, each with its invariants and its bank of planted bugs.
//!
//! They are the first user of `squall`: what they do, a stranger's crate can do. Each folder opens
//! with the paper, the roles, what must be durable before which message is sent, and a table of
//! properties.

pub mod paxos;

use squall::Scenario;

/// The scenarios of all protocols.
pub fn scenarios() -> Vec<Scenario> {
    paxos::scenario::scenarios()
}
