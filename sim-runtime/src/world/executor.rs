//! Polling tasks, moving time, and dropping tasks of processes that ended.

use super::{Current, Due, NO_TASK, World};
use crate::node::NodeId;
use crate::task::{Meta, Name, Task, TaskId};
use crate::time::Nanos;
use crate::trace::TraceKind;
use crate::verdict::{Failure, FailureKind};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

static POLL: TraceKind =
    TraceKind::new("task", "poll", |f, world, r| f.write_str(&world.task_name_at(r.a)));
static TIMER: TraceKind =
    TraceKind::new("timer", "fire", |f, world, r| f.write_str(&world.task_name_at(r.a)));

/// How often, in events, the memory bound is looked at.
const MEMORY_EVERY: u64 = 4_096;

/// Where woken tasks go when they must not simply join the queue.
#[derive(Default)]
pub(super) struct Divert {
    /// Whether any of the following holds: the only thing the fast path looks at.
    any: Cell<bool>,
    paused: Cell<u32>,
    current_doomed: Cell<bool>,
    catching: Cell<Option<Catch>>,
    caught: RefCell<Vec<Task>>,
    /// Events at which the fast path must stop and look.
    limit: Cell<u64>,
    memory_at: Cell<u64>,
    /// The number of polls beyond which the instant counts as a livelock.
    polls_limit: Cell<u64>,
    helpers: Cell<u32>,
}

/// Whose tasks are being caught in order to be dropped.
#[derive(Clone, Copy)]
enum Catch {
    Task(TaskId),
    Node(NodeId),
    All,
}

impl Catch {
    fn wants(self, meta: &Meta) -> bool {
        match self {
            Catch::Task(id) => meta.id == id,
            Catch::Node(node) => meta.node == node,
            Catch::All => true,
        }
    }
}

impl World {
    /// Receives every task that can run: the schedule function of all tasks.
    pub(crate) fn made_runnable(task: Task) {
        let at_home = World::try_current(|world| world.id == task.metadata().world);
        if at_home == Some(true) {
            return World::current(|world| world.push_ready(task));
        }
        // Dropping it here would drop a future that may not leave its thread.
        std::mem::forget(task);
        if !std::thread::panicking() {
            panic!(
                "a task of a simulation was woken outside of its run, by another thread or by another \
                 run: wakers must not be kept in statics or given to threads"
            );
        }
    }

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
            || (divert.current_doomed.get() && meta.id == self.current_task())
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
                || divert.current_doomed.get()
                || divert.catching.get().is_some(),
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

    /// Runs until the main task is done, the run failed, or nothing is left to do.
    pub(crate) fn run_to_end(&self) {
        self.set_limit();
        self.start_instant();
        while let Err(payload) = catch_unwind(AssertUnwindSafe(|| self.run_on())) {
            self.panicked(payload);
        }
    }

    fn run_on(&self) {
        loop {
            self.poll_all();
            if self.stopping.get() {
                return;
            }
            if !self.advance() {
                if !self.stopping.get() {
                    self.stalled();
                }
                return;
            }
        }
    }

    fn start_instant(&self) {
        let limit = self.polls.get().saturating_add(self.bounds.polls_at_one_instant);
        self.divert.polls_limit.set(limit);
    }

    fn poll_all(&self) {
        while !self.stopping.get() {
            let Some(task) = self.ready.borrow_mut().pop() else { return };
            if self.polls.get() >= self.divert.polls_limit.get() {
                self.ready.borrow_mut().push(&self.choices, task, self.current_task());
                return self.livelocked();
            }
            self.poll(task);
            if self.trace.events() >= self.divert.limit.get() {
                self.at_limit();
            }
        }
    }

    #[inline]
    pub(super) fn poll(&self, task: Task) {
        let meta = task.metadata();
        let (id, node) = (meta.id, meta.node);
        self.current.set(Current { task: id, node, waker: meta.waker(), lives: true });
        self.polls.set(self.polls.get() + 1);
        self.trace(&POLL, node, id.index, u64::from(id.generation), 0);
        task.run();
        if self.divert.any.get() {
            self.drop_doomed();
        }
    }

    /// Moves time to the next event and makes everything happen that is due then. `false` when nothing is.
    fn advance(&self) -> bool {
        let Some(at) = self.wheel.borrow_mut().advance() else { return false };
        if at > self.bounds.virtual_time {
            self.over_budget(format!("the run reached {:.3} virtual seconds", at as f64 / 1e9));
            return false;
        }
        if at > self.now.get() {
            self.start_instant();
        }
        self.now.set(at);
        self.current.set(Current {
            task: NO_TASK,
            node: NodeId::TEST,
            waker: std::ptr::null(),
            lives: true,
        });
        loop {
            let due = self.wheel.borrow_mut().pop();
            match due {
                None => break,
                Some(Due::Task(id)) => {
                    let tasks = self.tasks.borrow();
                    if let Some(slot) = tasks.get(id) {
                        self.trace(&TIMER, slot.node, id.index, u64::from(id.generation), 0);
                        if let Some(waker) = &slot.waker {
                            waker.wake_by_ref();
                        }
                    }
                }
                Some(Due::Waker(parked)) => {
                    self.trace(&TIMER, NodeId::TEST, u32::MAX, 0, 0);
                    if let Some(waker) = self.unpark(parked) {
                        waker.wake();
                    }
                }
                Some(Due::Token { device, token }) => self.devices.due(self, device, token),
            }
        }
        if self.trace.events() >= self.divert.limit.get() {
            self.at_limit();
        }
        !self.stopping.get()
    }

    fn set_limit(&self) {
        let branch = self.branches.borrow().last().map_or(u64::MAX, |(event, _)| *event);
        let limit = self.bounds.events.min(branch).min(self.divert.memory_at.get() + MEMORY_EVERY);
        self.divert.limit.set(limit);
    }

    #[cold]
    fn at_limit(&self) {
        let events = self.trace.events();
        if events >= self.bounds.events {
            return self.over_budget(format!("the run had {events} events"));
        }
        while let Some((_, epoch)) =
            self.branches.borrow_mut().pop_if(|(event, _)| *event <= events)
        {
            self.choices.branch(epoch);
        }
        if events >= self.divert.memory_at.get() + MEMORY_EVERY {
            self.divert.memory_at.set(events);
            let memory = self.memory();
            if memory > self.bounds.memory {
                return self.over_budget(format!("the run held about {} MiB", memory >> 20));
            }
        }
        self.set_limit();
    }

    /// Roughly how many bytes the run holds: tasks at 512 bytes each, timers, and what the devices say.
    pub(crate) fn memory(&self) -> usize {
        self.tasks.borrow().len() * 512 + self.wheel.borrow().len() * 64 + self.devices.memory()
    }

    fn over_budget(&self, message: String) {
        self.fail(Failure {
            kind: FailureKind::Budget,
            property: message.split_whitespace().last().unwrap_or("budget").to_owned(),
            site: String::new(),
            message,
        });
    }

    fn panicked(&self, payload: Box<dyn Any + Send>) {
        let id = self.current_task();
        let (site, message) = crate::simulation::take_panic_note(&*payload);
        // Outside of a task it is the runtime or a device that is wrong.
        if !self.panics_tolerated.get() || id == NO_TASK {
            self.fail(Failure { kind: FailureKind::Panic, property: String::new(), site, message });
        }
        self.panics.borrow_mut().insert(id, payload);
        self.drop_doomed();
    }

    /// The id of the task that `waker` belongs to when it is the one polled now with the runtime's own waker.
    #[inline]
    pub(crate) fn polled_task(&self, waker: &Waker) -> Option<TaskId> {
        let current = self.current.get();
        std::ptr::eq(waker.data(), current.waker).then_some(current.task)
    }

    /// Calls `f` as code of a node, outside of any task.
    pub(crate) fn as_node<R>(&self, node: NodeId, f: impl FnOnce() -> R) -> R {
        let lives = self.nodes().get(node).up;
        self.as_code(Current { task: NO_TASK, node, waker: std::ptr::null(), lives }, f)
    }

    fn as_code<R>(&self, current: Current, f: impl FnOnce() -> R) -> R {
        let before = self.current.replace(current);
        let result = f();
        self.current.set(before);
        result
    }

    /// Starts a task of the runtime's own on the test's node.
    pub(crate) fn run_as_test(
        &self,
        name: &'static str,
        future: impl Future<Output = ()> + 'static,
    ) {
        let number = self.divert.helpers.get();
        self.divert.helpers.set(number + 1);
        let choices = &self.choices;
        let path = choices.child(crate::choice::Path::ROOT, "runtime".into());
        let path = choices.child(choices.child(path, name.into()), number.into());
        let place = std::panic::Location::caller();
        let (_, task) =
            crate::task::start(self, NodeId::TEST, path, Some(Name::Fixed(name)), place, future);
        task.detach();
    }

    /// Drops a task at its next turn, as tokio does.
    pub(crate) fn abort(&self, id: TaskId) {
        if id == self.current_task() {
            self.doom_current();
        } else {
            self.drop_caught(Catch::Task(id));
        }
    }

    /// Drops the tasks of a node whose process ended. The one that runs now is dropped when it yields.
    pub(crate) fn drop_tasks_of(&self, node: NodeId) {
        if self.current_node() == node && self.current_task() != NO_TASK {
            self.doom_current();
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
        drop(locals);
    }

    fn doom_current(&self) {
        let mut current = self.current.get();
        current.lives = false;
        self.current.set(current);
        self.divert.current_doomed.set(true);
        self.review_divert();
        // It runs, so this makes it come back through `made_runnable` when it yields.
        let waker = self.tasks.borrow().get(current.task).and_then(|slot| slot.waker.clone());
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn drop_caught(&self, catch: Catch) {
        let current = self.current_task();
        let outer = self.divert.catching.replace(Some(catch));
        self.review_divert();
        let mut caught =
            self.ready.borrow_mut().remove(|meta| catch.wants(meta) && meta.id != current);
        {
            let tasks = self.tasks.borrow();
            for (id, slot) in tasks.live() {
                let wanted = match catch {
                    Catch::Task(wanted) => wanted == id,
                    Catch::Node(node) => slot.node == node,
                    Catch::All => true,
                };
                if let (true, true, Some(waker)) = (wanted, id != current, &slot.waker) {
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
            self.drop_task(task);
        }
    }

    #[cold]
    fn drop_doomed(&self) {
        self.divert.current_doomed.set(false);
        self.review_divert();
        let caught = std::mem::take(&mut *self.divert.caught.borrow_mut());
        for task in caught {
            self.drop_task(task);
        }
    }

    fn drop_task(&self, task: Task) {
        let meta = task.metadata();
        let code =
            Current { task: meta.id, node: meta.node, waker: std::ptr::null(), lives: false };
        let dropped = self.as_code(code, || catch_unwind(AssertUnwindSafe(|| drop(task))));
        if let Err(payload) = dropped {
            let (site, message) = crate::simulation::take_panic_note(&*payload);
            self.fail(Failure { kind: FailureKind::Panic, property: String::new(), site, message });
        }
    }

    /// The figures of the run so far: polls, and virtual time.
    pub(crate) fn figures(&self) -> (u64, Nanos) {
        (self.polls.get(), self.now.get())
    }
}
