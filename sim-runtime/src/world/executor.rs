//! Polling tasks and moving time.

use super::{Current, Due, NO_TASK, World};
use crate::node::NodeId;
use crate::task::{Name, Task, TaskId};
use crate::time::Nanos;
use crate::trace::TraceKind;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

static POLL: TraceKind =
    TraceKind::new("task", "poll", |f, world, r| f.write_str(&world.task_name_at(r.a)));
static TIMER: TraceKind =
    TraceKind::new("timer", "fire", |f, world, r| f.write_str(&world.task_name_at(r.a)));

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

    /// Runs until the main task is done, the run failed, or nothing is left to do.
    pub(crate) fn run_to_end(&self) {
        self.watch_from_here();
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

    fn poll_all(&self) {
        while !self.stopping.get() {
            let Some(task) = self.ready.borrow_mut().pop() else { return };
            let Some(task) = self.unless_aborted(task) else { continue };
            if self.instant_is_over() {
                self.ready.borrow_mut().push(&self.choices, task, NO_TASK);
                return self.livelocked();
            }
            self.poll(task);
            self.watch_events();
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
        self.drop_doomed();
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
        self.watch_events();
        !self.stopping.get()
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

    /// Starts a task of the runtime's own on the test's node.
    pub(crate) fn run_as_test(
        &self,
        name: &'static str,
        future: impl Future<Output = ()> + 'static,
    ) {
        let number = self.helpers.get();
        self.helpers.set(number + 1);
        let choices = &self.choices;
        let path = choices.child(crate::choice::Path::ROOT, "runtime".into());
        let path = choices.child(choices.child(path, name.into()), number.into());
        let place = std::panic::Location::caller();
        let (_, task) =
            crate::task::start(self, NodeId::TEST, path, Some(Name::Fixed(name)), place, future);
        task.detach();
    }

    /// The figures of the run so far: polls, and virtual time.
    pub(crate) fn figures(&self) -> (u64, Nanos) {
        (self.polls.get(), self.now.get())
    }
}
