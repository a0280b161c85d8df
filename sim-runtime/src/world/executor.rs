//! Polling tasks, moving time, and dropping tasks of processes that ended.

use super::inspect::listed;
use super::{Current, Due, NO_TASK, World};
use crate::node::NodeId;
use crate::task::{Meta, Name, Task, TaskId};
use crate::time::Nanos;
use crate::trace::TraceKind;
use crate::verdict::{Failure, FailureKind};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

static POLL: TraceKind =
    TraceKind::new("task", "poll", |f, world, r| f.write_str(&world.task_name_at(r.a)));
static ABORT: TraceKind =
    TraceKind::new("task", "abort", |f, world, r| f.write_str(&world.task_name_at(r.a)));
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
    /// Set when the task that is being polled is to be dropped as soon as it yields.
    doomed: Cell<Option<Doom>>,
    /// Who is being polled while code of others runs in between: the `Drop` of tasks that it ended.
    interrupted: Cell<Option<Current>>,
    /// Tasks to be dropped at their next turn.
    aborted: RefCell<BTreeSet<TaskId>>,
    catching: Cell<Option<Catch>>,
    caught: RefCell<Vec<Task>>,
    /// Events at which the fast path must stop and look.
    limit: Cell<u64>,
    memory_at: Cell<u64>,
    /// The number of polls at which the instant is looked at: half of its bound, then its bound.
    polls_limit: Cell<u64>,
    /// Whether time has stood still for so long that tasks run in order of arrival, whatever the policy.
    fair: Cell<bool>,
    helpers: Cell<u32>,
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

    #[inline]
    fn start_instant(&self) {
        self.limit_polls(self.bounds.polls_at_one_instant / 2);
        if self.divert.fair.get() {
            self.set_fair(false);
        }
    }

    fn limit_polls(&self, more: u64) {
        self.divert.polls_limit.set(self.polls.get().saturating_add(more));
    }

    #[cold]
    fn set_fair(&self, fair: bool) {
        self.divert.fair.set(fair);
        self.ready.borrow_mut().set_fair(fair);
    }

    /// Time stands still. A drawn order can starve the task that others wait for in a loop, which no real scheduler does
    /// for ever: so the second half of the bound is in order of arrival. `false` when that is over too.
    #[cold]
    fn second_half(&self) -> bool {
        let first = !self.divert.fair.get();
        if first {
            self.set_fair(true);
            self.limit_polls(self.bounds.polls_at_one_instant.div_ceil(2));
        }
        first
    }

    fn poll_all(&self) {
        while !self.stopping.get() {
            let Some(task) = self.ready.borrow_mut().pop() else { return };
            if self.divert.any.get() && self.is_aborted(task.metadata().id) {
                self.drop_aborted(task);
                continue;
            }
            if self.polls.get() >= self.divert.polls_limit.get() && !self.second_half() {
                self.ready.borrow_mut().push(&self.choices, task, NO_TASK);
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
        let (at, pending) = {
            let mut wheel = self.wheel.borrow_mut();
            let Some(at) = wheel.advance() else { return false };
            (at, wheel.len() as u64)
        };
        if at > self.bounds.virtual_time {
            self.over_budget(
                "virtual time",
                format!("the run reached {:.3} virtual seconds", at as f64 / 1e9),
            );
            return false;
        }
        if at > self.now.get() {
            self.start_instant();
        }
        self.now.set(at);
        self.current.set(Current::NOBODY);
        let mut tokens = self.bounds.polls_at_one_instant.saturating_add(pending);
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
                Some(Due::Token { device, token }) => {
                    if tokens == 0 {
                        self.device_livelocked(device);
                        return false;
                    }
                    tokens -= 1;
                    self.devices.due(self, device, token);
                }
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
            return self.over_budget("events", format!("the run had {events} events"));
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
                return self
                    .over_budget("memory", format!("the run held about {} MiB", memory >> 20));
            }
        }
        self.set_limit();
    }

    /// Roughly how many bytes the run holds: tasks at 512 bytes each, timers, and what the devices say.
    pub(crate) fn memory(&self) -> usize {
        self.tasks.borrow().len() * 512 + self.wheel.borrow().len() * 64 + self.devices.memory()
    }

    #[cold]
    fn over_budget(&self, property: &str, message: String) {
        self.current.set(Current::NOBODY);
        let tasks = self.stuck_tasks();
        self.fail(Failure {
            kind: FailureKind::Budget,
            property: property.to_owned(),
            site: String::new(),
            message: format!("{message}, with {} tasks:{}", tasks.len(), listed(&tasks)),
        });
    }

    fn panicked(&self, payload: Box<dyn Any + Send>) {
        let id = self.current_task();
        // Outside of a task it is the runtime or a device that is wrong.
        // What a process does between its end and its next await no longer counts.
        let counts = self.current_process_lives() && !self.panics_tolerated;
        if counts || id == NO_TASK {
            self.fail_of_panic(&*payload);
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

    fn is_aborted(&self, id: TaskId) -> bool {
        self.divert.aborted.borrow().contains(&id)
    }

    /// The turn of a task that was aborted.
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

    #[cold]
    fn drop_doomed(&self) {
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

    /// The figures of the run so far: polls, and virtual time.
    pub(crate) fn figures(&self) -> (u64, Nanos) {
        (self.polls.get(), self.now.get())
    }
}
