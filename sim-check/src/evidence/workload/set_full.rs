//! Evidence for and against a set that is read again and again.

use super::{claim, operation};
use crate::history::{History, OperationId};
use crate::workload::{Fate, SetFates, SetFullReport, SetOp};
use std::collections::{BTreeMap, BTreeSet};

type Set<V> = History<SetOp<V>, Vec<V>>;

/// What a read saw.
fn read<V>(history: &Set<V>, id: OperationId) -> Result<(u32, &Vec<V>), String> {
    let of = operation(history, id)?;
    match (&of.op, of.outcome.ok()) {
        (SetOp::Read, Some(seen)) => Ok((of.invoked.position, seen)),
        (SetOp::Read | SetOp::Add(_), _) => Err(format!("operation {} saw nothing", id.0)),
    }
}

/// For each element that somebody tried to add or saw: whether it was added, whether seen, and when it was known.
struct Facts<'h, V> {
    of: BTreeMap<&'h V, Fact>,
    /// When the last read began.
    last_read: Option<u32>,
}

#[derive(Clone, Copy, Default)]
struct Fact {
    added: bool,
    seen: bool,
    known: Option<u32>,
}

fn facts<V: Ord>(history: &Set<V>) -> Facts<'_, V> {
    let mut facts = Facts { of: BTreeMap::new(), last_read: None };
    for of in history.operations() {
        let at = of.outcome.ok().map(|_| of.last_position());
        let mut note = |value, added: bool| {
            let fact: &mut Fact = facts.of.entry(value).or_default();
            fact.added |= added;
            fact.seen |= !added;
            fact.known = fact.known.into_iter().chain(at).min();
        };
        match (&of.op, of.outcome.ok()) {
            (SetOp::Add(value), _) => note(value, true),
            (SetOp::Read, Some(seen)) => {
                seen.iter().for_each(|value| note(value, false));
                facts.last_read = facts.last_read.max(Some(of.invoked.position));
            }
            (SetOp::Read, None) => {}
        }
    }
    facts
}

impl<V: Ord> SetFates<V> {
    /// Checks for each element that a read saw that somebody added it, and that no read that began after it was known
    /// lacks it, unless a later one saw it.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Set<V>) -> Result<(), String> {
        let facts = facts(history);
        claim(self.fates.keys().eq(facts.of.keys().copied()), || "these are all".to_string())?;
        claim(self.stable() > 0, || "an element is stable".to_string())?;
        let mut missed: BTreeMap<OperationId, Vec<&V>> = BTreeMap::new();
        for ((value, fate), fact) in self.fates.iter().zip(facts.of.values()) {
            claim(fact.added, || "somebody added it".to_string())?;
            // The read that saw it last; any that began later lacks it.
            let last_seen = match fate {
                Fate::NeverRead => {
                    claim(!fact.seen, || "nobody saw it".to_string())?;
                    None
                }
                Fate::Stable { seen_by, place, missed_by } => {
                    let (from, seen) = read(history, *seen_by)?;
                    let there = seen.get(*place) == Some(value);
                    claim(there, || format!("operation {} saw it", seen_by.0))?;
                    if let Some(by) = missed_by {
                        let (missing, _) = read(history, *by)?;
                        let stale = fact.known < Some(missing) && missing < from;
                        claim(stale, || format!("operation {} should have seen it", by.0))?;
                        missed.entry(*by).or_default().push(value);
                    }
                    Some(from)
                }
            };
            let gone = fact.known.is_some() && fact.known.max(last_seen) < facts.last_read;
            claim(!gone, || "no later read lacks it".to_string())?;
        }
        for (by, values) in missed {
            let seen: BTreeSet<&V> = read(history, by)?.1.iter().collect();
            let lacks = values.iter().all(|value| !seen.contains(value));
            claim(lacks, || format!("operation {} lacks what it missed", by.0))?;
        }
        Ok(())
    }
}

impl<V: Ord> SetFullReport<V> {
    /// Checks the elements that the report names: a lost one was known before the last read began, which lacks it.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Set<V>) -> Result<(), String> {
        let facts = facts(history);
        let fact_of = |value| facts.of.get(value).copied().unwrap_or_default();
        let mut named: BTreeMap<OperationId, Vec<(&V, bool)>> = BTreeMap::new();
        for (value, by) in &self.lost {
            let (from, _) = read(history, *by)?;
            let known = fact_of(value).known.is_some_and(|known| known < from);
            claim(known, || "it was known before the read".to_string())?;
            claim(facts.last_read == Some(from), || "the read is the last".to_string())?;
            named.entry(*by).or_default().push((value, false));
        }
        for (value, by) in &self.unexpected {
            claim(!fact_of(value).added, || "nobody added it".to_string())?;
            named.entry(*by).or_default().push((value, true));
        }
        claim(!named.is_empty(), || "there is such an element".to_string())?;
        for (by, values) in named {
            let seen: BTreeSet<&V> = read(history, by)?.1.iter().collect();
            let as_said = values.iter().all(|(value, saw)| seen.contains(value) == *saw);
            claim(as_said, || format!("operation {} saw what is said", by.0))?;
        }
        Ok(())
    }
}
