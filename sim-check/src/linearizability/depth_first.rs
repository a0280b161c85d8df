//! The depth-first driver: best when there is a linearization to be found.

use super::config::{Config, ConfigSet};
use super::counts::Counts;
use super::expand::{Choice, enter, expand};
use super::mask::Mask;
use super::problem::Problem;
use crate::spec::NondeterministicSpec;

/// How far a driver got with the configurations that it was given.
pub(super) enum Progress {
    /// There is a linearization; these choices lead to it.
    Found(Vec<Choice>),
    /// There is none: no configuration gets past the return of this step.
    Stuck(usize),
    /// There is more to examine.
    Paused,
}

/// A search that follows one order of operations until it is stuck, then the next one.
pub(super) struct DepthFirst<M> {
    stack: Vec<Frame<M>>,
    trail: Vec<Choice>,
    seen: ConfigSet<M>,
    counts: Counts,
    furthest: usize,
    examined: u64,
}

struct Frame<M> {
    step: u32,
    /// How many choices led to the configuration before this frame's own.
    trail: u32,
    config: Config<M>,
    choice: Option<Choice>,
}

impl<M: Mask> DepthFirst<M> {
    pub(super) fn new<S: NondeterministicSpec>(problem: &mut Problem<'_, S>) -> Self {
        let mut config = Config { state: problem.initial, used: 0, mask: M::empty(problem.slots) };
        if problem.len() > 0 {
            let (view, machine) = problem.at(0);
            enter(machine, view, &mut config);
        }
        DepthFirst {
            stack: vec![Frame { step: 0, trail: 0, config, choice: None }],
            trail: Vec::with_capacity(problem.len()),
            seen: ConfigSet::with_capacity(problem.len()),
            counts: Counts::new(problem.unknown.len()),
            furthest: 0,
            examined: 0,
        }
    }

    /// How many configurations were examined.
    pub(super) fn examined(&self) -> u64 {
        self.examined
    }

    /// Examines configurations until the search ends or about `limit` were examined in all.
    pub(super) fn run<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        limit: u64,
    ) -> Progress {
        let end = problem.len();
        while self.examined < limit {
            let Some(mut frame) = self.stack.pop() else { return Progress::Stuck(self.furthest) };
            loop {
                self.trail.truncate(frame.trail as usize);
                self.trail.extend(frame.choice);
                let mut step = frame.step as usize;
                let config = &mut frame.config;
                loop {
                    if step == end {
                        return Progress::Found(std::mem::take(&mut self.trail));
                    }
                    let slot = problem.steps[step].returning.slot;
                    if !config.mask.has(slot) {
                        break;
                    }
                    config.mask.remove(slot);
                    step += 1;
                    if step < end {
                        let (view, machine) = problem.at(step);
                        enter(machine, view, config);
                    }
                }
                self.furthest = self.furthest.max(step);
                self.examined += 1;
                if !self.seen.insert(step as u32, config, &self.counts) {
                    break;
                }
                let (view, machine) = problem.at(step);
                let (stack, trail) = (&mut self.stack, self.trail.len() as u32);
                let before = stack.len();
                expand(machine, &mut self.counts, view, config, |config, choice| {
                    stack.push(Frame { step: step as u32, trail, config, choice: Some(choice) });
                });
                if stack.len() == before {
                    break;
                }
                frame = stack.pop().expect("a child was pushed");
            }
        }
        Progress::Paused
    }
}
