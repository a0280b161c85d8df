//! Counts and hashes the messages that a workload received.

use std::cell::Cell;
use std::time::Duration;

/// What was received, and in which order. Shared by the tasks of a run.
#[derive(Debug, Default)]
pub struct Deliveries {
    count: Cell<u64>,
    order: Cell<u64>,
    timed: Cell<u64>,
}

/// The totals of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many messages.
    pub count: u64,
    /// The hash of what they were, in order.
    pub order: u64,
    /// The hash of what they were and when.
    pub timed: u64,
}

impl Deliveries {
    /// Node `to` received a message of `kind` number `round` from node `from`.
    pub fn add(&self, now: Duration, to: usize, (kind, from, round): (u8, usize, u64)) {
        let what = (round << 16) | ((to as u64) << 8) | ((from as u64) << 1) | u64::from(kind);
        self.count.set(self.count.get() + 1);
        self.order.set(mix(self.order.get(), what));
        self.timed.set(mix(mix(self.timed.get(), what), now.as_nanos() as u64));
    }

    pub fn totals(&self) -> Totals {
        Totals { count: self.count.get(), order: self.order.get(), timed: self.timed.get() }
    }
}

fn mix(hash: u64, value: u64) -> u64 {
    let hash = (hash ^ value).wrapping_mul(0x9FB2_1C65_1E98_DF25);
    hash ^ (hash >> 32)
}
