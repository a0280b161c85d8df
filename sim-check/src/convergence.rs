//! Convergence of replicated data: replicas that know the same updates are in the same state, and in
//! the end all know all.
//!
//! This is strong eventual consistency: Shapiro, Preguiça, Baquero and Zawirski, "Conflict-free
//! replicated data types" (SSS 2011).

use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A replica.
pub type Replica = u32;
/// An update, by an identity that is the same at all replicas.
pub type Update = u64;

/// Something that happened. States are compared, so digests will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<S> {
    /// A client's update was acknowledged; it must reach everybody.
    Acknowledge {
        /// The update.
        update: Update,
    },
    /// A replica applied an update.
    Deliver {
        /// The replica.
        replica: Replica,
        /// The update.
        update: Update,
    },
    /// A replica lost its memory: it knows only these updates now.
    Restart {
        /// The replica.
        replica: Replica,
        /// What its durable state contains.
        known: Vec<Update>,
    },
    /// The state of a replica was looked at.
    Observe {
        /// The replica.
        replica: Replica,
        /// Its state.
        state: S,
    },
}

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation<S> {
    /// Two observations after the same updates differ.
    Diverged {
        /// The place, replica and state of the first.
        first: (usize, Replica, S),
        /// The place, replica and state of the other.
        second: (usize, Replica, S),
        /// How many updates both knew.
        updates: usize,
    },
    /// A replica that had to converge lacks an update.
    Missing {
        /// The replica.
        replica: Replica,
        /// The update.
        update: Update,
    },
    /// A replica knows an update that no client asked for.
    Unasked {
        /// The replica.
        replica: Replica,
        /// The update.
        update: Update,
        /// Where it was applied.
        at: usize,
    },
}

impl<S: fmt::Display> fmt::Display for Violation<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Diverged { first: (at, a, x), second: (then, b, y), updates } => write!(
                f,
                "replica {a} is {x} at event {at} and replica {b} is {y} at event {then}, though both \
                 know the same {updates} updates"
            ),
            Self::Missing { replica, update } => {
                write!(f, "replica {replica} never learnt of update {update}")
            }
            Self::Unasked { replica, update, at } => write!(
                f,
                "replica {replica} applied update {update} at event {at}, which no client asked for"
            ),
        }
    }
}

/// What a good run came to: which observations were compared; checked by [`verify`](Self::verify).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The observations, one group for each set of known updates, ascending.
    pub groups: Vec<Group>,
}

/// Replicas in the same state, as they knew the same updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they knew, ascending.
    pub updates: Vec<Update>,
    /// Where they were observed: positions in the list of events, ascending.
    pub observed: Vec<usize>,
}

impl Summary {
    /// How many states were told apart by their updates.
    pub fn states(&self) -> usize {
        self.groups.len()
    }

    /// How many observations were compared with another one.
    pub fn compared(&self) -> usize {
        self.groups.iter().map(|group| group.observed.len() - 1).sum()
    }
}

/// Judges the events of a run, which are in the order in which they happened. `attempted` are all
/// updates that clients asked for; at the end each of `converged` must know each acknowledged one.
///
/// ```
/// use sim_check::convergence::{Event, check};
///
/// let events = [
///     Event::Deliver { replica: 1, update: 7 },
///     Event::Deliver { replica: 2, update: 7 },
///     Event::Observe { replica: 1, state: "a" },
///     Event::Observe { replica: 2, state: "b" },
/// ];
/// assert!(check(&events, &[7], &[1, 2]).is_violation());
/// ```
pub fn check<S: Clone + Eq>(
    events: &[Event<S>],
    attempted: &[Update],
    converged: &[Replica],
) -> Verdict<Summary, Violation<S>> {
    match judge(events, attempted, converged) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
    }
}

/// The first replica that was observed to know some updates, and where all were observed.
type Observed<S> = ((usize, Replica, S), Vec<usize>);

fn judge<S: Clone + Eq>(
    events: &[Event<S>],
    attempted: &[Update],
    converged: &[Replica],
) -> Result<Summary, Violation<S>> {
    let attempted: BTreeSet<Update> = attempted.iter().copied().collect();
    let mut acknowledged = BTreeSet::new();
    let mut known: BTreeMap<Replica, BTreeSet<Update>> = BTreeMap::new();
    let mut observed: BTreeMap<Vec<Update>, Observed<S>> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Acknowledge { update } => {
                acknowledged.insert(*update);
            }
            Event::Deliver { replica, update } => {
                if !attempted.contains(update) {
                    return Err(Violation::Unasked { replica: *replica, update: *update, at });
                }
                known.entry(*replica).or_default().insert(*update);
            }
            Event::Restart { replica, known: durable } => {
                known.insert(*replica, durable.iter().copied().collect());
            }
            Event::Observe { replica, state } => {
                let updates: Vec<Update> =
                    known.get(replica).into_iter().flatten().copied().collect();
                let count = updates.len();
                match observed.get_mut(&updates) {
                    Some((first, _)) if first.2 != *state => {
                        let second = (at, *replica, state.clone());
                        return Err(Violation::Diverged {
                            first: first.clone(),
                            second,
                            updates: count,
                        });
                    }
                    Some((_, places)) => places.push(at),
                    None => {
                        let first = (at, *replica, state.clone());
                        observed.insert(updates, (first, vec![at]));
                    }
                }
            }
        }
    }
    let nothing = BTreeSet::new();
    for replica in converged {
        let mine = known.get(replica).unwrap_or(&nothing);
        if let Some(update) = acknowledged.difference(mine).next() {
            return Err(Violation::Missing { replica: *replica, update: *update });
        }
    }
    let group = |(updates, (_, observed))| Group { updates, observed };
    Ok(Summary { groups: observed.into_iter().map(group).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliver(replica: Replica, update: Update) -> Event<&'static str> {
        Event::Deliver { replica, update }
    }

    fn observe(replica: Replica, state: &'static str) -> Event<&'static str> {
        Event::Observe { replica, state }
    }

    #[test]
    fn the_order_of_updates_does_not_matter() {
        let events = [
            deliver(1, 1),
            deliver(1, 2),
            observe(1, "both"),
            deliver(2, 2),
            observe(2, "second"),
            deliver(2, 1),
            observe(2, "both"),
            Event::Acknowledge { update: 1 },
        ];
        let Verdict::Ok(summary) = check(&events, &[1, 2], &[1, 2]) else { panic!() };
        assert_eq!((summary.states(), summary.compared()), (2, 1));
    }

    #[test]
    fn different_states_after_the_same_updates_diverge() {
        let events = [deliver(1, 1), observe(1, "a"), deliver(2, 1), observe(2, "b")];
        assert!(matches!(
            check(&events, &[1], &[]),
            Verdict::Violation(Violation::Diverged { first: (1, 1, "a"), second: (3, 2, "b"), .. })
        ));
    }

    #[test]
    fn acknowledged_updates_reach_everybody_and_no_others_do() {
        let events = [
            deliver(1, 1),
            Event::Acknowledge { update: 1 },
            Event::Restart { replica: 1, known: vec![] },
        ];
        let missing = Violation::Missing { replica: 1, update: 1 };
        assert_eq!(check(&events, &[1], &[1]), Verdict::Violation(missing));
        let unasked = Violation::Unasked { replica: 1, update: 1, at: 0 };
        assert_eq!(check(&events, &[], &[]), Verdict::Violation(unasked));
    }
}
