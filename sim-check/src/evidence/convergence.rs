//! Evidence against convergence.

use super::{claim, none, stands};
use crate::convergence::{Event, Replica, Update, Violation};
use std::collections::BTreeSet;
use std::fmt::Debug;

impl<S: Clone + Eq + Debug> Violation<S> {
    /// Checks what the violation says against the events that it is about, and the updates that clients asked for.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event<S>], attempted: &[Update]) -> Result<(), String> {
        match self {
            Violation::Diverged { first: (at, a, x), second: (then, b, y), .. } => {
                for (at, r, s) in [(at, a, x), (then, b, y)] {
                    stands(
                        events,
                        *at,
                        |event| matches!(event, Event::Observe { replica, state } if replica == r && state == s),
                    )?;
                }
                claim(x != y, || "the states differ".to_string())?;
                let (mine, theirs) = (known(&events[..*at], *a), known(&events[..*then], *b));
                claim(mine == theirs, || "both know the same updates".to_string())
            }
            Violation::Missing { replica, update } => {
                let told = events
                    .iter()
                    .any(|event| matches!(event, Event::Acknowledge { update: u } if u == update));
                claim(told, || format!("update {update} was acknowledged"))?;
                let has = known(events, *replica).contains(update);
                claim(!has, || format!("replica {replica} lacks update {update}"))
            }
            Violation::Unasked { replica, update, at } => {
                stands(
                    events,
                    *at,
                    |event| matches!(event, Event::Deliver { replica: r, update: u } if (r, u) == (replica, update)),
                )?;
                none(attempted, 0..attempted.len(), |asked| asked == update)
            }
        }
    }
}

/// What a replica knows after these events.
fn known<S>(events: &[Event<S>], of: Replica) -> BTreeSet<Update> {
    let mut updates = BTreeSet::new();
    for event in events {
        match event {
            Event::Deliver { replica, update } if *replica == of => {
                updates.insert(*update);
            }
            Event::Restart { replica, known } if *replica == of => {
                updates = known.iter().copied().collect();
            }
            _ => {}
        }
    }
    updates
}
