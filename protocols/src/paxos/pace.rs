//! How long to wait before saying it again.

use super::action::Timer;
use rand::RngExt;
use squall::knob;
use std::time::Duration;

/// Doublings of the time between two questions, at most: where each question is a new round, it must outgrow the slowest answer.
const RESENDS_DOUBLED_MAX: u32 = 7;
/// Doublings of a back-off, at most: it must outgrow the slowest round, or a duel goes on for ever.
const BACKOFFS_DOUBLED_MAX: u32 = 12;

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
                let base = self.resend * (1 << attempt.min(RESENDS_DOUBLED_MAX));
                base + base * rng.random_range(0..=jitter as u32) / 100
            }
            Timer::Backoff { attempt } => {
                let most = self.backoff * (1 << attempt.min(BACKOFFS_DOUBLED_MAX));
                Duration::from_nanos(rng.random_range(0..=most.as_nanos() as u64))
            }
        }
    }
}
