//! The clocks of a node.

use super::Nanos;
use crate::world::World;
use std::fmt;
use std::time::Duration;

/// 1 January 2026, 00:00 UTC, in nanoseconds since the Unix epoch: when every run starts.
const START: Nanos = 1_767_225_600 * 1_000_000_000;

/// How a node's clocks show the time. Both run true until a fault says otherwise.
///
/// `CLOCK_MONOTONIC` is what [`Instant`](super::Instant) and timers use; `CLOCK_REALTIME` is [`SystemTime`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeClock {
    /// How far the wall clock is ahead of true time, in nanoseconds; negative when it is behind.
    pub wall_offset: i64,
}

impl NodeClock {
    /// The wall clock at a true instant, in nanoseconds since the Unix epoch.
    pub fn wall(&self, now: Nanos) -> Nanos {
        (START + now).saturating_add_signed(self.wall_offset)
    }
}

/// The wall clock of the current node, by the name and methods of `std::time::SystemTime`.
///
/// Unlike [`Instant`](super::Instant) it can be wrong, and go backwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime(Nanos);

/// The Unix epoch.
pub const UNIX_EPOCH: SystemTime = SystemTime(0);

/// The other time was later, by so much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemTimeError(Duration);

impl SystemTimeError {
    /// How much later the other time was.
    pub fn duration(&self) -> Duration {
        self.0
    }
}

impl fmt::Display for SystemTimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("second time provided was later than self")
    }
}

impl std::error::Error for SystemTimeError {}

impl SystemTime {
    /// The Unix epoch.
    pub const UNIX_EPOCH: SystemTime = UNIX_EPOCH;

    /// What the current node's wall clock shows.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn now() -> SystemTime {
        World::current(|world| SystemTime(world.wall(world.current_node())))
    }

    /// The time from `earlier` to this time.
    ///
    /// # Errors
    /// When `earlier` is later.
    pub fn duration_since(&self, earlier: SystemTime) -> Result<Duration, SystemTimeError> {
        match self.0.checked_sub(earlier.0) {
            Some(nanos) => Ok(Duration::from_nanos(nanos)),
            None => Err(SystemTimeError(Duration::from_nanos(earlier.0 - self.0))),
        }
    }

    /// The time since this time, by the current node's wall clock.
    ///
    /// # Errors
    /// When the clock has gone back behind this time.
    pub fn elapsed(&self) -> Result<Duration, SystemTimeError> {
        SystemTime::now().duration_since(*self)
    }

    /// This time plus `duration`.
    pub fn checked_add(&self, duration: Duration) -> Option<SystemTime> {
        self.0.checked_add(Nanos::try_from(duration.as_nanos()).ok()?).map(SystemTime)
    }

    /// This time less `duration`.
    pub fn checked_sub(&self, duration: Duration) -> Option<SystemTime> {
        self.0.checked_sub(Nanos::try_from(duration.as_nanos()).ok()?).map(SystemTime)
    }
}

impl fmt::Debug for SystemTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}
