//! Delivery: what became of each message on its way from a committed row to its effect.
//!
//! | guarantee | what must hold |
//! |---|---|
//! | no phantom | only committed rows are published, delivered or applied |
//! | at most once | no message is delivered twice |
//! | at least once | at the end each committed row has been delivered to each consumer |
//! | exactly-once effects | at the end each committed row has been applied once by each consumer, however often it was delivered |
//! | order for each key | effects of one key come in the order of their commits |
//! | outbox | each committed row was published, and nothing was published that was not committed |

use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A message, by the identity that stays the same when it is sent again.
pub type MessageId = u64;
/// What messages are ordered by: an aggregate, a partition.
pub type Key = u64;
/// Who receives.
pub type Consumer = u32;

/// Something that happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The transaction that wrote the message committed. Messages of a key are ordered by this.
    Commit {
        /// The message.
        id: MessageId,
        /// Its key.
        key: Key,
    },
    /// The transaction that wrote the message was rolled back.
    Abort {
        /// The message.
        id: MessageId,
    },
    /// It is unknown whether the transaction that wrote the message committed.
    Unknown {
        /// The message.
        id: MessageId,
        /// Its key.
        key: Key,
    },
    /// The message was handed to the broker.
    Publish {
        /// The message.
        id: MessageId,
    },
    /// The message was handed to a consumer.
    Deliver {
        /// The message.
        id: MessageId,
        /// The consumer.
        consumer: Consumer,
    },
    /// The consumer made the effect of the message durable.
    Apply {
        /// The message.
        id: MessageId,
        /// The consumer.
        consumer: Consumer,
    },
}

/// What is promised. Nothing phantom is allowed under any promise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// No message is delivered twice to a consumer.
    pub at_most_once: bool,
    /// Each committed message is delivered to each of `consumers`. Judge at quiescence.
    pub at_least_once: bool,
    /// Each committed message is applied exactly once by each of `consumers`. Judge at
    /// quiescence.
    pub exactly_once_effects: bool,
    /// Effects of one key come in the order of the commits.
    pub ordered_by_key: bool,
    /// Each committed message is published. Judge at quiescence.
    pub outbox: bool,
    /// Who must receive.
    pub consumers: Vec<Consumer>,
}

/// What a good run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Messages that were committed.
    pub committed: usize,
    /// Publications, repeated ones included.
    pub published: usize,
    /// Deliveries beyond the first of a message to a consumer.
    pub redelivered: usize,
    /// Effects.
    pub applied: usize,
}

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

#[derive(Default)]
struct Message {
    committed: Option<usize>,
    aborted: Option<usize>,
    may_be_committed: bool,
    key: Key,
    published: bool,
    delivered: BTreeMap<Consumer, usize>,
    applied: BTreeMap<Consumer, usize>,
}

/// Judges the events of a run, which are in the order in which they happened.
///
/// ```
/// use sim_check::delivery::{Event, Promises, check};
///
/// let events = [
///     Event::Commit { id: 1, key: 0 },
///     Event::Publish { id: 1 },
///     Event::Apply { id: 1, consumer: 9 },
///     Event::Apply { id: 1, consumer: 9 },
/// ];
/// let promises = Promises { exactly_once_effects: true, consumers: vec![9], ..Promises::default() };
/// assert!(check(&events, &promises).is_violation());
/// ```
pub fn check(events: &[Event], promises: &Promises) -> Verdict<Summary, Violation> {
    match judge(events, promises) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
    }
}

fn judge(events: &[Event], promises: &Promises) -> Result<Summary, Violation> {
    let mut summary = Summary::default();
    let mut messages: BTreeMap<MessageId, Message> = BTreeMap::new();
    // The last publication, delivery or application of each message, seen before its commit: with
    // a log that is read while commits are still being acknowledged, that may happen.
    let mut early: Vec<(MessageId, Stage, usize)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match *event {
            Event::Commit { id, key } => {
                let message = messages.entry(id).or_default();
                message.committed.get_or_insert(at);
                message.key = key;
                summary.committed += 1;
            }
            Event::Abort { id } => {
                messages.entry(id).or_default().aborted.get_or_insert(at);
            }
            Event::Unknown { id, key } => {
                let message = messages.entry(id).or_default();
                message.may_be_committed = true;
                message.key = key;
            }
            Event::Publish { id } => {
                early.push((id, Stage::Published, at));
                messages.entry(id).or_default().published = true;
                summary.published += 1;
            }
            Event::Deliver { id, consumer } => {
                early.push((id, Stage::Delivered, at));
                let message = messages.entry(id).or_default();
                match message.delivered.get(&consumer) {
                    Some(first) if promises.at_most_once => {
                        let places = (*first, at);
                        return Err(Violation::DeliveredTwice { id, consumer, places });
                    }
                    Some(_) => summary.redelivered += 1,
                    None => {
                        message.delivered.insert(consumer, at);
                    }
                }
            }
            Event::Apply { id, consumer } => {
                early.push((id, Stage::Applied, at));
                summary.applied += 1;
                let message = messages.entry(id).or_default();
                let first = *message.applied.entry(consumer).or_insert(at);
                if first != at && promises.exactly_once_effects {
                    let places = (first, at);
                    return Err(Violation::AppliedTwice { id, consumer, places });
                }
            }
        }
    }
    for (id, stage, at) in early {
        let message = &messages[&id];
        if message.committed.is_none() && !message.may_be_committed {
            return Err(match message.aborted {
                Some(aborted) => Violation::Aborted { id, stage, at, aborted },
                None => Violation::Phantom { id, stage, at },
            });
        }
    }
    find_lost(&messages, promises)?;
    if promises.ordered_by_key {
        find_out_of_order(&messages)?;
    }
    Ok(summary)
}

fn find_lost(
    messages: &BTreeMap<MessageId, Message>,
    promises: &Promises,
) -> Result<(), Violation> {
    for (id, message) in messages {
        let Some(committed) = message.committed else { continue };
        let lost = |stage, consumer| Violation::Lost { id: *id, committed, stage, consumer };
        if promises.outbox && !message.published {
            return Err(lost(Stage::Published, None));
        }
        for consumer in &promises.consumers {
            if promises.at_least_once && !message.delivered.contains_key(consumer) {
                return Err(lost(Stage::Delivered, Some(*consumer)));
            }
            if promises.exactly_once_effects && !message.applied.contains_key(consumer) {
                return Err(lost(Stage::Applied, Some(*consumer)));
            }
        }
    }
    Ok(())
}

fn find_out_of_order(messages: &BTreeMap<MessageId, Message>) -> Result<(), Violation> {
    let mut by_commit: Vec<(Key, usize, MessageId)> = messages
        .iter()
        .filter_map(|(id, message)| Some((message.key, message.committed?, *id)))
        .collect();
    by_commit.sort_unstable();
    for group in by_commit.chunk_by(|a, b| a.0 == b.0) {
        let consumers: BTreeSet<Consumer> =
            group.iter().flat_map(|(_, _, id)| messages[id].applied.keys().copied()).collect();
        for consumer in consumers {
            let mut last: Option<(MessageId, usize)> = None;
            for (key, _, id) in group {
                let Some(at) = messages[id].applied.get(&consumer) else { continue };
                if let Some(earlier) = last.filter(|(_, earlier)| earlier > at) {
                    // The message committed earlier was applied later.
                    return Err(Violation::OutOfOrder {
                        key: *key,
                        consumer,
                        first: earlier,
                        later: (*id, *at),
                    });
                }
                last = Some((*id, *at));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: Event = Event::Commit { id: 1, key: 0 };
    const PUBLISH: Event = Event::Publish { id: 1 };
    const DELIVER: Event = Event::Deliver { id: 1, consumer: 5 };
    const APPLY: Event = Event::Apply { id: 1, consumer: 5 };

    fn all() -> Promises {
        Promises {
            at_most_once: false,
            at_least_once: true,
            exactly_once_effects: true,
            ordered_by_key: true,
            outbox: true,
            consumers: vec![5],
        }
    }

    fn violation(events: &[Event], promises: &Promises) -> Violation {
        match check(events, promises) {
            Verdict::Violation(violation) => violation,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn redelivery_is_no_harm_if_the_effect_is_made_once() {
        let events = [COMMIT, PUBLISH, DELIVER, DELIVER, APPLY];
        let expected = Summary { committed: 1, published: 1, redelivered: 1, applied: 1 };
        assert_eq!(check(&events, &all()), Verdict::Ok(expected));
        let strict = Promises { at_most_once: true, ..all() };
        assert!(matches!(
            violation(&events, &strict),
            Violation::DeliveredTwice { places: (2, 3), .. }
        ));
    }

    #[test]
    fn an_effect_is_made_once() {
        let events = [COMMIT, PUBLISH, DELIVER, APPLY, APPLY];
        assert!(matches!(
            violation(&events, &all()),
            Violation::AppliedTwice { places: (3, 4), .. }
        ));
    }

    #[test]
    fn nothing_comes_from_nowhere_or_from_an_abort() {
        let none = Promises::default();
        assert!(matches!(
            violation(&[PUBLISH], &none),
            Violation::Phantom { stage: Stage::Published, .. }
        ));
        let aborted = [Event::Abort { id: 1 }, DELIVER];
        assert!(matches!(
            violation(&aborted, &none),
            Violation::Aborted { stage: Stage::Delivered, aborted: 0, .. }
        ));
        assert!(check(&[Event::Unknown { id: 1, key: 0 }, APPLY], &none).is_ok());
        // A relay that tails the log may be faster than the acknowledgement.
        assert!(check(&[PUBLISH, COMMIT], &none).is_ok());
    }

    #[test]
    fn nothing_committed_is_lost() {
        let lost = |events: &[Event]| match violation(events, &all()) {
            Violation::Lost { stage, .. } => stage,
            other => panic!("{other:?}"),
        };
        assert_eq!(lost(&[COMMIT]), Stage::Published);
        assert_eq!(lost(&[COMMIT, PUBLISH]), Stage::Delivered);
        assert_eq!(lost(&[COMMIT, PUBLISH, DELIVER]), Stage::Applied);
    }

    #[test]
    fn effects_of_a_key_come_in_the_order_of_the_commits() {
        let second = Event::Commit { id: 2, key: 0 };
        let other_key = Event::Commit { id: 2, key: 1 };
        let promises = Promises { ordered_by_key: true, ..Promises::default() };
        let apply_second = Event::Apply { id: 2, consumer: 5 };
        let events = [COMMIT, second, apply_second, APPLY];
        assert_eq!(
            violation(&events, &promises),
            Violation::OutOfOrder { key: 0, consumer: 5, first: (1, 3), later: (2, 2) }
        );
        assert!(check(&[COMMIT, second, APPLY, apply_second], &promises).is_ok());
        assert!(check(&[COMMIT, other_key, apply_second, APPLY], &promises).is_ok());
    }
}
