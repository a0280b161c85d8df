//! Judges a history while it is recorded, in memory that does not grow with its length.

use std::collections::{BTreeMap, VecDeque};

use super::frontier::Frontier;
use super::machine::Machine;
use super::step::{Open, Unknown, UnknownClass, View};
use crate::history::{Event, EventKind, HistoryError, ProcessId};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Exhausted, Verdict};

/// Judges linearizability event by event.
///
/// What is kept: the events since the invocation of the oldest operation that is still open, the configurations at
/// the present moment, and for each class of operations of unknown outcome how many there are. An operation whose client
/// is gone should be completed as `info`, so that nothing waits for it. At most 64 operations may
/// overlap. The object is judged as a whole, not by parts, and nothing is said about it but the verdict; to explain a
/// violation, judge the recorded history with [`check_linearizability`](super::check_linearizability).
///
/// ```
/// use sim_check::linearizability::StreamingChecker;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, Event, EventKind, ProcessId};
///
/// let spec = Register::new(0);
/// let mut checker = StreamingChecker::new(&spec, Budget::UNLIMITED);
/// for value in 0..10_000 {
///     let event = |kind| Event { process: ProcessId(0), time: None, kind };
///     checker.push(event(EventKind::Invoke(RegisterOp::Write(value))))?;
///     checker.push(event(EventKind::Ok(RegisterRet::Written)))?;
///     assert!(checker.live().configurations < 3);
/// }
/// assert!(checker.finish().is_ok());
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub struct StreamingChecker<'s, S: NondeterministicSpec> {
    machine: Machine<'s, S>,
    frontier: Frontier<u64>,
    budget: Budget,
    unknown: Vec<UnknownClass>,
    impure: Vec<Open>,
    pure: Vec<Open>,
    /// The part of `pure` that was invoked since the last return.
    fresh_pure: Vec<Open>,
    free_slots: Vec<u32>,
    slots: u32,
    /// Events that were not looked at yet: the first is an invocation whose result is not known.
    waiting: VecDeque<Waiting>,
    /// Operations from `first_operation` on.
    operations: VecDeque<Tracked<S>>,
    first_operation: u64,
    open: BTreeMap<ProcessId, (u64, usize)>,
    events: usize,
    returns: u64,
    state: Stage,
    peak_waiting: usize,
}

enum Waiting {
    Invoked(u64),
    Returned(u64),
}

struct Tracked<S: NondeterministicSpec> {
    op: S::Op,
    ending: Ending<S::Ret>,
    slot: u32,
    /// Whether no event of it waits any more.
    done: bool,
}

enum Ending<Ret> {
    Open,
    Ok(Ret),
    Fail,
    Unknown,
}

enum Stage {
    Running,
    Violated(StreamViolation),
    Exhausted(Exhausted),
}

/// How much a [`StreamingChecker`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Configurations at the present moment.
    pub configurations: usize,
    /// The most configurations that there ever were at one moment.
    pub configurations_max: usize,
    /// Events that wait for an operation to complete.
    pub events: usize,
    /// The most events that ever waited.
    pub events_max: usize,
    /// States of the specification that are known.
    pub states: usize,
}

/// What a [`StreamingChecker`] has to say of a good history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSummary {
    /// How many operations returned.
    pub returns: u64,
    /// How many configurations were examined.
    pub configurations: u64,
    /// What was held in the end, and at most.
    pub live: Live,
}

/// Where a [`StreamingChecker`] found a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamViolation {
    /// The number of the operation whose return cannot be explained, counted from 0 in the order of invocation.
    pub operation: u64,
    /// That operation, as the specification writes it.
    pub description: String,
    /// States that were possible before it returned, at most eight.
    pub states: Vec<String>,
    /// How many configurations were examined.
    pub configurations: u64,
}

/// How many states may gather before those that are not needed are forgotten.
const STATES_MAX: usize = 4_096;

impl<'s, S: NondeterministicSpec> StreamingChecker<'s, S> {
    /// A checker of an object that nobody has used yet.
    pub fn new(spec: &'s S, budget: Budget) -> Self {
        let mut machine = Machine::growing(spec);
        let initial = machine.state(spec.initial());
        StreamingChecker {
            machine,
            frontier: Frontier::new(initial, 64, false),
            budget,
            unknown: Vec::new(),
            impure: Vec::new(),
            pure: Vec::new(),
            fresh_pure: Vec::new(),
            free_slots: Vec::new(),
            slots: 0,
            waiting: VecDeque::new(),
            operations: VecDeque::new(),
            first_operation: 0,
            open: BTreeMap::new(),
            events: 0,
            returns: 0,
            state: Stage::Running,
            peak_waiting: 0,
        }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// If the process invokes while an operation is open, or completes without one.
    pub fn push(&mut self, event: Event<S::Op, S::Ret>) -> Result<(), HistoryError> {
        self.events += 1;
        let (line, process) = (self.events, event.process);
        let ending = match event.kind {
            EventKind::Invoke(op) => {
                if let Some((_, open_since)) = self.open.get(&process) {
                    let open_since = *open_since;
                    return Err(HistoryError::AlreadyOpen { line, process, open_since });
                }
                let number = self.first_operation + self.operations.len() as u64;
                self.open.insert(process, (number, line));
                self.operations.push_back(Tracked {
                    op,
                    ending: Ending::Open,
                    slot: 0,
                    done: false,
                });
                self.waiting.push_back(Waiting::Invoked(number));
                self.peak_waiting = self.peak_waiting.max(self.waiting.len());
                return Ok(());
            }
            EventKind::Ok(ret) => Ending::Ok(ret),
            EventKind::Fail => Ending::Fail,
            EventKind::Info => Ending::Unknown,
        };
        let Some((number, _)) = self.open.remove(&process) else {
            return Err(HistoryError::NothingOpen { line, process });
        };
        if matches!(ending, Ending::Ok(_)) {
            self.waiting.push_back(Waiting::Returned(number));
        }
        self.tracked(number).ending = ending;
        self.advance();
        Ok(())
    }

    /// Whether a violation was found already; it cannot be mended by later events.
    pub fn is_violated(&self) -> bool {
        matches!(self.state, Stage::Violated(_))
    }

    /// What is held at present.
    pub fn live(&self) -> Live {
        Live {
            configurations: self.frontier.now().count(),
            configurations_max: self.frontier.peak(),
            events: self.waiting.len(),
            events_max: self.peak_waiting,
            states: self.machine.state_count(),
        }
    }

    /// The verdict. Operations that are still open have an unknown outcome.
    pub fn finish(mut self) -> Verdict<StreamSummary, StreamViolation> {
        for (number, _) in std::mem::take(&mut self.open).into_values() {
            self.tracked(number).ending = Ending::Unknown;
        }
        self.advance();
        let live = self.live();
        match self.state {
            Stage::Running => Verdict::Ok(StreamSummary {
                returns: self.returns,
                configurations: self.frontier.examined(),
                live,
            }),
            Stage::Violated(violation) => Verdict::Violation(violation),
            Stage::Exhausted(exhausted) => Verdict::Unknown(exhausted),
        }
    }

    fn tracked(&mut self, number: u64) -> &mut Tracked<S> {
        &mut self.operations[(number - self.first_operation) as usize]
    }

    /// Looks at the events whose results are known.
    fn advance(&mut self) {
        while let Some(event) = self.waiting.front() {
            match *event {
                Waiting::Invoked(number) => {
                    if matches!(self.tracked(number).ending, Ending::Open) {
                        return;
                    }
                    self.invoked(number);
                }
                Waiting::Returned(number) => self.returned(number),
            }
            self.waiting.pop_front();
            while self.operations.front().is_some_and(|tracked| tracked.done) {
                self.operations.pop_front();
                self.first_operation += 1;
            }
        }
    }

    fn invoked(&mut self, number: u64) {
        let place = (number - self.first_operation) as usize;
        let tracked = &mut self.operations[place];
        tracked.done = !matches!(tracked.ending, Ending::Ok(_));
        match &tracked.ending {
            Ending::Fail | Ending::Open => {}
            Ending::Unknown => {
                let class = self.machine.class(&tracked.op, None);
                if self.machine.is_pure(class) {
                    return;
                }
                let operation = Unknown { from_step: 0, operation: number as u32 };
                UnknownClass::add(&mut self.unknown, class, operation);
            }
            Ending::Ok(ret) => {
                let class = self.machine.class(&tracked.op, Some(ret));
                let slot = self.free_slots.pop().unwrap_or_else(|| {
                    self.slots += 1;
                    self.slots - 1
                });
                if slot >= 64 {
                    self.state = Stage::Exhausted(Exhausted {
                        configurations: self.frontier.examined(),
                        reason:
                            "more than 64 operations overlap; judge the recorded history as a whole"
                                .to_string(),
                    });
                }
                self.operations[place].slot = slot;
                let open = Open { slot, class, operation: number as u32 };
                if self.machine.is_pure(class) {
                    self.pure.push(open);
                    self.fresh_pure.push(open);
                } else {
                    self.impure.push(open);
                }
            }
        }
    }

    fn returned(&mut self, number: u64) {
        let tracked = self.tracked(number);
        tracked.done = true;
        let slot = tracked.slot;
        self.free_slots.push(slot);
        self.returns += 1;
        let is_it = |open: &&Open| open.slot == slot;
        let returning = *self
            .impure
            .iter()
            .find(is_it)
            .or_else(|| self.pure.iter().find(is_it))
            .expect("an operation that returns is open");
        if matches!(self.state, Stage::Running) {
            let view = View {
                step: 0,
                returning,
                impure: &self.impure,
                pure: &self.pure,
                fresh_pure: &self.fresh_pure,
                unknown: &self.unknown,
            };
            self.frontier.begin(&mut self.machine, view);
            if !self.frontier.level(&mut self.machine, view, self.budget.limit()) {
                let mut meter = self.budget.meter();
                meter.spend(self.frontier.examined());
                self.state = Stage::Exhausted(meter.exhausted());
            } else if !self.frontier.finish() {
                let spec = self.machine.spec();
                let (op, ret) = self.machine.class_parts(returning.class);
                let mut states: Vec<u32> = self.frontier.now().map(|config| config.state).collect();
                states.sort_unstable();
                states.dedup();
                states.truncate(8);
                self.state = Stage::Violated(StreamViolation {
                    operation: number,
                    description: spec.describe(op, ret),
                    states: states
                        .into_iter()
                        .map(|state| spec.describe_state(self.machine.state_of(state)))
                        .collect(),
                    configurations: self.frontier.examined(),
                });
            }
        }
        self.fresh_pure.clear();
        self.impure.retain(|open| open.slot != slot);
        self.pure.retain(|open| open.slot != slot);
        if self.machine.size() > STATES_MAX + 16 * self.frontier.now().count() {
            self.forget();
        }
    }

    /// Forgets the states and operations that nothing refers to any more.
    fn forget(&mut self) {
        let mut fresh = Machine::growing(self.machine.spec());
        let old = &self.machine;
        let mut renamed = |class: &mut u32| {
            let (op, ret) = old.class_parts(*class);
            *class = fresh.class(op, ret);
        };
        self.impure.iter_mut().for_each(|open| renamed(&mut open.class));
        self.pure.iter_mut().for_each(|open| renamed(&mut open.class));
        self.unknown.iter_mut().for_each(|unknown| renamed(&mut unknown.class));
        for config in self.frontier.now_mut() {
            config.state = fresh.state(old.state_of(config.state).clone());
        }
        self.machine = fresh;
        self.frontier.forget_counts();
    }
}
