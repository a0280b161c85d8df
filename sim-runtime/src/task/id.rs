//! What identifies a task, and what is carried with it.

use crate::choice::{Choices, Stream};
use crate::node::NodeId;
use crate::world::World;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed};
use std::task::Waker;

/// Names a task within its run, like `tokio::task::Id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// The id of the current task, like `tokio::task::id`.
///
/// # Panics
/// Outside of a task.
#[track_caller]
pub fn id() -> TaskId {
    try_id().expect("only a task has a task id")
}

/// The id of the current task, or `None` outside of a task.
pub fn try_id() -> Option<TaskId> {
    World::try_current(|world| {
        world.tasks().get(world.current_task()).map(|_| world.current_task())
    })
    .flatten()
}

/// What lies beside a task's future and is looked at on every wake and poll.
///
/// The atomics are never contended: a task stays on its thread. They are relaxed loads and stores, which
/// cost what plain ones do, and make handles `Send` and `Sync` without a promise of ours.
pub(crate) struct Meta {
    pub(crate) world: u64,
    pub(crate) id: TaskId,
    pub(crate) node: NodeId,
    key: u64,
    path: u32,
    wakes: AtomicU32,
    /// Identifies the task's own waker; never dereferenced.
    waker: AtomicPtr<()>,
    /// The priority that PCT gave the task, see [`Ready`](super::Ready).
    pub(crate) rank: AtomicU32,
}

impl Meta {
    pub(crate) fn new(world: u64, id: TaskId, node: NodeId, stream: &Stream) -> Meta {
        Meta {
            world,
            id,
            node,
            key: stream.key(),
            path: stream.id(),
            wakes: AtomicU32::new(0),
            waker: AtomicPtr::new(ptr::null_mut()),
            rank: AtomicU32::new(0),
        }
    }

    pub(crate) fn set_waker(&self, waker: &Waker) {
        self.waker.store(waker.data().cast_mut(), Relaxed);
    }

    #[inline]
    pub(crate) fn waker(&self) -> *const () {
        self.waker.load(Relaxed)
    }

    /// Counts a wake, and says how many came before.
    #[inline]
    pub(crate) fn count_wake(&self) -> u32 {
        let wakes = self.wakes.load(Relaxed);
        self.wakes.store(wakes.wrapping_add(1), Relaxed);
        wakes
    }

    /// The priority of the task's wake number `wake`.
    #[inline]
    pub(crate) fn priority(&self, choices: &Choices, wake: u32) -> u32 {
        choices.priority(self.key, self.path, wake)
    }
}
