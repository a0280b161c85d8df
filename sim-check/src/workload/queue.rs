//! Queue without order: what goes in comes out, and nothing else.

use crate::history::{History, OperationId, Outcome};
use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;

/// An operation on a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueOp<V> {
    /// Puts a value in.
    Enqueue(V),
    /// Takes a value out.
    Dequeue,
    /// Takes all values out.
    Drain,
}

/// Proof of where each value came from, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueMatching {
    /// Each dequeue and drain that succeeded, in their order, with the enqueue of each of its values. If nothing may be
    /// duplicated, no enqueue stands here twice.
    pub taken: Vec<(OperationId, Vec<OperationId>)>,
    /// The enqueues that succeeded and whose value nobody took, ascending; none if nothing may be lost.
    pub outstanding: Vec<OperationId>,
    /// The enqueues of unknown outcome whose value somebody took, ascending.
    pub recovered: Vec<OperationId>,
}

/// What became of the values, each with how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueReport<V> {
    /// Acknowledged and never taken out.
    pub lost: BTreeMap<V, usize>,
    /// Taken out and never put in.
    pub unexpected: BTreeMap<V, usize>,
    /// Taken out more often than it was put in.
    pub duplicated: BTreeMap<V, usize>,
    /// Taken out, though nobody knew whether it was in.
    pub recovered: BTreeMap<V, usize>,
}

impl<V: fmt::Display> fmt::Display for QueueReport<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = [
            ("lost", &self.lost),
            ("unexpected", &self.unexpected),
            ("duplicated", &self.duplicated),
        ];
        let mut first = true;
        for (name, values) in groups.into_iter().filter(|(_, values)| !values.is_empty()) {
            write!(f, "{}{name}:", if first { "" } else { "; " })?;
            first = false;
            for (value, count) in values {
                write!(f, " {value}")?;
                if *count > 1 {
                    write!(f, " ({count} times)")?;
                }
            }
        }
        Ok(())
    }
}

/// Judges a queue. The outcome of a dequeue or drain are the values taken out. With `total` the
/// history must end with everything taken out: nothing may be lost or duplicated. Otherwise only
/// values from nowhere are a violation.
pub fn check_queue<V: Ord + Clone>(
    history: &History<QueueOp<V>, Vec<V>>,
    total: bool,
) -> Verdict<QueueMatching, QueueReport<V>> {
    let mut attempts: BTreeMap<V, usize> = BTreeMap::new();
    let mut certain: BTreeMap<V, usize> = BTreeMap::new();
    let mut out: BTreeMap<V, usize> = BTreeMap::new();
    for operation in history.operations() {
        match (&operation.op, &operation.outcome) {
            (QueueOp::Enqueue(_), Outcome::Fail) => {}
            (QueueOp::Enqueue(value), outcome) => {
                *attempts.entry(value.clone()).or_default() += 1;
                if outcome.ok().is_some() {
                    *certain.entry(value.clone()).or_default() += 1;
                }
            }
            (QueueOp::Dequeue | QueueOp::Drain, outcome) => {
                for value in outcome.ok().into_iter().flatten() {
                    *out.entry(value.clone()).or_default() += 1;
                }
            }
        }
    }
    let count = |map: &BTreeMap<V, usize>, value: &V| map.get(value).copied().unwrap_or(0);
    let more = |map: &BTreeMap<V, usize>, less: &dyn Fn(&V) -> usize| -> BTreeMap<V, usize> {
        let excess = map.iter().map(|(value, n)| (value.clone(), n.saturating_sub(less(value))));
        excess.filter(|(_, n)| *n > 0).collect()
    };
    let surplus = more(&out, &|value| count(&attempts, value));
    let (unexpected, duplicated) =
        surplus.into_iter().partition(|(value, _)| count(&attempts, value) == 0);
    let report = QueueReport {
        lost: more(&certain, &|value| count(&out, value)),
        unexpected,
        duplicated,
        recovered: out
            .iter()
            .map(|(value, n)| {
                let known = (*n).min(count(&attempts, value));
                (value.clone(), known.saturating_sub(count(&certain, value)))
            })
            .filter(|(_, n)| *n > 0)
            .collect(),
    };
    let bad = !report.unexpected.is_empty()
        || total && !(report.lost.is_empty() && report.duplicated.is_empty());
    if bad { Verdict::Violation(report) } else { Verdict::Ok(matching(history)) }
}

/// The enqueues of one value.
#[derive(Default)]
struct Enqueues {
    /// Those that succeeded, then those of unknown outcome.
    ids: Vec<OperationId>,
    certain: usize,
    taken: usize,
}

/// Gives each value that was taken out an enqueue that nobody has, as long as there is one, the certain ones first.
fn matching<V: Ord>(history: &History<QueueOp<V>, Vec<V>>) -> QueueMatching {
    let mut enqueues: BTreeMap<&V, Enqueues> = BTreeMap::new();
    for certain in [true, false] {
        for (id, operation) in history.iter() {
            if let (QueueOp::Enqueue(value), outcome) = (&operation.op, &operation.outcome)
                && !matches!(outcome, Outcome::Fail)
                && outcome.ok().is_some() == certain
            {
                let of_value = enqueues.entry(value).or_default();
                of_value.ids.push(id);
                of_value.certain += usize::from(certain);
            }
        }
    }
    let mut matching = QueueMatching::default();
    for (id, operation) in history.iter() {
        if let (QueueOp::Dequeue | QueueOp::Drain, Some(values)) =
            (&operation.op, operation.outcome.ok())
        {
            let sources = values.iter().map(|value| {
                let of_value = enqueues.get_mut(value).expect("nothing is unexpected");
                let source = of_value.ids[of_value.taken.min(of_value.ids.len() - 1)];
                of_value.taken += 1;
                source
            });
            matching.taken.push((id, sources.collect()));
        }
    }
    for Enqueues { ids, certain, taken } in enqueues.into_values() {
        let taken = taken.min(ids.len());
        matching.outstanding.extend(&ids[taken.min(certain)..certain]);
        matching.recovered.extend(&ids[certain..taken.max(certain)]);
    }
    matching.outstanding.sort_unstable();
    matching.recovered.sort_unstable();
    matching
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    #[test]
    fn lost_unexpected_duplicated_and_recovered_are_told_apart() {
        let mut builder = HistoryBuilder::new();
        let mut run = |process, op, out: Option<Vec<&'static str>>| {
            builder.invoke(ProcessId(process), op).unwrap();
            match out {
                Some(out) => builder.ok(ProcessId(process), out).unwrap(),
                None => builder.info(ProcessId(process)).unwrap(),
            }
        };
        run(0, QueueOp::Enqueue("lost"), Some(vec![]));
        run(0, QueueOp::Enqueue("twice"), Some(vec![]));
        run(1, QueueOp::Enqueue("unsure"), None);
        run(0, QueueOp::Drain, Some(vec!["twice", "unsure", "strange"]));
        run(0, QueueOp::Dequeue, Some(vec!["twice"]));
        let Verdict::Violation(report) = check_queue(&builder.finish(), true) else { panic!() };
        assert_eq!(report.lost, [("lost", 1)].into());
        assert_eq!(report.unexpected, [("strange", 1)].into());
        assert_eq!(report.duplicated, [("twice", 1)].into());
        assert_eq!(report.recovered, [("unsure", 1)].into());
        assert_eq!(report.to_string(), "lost: lost; unexpected: strange; duplicated: twice");
    }
}
