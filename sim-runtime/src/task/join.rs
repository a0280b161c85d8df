//! Waiting for tasks, and aborting them.

use super::spawn::Started;
use super::{Meta, TaskId};
use crate::world::World;
use async_task::FallibleTask;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A handle to a task, like `tokio::task::JoinHandle`. Dropping it lets the task run on.
///
/// ```
/// use sim_runtime::task::spawn;
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let server = spawn(std::future::pending::<()>());
///     server.abort();
///     server.await.unwrap_err().is_cancelled()
/// });
/// assert_eq!(outcome.result, Ok(true));
/// ```
pub struct JoinHandle<T> {
    id: TaskId,
    task: Option<FallibleTask<T, Meta>>,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new((id, task): Started<T>) -> JoinHandle<T> {
        JoinHandle { id, task: Some(task) }
    }

    /// The handle of a task that never started.
    pub(crate) fn cancelled() -> JoinHandle<T> {
        JoinHandle { id: TaskId { index: u32::MAX, generation: 0 }, task: None }
    }

    /// Ends the task: it is dropped at its next turn, unless it has finished. Awaiting it yields a cancelled
    /// [`JoinError`].
    pub fn abort(&self) {
        self.abort_handle().abort();
    }

    /// A handle that can only abort.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle { id: self.id }
    }

    /// Whether the task has finished or was aborted.
    pub fn is_finished(&self) -> bool {
        self.task.as_ref().is_none_or(FallibleTask::is_finished)
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("id", &self.id).finish()
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        let polled = match &mut self.task {
            Some(task) => Pin::new(task).poll(cx),
            None => Poll::Ready(None),
        };
        match polled {
            Poll::Ready(Some(value)) => Poll::Ready(Ok(value)),
            Poll::Ready(None) => {
                let panic = World::try_current(|world| world.take_panic(id)).flatten();
                let cause = panic
                    .map_or(Cause::Cancelled, |payload| Cause::Panic(SyncPayload::new(payload)));
                Poll::Ready(Err(JoinError { id, cause }))
            }
            Poll::Pending => {
                World::current(|world| {
                    world.waiting(|| format!("the end of {}", world.task_name(id)))
                });
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.detach();
        }
    }
}

/// Aborts a task without keeping it, like `tokio::task::AbortHandle`.
#[derive(Clone, Debug)]
pub struct AbortHandle {
    id: TaskId,
}

impl AbortHandle {
    /// Ends the task, see [`JoinHandle::abort`].
    pub fn abort(&self) {
        World::try_current(|world| world.abort(self.id));
    }

    /// Whether the task has finished or was aborted.
    pub fn is_finished(&self) -> bool {
        World::try_current(|world| world.tasks().get(self.id).is_none()).unwrap_or(true)
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.id
    }
}

/// Why a task yielded no value, like `tokio::task::JoinError`.
pub struct JoinError {
    id: TaskId,
    cause: Cause,
}

enum Cause {
    Cancelled,
    Panic(SyncPayload),
}

/// A panic's payload, reachable only by value, hence `Sync`.
struct SyncPayload(std::sync::Mutex<Box<dyn Any + Send + 'static>>);

impl SyncPayload {
    fn new(payload: Box<dyn Any + Send>) -> SyncPayload {
        SyncPayload(std::sync::Mutex::new(payload))
    }

    fn into_inner(self) -> Box<dyn Any + Send> {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl JoinError {
    /// Whether the task was aborted, or its process ended.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause, Cause::Cancelled)
    }

    /// Whether the task panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.cause, Cause::Panic(_))
    }

    /// The panic's payload.
    ///
    /// # Panics
    /// If the task did not panic.
    pub fn into_panic(self) -> Box<dyn Any + Send + 'static> {
        self.try_into_panic().expect("`JoinError` reason is not a panic.")
    }

    /// The panic's payload, or the error itself when the task was cancelled.
    ///
    /// # Errors
    /// When the task did not panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send + 'static>, JoinError> {
        match self.cause {
            Cause::Panic(payload) => Ok(payload.into_inner()),
            Cause::Cancelled => Err(self),
        }
    }

    /// The task's id.
    pub fn id(&self) -> TaskId {
        self.id
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Cancelled => write!(f, "JoinError::Cancelled({:?})", self.id),
            Cause::Panic(_) => write!(f, "JoinError::Panic({:?}, ...)", self.id),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Cancelled => write!(f, "task {} was cancelled", self.id),
            Cause::Panic(_) => write!(f, "task {} panicked", self.id),
        }
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> std::io::Error {
        std::io::Error::other(error.to_string())
    }
}
