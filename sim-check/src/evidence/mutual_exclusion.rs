//! Evidence against mutual exclusion.

use super::{claim, none, stands};
use crate::mutual_exclusion::{Client, Event, Promise, Summary, Tenure, Token, Violation};
use std::collections::BTreeMap;

impl Violation {
    /// Checks what the violation says against the events that it is about.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event]) -> Result<(), String> {
        let acquires = |at: usize, by: Option<Client>, with: Option<Token>| {
            stands(events, at, |event| {
                matches!(event, Event::Acquire { client, token }
                    if by.is_none_or(|by| by == *client) && with.is_none_or(|with| with == *token))
            })
        };
        let keeps = |by: Client, from: usize, to: usize| {
            claim(from < to, || "one comes after the other".to_string())?;
            none(
                events,
                from..to,
                |event| matches!(event, Event::Release { client } if *client == by),
            )
        };
        let accepted = |at: usize, by: Option<Client>, with: Token| {
            stands(events, at, |event| {
                matches!(event, Event::Access { client, token, accepted: true }
                    if by.is_none_or(|by| by == *client) && *token == with)
            })
        };
        match *self {
            Violation::TwoHolders { first: (at, a), second: (then, b) } => {
                acquires(at, Some(a), None)?;
                acquires(then, Some(b), None)?;
                claim(a != b, || "there are two clients".to_string())?;
                keeps(a, at, then)
            }
            Violation::TokenNotHigher { earlier: (at, a), later: (then, b) } => {
                acquires(at, None, Some(a))?;
                acquires(then, None, Some(b))?;
                claim(at < then && a >= b, || "the token is not higher".to_string())
            }
            Violation::StaleAccess { newer: (at, a), stale: (then, b) } => {
                accepted(at, None, a)?;
                accepted(then, None, b)?;
                claim(at < then && a > b, || "the token is lower".to_string())
            }
            Violation::ForgedToken { at, client, token } => {
                accepted(at, Some(client), token)?;
                // The last acquisition with a token owns it.
                let owner = events[..at].iter().rev().find_map(|event| match event {
                    Event::Acquire { client, token: t } if *t == token => Some(*client),
                    _ => None,
                });
                claim(owner != Some(client), || "the client never got the token".to_string())
            }
            Violation::Reentered { first, second, client } => {
                acquires(first, Some(client), None)?;
                acquires(second, Some(client), None)?;
                keeps(client, first, second)
            }
        }
    }
}

impl Summary {
    /// Checks that the tenures are those of the events, do not overlap if that was promised, and that each access used
    /// the token of its tenure, which was not lower than any used before.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event], promise: Promise) -> Result<(), String> {
        let mut tenures = self.tenures.iter().enumerate();
        let mut accesses = self.accesses.iter();
        let mut open: BTreeMap<Client, &Tenure> = BTreeMap::new();
        let (mut last, mut newest): (Option<Token>, Option<Token>) = (None, None);
        let (mut refused, mut overlaps) = (0, 0);
        for (at, event) in events.iter().enumerate() {
            match *event {
                Event::Acquire { client, token } => {
                    let (_, tenure) = tenures.next().ok_or("there is a tenure too few")?;
                    let of = (tenure.client, tenure.token, tenure.from) == (client, token, at);
                    claim(of, || format!("event {at} began a tenure"))?;
                    claim(last < Some(token), || format!("the token of event {at} is higher"))?;
                    last = Some(token);
                    claim(open.is_empty() || promise == Promise::Fenced, || {
                        format!("nobody held the lock at event {at}")
                    })?;
                    overlaps += usize::from(!open.is_empty());
                    let before = open.insert(client, tenure);
                    claim(before.is_none(), || format!("the client did not hold it at {at}"))?;
                }
                Event::Release { client } => {
                    let ended = open.remove(&client).is_none_or(|tenure| tenure.to == Some(at));
                    claim(ended, || format!("event {at} ended a tenure"))?;
                }
                Event::Access { accepted: false, .. } => refused += 1,
                Event::Access { client, token, accepted: true } => {
                    let tenure = accesses
                        .next()
                        .filter(|(place, _)| *place == at)
                        .and_then(|(_, number)| self.tenures.get(*number));
                    let of = tenure.is_some_and(|tenure| {
                        (tenure.client, tenure.token) == (client, token) && tenure.from < at
                    });
                    claim(of, || format!("event {at} used the token of its tenure"))?;
                    claim(newest <= Some(token), || format!("no newer token was used by {at}"))?;
                    newest = Some(token);
                }
            }
        }
        let over = tenures.next().is_none() && accesses.next().is_none();
        claim(over, || "there are no more tenures and accesses".to_string())?;
        let held = open.values().all(|tenure| tenure.to.is_none());
        claim(held, || "the last tenures never ended".to_string())?;
        let counts = (self.tenures.len(), self.accesses.len(), refused, overlaps);
        let told = (self.acquired, self.accepted, self.refused, self.overlaps);
        claim(counts == told, || "there were so many".to_string())
    }
}
