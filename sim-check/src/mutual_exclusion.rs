//! Mutual exclusion with fencing: at most one holder, or at least no harm from a former one.
//!
//! A lock service cannot keep a paused client from believing that it still holds the lock. What
//! it can do is to give each acquisition a higher token, which the protected resource compares:
//! Kleppmann, "How to do distributed locking" (2016); Burrows, "The Chubby lock service" (OSDI
//! 2006), section 2.4 (sequencers).

use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;

/// A client of the lock.
pub type Client = u32;
/// The number of an acquisition; later ones are higher.
pub type Token = u64;

/// Something that happened to one lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client begins to believe that it holds the lock.
    Acquire {
        /// The client.
        client: Client,
        /// The token that came with the lock.
        token: Token,
    },
    /// A client stops believing it: it released the lock, or its lease ran out by its own clock, or
    /// it crashed.
    Release {
        /// The client.
        client: Client,
    },
    /// The resource is asked to do something under a token.
    Access {
        /// Who asks.
        client: Client,
        /// Under which token.
        token: Token,
        /// Whether the resource did it.
        accepted: bool,
    },
}

/// What the lock promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// No two clients ever believe at the same time that they hold it.
    Exclusive,
    /// Two may believe it, but the resource accepts only the latest.
    Fenced,
}

/// What a good run came to, and who held the lock when; checked by [`verify`](Self::verify).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Acquisitions.
    pub acquired: usize,
    /// Accesses that the resource accepted.
    pub accepted: usize,
    /// Accesses that it refused: fencing at work.
    pub refused: usize,
    /// How often a client acquired the lock while another believed that it held it.
    pub overlaps: usize,
    /// All acquisitions, in order.
    pub tenures: Vec<Tenure>,
    /// The place of each accepted access, in order, with the number of the acquisition whose token it used.
    pub accesses: Vec<(usize, usize)>,
}

/// How long a client held the lock. Places are positions in the list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The client.
    pub client: Client,
    /// The token of its acquisition.
    pub token: Token,
    /// The place of the acquisition.
    pub from: usize,
    /// The place of the release, if there was one.
    pub to: Option<usize>,
}

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Two clients held the lock at once.
    TwoHolders {
        /// The place of the first acquisition, and its client.
        first: (usize, Client),
        /// The place of the second, and its client.
        second: (usize, Client),
    },
    /// A token was not higher than the one of an earlier acquisition.
    TokenNotHigher {
        /// The place of the earlier acquisition, and its token.
        earlier: (usize, Token),
        /// The place of the later one, and its token.
        later: (usize, Token),
    },
    /// The resource accepted a former holder after a later one.
    StaleAccess {
        /// Where the resource had accepted a higher token.
        newer: (usize, Token),
        /// Where it accepted a lower one.
        stale: (usize, Token),
    },
    /// The resource accepted a token that the client never got.
    ForgedToken {
        /// The place.
        at: usize,
        /// The client.
        client: Client,
        /// The token.
        token: Token,
    },
    /// A client acquired the lock that it held already.
    Reentered {
        /// The place of the first acquisition.
        first: usize,
        /// The place of the second.
        second: usize,
        /// The client.
        client: Client,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoHolders { first: (at, a), second: (then, b) } => write!(
                f,
                "client {b} acquired the lock at event {then}, while client {a} held it since event {at}"
            ),
            Self::TokenNotHigher { earlier: (at, a), later: (then, b) } => write!(
                f,
                "the acquisition at event {then} got token {b}, not higher than the {a} of event {at}"
            ),
            Self::StaleAccess { newer: (at, a), stale: (then, b) } => write!(
                f,
                "the resource accepted token {b} at event {then}, after token {a} at event {at}"
            ),
            Self::ForgedToken { at, client, token } => write!(
                f,
                "the resource accepted token {token} of client {client} at event {at}, which that \
                 client never got"
            ),
            Self::Reentered { first, second, client } => write!(
                f,
                "client {client} acquired the lock at event {second}, and held it since event {first}"
            ),
        }
    }
}

/// Judges the events of one lock and its resource, in the order in which they happened.
///
/// ```
/// use sim_check::mutual_exclusion::{Event, Promise, check};
///
/// let events = [
///     Event::Acquire { client: 1, token: 1 },
///     Event::Acquire { client: 2, token: 2 },
///     Event::Access { client: 2, token: 2, accepted: true },
///     Event::Access { client: 1, token: 1, accepted: true },
/// ];
/// assert!(check(&events, Promise::Fenced).is_violation());
/// ```
pub fn check(events: &[Event], promise: Promise) -> Verdict<Summary, Violation> {
    match judge(events, promise) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
    }
}

fn judge(events: &[Event], promise: Promise) -> Result<Summary, Violation> {
    let mut summary = Summary::default();
    let mut holders: BTreeMap<Client, (usize, usize)> = BTreeMap::new();
    let mut owner: BTreeMap<Token, (Client, usize)> = BTreeMap::new();
    let mut last_token: Option<(usize, Token)> = None;
    let mut highest: Option<(usize, Token)> = None;
    for (at, event) in events.iter().enumerate() {
        match *event {
            Event::Acquire { client, token } => {
                let number = summary.tenures.len();
                if let Some((first, _)) = holders.insert(client, (at, number)) {
                    return Err(Violation::Reentered { first, second: at, client });
                }
                if let Some((other, (since, _))) =
                    holders.iter().find(|(other, _)| **other != client)
                {
                    if promise == Promise::Exclusive {
                        let (first, second) = ((*since, *other), (at, client));
                        return Err(Violation::TwoHolders { first, second });
                    }
                    summary.overlaps += 1;
                }
                if let Some(earlier) = last_token.filter(|(_, earlier)| *earlier >= token) {
                    return Err(Violation::TokenNotHigher { earlier, later: (at, token) });
                }
                last_token = Some((at, token));
                owner.insert(token, (client, number));
                summary.tenures.push(Tenure { client, token, from: at, to: None });
                summary.acquired += 1;
            }
            Event::Release { client } => {
                if let Some((_, number)) = holders.remove(&client) {
                    summary.tenures[number].to = Some(at);
                }
            }
            Event::Access { accepted: false, .. } => summary.refused += 1,
            Event::Access { client, token, accepted: true } => {
                let Some((_, number)) = owner.get(&token).filter(|(of, _)| *of == client) else {
                    return Err(Violation::ForgedToken { at, client, token });
                };
                summary.accesses.push((at, *number));
                if let Some(newer) = highest.filter(|(_, newer)| *newer > token) {
                    return Err(Violation::StaleAccess { newer, stale: (at, token) });
                }
                highest = Some((at, token));
                summary.accepted += 1;
            }
        }
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Event = Event::Acquire { client: 1, token: 1 };
    const SECOND: Event = Event::Acquire { client: 2, token: 2 };

    fn access(client: Client, token: Token, accepted: bool) -> Event {
        Event::Access { client, token, accepted }
    }

    #[test]
    fn one_after_the_other_is_exclusive() {
        let events =
            [FIRST, access(1, 1, true), Event::Release { client: 1 }, SECOND, access(2, 2, true)];
        let Verdict::Ok(summary) = check(&events, Promise::Exclusive) else { panic!() };
        assert_eq!((summary.acquired, summary.accepted), (2, 2));
        assert_eq!((summary.refused, summary.overlaps), (0, 0));
    }

    #[test]
    fn two_holders_are_allowed_only_with_fencing() {
        let events = [FIRST, SECOND, access(2, 2, true), access(1, 1, false)];
        assert_eq!(
            check(&events, Promise::Exclusive),
            Verdict::Violation(Violation::TwoHolders { first: (0, 1), second: (1, 2) })
        );
        let Verdict::Ok(summary) = check(&events, Promise::Fenced) else { panic!() };
        assert_eq!((summary.acquired, summary.accepted), (2, 1));
        assert_eq!((summary.refused, summary.overlaps), (1, 1));
    }

    #[test]
    fn tokens_are_compared() {
        let judged = |events: &[Event]| match check(events, Promise::Fenced) {
            Verdict::Violation(violation) => violation,
            other => panic!("{other:?}"),
        };
        let stale = [FIRST, SECOND, access(2, 2, true), access(1, 1, true)];
        assert_eq!(judged(&stale), Violation::StaleAccess { newer: (2, 2), stale: (3, 1) });
        let same = [FIRST, Event::Acquire { client: 2, token: 1 }];
        assert!(matches!(judged(&same), Violation::TokenNotHigher { .. }));
        let forged = [FIRST, access(2, 1, true)];
        assert_eq!(judged(&forged), Violation::ForgedToken { at: 1, client: 2, token: 1 });
        assert!(matches!(judged(&[FIRST, FIRST]), Violation::Reentered { .. }));
    }
}
