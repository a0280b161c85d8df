//! Set: the last read contains all that was added, and nothing else.

use super::set_full::SetOp;
use crate::history::{History, OperationId, Outcome};
use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Proof that the last read is complete, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPlaces {
    /// The read that completed last.
    pub read: OperationId,
    /// Each addition that succeeded, in their order, with the place of its element in the read.
    pub places: Vec<(OperationId, usize)>,
    /// For each element of the read, in its order, an addition of it.
    pub sources: Vec<OperationId>,
}

/// What is wrong with the last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetReport<V> {
    /// The read that completed last.
    pub read: OperationId,
    /// Acknowledged and not in the last read.
    pub lost: BTreeSet<V>,
    /// In the last read and never added.
    pub unexpected: BTreeSet<V>,
    /// In the last read, though its addition was not acknowledged.
    pub recovered: BTreeSet<V>,
}

impl<V: fmt::Display> fmt::Display for SetReport<V> {
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

/// Judges a set by its last read; `None` if it was never read.
///
/// An addition that failed may be seen: Jepsen's checker counts only attempts.
pub fn check_set<V: Ord + Clone>(
    history: &History<SetOp<V>, Vec<V>>,
) -> Option<Verdict<SetPlaces, SetReport<V>>> {
    let mut attempts: BTreeMap<&V, OperationId> = BTreeMap::new();
    let mut certain: Vec<(OperationId, &V)> = Vec::new();
    let mut last: Option<(u32, OperationId, &Vec<V>)> = None;
    for (id, operation) in history.iter() {
        match (&operation.op, &operation.outcome) {
            (SetOp::Add(value), outcome) => {
                attempts.entry(value).or_insert(id);
                if outcome.ok().is_some() {
                    certain.push((id, value));
                }
            }
            (SetOp::Read, Outcome::Ok(seen)) => {
                let at = operation.last_position();
                if last.is_none_or(|(earlier, ..)| earlier < at) {
                    last = Some((at, id, seen));
                }
            }
            (SetOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    let (_, read, seen) = last?;
    let place_of: BTreeMap<&V, usize> =
        seen.iter().enumerate().map(|(place, value)| (value, place)).collect();
    let acknowledged: BTreeSet<&V> = certain.iter().map(|(_, value)| *value).collect();
    let all =
        |values: &mut dyn Iterator<Item = &&V>| values.map(|value| (*value).clone()).collect();
    let report = SetReport {
        read,
        lost: all(&mut acknowledged.iter().filter(|value| !place_of.contains_key(*value))),
        unexpected: all(&mut place_of.keys().filter(|value| !attempts.contains_key(*value))),
        recovered: all(&mut place_of
            .keys()
            .filter(|value| attempts.contains_key(*value) && !acknowledged.contains(*value))),
    };
    if !report.lost.is_empty() || !report.unexpected.is_empty() {
        return Some(Verdict::Violation(report));
    }
    let places = certain.iter().map(|(id, value)| (*id, place_of[value])).collect();
    let sources = seen.iter().map(|value| attempts[value]).collect();
    Some(Verdict::Ok(SetPlaces { read, places, sources }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    #[test]
    fn the_last_read_decides() {
        let mut builder = HistoryBuilder::new();
        let process = ProcessId(0);
        builder.invoke(process, SetOp::Add(1)).unwrap();
        builder.ok(process, vec![]).unwrap();
        builder.invoke(process, SetOp::Read).unwrap();
        builder.ok(process, vec![]).unwrap();
        builder.invoke(process, SetOp::Read).unwrap();
        builder.ok(process, vec![1]).unwrap();
        let good = builder.finish();
        assert!(check_set(&good).unwrap().is_ok());
        let mut builder = HistoryBuilder::new();
        builder.invoke(process, SetOp::Add(1)).unwrap();
        builder.ok(process, vec![]).unwrap();
        builder.invoke(process, SetOp::Read).unwrap();
        builder.ok(process, vec![2]).unwrap();
        let Some(Verdict::Violation(report)) = check_set(&builder.finish()) else { panic!() };
        assert_eq!(report.to_string(), "lost: 1; unexpected: 2");
        assert_eq!(check_set(&History::<SetOp<i32>, Vec<i32>>::from_operations(vec![])), None);
    }
}
