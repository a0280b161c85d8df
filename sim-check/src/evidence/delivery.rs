//! Evidence against delivery.

use super::{claim, none, stands};
use crate::delivery::{Consumer, Event, MessageId, Stage, Violation};

fn is_at(event: &Event, stage: Stage, message: MessageId, by: Option<Consumer>) -> bool {
    match (stage, *event) {
        (Stage::Published, Event::Publish { id }) => id == message,
        (Stage::Delivered, Event::Deliver { id, consumer })
        | (Stage::Applied, Event::Apply { id, consumer }) => {
            id == message && by.is_none_or(|by| by == consumer)
        }
        _ => false,
    }
}

fn may_be_committed(event: &Event, message: MessageId) -> bool {
    matches!(event, Event::Commit { id, .. } | Event::Unknown { id, .. } if *id == message)
}

impl Violation {
    /// Checks what the violation says against the events that it is about.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event]) -> Result<(), String> {
        let all = 0..events.len();
        let commit_of = |message: MessageId, of: Option<u64>| {
            let place = events.iter().position(|event| {
                matches!(event, Event::Commit { id, key } if *id == message && of.is_none_or(|of| of == *key))
            });
            place.ok_or_else(|| format!("message {message} was not committed"))
        };
        let twice = |stage, id, consumer, (a, b): (usize, usize)| {
            stands(events, a, |event| is_at(event, stage, id, Some(consumer)))?;
            stands(events, b, |event| is_at(event, stage, id, Some(consumer)))?;
            claim(a < b, || "there are two".to_string())
        };
        match *self {
            Violation::Phantom { id, stage, at } => {
                stands(events, at, |event| is_at(event, stage, id, None))?;
                none(events, all, |event| may_be_committed(event, id))
            }
            Violation::Aborted { id, stage, at, aborted } => {
                stands(events, at, |event| is_at(event, stage, id, None))?;
                stands(
                    events,
                    aborted,
                    |event| matches!(event, Event::Abort { id: other } if *other == id),
                )?;
                none(events, all, |event| may_be_committed(event, id))
            }
            Violation::DeliveredTwice { id, consumer, places } => {
                twice(Stage::Delivered, id, consumer, places)
            }
            Violation::AppliedTwice { id, consumer, places } => {
                twice(Stage::Applied, id, consumer, places)
            }
            Violation::Lost { id, committed, stage, consumer } => {
                claim(commit_of(id, None)? == committed, || "it was committed there".to_string())?;
                none(events, all, |event| is_at(event, stage, id, consumer))
            }
            Violation::OutOfOrder { key, consumer, first, later } => {
                let earlier = commit_of(first.0, Some(key))? < commit_of(later.0, Some(key))?;
                claim(earlier, || "the first was committed first".to_string())?;
                for (id, at) in [first, later] {
                    let applied = |event: &Event| is_at(event, Stage::Applied, id, Some(consumer));
                    stands(events, at, applied)?;
                    none(events, 0..at, applied)?;
                }
                claim(first.1 > later.1, || "the first was applied later".to_string())
            }
        }
    }
}
