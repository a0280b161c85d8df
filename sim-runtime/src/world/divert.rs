//! Tasks that must not simply run: those of paused nodes, those that were aborted, and those of processes that ended.

use super::{Current, NO_TASK, World};
use crate::node::NodeId;
use crate::task::{Meta, Task, TaskId};
use crate::trace::TraceKind;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

static ABORT: TraceKind =
    TraceKind::new("task", "abort", |f, world, r| f.write_str(&world.task_name_at(r.a)));

/// Where woken tasks go when they must not simply join the queue.
#[derive(Default)]
pub(super) struct Divert {
    /// Whether any of the following holds: the only thing the fast path looks at.
    any: Cell<bool>,
    paused: Cell<u32>,
    /// Set when the task that is being polled is to be dropped as soon as it yields.
    doomed: Cell<Option<Doom>>,
    /// Who is being polled while code of others runs in between: the `Drop` of tasks that it ended.
    interrupted: Cell<Option<Current>>,
    /// Tasks to be dropped at their next turn.
    aborted: RefCell<BTreeSet<TaskId>>,
    catching: Cell<Option<Catch>>,
    caught: RefCell<Vec<Task>>,
}

/// Why a task is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doom {
    /// It was aborted, in a process that lives on.
    Aborted,
    /// Its process ended: what it does in its `Drop` has no effect.
    Ended,
}

/// Whose tasks are being caught in order to be dropped.
#[derive(Clone, Copy)]
enum Catch {
    Node(NodeId),
    All,
}

impl Catch {
    fn wants(self, meta: &Meta) -> bool {
        match self {
            Catch::Node(node) => meta.node == node,
            Catch::All => true,
        }
    }
}

impl World {
    #[inline]
    pub(crate) fn push_ready(&self, task: Task) {
        if self.divert.any.get() {
            return self.push_diverted(task);
        }
        self.ready.borrow_mut().push(&self.choices, task, self.current_task());
    }

    #[cold]
    fn push_diverted(&self, task: Task) {
        let divert = &self.divert;
        let meta = task.metadata();
        if divert.catching.get().is_some_and(|catch| catch.wants(meta))
            || (divert.doomed.get().is_some() && self.is_polled(meta.id))
        {
            divert.caught.borrow_mut().push(task);
            return;
        }
        if divert.paused.get() > 0 {
            let node = meta.node;
            let mut nodes = self.nodes.borrow_mut();
            if nodes.get(node).paused {
                nodes.get_mut(node).frozen.push(task);
                return;
            }
        }
        self.ready.borrow_mut().push(&self.choices, task, self.current_task());
    }

    fn review_divert(&self) {
        let divert = &self.divert;
        divert.any.set(
            divert.paused.get() > 0
                || divert.doomed.get().is_some()
                || divert.catching.get().is_some()
                || !divert.aborted.borrow().is_empty(),
        );
    }

    pub(crate) fn count_paused(&self, change: i32) {
        self.divert.paused.set(self.divert.paused.get().saturating_add_signed(change));
        self.review_divert();
    }

    /// Moves the runnable tasks of a paused node out of the queue.
    pub(crate) fn freeze_ready(&self, node: NodeId) {
        let frozen = self.ready.borrow_mut().remove(|meta| meta.node == node);
        self.nodes().get_mut(node).frozen.extend(frozen);
    }

    fn as_code<R>(&self, current: Current, f: impl FnOnce() -> R) -> R {
        let mut before = self.current.replace(current);
        let outer = self.divert.interrupted.get();
        self.divert.interrupted.set(if before.waker.is_null() { outer } else { Some(before) });
        let result = f();
        self.divert.interrupted.set(outer);
        if !before.waker.is_null() && self.divert.doomed.get() == Some(Doom::Ended) {
            before.lives = false;
        }
        self.current.set(before);
        result
    }

    /// The task whose poll is on the stack, also while it makes the runtime drop others.
    fn polled(&self) -> Option<Current> {
        let current = self.current.get();
        if current.waker.is_null() { self.divert.interrupted.get() } else { Some(current) }
    }

    fn is_polled(&self, id: TaskId) -> bool {
        self.polled().is_some_and(|polled| polled.task == id)
    }

    /// Drops a task at its next turn, as tokio does: the one that aborts goes on first, so it may hold what the other's `Drop` needs.
    pub(crate) fn abort(&self, id: TaskId) {
        if self.is_polled(id) {
            return self.doom_polled(Doom::Aborted);
        }
        if self.current_task() == id {
            return; // It is just being dropped.
        }
        let waker = self.tasks.borrow().get(id).and_then(|slot| slot.waker.clone());
        if let Some(waker) = waker {
            self.divert.aborted.borrow_mut().insert(id);
            self.review_divert();
            waker.wake();
        }
    }

    /// The task, unless it was aborted: then this was its last turn.
    #[inline]
    pub(super) fn unless_aborted(&self, task: Task) -> Option<Task> {
        if self.divert.any.get() && self.divert.aborted.borrow().contains(&task.metadata().id) {
            self.drop_aborted(task);
            return None;
        }
        Some(task)
    }

    #[cold]
    fn drop_aborted(&self, task: Task) {
        let meta = task.metadata();
        self.current.set(Current::NOBODY);
        self.trace(&ABORT, meta.node, meta.id.index, u64::from(meta.id.generation), 0);
        self.drop_task(task, Doom::Aborted);
    }

    /// Drops the tasks of a node whose process ended. The one that is being polled is dropped when it yields.
    pub(crate) fn drop_tasks_of(&self, node: NodeId) {
        if self.polled().is_some_and(|polled| polled.node == node) {
            self.doom_polled(Doom::Ended);
        }
        self.drop_caught(Catch::Node(node));
    }

    /// Drops all tasks: the run is over.
    pub(crate) fn drop_all_tasks(&self) {
        self.current.set(Current {
            task: NO_TASK,
            node: NodeId::TEST,
            waker: std::ptr::null(),
            lives: false,
        });
        self.stopping.set(true);
        self.drop_caught(Catch::All);
        let locals = self.nodes().take_all_locals();
        self.drop_as_ended(NodeId::TEST, locals);
    }

    fn doom_polled(&self, doom: Doom) {
        let Some(polled) = self.polled() else { return };
        let mut current = self.current.get();
        if doom == Doom::Ended && current.task == polled.task {
            current.lives = false;
            self.current.set(current);
        }
        if self.divert.doomed.get() != Some(Doom::Ended) {
            self.divert.doomed.set(Some(doom));
        }
        self.review_divert();
        // It runs, so this makes it come back through `made_runnable` when it yields.
        let waker = self.tasks.borrow().get(polled.task).and_then(|slot| slot.waker.clone());
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn drop_caught(&self, catch: Catch) {
        let outer = self.divert.catching.replace(Some(catch));
        self.review_divert();
        let mut caught =
            self.ready.borrow_mut().remove(|meta| catch.wants(meta) && !self.is_polled(meta.id));
        {
            let tasks = self.tasks.borrow();
            for (id, slot) in tasks.live() {
                let wanted = match catch {
                    Catch::Node(node) => slot.node == node,
                    Catch::All => true,
                };
                if let (true, false, Some(waker)) = (wanted, self.is_polled(id), &slot.waker) {
                    waker.wake_by_ref();
                }
            }
        }
        self.divert.catching.set(outer);
        self.review_divert();
        caught.append(&mut self.divert.caught.borrow_mut());
        if let Catch::All = catch {
            let mut nodes = self.nodes();
            for node in (0..nodes.len()).map(|node| NodeId(node as u16)) {
                caught.append(&mut nodes.get_mut(node).frozen);
            }
        }
        caught.sort_unstable_by_key(|task| task.metadata().id);
        for task in caught {
            self.drop_task(task, Doom::Ended);
        }
    }

    /// Drops the task that was polled just now, if it came to its end meanwhile.
    #[inline]
    pub(super) fn drop_doomed(&self) {
        if self.divert.any.get() {
            self.drop_doomed_now();
        }
    }

    #[cold]
    fn drop_doomed_now(&self) {
        let Some(doom) = self.divert.doomed.take() else { return };
        self.review_divert();
        self.current.set(Current::NOBODY);
        let caught = std::mem::take(&mut *self.divert.caught.borrow_mut());
        for task in caught {
            self.drop_task(task, doom);
        }
    }

    fn drop_task(&self, task: Task, doom: Doom) {
        let (id, node) = (task.metadata().id, task.metadata().node);
        let lives = doom == Doom::Aborted;
        self.drop_as(Current { task: id, node, waker: std::ptr::null(), lives }, task);
        if self.divert.aborted.borrow_mut().remove(&id) {
            self.review_divert();
        }
    }

    /// Drops what belongs to a process that ended, without effect on the world.
    pub(crate) fn drop_as_ended(&self, node: NodeId, value: impl Sized) {
        let code = Current { task: NO_TASK, node, waker: std::ptr::null(), lives: false };
        self.drop_as(code, value);
    }

    fn drop_as(&self, code: Current, value: impl Sized) {
        let dropped = self.as_code(code, || catch_unwind(AssertUnwindSafe(|| drop(value))));
        if let Err(payload) = dropped {
            self.fail_of_panic(&*payload);
        }
    }
}
