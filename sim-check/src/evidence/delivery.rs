//! Evidence against delivery.

use super::{claim, none, stands};
use crate::delivery::{
    Consumer, Event, Key, MessageId, Promises, Stage, Story, Summary, Violation,
};
use std::collections::{BTreeMap, BTreeSet};

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

impl Summary {
    /// Checks that each event belongs to the story of a message that was, or may have been, committed, and that the
    /// stories are as promised.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event], promises: &Promises) -> Result<(), String> {
        for (id, story) in &self.messages {
            let at = |place: Option<usize>, is: &dyn Fn(&Event) -> bool| {
                place.map_or(Ok(()), |place| stands(events, place, is))
            };
            at(story.committed, &|e| matches!(e, Event::Commit { id: of, .. } if of == id))?;
            at(story.unknown, &|e| matches!(e, Event::Unknown { id: of, .. } if of == id))?;
            at(story.published, &|e| is_at(e, Stage::Published, *id, None))?;
            for (stage, places) in
                [(Stage::Delivered, &story.delivered), (Stage::Applied, &story.applied)]
            {
                for (consumer, place) in places {
                    stands(events, *place, |event| is_at(event, stage, *id, Some(*consumer)))?;
                }
            }
        }
        let mut counts = [0; 4];
        let mut keys: BTreeMap<MessageId, Key> = BTreeMap::new();
        let mut named: BTreeSet<MessageId> = BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            let (Event::Commit { id, .. }
            | Event::Abort { id }
            | Event::Unknown { id, .. }
            | Event::Publish { id }
            | Event::Deliver { id, .. }
            | Event::Apply { id, .. }) = *event;
            named.insert(id);
            let story = self.messages.get(&id).ok_or_else(|| format!("{id} has no story"))?;
            let first = |place: Option<&usize>| {
                let told = place.is_some_and(|place| *place <= at);
                claim(told, || format!("event {at} is not the first of its kind"))?;
                Ok::<_, String>(place == Some(&at))
            };
            match *event {
                Event::Commit { key, .. } => {
                    first(story.committed.as_ref())?;
                    keys.insert(id, key);
                    counts[0] += 1;
                    continue;
                }
                Event::Unknown { key, .. } => {
                    first(story.unknown.as_ref())?;
                    keys.insert(id, key);
                    continue;
                }
                Event::Abort { .. } => continue,
                Event::Publish { .. } => {
                    first(story.published.as_ref())?;
                    counts[1] += 1;
                }
                Event::Deliver { consumer, .. } => {
                    let first = first(story.delivered.get(&consumer))?;
                    let once = first || !promises.at_most_once;
                    claim(once, || format!("event {at} delivered {id} first"))?;
                    counts[2] += usize::from(!first);
                }
                Event::Apply { consumer, .. } => {
                    let first = first(story.applied.get(&consumer))?;
                    let once = first || !promises.exactly_once_effects;
                    claim(once, || format!("event {at} applied {id} first"))?;
                    counts[3] += 1;
                }
            }
            let may = story.committed.is_some() || story.unknown.is_some();
            claim(may, || format!("message {id} of event {at} was committed"))?;
        }
        claim(named.iter().eq(self.messages.keys()), || "there are no more messages".to_string())?;
        let told = [self.committed, self.published, self.redelivered, self.applied];
        claim(counts == told, || "there were so many".to_string())?;
        let mut by_commit: Vec<(usize, MessageId, &Story)> = Vec::new();
        for (id, story) in &self.messages {
            let Some(committed) = story.committed else { continue };
            by_commit.push((committed, *id, story));
            let published = !promises.outbox || story.published.is_some();
            let arrived = promises.consumers.iter().all(|consumer| {
                (!promises.at_least_once || story.delivered.contains_key(consumer))
                    && (!promises.exactly_once_effects || story.applied.contains_key(consumer))
            });
            claim(published && arrived, || format!("message {id} was not lost"))?;
        }
        by_commit.sort_unstable_by_key(|(committed, ..)| *committed);
        let mut last: BTreeMap<(Key, Consumer), usize> = BTreeMap::new();
        for (_, id, story) in by_commit {
            for (consumer, applied) in &story.applied {
                let before = last.insert((keys[&id], *consumer), *applied);
                let in_order = !promises.ordered_by_key || before < Some(*applied);
                claim(in_order, || format!("{id} was applied after all before it"))?;
            }
        }
        Ok(())
    }
}
