//! Evidence against consensus.

use super::{claim, none, stands};
use crate::consensus::{Ballot, Event, Expectations, Instance, Node, Violation};
use std::fmt::Debug;

impl<V: Clone + Eq + Debug> Violation<V> {
    /// Checks what the violation says against the events that it is about, and what was expected.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event<V>], expectations: &Expectations) -> Result<(), String> {
        let all = 0..events.len();
        let decides = |at: usize, i: Instance, n: Node, v: &V| {
            stands(events, at, |event| {
                matches!(event, Event::Decide { instance, node, value }
                    if (*instance, *node) == (i, n) && value == v)
            })
        };
        let accepts = |at: usize, i: Instance, b: Ballot, v: &V| {
            stands(events, at, |event| {
                matches!(event, Event::Accept { instance, ballot, value, .. }
                    if (*instance, *ballot) == (i, b) && value == v)
            })
        };
        let is_in = |at: usize, i: Instance, n: Node, b: Ballot| {
            stands(events, at, |event| {
                matches!(event,
                    Event::Promise { instance, node, ballot, .. }
                    | Event::Accept { instance, node, ballot, .. }
                        if (*instance, *node, *ballot) == (i, n, b))
            })
        };
        match self {
            Violation::Agreement { instance, first: (at, a, x), second: (then, b, y) } => {
                decides(*at, *instance, *a, x)?;
                decides(*then, *instance, *b, y)?;
                claim(x != y, || "the values differ".to_string())
            }
            Violation::Validity { instance, decided: (at, node, value) } => {
                decides(*at, *instance, *node, value)?;
                none(
                    events,
                    0..*at,
                    |event| matches!(event, Event::Propose { instance: i, value: v } if i == instance && v == value),
                )
            }
            Violation::Integrity { instance, node, first: (at, x), second: (then, y) } => {
                decides(*at, *instance, *node, x)?;
                decides(*then, *instance, *node, y)?;
                claim(at < then, || "there are two decisions".to_string())?;
                if x != y {
                    return Ok(());
                }
                none(
                    events,
                    *at..*then,
                    |event| matches!(event, Event::Crash { node: n } if n == node),
                )
            }
            Violation::Termination { instance, node } => {
                let expected = expectations.must_decide.contains(node);
                claim(expected, || format!("node {node} has to decide"))?;
                let begun = events.iter().any(|event| {
                    matches!(event,
                        Event::Propose { instance: i, .. }
                        | Event::Promise { instance: i, .. }
                        | Event::Accept { instance: i, .. }
                        | Event::Decide { instance: i, .. }
                            if i == instance)
                });
                claim(begun, || format!("instance {instance} has begun"))?;
                let life = events.iter().rev().find_map(|event| match event {
                    Event::Crash { node: n } if n == node => Some(false),
                    Event::Recover { node: n } if n == node => Some(true),
                    _ => None,
                });
                claim(life != Some(false), || format!("node {node} is up at the end"))?;
                none(
                    events,
                    all,
                    |event| matches!(event, Event::Decide { instance: i, node: n, .. } if (i, n) == (instance, node)),
                )
            }
            Violation::BallotConflict { instance, ballot, first: (at, x), second: (then, y) } => {
                accepts(*at, *instance, *ballot, x)?;
                accepts(*then, *instance, *ballot, y)?;
                claim(x != y, || "the values differ".to_string())
            }
            Violation::BallotRegression { instance, node, higher, lower } => {
                is_in(higher.0, *instance, *node, higher.1)?;
                is_in(lower.0, *instance, *node, lower.1)?;
                claim(higher.0 < lower.0 && higher.1 > lower.1, || "the ballot falls".to_string())
            }
            Violation::ForgottenVote { instance, node, accepted, promise } => {
                is_in(accepted.0, *instance, *node, accepted.1)?;
                claim(accepted.0 < *promise, || "the vote comes first".to_string())?;
                stands(events, *promise, |event| {
                    matches!(event, Event::Promise { instance: i, node: n, accepted: told, .. }
                        if (i, n) == (instance, node)
                            && told.as_ref().map(|(ballot, _)| *ballot) != Some(accepted.1))
                })
            }
            Violation::UnsafeValue { instance, ballot, accepted: (at, value) } => {
                accepts(*at, *instance, *ballot, value)?;
                let promised = last_promises(&events[..*at], *instance, *ballot);
                let quorum = expectations.acceptors as usize / 2 + 1;
                // A quorum shows the value safe if the highest vote in it is one for the value, or there is none. The
                // best quorum for a vote is made of all promises that tell nothing higher.
                let mut tops: Vec<Option<Ballot>> = vec![None];
                tops.extend(promised.iter().filter_map(|(_, told)| match told {
                    Some((vote, voted)) if voted == value => Some(Some(*vote)),
                    Some(_) | None => None,
                }));
                let safe = tops.iter().any(|top| {
                    let fits = |(_, told): &&(Node, Option<(Ballot, V)>)| {
                        told.as_ref().map(|(vote, _)| *vote) <= *top
                    };
                    promised.iter().filter(fits).count() >= quorum
                });
                claim(!safe, || "no quorum of promises allows the value".to_string())
            }
        }
    }
}

/// The promise of each acceptor in a ballot: the last one, if it repeated it.
fn last_promises<V: Clone>(
    events: &[Event<V>],
    i: Instance,
    b: Ballot,
) -> Vec<(Node, Option<(Ballot, V)>)> {
    let mut promised: Vec<(Node, Option<(Ballot, V)>)> = Vec::new();
    for event in events.iter().rev() {
        if let Event::Promise { instance, node, ballot, accepted } = event
            && (*instance, *ballot) == (i, b)
            && promised.iter().all(|(known, _)| known != node)
        {
            promised.push((*node, accepted.clone()));
        }
    }
    promised
}
