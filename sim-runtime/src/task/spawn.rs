//! Starting tasks.

use super::{JoinHandle, Meta, Name, TaskId};
use crate::choice::Path;
use crate::node::NodeId;
use crate::world::World;
use async_task::{FallibleTask, Runnable};
use pin_project::{pin_project, pinned_drop};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Starts a task on the current node, like `tokio::spawn`. The future need not be `Send`.
///
/// ```
/// use sim_runtime::task::spawn;
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let answer = spawn(async { 6 * 7 });
///     answer.await.expect("nobody aborts it")
/// });
/// assert_eq!(outcome.result, Ok(42));
/// ```
///
/// In a process that has ended, as in the `Drop` of one of its values, nothing starts: the future is dropped
/// and the handle reports a cancelled task.
///
/// # Panics
/// Outside of a simulation.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Builder::new().spawn(future)
}

/// The same as [`spawn`]: all tasks are local to the thread of the run.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Builder::new().spawn(future)
}

/// Starts tasks with a name, like `tokio::task::Builder`. The name stands in traces and stall reports, and in
/// the path of the task's choices, so that siblings spawned before it do not shift them.
/// Unlike tokio's, [`Builder::spawn`] returns the handle itself, as it cannot fail.
///
/// ```
/// use sim_runtime::task::Builder;
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let compaction = Builder::new().name("compaction").spawn(async { "done" });
///     compaction.await.unwrap()
/// });
/// assert_eq!(outcome.result, Ok("done"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<Rc<str>>,
}

impl Builder {
    /// A task without a name.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the task.
    pub fn name(mut self, name: &str) -> Builder {
        self.name = Some(name.into());
        self
    }

    /// Starts the task, see [`spawn`].
    ///
    /// # Panics
    /// Outside of a simulation.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let place = Location::caller();
        World::current(|world| {
            if !world.current_process_lives() {
                drop(future);
                return JoinHandle::cancelled();
            }
            let path = world.path_of_next_child(self.name.as_ref());
            let name = self.name.map(Name::Given);
            JoinHandle::new(start(world, world.current_node(), path, name, place, future))
        })
    }
}

/// A task that reports its result and its end.
pub(crate) type Started<T> = (TaskId, FallibleTask<T, Meta>);

/// Starts a task anywhere.
pub(crate) fn start<F>(
    world: &World,
    node: NodeId,
    path: Path,
    name: Option<Name>,
    place: &'static Location<'static>,
    future: F,
) -> Started<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let stream = world.choices().stream_at(path);
    let id = world.tasks().add(node, path, name, place);
    let meta = Meta::new(world.id(), id, node, &stream);
    let seated = Seated { future: Some(future), seat: Seat(id) };
    let build = async_task::Builder::new().metadata(meta);
    // SAFETY: the future need not be Send, so the runnable must stay on this thread: `World::made_runnable` is the
    // only place that receives it, and leaks it when it is called on a thread where this world does not
    // run. The future is 'static. The schedule function is Send, Sync and 'static, so wakers may go anywhere.
    let (runnable, task) = unsafe { build.spawn_unchecked(move |_| seated, World::made_runnable) };
    let waker = runnable.waker();
    runnable.metadata().set_waker(&waker);
    if let Some(slot) = world.tasks().get_mut(id) {
        slot.waker = Some(waker);
    }
    world.push_ready(runnable);
    (id, task.fallible())
}

/// Keeps a task in the table for as long as its future exists.
pub(crate) struct Seat(TaskId);

impl Drop for Seat {
    fn drop(&mut self) {
        World::try_current(|world| {
            let waker = world.tasks().remove(self.0);
            drop(waker);
        });
    }
}

/// The future of a task. The seat is given up after the future was dropped.
///
/// A panic of the future's `Drop` is caught here and fails the run: in `async-task` it would abort the process.
#[pin_project(PinnedDrop)]
struct Seated<F> {
    #[pin]
    future: Option<F>,
    seat: Seat,
}

impl<F: Future> Future for Seated<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project()
            .future
            .as_pin_mut()
            .expect("a task has its future until it is dropped")
            .poll(cx)
    }
}

#[pinned_drop]
impl<F> PinnedDrop for Seated<F> {
    fn drop(self: Pin<&mut Self>) {
        let mut future = self.project().future;
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| future.set(None))) {
            World::try_current(|world| world.fail_of_panic(&*payload));
        }
    }
}

/// What the executor runs.
pub(crate) type Task = Runnable<Meta>;
