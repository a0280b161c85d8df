//! Counter: each read lies between what certainly was added and what may have been added.

use crate::history::{History, Outcome};
use crate::verdict::Verdict;
use std::fmt;

/// A read and its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterRead {
    /// The lowest possible value.
    pub low: i64,
    /// What was read.
    pub value: i64,
    /// The highest possible value.
    pub high: i64,
}

/// Reads outside of their bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterViolation {
    /// These reads, in the order of their completion.
    pub reads: Vec<CounterRead>,
}

impl fmt::Display for CounterViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, CounterRead { low, value, high }) in self.reads.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}read {value}, which must lie between {low} and {high}")?;
        }
        Ok(())
    }
}

/// Judges a counter. An operation is an amount to add (negative to subtract), or `None` for a read,
/// whose outcome is the value. The certificate are all reads with their bounds.
///
/// The bounds are exact for each read alone; reads are not compared with each other.
pub fn check_counter(
    history: &History<Option<i64>, i64>,
) -> Verdict<Vec<CounterRead>, CounterViolation> {
    // Events in order: what becomes possible at an invocation, and certain at a completion.
    let mut events: Vec<(u32, usize)> = Vec::new();
    for (number, operation) in history.operations().iter().enumerate() {
        events.push((operation.invoked.position, number));
        if let Some(completed) = operation.completed {
            events.push((completed.position, number));
        }
    }
    events.sort_unstable();
    let (mut low, mut high) = (0, 0);
    let mut started = vec![(0, 0); history.len()];
    let mut reads = Vec::new();
    for (position, number) in events {
        let operation = &history.operations()[number];
        let invoked = operation.invoked.position == position;
        match (operation.op, &operation.outcome) {
            (_, Outcome::Fail) => {}
            (Some(amount), _) if invoked => {
                // It may take effect from now on.
                low += amount.min(0);
                high += amount.max(0);
            }
            (Some(amount), Outcome::Ok(_)) => {
                low += amount.max(0);
                high += amount.min(0);
            }
            (None, _) if invoked => started[number] = (low, high),
            (None, Outcome::Ok(value)) => {
                // The certain bound of the invocation, the possible bound of the completion; with
                // subtractions either may be the wider one.
                let (first_low, first_high) = started[number];
                reads.push(CounterRead {
                    low: first_low.min(low),
                    value: *value,
                    high: first_high.max(high),
                });
            }
            (Some(_) | None, Outcome::Unknown) => {}
        }
    }
    let bad = |read: &&CounterRead| read.value < read.low || read.value > read.high;
    let wrong: Vec<CounterRead> = reads.iter().filter(bad).copied().collect();
    if wrong.is_empty() {
        Verdict::Ok(reads)
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
            let read = CounterRead { low: 1, value, high: 3 };
            assert_eq!(judged(value), Verdict::Violation(CounterViolation { reads: vec![read] }));
        }
    }
}
