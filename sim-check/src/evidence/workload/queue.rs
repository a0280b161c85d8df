//! Evidence for and against a queue without order.

use super::{claim, may_count, operation};
use crate::history::{History, Outcome};
use crate::workload::{QueueMatching, QueueOp, QueueReport};
use std::collections::BTreeMap;

type Queue<V> = History<QueueOp<V>, Vec<V>>;

impl QueueMatching {
    /// Checks that each value that was taken out has an enqueue of it, and that what is left is listed; with `total`,
    /// that no enqueue serves twice and nothing is left.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify<V: PartialEq>(&self, history: &Queue<V>, total: bool) -> Result<(), String> {
        let mut taken = vec![false; history.len()];
        let mut listed = self.taken.iter();
        for (id, of) in history.iter() {
            let (QueueOp::Dequeue | QueueOp::Drain, Some(values)) = (&of.op, of.outcome.ok())
            else {
                continue;
            };
            let (_, sources) = listed
                .next()
                .filter(|(next, sources)| *next == id && sources.len() == values.len())
                .ok_or_else(|| format!("it is not said where operation {} took from", id.0))?;
            for (value, source) in values.iter().zip(sources) {
                let enqueue = operation(history, *source)?;
                let is_source = may_count(enqueue)
                    && matches!(&enqueue.op, QueueOp::Enqueue(other) if other == value);
                claim(is_source, || format!("operation {} enqueued it", source.0))?;
                let again = std::mem::replace(&mut taken[source.index()], true);
                claim(!again || !total, || format!("operation {} serves once", source.0))?;
            }
        }
        claim(listed.next().is_none(), || "nothing else was taken out".to_string())?;
        let enqueues = |certain: bool| {
            history.iter().filter(move |(_, of)| {
                matches!(of.op, QueueOp::Enqueue(_))
                    && may_count(of)
                    && matches!(of.outcome, Outcome::Ok(_)) == certain
            })
        };
        let left = enqueues(true).filter(|(id, _)| !taken[id.index()]).map(|(id, _)| id);
        claim(left.eq(self.outstanding.iter().copied()), || "these are left".to_string())?;
        claim(self.outstanding.is_empty() || !total, || "nothing was lost".to_string())?;
        let recovered = enqueues(false).filter(|(id, _)| taken[id.index()]).map(|(id, _)| id);
        claim(recovered.eq(self.recovered.iter().copied()), || "these turned up".to_string())
    }
}

/// How often a value was put in for certain, put in at all, and taken out.
#[derive(Default)]
struct Counts {
    certain: usize,
    attempted: usize,
    out: usize,
}

impl<V: Ord> QueueReport<V> {
    /// Counts the values that the report names.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Queue<V>, total: bool) -> Result<(), String> {
        let groups = [&self.lost, &self.unexpected, &self.duplicated, &self.recovered];
        let mut counts: BTreeMap<&V, Counts> = BTreeMap::new();
        counts.extend(groups.iter().flat_map(|group| group.keys()).map(|v| (v, Counts::default())));
        for of in history.operations() {
            match &of.op {
                QueueOp::Enqueue(value) if may_count(of) => {
                    if let Some(counts) = counts.get_mut(value) {
                        counts.attempted += 1;
                        counts.certain += usize::from(of.outcome.ok().is_some());
                    }
                }
                QueueOp::Enqueue(_) => {}
                QueueOp::Dequeue | QueueOp::Drain => {
                    for value in of.outcome.ok().into_iter().flatten() {
                        if let Some(counts) = counts.get_mut(value) {
                            counts.out += 1;
                        }
                    }
                }
            }
        }
        let all = |group: &BTreeMap<V, usize>, is: &dyn Fn(&Counts, usize) -> bool| {
            claim(group.iter().all(|(value, n)| *n > 0 && is(&counts[value], *n)), || {
                "each value was put in and taken out as often as is said".to_string()
            })
        };
        all(&self.lost, &|counts, n| counts.certain == counts.out + n)?;
        all(&self.unexpected, &|counts, n| counts.attempted == 0 && counts.out == n)?;
        all(&self.duplicated, &|counts, n| {
            counts.attempted > 0 && counts.out == counts.attempted + n
        })?;
        all(&self.recovered, &|counts, n| counts.out.min(counts.attempted) == counts.certain + n)?;
        let lost = !self.lost.is_empty() || !self.duplicated.is_empty();
        claim(!self.unexpected.is_empty() || total && lost, || "that is forbidden".to_string())
    }
}
