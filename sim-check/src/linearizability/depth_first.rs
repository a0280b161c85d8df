//! The depth-first driver: best when there is a linearization to be found.

use super::config::{Config, ConfigSet};
use super::counts::Counts;
use super::expand::{Choice, expand_others, expand_returning};
use super::machine::Machine;
use super::mask::Mask;
use super::problem::Problem;
use super::step::View;
use crate::spec::NondeterministicSpec;

/// How far a driver got with the configurations that it was given.
pub(super) enum Progress {
    /// There is a linearization; these choices lead to it.
    Found(Vec<Choice>),
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
    trail: Vec<Choice>,
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
    /// How many choices led to it, without that of its turn.
    trail: u32,
    config: Config<M>,
    turn: Turn,
}

/// What is to be done with a configuration.
enum Turn {
    /// To examine it; this choice made it, if any.
    New(Option<Choice>),
    /// To let others take effect before the returning operation.
    Others,
}

impl<M: Mask> DepthFirst<M> {
    /// A search that expects this many operations.
    pub(super) fn new<S: NondeterministicSpec>(
        problem: &mut Problem<'_, S>,
        operations: usize,
    ) -> Self {
        let mut config = Config { state: problem.initial, used: 0, mask: M::empty(problem.slots) };
        if problem.reach(0) && problem.slots <= M::SLOTS_MAX {
            problem.enter(0, &mut config);
        }
        let mut stack = Vec::with_capacity(operations);
        stack.push(Frame { step: 0, trail: 0, config, turn: Turn::New(None) });
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
            match frame.turn {
                Turn::Others => {
                    let (view, machine) = problem.at(frame.step as usize);
                    self.take_others(machine, view, &frame.config);
                }
                Turn::New(choice) => {
                    self.trail.extend(choice);
                    if let Some(end) = self.go(problem, frame.step as usize, frame.config) {
                        return end;
                    }
                }
            }
        }
        Progress::Paused
    }

    /// Follows a configuration for as long as the returning operations may take effect.
    fn go<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        mut step: usize,
        mut config: Config<M>,
    ) -> Option<Progress> {
        if !problem.reach(step) {
            return Some(Progress::Found(std::mem::take(&mut self.trail)));
        }
        loop {
            if problem.slots > M::SLOTS_MAX {
                return Some(Progress::TooWide);
            }
            let slot = problem.steps[step].returning.slot;
            if config.mask.has(slot) {
                config.mask.remove(slot);
                step += 1;
                if !problem.reach(step) {
                    return Some(Progress::Found(std::mem::take(&mut self.trail)));
                }
                problem.enter(step, &mut config);
                continue;
            }
            self.furthest = self.furthest.max(step);
            self.examined += 1;
            let (view, machine) = problem.at(step);
            let (at, trail) = (step as u32, self.trail.len() as u32);
            if step < self.seen_end {
                // The search was stuck hereabouts, and is likely to be again.
                if !self.take_others(machine, view, &config) {
                    return None;
                }
            } else {
                // What the returning operation leads to is of later steps and never meets this configuration
                // again: it need not be in `seen` before the others' turn.
                let config = config.clone();
                self.stack.push(Frame { step: at, trail, config, turn: Turn::Others });
            }
            let (stack, mut next) = (&mut self.stack, None);
            expand_returning(machine, view, &config, |config, choice| {
                if let Some((config, choice)) = next.replace((config, choice)) {
                    stack.push(Frame { step: at, trail, config, turn: Turn::New(Some(choice)) });
                }
            });
            let (successor, choice) = next?;
            self.trail.push(choice);
            config = successor;
        }
    }

    /// Lets operations take effect before the one that returns; false if this was done before.
    #[inline]
    fn take_others<S: NondeterministicSpec>(
        &mut self,
        machine: &mut Machine<'_, S>,
        view: View<'_>,
        config: &Config<M>,
    ) -> bool {
        let (step, trail) = (view.step as u32, self.trail.len() as u32);
        if !self.seen.insert(step, config, &self.counts) {
            return false;
        }
        self.seen_end = self.seen_end.max(view.step + 1);
        let stack = &mut self.stack;
        expand_others(machine, &mut self.counts, view, config, |config, choice| {
            stack.push(Frame { step, trail, config, turn: Turn::New(Some(choice)) });
        });
        true
    }
}
