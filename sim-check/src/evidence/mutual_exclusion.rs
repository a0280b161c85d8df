//! Evidence against mutual exclusion.

use super::{claim, none, stands};
use crate::mutual_exclusion::{Client, Event, Token, Violation};

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
