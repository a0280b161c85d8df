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

mod certificate;
mod judge;
mod violation;

pub use certificate::{Story, Summary};
pub use violation::{Stage, Violation};

use crate::verdict::Verdict;

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
    match judge::judge(events, promises) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
    }
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
        let Verdict::Ok(summary) = check(&events, &all()) else { panic!() };
        assert_eq!((summary.committed, summary.published), (1, 1));
        assert_eq!((summary.redelivered, summary.applied), (1, 1));
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
