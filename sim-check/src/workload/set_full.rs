//! Set with many reads: once an element is known to be in the set, it stays.

use crate::history::{History, OperationId, Outcome};
use crate::verdict::{Exhausted, Verdict};
use std::collections::BTreeMap;
use std::fmt;

/// An operation on a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOp<V> {
    /// Adds an element.
    Add(V),
    /// Reads the whole set.
    Read,
}

/// What became of an element that nobody lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In all reads that began after some point.
    Stable {
        /// The last read that saw it, by invocation.
        seen_by: OperationId,
        /// Its place in that read.
        place: usize,
        /// A read that missed it, though it began after the element was known, and before the last that saw it:
        /// the element is stale, which an eventually consistent set allows.
        missed_by: Option<OperationId>,
    },
    /// Never read, though no read that began after it was known says that it is gone.
    NeverRead,
}

/// Proof that no element was lost and none came from nowhere, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFates<V> {
    /// What became of each element that somebody tried to add.
    pub fates: BTreeMap<V, Fate>,
}

impl<V> SetFates<V> {
    /// How many elements are stable.
    pub fn stable(&self) -> usize {
        self.fates.values().filter(|fate| matches!(fate, Fate::Stable { .. })).count()
    }

    /// The elements that some read missed for a while.
    pub fn stale(&self) -> impl Iterator<Item = &V> {
        let stale = |fate: &Fate| matches!(fate, Fate::Stable { missed_by: Some(_), .. });
        self.fates.iter().filter(move |(_, fate)| stale(fate)).map(|(value, _)| value)
    }
}

/// What is wrong with the reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFullReport<V> {
    /// Known, and missing from the last read that began after that: the read.
    pub lost: BTreeMap<V, OperationId>,
    /// Never added, and in a read: the first such.
    pub unexpected: BTreeMap<V, OperationId>,
}

impl<V: fmt::Display> fmt::Display for SetFullReport<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (name, values) in [("lost", &self.lost), ("unexpected", &self.unexpected)] {
            if values.is_empty() {
                continue;
            }
            write!(f, "{}{name}:", if first { "" } else { "; " })?;
            first = false;
            values.keys().try_for_each(|value| write!(f, " {value}"))?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Life {
    /// When the addition was acknowledged or the element first read.
    known: Option<u32>,
    /// The read with the latest invocation that saw it, and its place there.
    last_seen: Option<(u32, OperationId, usize)>,
    /// How many reads that began after it was known saw it, and the last of these before the first gap.
    seen_since_known: usize,
    missed_by: Option<OperationId>,
}

/// Judges a set by all reads.
///
/// An element is known once its addition was acknowledged or a read saw it. It is lost if the last
/// read that began after that lacks it; if there is no such read, and nobody saw it, nothing can be
/// said. An element that reads miss for a while and see again is stale, which an eventually
/// consistent set allows. The verdict is unknown if nothing is stable.
pub fn check_set_full<V: Ord + Clone>(
    history: &History<SetOp<V>, Vec<V>>,
) -> Verdict<SetFates<V>, SetFullReport<V>> {
    let mut lives: BTreeMap<&V, Life> = BTreeMap::new();
    // By invocation, as the history is.
    let mut reads: Vec<(u32, u32, OperationId, &Vec<V>)> = Vec::new();
    for (id, operation) in history.iter() {
        match (&operation.op, &operation.outcome) {
            (SetOp::Add(value), outcome) => {
                let life = lives.entry(value).or_default();
                if outcome.ok().is_some() {
                    let at = operation.last_position();
                    life.known = Some(life.known.map_or(at, |known| known.min(at)));
                }
            }
            (SetOp::Read, Outcome::Ok(seen)) => {
                reads.push((operation.invoked.position, operation.last_position(), id, seen));
            }
            (SetOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    let mut unexpected = BTreeMap::new();
    for (_, to, id, seen) in &reads {
        for value in *seen {
            match lives.get_mut(value) {
                None => {
                    unexpected.entry(value.clone()).or_insert(*id);
                }
                Some(life) => life.known = Some(life.known.map_or(*to, |known| known.min(*to))),
            }
        }
    }
    for (number, (from, _, id, seen)) in reads.iter().enumerate() {
        for (place, value) in seen.iter().enumerate() {
            let Some(life) = lives.get_mut(value) else { continue };
            let again = life.last_seen.is_some_and(|(_, last, _)| last == *id);
            life.last_seen = Some((*from, *id, place));
            let known = life.known.expect("it was read");
            if again || known >= *from {
                continue;
            }
            // All reads between the one that made it known and this one should have seen it.
            let first = reads.partition_point(|(invoked, ..)| *invoked <= known);
            let expected = first + life.seen_since_known;
            if expected != number && life.missed_by.is_none() {
                life.missed_by = Some(reads[expected].2);
            }
            life.seen_since_known += 1;
        }
    }
    // The last read decides about all elements that were known when it began.
    let last = reads.last().map(|(from, _, id, _)| (*from, *id));
    let (mut fates, mut lost) = (BTreeMap::new(), BTreeMap::new());
    for (value, life) in lives {
        let missing = last.filter(|(from, _)| {
            life.known.is_some_and(|known| known < *from)
                && life.last_seen.is_none_or(|(seen, ..)| seen < *from)
        });
        if let Some((_, read)) = missing {
            lost.insert(value.clone(), read);
            continue;
        }
        let fate = match life.last_seen {
            Some((_, seen_by, place)) => Fate::Stable { seen_by, place, missed_by: life.missed_by },
            None => Fate::NeverRead,
        };
        fates.insert(value.clone(), fate);
    }
    if !lost.is_empty() || !unexpected.is_empty() {
        return Verdict::Violation(SetFullReport { lost, unexpected });
    }
    let fates = SetFates { fates };
    if fates.stable() == 0 {
        let reason = "no element was read after it was added".to_owned();
        return Verdict::Unknown(Exhausted { configurations: 0, reason });
    }
    Verdict::Ok(fates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    fn judged(reads: &[&[i32]]) -> Verdict<SetFates<i32>, SetFullReport<i32>> {
        let mut builder = HistoryBuilder::new();
        let process = ProcessId(0);
        builder.invoke(process, SetOp::Add(1)).unwrap();
        builder.ok(process, vec![]).unwrap();
        for seen in reads {
            builder.invoke(process, SetOp::Read).unwrap();
            builder.ok(process, seen.to_vec()).unwrap();
        }
        check_set_full(&builder.finish())
    }

    #[test]
    fn stable_stale_and_lost_are_told_apart() {
        let Verdict::Ok(fates) = judged(&[&[1], &[], &[1]]) else { panic!() };
        assert_eq!((fates.stable(), fates.stale().collect()), (1, vec![&1]));
        let Verdict::Violation(report) = judged(&[&[1], &[]]) else { panic!() };
        assert_eq!(report.lost, [(1, OperationId(2))].into());
        let Verdict::Violation(report) = judged(&[&[1, 2]]) else { panic!() };
        assert_eq!(report.unexpected, [(2, OperationId(1))].into());
        assert!(judged(&[]).is_unknown());
    }
}
