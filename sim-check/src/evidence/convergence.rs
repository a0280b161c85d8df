//! Evidence against convergence.

use super::{claim, none, stands};
use crate::convergence::{Event, Group, Replica, Summary, Update, Violation};
use std::collections::{BTreeMap, BTreeSet};
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

impl Summary {
    /// Checks that each observation stands in the group of what its replica knew, that each group is in one state, that
    /// somebody asked for each update, and that the replicas of which it is demanded know all in the end.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<S: PartialEq>(
        &self,
        events: &[Event<S>],
        attempted: &[Update],
        converged: &[Replica],
    ) -> Result<(), String> {
        let ascend = self.groups.is_sorted_by(|a, b| a.updates < b.updates);
        claim(ascend, || "no two groups know the same".to_string())?;
        let mut group_of: BTreeMap<usize, &Group> = BTreeMap::new();
        for group in &self.groups {
            claim(!group.observed.is_empty(), || "a group was observed".to_string())?;
            for at in &group.observed {
                let other = group_of.insert(*at, group);
                claim(other.is_none(), || format!("event {at} stands once"))?;
            }
        }
        let attempted: BTreeSet<Update> = attempted.iter().copied().collect();
        let mut knowledge: BTreeMap<Replica, BTreeSet<Update>> = BTreeMap::new();
        let mut acknowledged = BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Acknowledge { update } => {
                    acknowledged.insert(*update);
                }
                Event::Deliver { replica, update } => {
                    claim(attempted.contains(update), || format!("{update} was asked for"))?;
                    knowledge.entry(*replica).or_default().insert(*update);
                }
                Event::Restart { replica, known } => {
                    knowledge.insert(*replica, known.iter().copied().collect());
                }
                Event::Observe { replica, state } => {
                    let group = group_of.remove(&at).ok_or_else(|| format!("{at} has no group"))?;
                    let knows = knowledge.entry(*replica).or_default();
                    let same = knows.iter().eq(&group.updates);
                    claim(same, || format!("that is what was known at event {at}"))?;
                    stands(
                        events,
                        group.observed[0],
                        |event| matches!(event, Event::Observe { state: first, .. } if first == state),
                    )?;
                }
            }
        }
        claim(group_of.is_empty(), || "all of these are observations".to_string())?;
        let nothing = BTreeSet::new();
        for replica in converged {
            let all = acknowledged.is_subset(knowledge.get(replica).unwrap_or(&nothing));
            claim(all, || format!("replica {replica} knows all"))?;
        }
        Ok(())
    }
}
