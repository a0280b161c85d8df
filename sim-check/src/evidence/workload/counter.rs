//! Evidence for and against the bounds of a counter.

use super::{claim, operation};
use crate::history::{History, OperationId, Outcome};
use crate::workload::{CounterBounds, CounterRead, CounterViolation};
use std::collections::BTreeMap;

type Counter = History<Option<i64>, i64>;

/// The bounds of the counter after each position at which they change.
fn bounds(history: &Counter) -> BTreeMap<u32, (i128, i128)> {
    let mut changes: BTreeMap<u32, (i128, i128)> = BTreeMap::from([(0, (0, 0))]);
    for add in history.operations() {
        let Some(amount) = add.op.map(i128::from) else { continue };
        let (down, up) = (amount.min(0), amount.max(0));
        let acknowledged = match add.outcome {
            Outcome::Fail => continue,
            Outcome::Ok(_) => Some(add.last_position()),
            Outcome::Unknown => None,
        };
        let began = changes.entry(add.invoked.position).or_default();
        *began = (began.0 + down, began.1 + up);
        if let Some(at) = acknowledged {
            let ended = changes.entry(at).or_default();
            *ended = (ended.0 + up, ended.1 + down);
        }
    }
    let (mut low, mut high) = (0, 0);
    for bounds in changes.values_mut() {
        low += bounds.0;
        high += bounds.1;
        *bounds = (low, high);
    }
    changes
}

/// The read that is meant, if it returned this value.
fn is_of(read: &CounterRead, history: &Counter) -> Result<(u32, u32), String> {
    let of = operation(history, read.id)?;
    claim(of.op.is_none() && of.outcome == Outcome::Ok(read.value), || {
        format!("operation {} read {}", read.id.0, read.value)
    })?;
    Ok((of.invoked.position, of.last_position()))
}

impl CounterBounds {
    /// Checks that each read that succeeded is there, with a moment at which the counter may have been as low as it
    /// says, or lower, and one at which it may have been as high, and with a value between the two.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Counter) -> Result<(), String> {
        let bounds = bounds(history);
        let mut listed = vec![false; history.len()];
        for read in &self.reads {
            let (from, to) = is_of(read, history)?;
            claim(!std::mem::replace(&mut listed[read.id.index()], true), || {
                "each read stands once".to_string()
            })?;
            let after = |at: u32| {
                claim((from..to).contains(&at), || format!("{at} is a moment of the read"))?;
                let (_, bounds) = bounds.range(..=at).next_back().ok_or("it has bounds")?;
                Ok::<_, String>(*bounds)
            };
            let lowest = after(read.low_at)?.0 == read.low && read.low <= read.value.into();
            claim(lowest, || format!("at {} it may have been {}", read.low_at, read.low))?;
            let highest = after(read.high_at)?.1 == read.high && read.high >= read.value.into();
            claim(highest, || format!("at {} it may have been {}", read.high_at, read.high))?;
        }
        let missing = history.iter().find(|(id, operation)| {
            operation.op.is_none() && operation.outcome.ok().is_some() && !listed[id.index()]
        });
        claim(missing.is_none(), || {
            let OperationId(number) = missing.map_or(OperationId(0), |(id, _)| id);
            format!("read {number} is listed")
        })
    }
}

impl CounterViolation {
    /// Checks that at all moments of each of these reads the counter lay elsewhere.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, history: &Counter) -> Result<(), String> {
        let bounds = bounds(history);
        claim(!self.reads.is_empty(), || "there is a read".to_string())?;
        for read in &self.reads {
            let (from, to) = is_of(read, history)?;
            let value = i128::from(read.value);
            let before = bounds.range(..=from).next_back();
            let during = || before.into_iter().chain(bounds.range(from + 1..to));
            let lowest = during().map(|(_, (low, _))| *low).min();
            let highest = during().map(|(_, (_, high))| *high).max();
            claim(lowest == Some(read.low) && highest == Some(read.high), || {
                format!("{} and {} are the bounds of the read", read.low, read.high)
            })?;
            claim(value < read.low || value > read.high, || format!("{value} lies outside"))?;
        }
        Ok(())
    }
}
