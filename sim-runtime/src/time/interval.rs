//! Ticking at a period.

use super::{Instant, Sleep, sleep_until};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Ticks every `period`, the first time at once, like `tokio::time::interval`.
///
/// ```
/// use sim_runtime::time::{Duration, Instant, interval};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let mut ticks = interval(Duration::from_millis(100));
///     for _ in 0..4 {
///         ticks.tick().await;
///     }
///     Instant::now().as_nanos()
/// });
/// assert_eq!(outcome.result, Ok(300_000_000));
/// ```
///
/// # Panics
/// If `period` is zero, and outside of a simulation.
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, the first time at `start`, like `tokio::time::interval_at`.
///
/// # Panics
/// If `period` is zero.
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    Interval { delay: sleep_until(start), period, missed: MissedTickBehavior::default() }
}

/// What an [`Interval`] does after it was asked too late, like `tokio::time::MissedTickBehavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Makes up for the missed ticks at once, as fast as it is asked.
    #[default]
    Burst,
    /// Starts anew: the next tick comes one period after the late one.
    Delay,
    /// Leaves missed ticks out and keeps to multiples of the period.
    Skip,
}

/// A ticking timer, see [`interval`].
#[derive(Debug)]
pub struct Interval {
    delay: Sleep,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick and returns the instant for which it was planned. Cancel safe.
    pub async fn tick(&mut self) -> Instant {
        poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// Polls for the next tick.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.delay).poll(cx));
        let planned = self.delay.deadline();
        let now = Instant::now();
        // Five milliseconds of grace, as in tokio: a tick that is a little late was not missed.
        let next = if now > planned + Duration::from_millis(5) {
            self.next_after_missing(planned, now)
        } else {
            planned.after(self.period)
        };
        Pin::new(&mut self.delay).reset(next);
        Poll::Ready(planned)
    }

    fn next_after_missing(&self, planned: Instant, now: Instant) -> Instant {
        match self.missed {
            MissedTickBehavior::Burst => planned.after(self.period),
            MissedTickBehavior::Delay => now.after(self.period),
            MissedTickBehavior::Skip => {
                let late = (now - planned).as_nanos();
                let into_period = late % self.period.as_nanos();
                now.after(self.period - Duration::from_nanos(into_period as u64))
            }
        }
    }

    /// The next tick comes one period from now.
    pub fn reset(&mut self) {
        self.reset_at(Instant::now().after(self.period));
    }

    /// The next tick comes at once.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// The next tick comes after `after`.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().after(after));
    }

    /// The next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        Pin::new(&mut self.delay).reset(deadline);
    }

    /// What happens after ticks were missed.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Chooses what happens after ticks were missed.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// The time between ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}
