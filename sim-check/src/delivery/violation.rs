//! What went wrong.

use super::{Consumer, Key, MessageId};
use std::fmt;

/// Where a message may not turn up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At the broker.
    Published,
    /// At a consumer.
    Delivered,
    /// As an effect.
    Applied,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Delivered => "delivered",
            Self::Applied => "applied",
        })
    }
}

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A message that nobody had committed turned up.
    Phantom {
        /// The message.
        id: MessageId,
        /// How.
        stage: Stage,
        /// Where.
        at: usize,
    },
    /// A message of an aborted transaction turned up.
    Aborted {
        /// The message.
        id: MessageId,
        /// How.
        stage: Stage,
        /// Where.
        at: usize,
        /// Where it was aborted.
        aborted: usize,
    },
    /// A message was delivered twice.
    DeliveredTwice {
        /// The message.
        id: MessageId,
        /// To whom.
        consumer: Consumer,
        /// The two places.
        places: (usize, usize),
    },
    /// An effect was made twice.
    AppliedTwice {
        /// The message.
        id: MessageId,
        /// By whom.
        consumer: Consumer,
        /// The two places.
        places: (usize, usize),
    },
    /// A committed message never arrived where it should.
    Lost {
        /// The message.
        id: MessageId,
        /// Where it was committed.
        committed: usize,
        /// What never happened.
        stage: Stage,
        /// To or by whom; `None` for the broker.
        consumer: Option<Consumer>,
    },
    /// An effect came before that of a message of the same key which was committed earlier.
    OutOfOrder {
        /// The key.
        key: Key,
        /// Whose effects.
        consumer: Consumer,
        /// The message committed first, and the place of its effect.
        first: (MessageId, usize),
        /// The message committed later, and the place of its effect.
        later: (MessageId, usize),
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phantom { id, stage, at } => {
                write!(f, "message {id} was {stage} at event {at}, but nobody had committed it")
            }
            Self::Aborted { id, stage, at, aborted } => write!(
                f,
                "message {id} was {stage} at event {at}, but its transaction was aborted at event \
                 {aborted}"
            ),
            Self::DeliveredTwice { id, consumer, places: (a, b) } => {
                write!(f, "message {id} was delivered to consumer {consumer} at events {a} and {b}")
            }
            Self::AppliedTwice { id, consumer, places: (a, b) } => {
                write!(f, "message {id} was applied by consumer {consumer} at events {a} and {b}")
            }
            Self::Lost { id, committed, stage, consumer: Some(consumer) } => write!(
                f,
                "message {id}, committed at event {committed}, was never {stage} at consumer {consumer}"
            ),
            Self::Lost { id, committed, stage, consumer: None } => {
                write!(f, "message {id}, committed at event {committed}, was never {stage}")
            }
            Self::OutOfOrder { key, consumer, first: (a, at), later: (b, then) } => write!(
                f,
                "consumer {consumer} applied message {b} of key {key} at event {then}, before message \
                 {a} at event {at}, which was committed first"
            ),
        }
    }
}
