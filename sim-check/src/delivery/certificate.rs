//! What a good run came to, with the reasons why it is good.

use super::{Consumer, MessageId};
use std::collections::BTreeMap;

/// What a good run came to, and the story of each message; checked by [`verify`](Self::verify).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages that were committed.
    pub committed: usize,
    /// Publications, repeated ones included.
    pub published: usize,
    /// Deliveries beyond the first of a message to a consumer.
    pub redelivered: usize,
    /// Effects.
    pub applied: usize,
    /// Each message that any event names.
    pub messages: BTreeMap<MessageId, Story>,
}

/// Where what happened to a message happened first: positions in the list of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Its commit.
    pub committed: Option<usize>,
    /// A commit of unknown outcome.
    pub unknown: Option<usize>,
    /// Its publication.
    pub published: Option<usize>,
    /// Its delivery to each consumer.
    pub delivered: BTreeMap<Consumer, usize>,
    /// Its effect at each consumer.
    pub applied: BTreeMap<Consumer, usize>,
}
