//! Virtual time: timers, instants and clocks, by the names of `tokio::time`.
//!
//! Time is a `u64` of nanoseconds since the start of the run. It moves only when nothing can run, straight to
//! the next event. Timers fire exactly at their deadline and never early; tokio rounds up to milliseconds.

mod clock;
mod instant;
mod interval;
mod sleep;
mod timeout;
pub(crate) mod wheel;

pub use clock::{NodeClock, SystemTime, SystemTimeError, UNIX_EPOCH};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub use timeout::{Timeout, error, timeout, timeout_at};
pub use wheel::TimerKey;

/// Virtual nanoseconds since the start of the run.
pub type Nanos = u64;

/// A duration in nanoseconds; more than 584 years count as 584 years.
#[inline]
pub(crate) fn nanos(duration: Duration) -> Nanos {
    let whole = duration.as_secs().checked_mul(1_000_000_000);
    whole.and_then(|whole| whole.checked_add(duration.subsec_nanos().into())).unwrap_or(Nanos::MAX)
}
