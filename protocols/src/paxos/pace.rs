//! How long to wait before saying it again.

use super::action::Timer;
use rand::RngExt;
use squall::knob;
use std::time::Duration;

/// Doublings of a delay, at most.
const DOUBLINGS_MAX: u32 = 6;

/// The bases from which delays grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// For answers that are missing.
    pub resend: Duration,
    /// For giving way to another proposer.
    pub backoff: Duration,
}

impl Pace {
    /// The delay of a timer, drawn from the current task's generator.
    ///
    /// A repeated question waits for twice as long as the last one. A back-off is uniform, so that its
    /// spread grows with its mean and two duellists come apart (PMS 2.4).
    pub fn delay(&self, timer: Timer) -> Duration {
        let mut rng = squall::rand::rng();
        match timer {
            Timer::Resend { attempt } => {
                let jitter = knob!("paxos resend jitter percent", 25, 0..=100);
                let base = grown(self.resend, attempt);
                base + base * rng.random_range(0..=jitter as u32) / 100
            }
            Timer::Backoff { attempt } => {
                let most = grown(self.backoff, attempt).as_nanos() as u64;
                Duration::from_nanos(rng.random_range(0..=most))
            }
        }
    }
}

fn grown(base: Duration, attempt: u32) -> Duration {
    base * (1 << attempt.min(DOUBLINGS_MAX))
}
