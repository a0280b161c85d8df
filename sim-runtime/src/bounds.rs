//! The bounds of a run.

use crate::time::Nanos;
use std::time::Duration;

/// What a run may use. Crossing a bound is a verdict of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Events: polls, timers, deliveries and the rest of what the trace counts.
    pub events: u64,
    /// Polls without virtual time moving, beyond which the run counts as a livelock.
    pub polls_at_one_instant: u64,
    /// Virtual time in nanoseconds.
    pub virtual_time: Nanos,
    /// Memory in bytes, by the rough figures of the runtime and its devices.
    pub memory: usize,
}

impl Default for Bounds {
    /// 20 million events, 100,000 polls at one instant, 24 virtual hours, 1 GiB.
    fn default() -> Bounds {
        Bounds {
            events: 20_000_000,
            polls_at_one_instant: 100_000,
            virtual_time: Duration::from_secs(24 * 3600).as_nanos() as Nanos,
            memory: 1 << 30,
        }
    }
}
