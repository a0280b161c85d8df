//! The depth-first driver: best when there is a linearization to be found.

use super::config::{Config, ConfigSet};
use super::counts::Counts;
use super::expand::{absorb, each_successor, expand_others};
use super::mask::Mask;
use super::problem::Problem;
use super::step::Open;
use crate::history::OperationId;
use crate::spec::NondeterministicSpec;

/// How far a driver got with the configurations that it was given.
pub(super) enum Progress {
    /// There is a linearization: the operations in this order.
    Found(Vec<OperationId>),
    /// There is none: no configuration gets past the return of this step.
    Stuck(usize),
    /// There is more to examine.
    Paused,
    /// More operations overlap than the mask has slots for.
    TooWide,
}

/// A search that follows one order of operations until it is stuck, then the next one.
pub(super) struct DepthFirst<M> {
    stack: Vec<Frame<M>>,
    /// The operations that have taken effect, in their order.
    trail: Vec<OperationId>,
    /// Configurations that need not be examined again.
    seen: ConfigSet<M>,
    /// Beyond the last step of which `seen` has a configuration.
    seen_end: usize,
    counts: Counts,
    furthest: usize,
    examined: u64,
}

struct Frame<M> {
    step: u32,
    /// How many operations had taken effect, without that of its turn.
    trail: u32,
    config: Config<M>,
    turn: Turn,
}

/// What is to be done with a configuration.
enum Turn {
    /// To enter the step.
    Enter,
    /// To examine it; this operation led to it.
    Took(OperationId),
    /// To let others take effect before the returning operation.
    Others,
}

impl<M: Mask> DepthFirst<M> {
    /// A search that begins in this state, with so many slots if masks must know that, and expects this many operations.
    pub(super) fn new(initial: u32, slots: usize, operations: usize) -> Self {
        let config = Config { state: initial, used: 0, mask: M::empty(slots) };
        let mut stack = Vec::with_capacity(operations.min(32));
        stack.push(Frame { step: 0, trail: 0, config, turn: Turn::Enter });
        DepthFirst {
            stack,
            trail: Vec::with_capacity(operations),
            seen: ConfigSet::expecting(operations),
            seen_end: 0,
            counts: Counts::default(),
            furthest: 0,
            examined: 0,
        }
    }

    /// How many configurations were examined.
    pub(super) fn examined(&self) -> u64 {
        self.examined
    }

    /// Examines configurations until the search ends, or about `limit` were examined in all, or the problem should be
    /// completed.
    pub(super) fn run<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        limit: u64,
    ) -> Progress {
        while self.examined < limit && !problem.should_merge() {
            let Some(frame) = self.stack.pop() else { return Progress::Stuck(self.furthest) };
            self.trail.truncate(frame.trail as usize);
            let Frame { step, mut config, turn, .. } = frame;
            let mut step = step as usize;
            match turn {
                Turn::Enter => {}
                Turn::Others => {
                    self.take_others(problem, step, &config);
                    continue;
                }
                Turn::Took(operation) => {
                    self.trail.push(operation);
                    let (pure, machine) = problem.pure(step);
                    absorb(machine, pure, &mut config, |id| self.trail.push(id));
                    match self.pass(problem, step, config) {
                        Some(passed) => config = passed,
                        None => continue,
                    }
                    step += 1;
                }
            }
            if let Some(end) = self.go(problem, step, config) {
                return end;
            }
        }
        Progress::Paused
    }

    /// Follows a configuration into this step, and on for as long as the returning operations may take effect.
    fn go<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        mut step: usize,
        mut config: Config<M>,
    ) -> Option<Progress> {
        loop {
            if !problem.reach(step) {
                return Some(Progress::Found(std::mem::take(&mut self.trail)));
            }
            if problem.slots > M::SLOTS_MAX {
                return Some(Progress::TooWide);
            }
            problem.enter(step, &mut config, |id| self.trail.push(id));
            config = self.pass(problem, step, config)?;
            step += 1;
        }
    }

    /// Gets the configuration beyond the return of the step.
    #[inline(always)]
    fn pass<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        step: usize,
        mut config: Config<M>,
    ) -> Option<Config<M>> {
        let returning = problem.steps[step].returning;
        if config.mask.has(returning.slot) {
            config.mask.remove(returning.slot);
            return Some(config);
        }
        self.take_returning(problem, step, returning, config)
    }

    /// Where the configuration gets to if the operation that returns at this step takes effect now. What else could
    /// be done is left on the stack.
    #[inline(never)]
    fn take_returning<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        step: usize,
        returning: Open,
        mut config: Config<M>,
    ) -> Option<Config<M>> {
        self.furthest = self.furthest.max(step);
        self.examined += 1;
        let (at, trail) = (step as u32, self.trail.len() as u32);
        if step < self.seen_end {
            // The search was stuck hereabouts, and is likely to be again.
            if !self.take_others(problem, step, &config) {
                return None;
            }
        } else {
            // What the returning operation leads to is of later steps and never meets this configuration
            // again: it need not be in `seen` before the others' turn.
            let config = config.clone();
            self.stack.push(Frame { step: at, trail, config, turn: Turn::Others });
        }
        let (pure, machine) = problem.pure(step);
        // One that is pure would have taken effect as soon as it was possible.
        if machine.is_pure(returning.class) {
            return None;
        }
        let (stack, mut next) = (&mut self.stack, None);
        let operation = OperationId(returning.operation);
        each_successor(machine, config.state, returning.class, step, |_, state| {
            if let Some(state) = next.replace(state) {
                let mut config = Config { state, ..config.clone() };
                config.mask.add(returning.slot);
                stack.push(Frame { step: at, trail, config, turn: Turn::Took(operation) });
            }
        });
        let state = next?;
        self.trail.push(operation);
        if state != config.state {
            config.state = state;
            absorb(machine, pure, &mut config, |id| self.trail.push(id));
        }
        Some(config)
    }

    /// Lets operations take effect before the one that returns; false if this was done before.
    fn take_others<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        step: usize,
        config: &Config<M>,
    ) -> bool {
        let (at, trail) = (step as u32, self.trail.len() as u32);
        if !self.seen.insert(at, config, &self.counts) {
            return false;
        }
        self.seen_end = self.seen_end.max(step + 1);
        let stack = &mut self.stack;
        let (view, machine) = problem.at(step);
        expand_others(machine, &mut self.counts, view, config, |_, config, choice| {
            let turn = Turn::Took(OperationId(choice.operation));
            stack.push(Frame { step: at, trail, config, turn });
        });
        true
    }
}
