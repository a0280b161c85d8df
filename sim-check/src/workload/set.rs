//! Set: the last read contains all that was added, and nothing else.

use super::set_full::SetOp;
use crate::history::{History, Outcome};
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::fmt;

/// What became of the elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetReport<V> {
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
) -> Option<Verdict<SetReport<V>, SetReport<V>>> {
    let mut attempts = BTreeSet::new();
    let mut certain = BTreeSet::new();
    let mut last: Option<(u32, &Vec<V>)> = None;
    for operation in history.operations() {
        match (&operation.op, &operation.outcome) {
            (SetOp::Add(value), outcome) => {
                attempts.insert(value.clone());
                if outcome.ok().is_some() {
                    certain.insert(value.clone());
                }
            }
            (SetOp::Read, Outcome::Ok(seen)) => {
                let at = operation.last_position();
                if last.is_none_or(|(earlier, _)| earlier < at) {
                    last = Some((at, seen));
                }
            }
            (SetOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    let seen: BTreeSet<V> = last?.1.iter().cloned().collect();
    let report = SetReport {
        lost: certain.difference(&seen).cloned().collect(),
        unexpected: seen.difference(&attempts).cloned().collect(),
        recovered: seen.intersection(&attempts).filter(|v| !certain.contains(v)).cloned().collect(),
    };
    let good = report.lost.is_empty() && report.unexpected.is_empty();
    Some(if good { Verdict::Ok(report) } else { Verdict::Violation(report) })
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
