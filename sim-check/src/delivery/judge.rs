//! The judge: one pass over the events.

use super::{Consumer, Event, Key, MessageId, Promises, Stage, Story, Summary, Violation};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Message {
    story: Story,
    aborted: Option<usize>,
    key: Key,
}

pub(super) fn judge(events: &[Event], promises: &Promises) -> Result<Summary, Violation> {
    let mut summary = Summary::default();
    let mut messages: BTreeMap<MessageId, Message> = BTreeMap::new();
    // The last publication, delivery or application of each message, seen before its commit: with
    // a log that is read while commits are still being acknowledged, that may happen.
    let mut early: Vec<(MessageId, Stage, usize)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match *event {
            Event::Commit { id, key } => {
                let message = messages.entry(id).or_default();
                message.story.committed.get_or_insert(at);
                message.key = key;
                summary.committed += 1;
            }
            Event::Abort { id } => {
                messages.entry(id).or_default().aborted.get_or_insert(at);
            }
            Event::Unknown { id, key } => {
                let message = messages.entry(id).or_default();
                message.story.unknown.get_or_insert(at);
                message.key = key;
            }
            Event::Publish { id } => {
                early.push((id, Stage::Published, at));
                messages.entry(id).or_default().story.published.get_or_insert(at);
                summary.published += 1;
            }
            Event::Deliver { id, consumer } => {
                early.push((id, Stage::Delivered, at));
                let message = messages.entry(id).or_default();
                match message.story.delivered.get(&consumer) {
                    Some(first) if promises.at_most_once => {
                        let places = (*first, at);
                        return Err(Violation::DeliveredTwice { id, consumer, places });
                    }
                    Some(_) => summary.redelivered += 1,
                    None => {
                        message.story.delivered.insert(consumer, at);
                    }
                }
            }
            Event::Apply { id, consumer } => {
                early.push((id, Stage::Applied, at));
                summary.applied += 1;
                let message = messages.entry(id).or_default();
                let first = *message.story.applied.entry(consumer).or_insert(at);
                if first != at && promises.exactly_once_effects {
                    let places = (first, at);
                    return Err(Violation::AppliedTwice { id, consumer, places });
                }
            }
        }
    }
    for (id, stage, at) in early {
        let message = &messages[&id];
        if message.story.committed.is_none() && message.story.unknown.is_none() {
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
    summary.messages = messages.into_iter().map(|(id, message)| (id, message.story)).collect();
    Ok(summary)
}

fn find_lost(
    messages: &BTreeMap<MessageId, Message>,
    promises: &Promises,
) -> Result<(), Violation> {
    for (id, message) in messages {
        let Some(committed) = message.story.committed else { continue };
        let lost = |stage, consumer| Violation::Lost { id: *id, committed, stage, consumer };
        if promises.outbox && message.story.published.is_none() {
            return Err(lost(Stage::Published, None));
        }
        for consumer in &promises.consumers {
            if promises.at_least_once && !message.story.delivered.contains_key(consumer) {
                return Err(lost(Stage::Delivered, Some(*consumer)));
            }
            if promises.exactly_once_effects && !message.story.applied.contains_key(consumer) {
                return Err(lost(Stage::Applied, Some(*consumer)));
            }
        }
    }
    Ok(())
}

fn find_out_of_order(messages: &BTreeMap<MessageId, Message>) -> Result<(), Violation> {
    let mut by_commit: Vec<(Key, usize, MessageId)> = messages
        .iter()
        .filter_map(|(id, message)| Some((message.key, message.story.committed?, *id)))
        .collect();
    by_commit.sort_unstable();
    for group in by_commit.chunk_by(|a, b| a.0 == b.0) {
        let consumers: BTreeSet<Consumer> = group
            .iter()
            .flat_map(|(_, _, id)| messages[id].story.applied.keys().copied())
            .collect();
        for consumer in consumers {
            let mut last: Option<(MessageId, usize)> = None;
            for (key, _, id) in group {
                let Some(at) = messages[id].story.applied.get(&consumer) else { continue };
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
