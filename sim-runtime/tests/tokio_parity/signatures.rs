//! The signatures and the auto traits of what both runtimes offer. That it compiles is the test.

use std::fmt::{Debug, Display};
use std::future::Ready;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

fn sendable<T: Send + Sync>() {}
fn debug<T: Debug>() {}
fn copy<T: Copy + Eq + Debug>() {}
fn error<T: std::error::Error + Display + Send + Sync + 'static>()
where
    std::io::Error: From<T>,
{
}
fn instant<T: Copy + Eq + Ord + Hash + Debug>() {}
fn gives<T>(_: impl Future<Output = T>) {}

macro_rules! signatures {
    ($name:ident, $runtime:ident) => {
        #[test]
        #[allow(clippy::let_unit_value, unused_must_use, reason = "only types are looked at")]
        fn $name() {
            use rt::task::{AbortHandle, JoinError, JoinHandle, JoinSet};
            use rt::time::error::Elapsed;
            use rt::time::{Instant, Interval, MissedTickBehavior, Sleep, Timeout};
            use $runtime as rt;

            type Now = Ready<u8>;
            let _: fn(Now) -> JoinHandle<u8> = rt::task::spawn;
            let _: fn(&JoinHandle<u8>) = JoinHandle::abort;
            let _: fn(&JoinHandle<u8>) -> bool = JoinHandle::is_finished;
            let _: fn(&JoinHandle<u8>) -> AbortHandle = JoinHandle::abort_handle;
            let _: fn(&JoinHandle<u8>) -> rt::task::Id = JoinHandle::id;
            let _: fn() -> rt::task::Id = rt::task::id;
            let _: fn() -> Option<rt::task::Id> = rt::task::try_id;
            let _: fn(&AbortHandle) = AbortHandle::abort;
            let _: fn(&AbortHandle) -> bool = AbortHandle::is_finished;
            let _: fn(&AbortHandle) -> rt::task::Id = AbortHandle::id;
            let _: fn(&JoinError) -> bool = JoinError::is_cancelled;
            let _: fn(&JoinError) -> bool = JoinError::is_panic;
            let _: fn(JoinError) -> Box<dyn std::any::Any + Send> = JoinError::into_panic;
            let _: fn(JoinError) -> Result<Box<dyn std::any::Any + Send>, JoinError> =
                JoinError::try_into_panic;
            let _: fn(&JoinError) -> rt::task::Id = JoinError::id;

            type Set = JoinSet<u8>;
            type Joined = Result<u8, JoinError>;
            type JoinedWithId = Result<(rt::task::Id, u8), JoinError>;
            let _: fn() -> Set = Set::new;
            let _: fn(&Set) -> usize = Set::len;
            let _: fn(&Set) -> bool = Set::is_empty;
            let _: fn(&mut Set, Now) -> AbortHandle = Set::spawn;
            let _: fn(&mut Set, Now) -> AbortHandle = Set::spawn_local;
            let _: fn(&mut Set) -> Option<Joined> = Set::try_join_next;
            let _: fn(&mut Set) -> Option<JoinedWithId> = Set::try_join_next_with_id;
            let _: fn(&mut Set, &mut Context<'_>) -> Poll<Option<Joined>> = Set::poll_join_next;
            let _: fn(&mut Set, &mut Context<'_>) -> Poll<Option<JoinedWithId>> =
                Set::poll_join_next_with_id;
            let _: fn(&mut Set) = Set::abort_all;
            let _: fn(&mut Set) = Set::detach_all;
            let _: fn([Now; 2]) -> Set = Set::from_iter;
            let _: fn() -> Set = Set::default;
            let set = &mut Set::new();
            gives::<Option<Joined>>(set.join_next());
            gives::<Option<JoinedWithId>>(set.join_next_with_id());
            gives::<()>(set.shutdown());
            gives::<Vec<u8>>(Set::new().join_all());
            gives::<()>(rt::task::yield_now());

            let _: fn(Duration) -> Sleep = rt::time::sleep;
            let _: fn(Instant) -> Sleep = rt::time::sleep_until;
            let _: fn(&Sleep) -> Instant = Sleep::deadline;
            let _: fn(&Sleep) -> bool = Sleep::is_elapsed;
            let _: fn(Pin<&mut Sleep>, Instant) = Sleep::reset;
            let _: fn(Duration, Now) -> Timeout<Now> = rt::time::timeout;
            let _: fn(Instant, Now) -> Timeout<Now> = rt::time::timeout_at;
            let _: fn(&Timeout<Now>) -> &Now = Timeout::get_ref;
            let _: fn(&mut Timeout<Now>) -> &mut Now = Timeout::get_mut;
            let _: fn(Timeout<Now>) -> Now = Timeout::into_inner;
            let _: fn(Duration) -> Interval = rt::time::interval;
            let _: fn(Instant, Duration) -> Interval = rt::time::interval_at;
            let _: fn(&mut Interval, &mut Context<'_>) -> Poll<Instant> = Interval::poll_tick;
            let _: fn(&mut Interval) = Interval::reset;
            let _: fn(&mut Interval) = Interval::reset_immediately;
            let _: fn(&mut Interval, Duration) = Interval::reset_after;
            let _: fn(&mut Interval, Instant) = Interval::reset_at;
            let _: fn(&Interval) -> MissedTickBehavior = Interval::missed_tick_behavior;
            let _: fn(&mut Interval, MissedTickBehavior) = Interval::set_missed_tick_behavior;
            let _: fn(&Interval) -> Duration = Interval::period;
            let _: fn() -> MissedTickBehavior = MissedTickBehavior::default;
            let _ = |ticks: &mut Interval| gives::<Instant>(ticks.tick());

            let _: fn() -> Instant = Instant::now;
            let _: fn(&Instant, Instant) -> Duration = Instant::duration_since;
            let _: fn(&Instant, Instant) -> Option<Duration> = Instant::checked_duration_since;
            let _: fn(&Instant, Instant) -> Duration = Instant::saturating_duration_since;
            let _: fn(&Instant) -> Duration = Instant::elapsed;
            let _: fn(&Instant, Duration) -> Option<Instant> = Instant::checked_add;
            let _: fn(&Instant, Duration) -> Option<Instant> = Instant::checked_sub;
            let _ = |mut at: Instant| {
                at += Duration::ZERO;
                at -= Duration::ZERO;
                let _: Duration = (at + Duration::ZERO) - (at - Duration::ZERO);
            };
            let _: rt::time::Duration = Duration::ZERO;

            sendable::<JoinHandle<u8>>();
            sendable::<AbortHandle>();
            sendable::<JoinError>();
            sendable::<Set>();
            sendable::<Sleep>();
            sendable::<Timeout<Now>>();
            sendable::<Interval>();
            debug::<(JoinHandle<u8>, Set, Sleep, Timeout<Now>, Interval)>();
            error::<JoinError>();
            error::<Elapsed>();
            copy::<MissedTickBehavior>();
            copy::<rt::task::Id>();
            instant::<Instant>();
            let _: fn(&AbortHandle) -> AbortHandle = Clone::clone;
            let _: fn(&Elapsed, &Elapsed) -> bool = PartialEq::eq;
        }
    };
}

signatures!(of_tokio, tokio);
signatures!(of_ours, sim_runtime);
