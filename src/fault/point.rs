//! Moments other than times at which faults strike.

use super::names::{PlanError, resolve};
use crate::World;
use crate::net::{AFTER_SEND, DELIVER, Net};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The boundaries of durable writes, at which a process is struck.
pub(super) const WRITES: [&str; 4] = ["before-sync", "after-sync", "before-write", "after-write"];
/// Those of messages: it has told something, or is about to be told.
pub(super) const MESSAGES: [&str; 2] = [AFTER_SEND, DELIVER];

/// The n-th occurrence of a named point: of a `hint!` in the code under test, or of one that a device marks
/// (`before-write`, `after-write`, `before-sync`, `after-sync`, `after-send`, `deliver`). Of messages it can be said which: those to or from
/// a `peer`, those of a kind that the test gave a name with [`name_messages`](crate::net::control::name_messages).
///
/// ```toml
/// point = { name = "deliver", on = "proposer-0", peer = "acceptor-1", message = "promise", nth = 2 }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The point's name.
    pub name: String,
    /// The node on which it occurs; any unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The node at the other end of the message: from which it comes to be delivered, or to which it is sent. Any unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The kind of the message; any unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Which occurrence since the faults began, or since the fault's `at`, from 1.
    pub nth: u64,
}

impl Point {
    /// # Errors
    /// When it is not counted from 1, names a node or a kind of message that does not exist, or says of what is no message which one.
    pub(super) fn resolve(&self, world: &World) -> Result<sim_runtime::point::Point, PlanError> {
        let error = |text: String| Err(PlanError(format!("point `{}`: {text}", self.name)));
        if self.nth == 0 {
            return error("occurrences are counted from 1".into());
        }
        if (self.peer.is_some() || self.message.is_some()) && !MESSAGES.contains(&&*self.name) {
            return error(format!("only {} have a peer and a message", MESSAGES.join(" and ")));
        }
        if let Some(message) = &self.message {
            let known = world.with_device(|net: &Net| net.message_names());
            if !known.contains(&&**message) {
                return error(match known {
                    [] => format!("there is no message `{message}`: this test names no messages"),
                    _ => format!("there is no message `{message}`: there are {}", known.join(", ")),
                });
            }
        }
        let node =
            |name: &Option<String>| name.as_ref().map(|name| resolve(world, name)).transpose();
        Ok(sim_runtime::point::Point {
            name: self.name.clone(),
            node: node(&self.on)?,
            peer: node(&self.peer)?,
            message: self.message.clone(),
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.nth)?;
        if let Some(on) = &self.on {
            write!(f, " of {on}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ", a {message}")?;
        }
        match (&self.peer, &*self.name) {
            (None, _) => Ok(()),
            (Some(peer), DELIVER) => write!(f, " from {peer}"),
            (Some(peer), _) => write!(f, " to {peer}"),
        }
    }
}
