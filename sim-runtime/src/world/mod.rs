//! The world of a run: what code inside a simulation reaches through its thread.

mod context;
mod devices;
mod divert;
mod executor;
mod host;
mod inspect;
mod limits;
mod spare;

use crate::bounds::Bounds;
use crate::choice::Choices;
use crate::ledger::{Ledger, Strike};
use crate::node::{NodeId, Nodes};
use crate::point::Points;
use crate::probe::Probes;
use crate::simulation::Config;
use crate::task::{Policy, Ready, TaskId, Tasks};
use crate::time::wheel::Wheel;
use crate::time::{Nanos, TimerKey};
use crate::trace::{Record, Trace, TraceKind};
use crate::verdict::{Failure, FailureKind};
use rand_chacha::ChaCha8Rng;
use std::any::Any;
use std::cell::{Cell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use devices::Devices;
pub(crate) use devices::Fitted;
use spare::Spare;

/// One simulated world: its time, tasks, nodes, devices and choices. Code under test has no need of it; devices and
/// the crates on top of the runtime reach it with [`World::current`].
pub struct World {
    id: u64,
    now: Cell<Nanos>,
    wheel: RefCell<Wheel<Due>>,
    parked: RefCell<Parked>,
    ready: RefCell<Ready>,
    tasks: RefCell<Tasks>,
    current: Cell<Current>,
    nodes: RefCell<Nodes>,
    devices: Devices,
    choices: Choices,
    trace: Trace,
    ledger: RefCell<Ledger>,
    probes: Probes,
    points: Points,
    bounds: Bounds,
    failure: RefCell<Option<Failure>>,
    stopping: Cell<bool>,
    panics: RefCell<BTreeMap<TaskId, Box<dyn Any + Send>>>,
    panics_tolerated: bool,
    branches: RefCell<Vec<(u64, u64)>>,
    divert: divert::Divert,
    limits: limits::Limits,
    /// How many tasks of the runtime's own were started.
    helpers: Cell<u32>,
    notes: RefCell<Option<Vec<String>>>,
    polls: Cell<u64>,
    /// How many words of entropy the guard handed out, and the call that it refused first.
    entropy: Cell<u64>,
    refused: Cell<Option<&'static str>>,
}

/// What happens at an instant: small and `Copy`, payloads are elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// A task is woken.
    Task(TaskId),
    /// A waker that was parked is woken.
    Waker(u32),
    /// A device's token falls due.
    Token { device: u8, token: u64 },
}

/// Who runs now.
#[derive(Clone, Copy)]
struct Current {
    task: TaskId,
    node: NodeId,
    /// Identifies the waker with which the runtime polls the task.
    waker: *const (),
    /// Whether the process to which the code belongs still lives.
    lives: bool,
}

const NO_TASK: TaskId = TaskId { index: u32::MAX, generation: 0 };

impl Current {
    /// No task runs.
    const NOBODY: Current =
        Current { task: NO_TASK, node: NodeId::TEST, waker: std::ptr::null(), lives: true };
}

/// Wakers of timers that are polled through a combinator with a waker of its own.
#[derive(Default)]
struct Parked {
    wakers: Vec<Option<Waker>>,
    free: Vec<u32>,
}

impl World {
    pub(crate) fn new(config: &Config, devices: Vec<Fitted>) -> World {
        let Spare { wheel, tasks, nodes, paths, mut ready } = Spare::take();
        let choices = Choices::on(paths, config.seed, &config.edits, config.record_choices);
        let policy = config.policy.resolve(config.seed);
        assert!(policy != Policy::Portfolio, "a portfolio resolves to one of its members");
        ready.begin(policy, &choices);
        let mut branches = config.branches.clone();
        branches.sort_unstable_by(|a, b| b.cmp(a));
        World {
            id: context::next_world_id(),
            now: Cell::new(0),
            wheel: RefCell::new(wheel),
            parked: RefCell::default(),
            ready: RefCell::new(ready),
            tasks: RefCell::new(tasks),
            current: Cell::new(Current::NOBODY),
            nodes: RefCell::new(nodes),
            devices: Devices::new(devices),
            choices,
            trace: Trace::new(config.keep),
            ledger: RefCell::default(),
            probes: Probes::new(config.buggify, config.knobs.clone()),
            points: Points::default(),
            bounds: config.bounds.clone(),
            failure: RefCell::default(),
            stopping: Cell::new(false),
            panics: RefCell::default(),
            panics_tolerated: config.panics_tolerated,
            branches: RefCell::new(branches),
            divert: divert::Divert::default(),
            limits: limits::Limits::default(),
            helpers: Cell::new(0),
            notes: RefCell::default(),
            polls: Cell::new(0),
            entropy: Cell::new(0),
            refused: Cell::new(None),
        }
    }

    /// Virtual nanoseconds since the start of the run.
    #[inline]
    pub fn now(&self) -> Nanos {
        self.now.get()
    }

    /// The node of the task that runs now; the test's node when none does.
    #[inline]
    pub fn current_node(&self) -> NodeId {
        self.current.get().node
    }

    /// The task that runs now.
    #[inline]
    pub fn current_task(&self) -> TaskId {
        self.current.get().task
    }

    /// Whether the process to which the running code belongs still lives. It does not in the `Drop` of a value
    /// of a process that ended, or when the run is over: such code must have no effect on the world.
    #[inline]
    pub fn current_process_lives(&self) -> bool {
        self.current.get().lives
    }

    /// The choices of the run.
    #[inline]
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Counts that a fault was done to the system.
    pub fn injected(&self, kind: &'static str) {
        self.ledger.borrow_mut().injected(kind);
    }

    /// Counts that code under test could notice a fault: of a plan, the one of that kind that struck last.
    pub fn observed(&self, kind: &'static str) {
        self.ledger.borrow_mut().observed(kind);
    }

    /// Counts that code under test could notice a certain fault of a plan, or what the test did itself.
    pub fn observed_of(&self, kind: &'static str, strike: Option<Strike>) {
        self.ledger.borrow_mut().observed_of(kind, strike);
    }

    /// Does a fault of a plan to the system: what it counts as injected is a strike.
    pub fn strike_with(&self, start: impl FnOnce()) -> Option<Strike> {
        self.ledger.borrow_mut().begin();
        start();
        self.ledger.borrow_mut().begun()
    }

    /// The fault of a plan that is being done to the system now, for [`World::observed_of`].
    pub fn strike(&self) -> Option<Strike> {
        self.ledger.borrow().strike()
    }

    /// Adds an event to the trace.
    #[inline]
    pub fn trace(&self, kind: &'static TraceKind, node: NodeId, a: u32, b: u64, c: u64) {
        self.trace.push(self, Record { at: self.now.get(), kind, node, a, b, c });
    }

    /// Adds a line to the readable trace; nothing when text is not kept. It is not part of the hash.
    pub fn say(&self, text: String) {
        self.trace.say(self, text);
    }

    /// The same, without making the text when it is not kept.
    #[inline]
    pub fn say_lazily(&self, text: impl FnOnce() -> String) {
        if self.trace.keeps_text() {
            self.say(text());
        }
    }

    /// Fails the run. The first failure counts; the run ends when the running task yields.
    pub fn fail(&self, failure: Failure) {
        if self.notes.borrow().is_some() {
            return; // While stuck tasks are asked what they await, nothing counts any more.
        }
        let mut first = self.failure.borrow_mut();
        if first.is_none() {
            // A refused call makes its caller fail in turn, often by a panic: the call is the cause.
            *first = Some(self.take_leak().unwrap_or(failure));
        }
        self.stopping.set(true);
    }

    /// How many events the run has had.
    pub fn events(&self) -> u64 {
        self.trace.events()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn points(&self) -> &Points {
        &self.points
    }

    pub(crate) fn probes(&self) -> &Probes {
        &self.probes
    }

    #[inline]
    pub(crate) fn tasks(&self) -> RefMut<'_, Tasks> {
        self.tasks.borrow_mut()
    }

    #[inline]
    pub(crate) fn nodes(&self) -> RefMut<'_, Nodes> {
        self.nodes.borrow_mut()
    }

    #[inline]
    pub(crate) fn arm(&self, at: Nanos, due: Due) -> TimerKey {
        self.wheel.borrow_mut().insert(at, due)
    }

    /// Takes back a timer or a token. Whether it was still pending.
    #[inline]
    pub fn cancel(&self, key: TimerKey) -> bool {
        let cancelled = self.wheel.borrow_mut().cancel(key);
        if let Some(Due::Waker(parked)) = cancelled {
            drop(self.unpark(parked));
        }
        cancelled.is_some()
    }

    pub(crate) fn park(&self, waker: &Waker) -> u32 {
        let waker = Some(waker.clone());
        let mut parked = self.parked.borrow_mut();
        match parked.free.pop() {
            Some(index) => {
                parked.wakers[index as usize] = waker;
                index
            }
            None => {
                parked.wakers.push(waker);
                u32::try_from(parked.wakers.len() - 1).expect("fewer than 2^32 timers")
            }
        }
    }

    fn unpark(&self, index: u32) -> Option<Waker> {
        let mut parked = self.parked.borrow_mut();
        parked.free.push(index);
        parked.wakers[index as usize].take()
    }

    /// Fails the run with a panic of the code under test.
    pub(crate) fn fail_of_panic(&self, payload: &(dyn Any + Send)) {
        let (site, message) = crate::simulation::take_panic_note(payload);
        self.fail(Failure { kind: FailureKind::Panic, property: String::new(), site, message });
    }

    pub(crate) fn panics_are_tolerated(&self) -> bool {
        self.panics_tolerated
    }

    pub(crate) fn take_panic(&self, id: TaskId) -> Option<Box<dyn Any + Send>> {
        self.panics.borrow_mut().remove(&id)
    }

    /// The path of the next task that the current one spawns.
    pub(crate) fn path_of_next_child(&self, name: Option<&Rc<str>>) -> crate::choice::Path {
        let task = self.current_task();
        match self.tasks().details_mut(task) {
            Some(details) => details.child(&self.choices, name),
            None => unreachable!("only a task spawns"),
        }
    }

    pub(crate) fn with_task_rng<R>(&self, f: impl FnOnce(&mut ChaCha8Rng) -> R) -> R {
        let (epoch, task) = (self.choices.epoch(), self.current_task());
        let mut tasks = self.tasks();
        let details = tasks.details_mut(task).expect("only a task draws random numbers");
        let path = details.path;
        let rng = match &mut details.rng {
            Some(rng) if rng.0 == epoch => rng,
            stale => stale.insert(Box::new((epoch, self.choices.user_rng(path)))),
        };
        f(&mut rng.1)
    }

    /// Adds the test's own node, which is always up.
    pub(crate) fn boot(&self) {
        let test = self.nodes().add("test".into(), None);
        let mut nodes = self.nodes();
        let node = nodes.get_mut(test);
        node.up = true;
        node.starts = 1;
        drop(nodes);
        self.each_device(|device| {
            device.node_created(self, test);
            device.node_started(self, test, 0);
        });
    }

    /// Ends the run when the running task yields.
    pub(crate) fn stop(&self) {
        self.stopping.set(true);
    }

    pub(crate) fn take_failure(&self) -> Option<Failure> {
        self.failure.take()
    }

    pub(crate) fn take_ledger(&self) -> Ledger {
        self.ledger.take()
    }

    pub(crate) fn trace_log(&self) -> &Trace {
        &self.trace
    }
}
