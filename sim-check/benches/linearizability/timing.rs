//! How long a call takes.

use std::time::{Duration, Instant};

/// What many calls took, in nanoseconds each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    pub(crate) least: f64,
    pub(crate) median: f64,
}

/// A batch of calls takes at least so long, so that the clock does not count.
const BATCH: Duration = Duration::from_micros(20);
/// All batches take at least so long, and are at least so many.
const TOTAL: Duration = Duration::from_millis(50);
const BATCHES_MIN: usize = 5;

impl Timing {
    /// Calls `run` again and again.
    pub(crate) fn of(mut run: impl FnMut()) -> Timing {
        let mut time = |calls: u32| {
            let start = Instant::now();
            for _ in 0..calls {
                run();
            }
            start.elapsed()
        };
        let mut calls = 1;
        while time(calls) < BATCH && calls < 1024 {
            calls *= 2;
        }
        let (mut total, mut each) = (Duration::ZERO, Vec::new());
        while each.len() < BATCHES_MIN || total < TOTAL {
            let batch = time(calls);
            total += batch;
            each.push(batch.as_nanos() as f64 / f64::from(calls));
        }
        each.sort_by(f64::total_cmp);
        Timing { least: each[0], median: each[each.len() / 2] }
    }
}
