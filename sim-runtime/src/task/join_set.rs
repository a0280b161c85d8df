//! A set of tasks, joined in the order in which they end.

use super::{AbortHandle, JoinError, JoinHandle, TaskId, spawn};
use crate::world::World;
use pin_project::pin_project;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A set of tasks, like `tokio::task::JoinSet`. Dropping it aborts them all.
///
/// ```
/// use sim_runtime::task::JoinSet;
/// use sim_runtime::time::{Duration, sleep};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let mut set = JoinSet::new();
///     for ms in [30, 10, 20] {
///         set.spawn(async move {
///             sleep(Duration::from_millis(ms)).await;
///             ms
///         });
///     }
///     set.join_all().await
/// });
/// assert_eq!(outcome.result, Ok(vec![10, 20, 30]));
/// ```
pub struct JoinSet<T> {
    /// By the number of the task in the set.
    tasks: BTreeMap<u64, JoinHandle<T>>,
    spawned: u64,
    ends: Ends,
}

/// Which tasks of a set have ended, in order. Behind a lock so that sets are `Send`; nobody ever waits for it.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<EndsSoFar>>);

#[derive(Default)]
struct EndsSoFar {
    numbers: VecDeque<u64>,
    waker: Option<Waker>,
}

impl Ends {
    fn lock(&self) -> MutexGuard<'_, EndsSoFar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A future that reports its end to its set, however it ends.
#[pin_project]
struct Member<F> {
    #[pin]
    future: F,
    report: Report,
}

struct Report {
    number: u64,
    ends: Ends,
}

impl Drop for Report {
    fn drop(&mut self) {
        let waker = {
            let mut ends = self.ends.lock();
            ends.numbers.push_back(self.number);
            ends.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<F: Future> Future for Member<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> JoinSet<T> {
        JoinSet { tasks: BTreeMap::new(), spawned: 0, ends: Ends::default() }
    }

    /// How many tasks are in the set, finished or not.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task is left.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Starts a task in the set.
    ///
    /// # Panics
    /// Outside of a simulation.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let number = self.spawned;
        self.spawned += 1;
        let report = Report { number, ends: self.ends.clone() };
        let handle = spawn(Member { future: task, report });
        let abort = handle.abort_handle();
        self.tasks.insert(number, handle);
        abort
    }

    /// The same as [`JoinSet::spawn`].
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.spawn(task)
    }

    /// Waits for the next task to end; `None` when the set is empty. Cancel safe.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|cx| self.poll_join_next(cx)).await
    }

    /// The same, with the id of the task where it yielded a value.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(TaskId, T), JoinError>> {
        poll_fn(|cx| self.poll_join_next_with_id(cx)).await
    }

    /// A task that has ended, if there is one now.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(without_id)
    }

    /// The same, with the id of the task where it yielded a value.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(TaskId, T), JoinError>> {
        match self.poll_ended() {
            Poll::Ready(ended) => ended,
            Poll::Pending => None,
        }
    }

    /// Polls for the next task to end; `None` when the set is empty.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(cx).map(|ended| ended.map(without_id))
    }

    /// The same, with the id of the task where it yielded a value.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(TaskId, T), JoinError>>> {
        let ended = self.poll_ended();
        if ended.is_pending() {
            let before = self.ends.lock().waker.replace(cx.waker().clone());
            drop(before);
            World::try_current(|world| world.waiting(|| self.awaited(world)));
        }
        ended
    }

    fn poll_ended(&mut self) -> Poll<Option<Result<(TaskId, T), JoinError>>> {
        if self.tasks.is_empty() {
            return Poll::Ready(None);
        }
        let Some(number) = self.ends.lock().numbers.pop_front() else { return Poll::Pending };
        let mut handle = self.tasks.remove(&number).expect("a task of the set ends once");
        let id = handle.id();
        match Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Poll::Ready(Some(result.map(|value| (id, value)))),
            Poll::Pending => {
                // Its future is just being dropped: it has not ended quite yet.
                self.tasks.insert(number, handle);
                self.ends.lock().numbers.push_front(number);
                Poll::Pending
            }
        }
    }

    /// What stall reports say of who waits for this set.
    fn awaited(&self, world: &World) -> String {
        let mut names: Vec<_> =
            self.tasks.values().take(3).map(|handle| world.task_name(handle.id())).collect();
        if self.tasks.len() > names.len() {
            names.push(format!("{} more", self.tasks.len() - names.len()));
        }
        format!("the end of any of a set of tasks: {}", names.join(", "))
    }

    /// Waits for all tasks and returns their values in the order in which they ended.
    ///
    /// # Panics
    /// If a task panicked or was aborted.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut values = Vec::with_capacity(self.len());
        while let Some(ended) = self.join_next().await {
            match ended {
                Ok(value) => values.push(value),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => panic!("{error}"),
            }
        }
        values
    }

    /// Aborts all tasks and waits until they are gone.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }
}

fn without_id<T>(ended: Result<(TaskId, T), JoinError>) -> Result<T, JoinError> {
    ended.map(|(_, value)| value)
}

impl<T> JoinSet<T> {
    /// Aborts all tasks; they stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        for handle in self.tasks.values() {
            handle.abort();
        }
    }

    /// Lets all tasks run on, outside of the set.
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        self.ends = Ends::default();
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T: 'static, F: Future<Output = T> + 'static> FromIterator<F> for JoinSet<T> {
    /// Starts a task for each future.
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> JoinSet<T> {
        let mut set = JoinSet::new();
        for future in futures {
            set.spawn(future);
        }
        set
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.tasks.len()).finish()
    }
}
