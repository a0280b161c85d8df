//! Set with many reads: once an element is known to be in the set, it stays.

use crate::history::{History, Outcome};
use crate::verdict::{Exhausted, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An operation on a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOp<V> {
    /// Adds an element.
    Add(V),
    /// Reads the whole set.
    Read,
}

/// What became of the elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFullReport<V> {
    /// Known, and in all reads that began after some point.
    pub stable: BTreeSet<V>,
    /// Known, and missing from the last reads.
    pub lost: BTreeSet<V>,
    /// Stable, but missing from a read that began after it was known.
    pub stale: BTreeSet<V>,
    /// Never read, though no read that began after it was known says that it is gone.
    pub never_read: BTreeSet<V>,
    /// In a read, and never added.
    pub unexpected: BTreeSet<V>,
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
            values.iter().try_for_each(|value| write!(f, " {value}"))?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Life {
    /// When the addition was acknowledged or the element first read.
    known: Option<u32>,
    /// The latest invocation of a read that saw it.
    last_present: Option<u32>,
    /// The latest invocation of a read that had to see it, and did not.
    last_absent: Option<u32>,
}

/// Judges a set by all reads.
///
/// An element is known once its addition was acknowledged or a read saw it. It is lost if the last
/// read that began after that lacks it; if there is no such read, and nobody saw it, nothing can be
/// said. An element that reads miss for a while and see again is stale, which an eventually
/// consistent set allows. The verdict is unknown if nothing is stable.
pub fn check_set_full<V: Ord + Clone>(
    history: &History<SetOp<V>, Vec<V>>,
) -> Verdict<SetFullReport<V>, SetFullReport<V>> {
    let mut lives: BTreeMap<&V, Life> = BTreeMap::new();
    let mut reads: Vec<(u32, u32, BTreeSet<&V>)> = Vec::new();
    for operation in history.operations() {
        match (&operation.op, &operation.outcome) {
            (SetOp::Add(value), outcome) => {
                let life = lives.entry(value).or_default();
                if outcome.ok().is_some() {
                    let at = operation.last_position();
                    life.known = Some(life.known.map_or(at, |known| known.min(at)));
                }
            }
            (SetOp::Read, Outcome::Ok(seen)) => {
                let (from, to) = (operation.invoked.position, operation.last_position());
                reads.push((from, to, seen.iter().collect()));
            }
            (SetOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    let mut unexpected = BTreeSet::new();
    for (_, to, seen) in &reads {
        for value in seen {
            match lives.get_mut(*value) {
                None => {
                    unexpected.insert((*value).clone());
                }
                Some(life) => life.known = Some(life.known.map_or(*to, |known| known.min(*to))),
            }
        }
    }
    for (from, _, seen) in &reads {
        for (value, life) in &mut lives {
            if seen.contains(value) {
                life.last_present = life.last_present.max(Some(*from));
            } else if life.known.is_some_and(|known| known < *from) {
                life.last_absent = life.last_absent.max(Some(*from));
            }
        }
    }
    let mut report = SetFullReport {
        stable: BTreeSet::new(),
        lost: BTreeSet::new(),
        stale: BTreeSet::new(),
        never_read: BTreeSet::new(),
        unexpected,
    };
    for (value, life) in lives {
        let group = match (life.last_present, life.last_absent) {
            (present, absent) if absent > present => &mut report.lost,
            (Some(_), absent) => {
                if absent.is_some() {
                    report.stale.insert(value.clone());
                }
                &mut report.stable
            }
            (None, _) => &mut report.never_read,
        };
        group.insert(value.clone());
    }
    if !report.lost.is_empty() || !report.unexpected.is_empty() {
        return Verdict::Violation(report);
    }
    if report.stable.is_empty() {
        let reason = "no element was read after it was added".to_owned();
        return Verdict::Unknown(Exhausted { configurations: 0, reason });
    }
    Verdict::Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    fn judged(reads: &[&[i32]]) -> Verdict<SetFullReport<i32>, SetFullReport<i32>> {
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
        let Verdict::Ok(report) = judged(&[&[1], &[], &[1]]) else { panic!() };
        assert_eq!((report.stable, report.stale), ([1].into(), [1].into()));
        let Verdict::Violation(report) = judged(&[&[1], &[]]) else { panic!() };
        assert_eq!(report.lost, [1].into());
        let Verdict::Violation(report) = judged(&[&[1, 2]]) else { panic!() };
        assert_eq!(report.unexpected, [2].into());
        assert!(judged(&[]).is_unknown());
    }
}
