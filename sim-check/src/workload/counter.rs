//! Counter: each read lies between what certainly was added and what may have been added.

use crate::history::{History, OperationId, Outcome};
use crate::verdict::Verdict;
use std::fmt;

/// A read and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRead {
    /// The read.
    pub id: OperationId,
    /// The lowest possible value.
    pub low: i128,
    /// The position of a moment during the read at which the counter may have had it.
    pub low_at: u32,
    /// What was read.
    pub value: i64,
    /// The highest possible value.
    pub high: i128,
    /// The position of a moment during the read at which the counter may have had it.
    pub high_at: u32,
}

/// Proof that each read lies within its bounds, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterBounds {
    /// All reads that succeeded, in the order of their completion.
    pub reads: Vec<CounterRead>,
}

/// Reads outside of their bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterViolation {
    /// These reads, in the order of their completion.
    pub reads: Vec<CounterRead>,
}

impl fmt::Display for CounterViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, CounterRead { low, value, high, .. }) in self.reads.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}read {value}, which must lie between {low} and {high}")?;
        }
        Ok(())
    }
}

/// The extreme values of the counter at each position since some position: a stack of those that a later one has
/// not surpassed, so that the extreme since any position is found by bisection.
#[derive(Default)]
struct Extremes {
    rising: Vec<(u32, i128)>,
}

impl Extremes {
    /// The lowest is kept; negate values to keep the highest.
    fn push(&mut self, position: u32, value: i128) {
        while self.rising.last().is_some_and(|(_, earlier)| *earlier >= value) {
            self.rising.pop();
        }
        self.rising.push((position, value));
    }

    fn since(&self, position: u32) -> (u32, i128) {
        self.rising[self.rising.partition_point(|(at, _)| *at < position)]
    }
}

/// Judges a counter. An operation is an amount to add (negative to subtract), or `None` for a read,
/// whose outcome is the value.
///
/// At each moment during a read the counter lies between what certainly was added by then, with all that may have been
/// subtracted, and the opposite. The bounds of a read are the lowest and the highest of these: each is a value that
/// the counter may have had. Not all values between them are, and reads are not compared with each other.
pub fn check_counter(
    history: &History<Option<i64>, i64>,
) -> Verdict<CounterBounds, CounterViolation> {
    // Events in order: what becomes possible at an invocation, and certain at a completion.
    let mut events: Vec<(u32, usize)> = Vec::new();
    for (number, operation) in history.operations().iter().enumerate() {
        events.push((operation.invoked.position, number));
        if let Some(completed) = operation.completed {
            events.push((completed.position, number));
        }
    }
    events.sort_unstable();
    let (mut low, mut high) = (0_i128, 0_i128);
    let (mut lowest, mut highest) = (Extremes::default(), Extremes::default());
    let mut reads = Vec::new();
    for (position, number) in events {
        let operation = &history.operations()[number];
        let invoked = operation.invoked.position == position;
        match (operation.op, &operation.outcome) {
            (None, Outcome::Ok(value)) if !invoked => {
                let (low_at, low) = lowest.since(operation.invoked.position);
                let (high_at, high) = highest.since(operation.invoked.position);
                let id = OperationId(number as u32);
                let (value, high) = (*value, -high);
                reads.push(CounterRead { id, low, low_at, value, high, high_at });
            }
            (None, _) | (Some(_), Outcome::Fail) => {}
            // It may take effect from now on.
            (Some(amount), _) if invoked => {
                low += i128::from(amount.min(0));
                high += i128::from(amount.max(0));
            }
            (Some(amount), Outcome::Ok(_)) => {
                low += i128::from(amount.max(0));
                high += i128::from(amount.min(0));
            }
            (Some(_), Outcome::Unknown) => {}
        }
        lowest.push(position, low);
        highest.push(position, -high);
    }
    let bad = |read: &&CounterRead| {
        i128::from(read.value) < read.low || i128::from(read.value) > read.high
    };
    let wrong: Vec<CounterRead> = reads.iter().filter(bad).copied().collect();
    if wrong.is_empty() {
        Verdict::Ok(CounterBounds { reads })
    } else {
        Verdict::Violation(CounterViolation { reads: wrong })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    #[test]
    fn a_read_between_the_bounds_is_good_and_one_outside_is_not() {
        let judged = |value: i64| {
            let mut builder = HistoryBuilder::new();
            builder.invoke(ProcessId(0), Some(1)).unwrap();
            builder.ok(ProcessId(0), 0).unwrap();
            builder.invoke(ProcessId(1), Some(2)).unwrap();
            builder.info(ProcessId(1)).unwrap();
            builder.invoke(ProcessId(2), Some(-4)).unwrap();
            builder.fail(ProcessId(2)).unwrap();
            builder.invoke(ProcessId(0), None).unwrap();
            builder.ok(ProcessId(0), value).unwrap();
            check_counter(&builder.finish())
        };
        for value in 1..=3 {
            assert!(judged(value).is_ok());
        }
        for value in [0, 4] {
            let Verdict::Violation(violation) = judged(value) else { panic!("{value}") };
            let read = &violation.reads[0];
            assert_eq!((violation.reads.len(), read.low, read.high), (1, 1, 3));
        }
    }

    #[test]
    fn the_counter_may_dip_between_the_ends_of_a_read() {
        let mut builder = HistoryBuilder::new();
        builder.invoke(ProcessId(0), Some(10)).unwrap();
        builder.invoke(ProcessId(1), None).unwrap();
        builder.invoke(ProcessId(2), Some(-4)).unwrap();
        builder.ok(ProcessId(2), 0).unwrap();
        // Now it may be -4, and after this it is 6.
        builder.ok(ProcessId(0), 0).unwrap();
        builder.ok(ProcessId(1), -4).unwrap();
        assert!(check_counter(&builder.finish()).is_ok());
    }
}
