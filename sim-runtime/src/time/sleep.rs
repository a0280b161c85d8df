//! Sleeping until an instant.

use super::{Instant, TimerKey};
use crate::task::TaskId;
use crate::world::{Due, World};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Waits until `duration` has passed, like `tokio::time::sleep` but to the nanosecond.
///
/// ```
/// use sim_runtime::time::{Duration, Instant, sleep};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let start = Instant::now();
///     sleep(Duration::from_secs(12 * 3_600)).await;
///     start.elapsed()
/// });
/// assert_eq!(outcome.result, Ok(Duration::from_secs(12 * 3_600)));
/// ```
///
/// # Panics
/// Outside of a simulation.
#[inline]
pub fn sleep(duration: Duration) -> Sleep {
    Sleep::until(Instant::now().after(duration))
}

/// Waits until `deadline`, like `tokio::time::sleep_until`.
#[inline]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::until(deadline)
}

/// The future of [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep {
    deadline: Instant,
    armed: Option<Armed>,
}

#[derive(Debug)]
struct Armed {
    key: TimerKey,
    target: Target,
}

/// Who is woken. The task itself needs no reference count, and is the rule.
#[derive(Debug)]
enum Target {
    Task(TaskId),
    Waker(Waker),
}

impl Sleep {
    #[inline]
    fn until(deadline: Instant) -> Sleep {
        Sleep { deadline, armed: None }
    }

    /// When it ends.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it has ended.
    pub fn is_elapsed(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Moves the end. The task is not woken for it; the next poll looks at the new end.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.disarm();
        self.deadline = deadline;
    }

    #[inline]
    fn disarm(&mut self) {
        if let Some(armed) = self.armed.take() {
            cancel(armed);
        }
    }
}

#[inline(never)]
fn cancel(armed: Armed) {
    World::try_current(|world| world.cancel(armed.key));
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        World::current(|world| {
            if world.now() >= self.deadline.as_nanos() {
                // All that is due at an instant has left the wheel before a task is polled.
                self.armed = None;
                return Poll::Ready(());
            }
            let task = world.polled_task(cx.waker());
            let unchanged = match (&self.armed, task) {
                (Some(Armed { target: Target::Task(armed), .. }), Some(task)) => *armed == task,
                (Some(Armed { target: Target::Waker(armed), .. }), None) => {
                    armed.will_wake(cx.waker())
                }
                (Some(_), _) | (None, _) => false,
            };
            if !unchanged {
                self.disarm();
                let (due, target) = match task {
                    Some(task) => (Due::Task(task), Target::Task(task)),
                    None => (Due::Waker(world.park(cx.waker())), Target::Waker(cx.waker().clone())),
                };
                let key = world.arm(self.deadline.as_nanos(), due);
                self.armed = Some(Armed { key, target });
            }
            world.waiting(|| format!("a timer at {:?}", self.deadline));
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}
