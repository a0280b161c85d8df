//! A set of tasks, joined in the order in which they end.

use super::{AbortHandle, JoinError, JoinHandle, TaskId, spawn};
use futures::stream::{FuturesUnordered, StreamExt};
use std::fmt;
use std::future::{Future, poll_fn};
use std::task::{Context, Poll, Waker};

/// A set of tasks, like `tokio::task::JoinSet`. Dropping it aborts them all.
pub struct JoinSet<T> {
    tasks: FuturesUnordered<Member<T>>,
}

/// A task's handle that yields its id beside the result.
struct Member<T>(JoinHandle<T>);

impl<T> Future for Member<T> {
    type Output = (TaskId, Result<T, JoinError>);

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.0.id();
        std::pin::Pin::new(&mut self.0).poll(cx).map(|result| (id, result))
    }
}

impl<T: 'static> JoinSet<T> {
    /// An empty set.
    pub fn new() -> JoinSet<T> {
        JoinSet { tasks: FuturesUnordered::new() }
    }

    /// How many tasks are in the set, finished or not.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task is left.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Starts a task in the set.
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        let handle = spawn(task);
        let abort = handle.abort_handle();
        self.tasks.push(Member(handle));
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
        let (id, result) = self.tasks.next().await?;
        Some(result.map(|value| (id, value)))
    }

    /// A task that has ended, if there is one now.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        match self.poll_join_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ended) => ended,
            Poll::Pending => None,
        }
    }

    /// Polls for the next task to end.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.tasks.poll_next_unpin(cx).map(|ended| ended.map(|(_, result)| result))
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

impl<T> JoinSet<T> {
    /// Aborts all tasks; they stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        for member in self.tasks.iter() {
            member.0.abort();
        }
    }

    /// Lets all tasks run on, outside of the set.
    pub fn detach_all(&mut self) {
        self.tasks = FuturesUnordered::new();
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T: 'static> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.tasks.len()).finish()
    }
}
