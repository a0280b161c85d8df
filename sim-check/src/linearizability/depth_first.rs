//! The depth-first driver: best when there is a linearization to be found.

use super::config::{Config, ConfigSet};
use super::counts::Counts;
use super::expand::{Choice, Successors, enter};
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
    /// More operations overlap than the mask has slots for.
    TooWide,
}

/// A search that follows one order of operations until it is stuck, then the next one.
pub(super) struct DepthFirst<M> {
    /// From the configuration that the search began with to the present one.
    path: Vec<Frame<M>>,
    /// Configurations that need not be examined again.
    seen: ConfigSet<M>,
    /// The last step of which `seen` has a configuration.
    seen_until: Option<usize>,
    counts: Counts,
    furthest: usize,
    examined: u64,
}

struct Frame<M> {
    step: usize,
    config: Config<M>,
    /// What led to it; nothing leads to the first one.
    choice: Option<Choice>,
    successors: Successors,
    is_seen: bool,
}

/// Where a configuration goes by itself.
enum Arrival {
    /// To this step, whose return it cannot pass.
    At(usize),
    End,
    TooWide,
}

impl<M: Mask> DepthFirst<M> {
    pub(super) fn new(expected: usize) -> Self {
        DepthFirst {
            path: Vec::with_capacity(expected),
            seen: ConfigSet::new(),
            seen_until: None,
            counts: Counts::default(),
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
        if self.examined == 0 && limit > 0 {
            let (state, mask) = (problem.initial, M::empty(problem.slots));
            if let Some(end) = self.descend(problem, 0, Config { state, used: 0, mask }, None) {
                return end;
            }
        }
        while self.examined < limit {
            let Some(frame) = self.path.last_mut() else { return Progress::Stuck(self.furthest) };
            let step = frame.step;
            let (view, machine) = problem.at(step);
            let next = frame.successors.next(machine, &mut self.counts, view, &frame.config);
            // Until then, nothing that follows it is of its step, so nothing could meet it.
            if !frame.is_seen && frame.successors.are_past_return() {
                frame.is_seen = true;
                self.seen.insert(step as u32, &frame.config, &self.counts);
                self.seen_until = self.seen_until.max(Some(step));
            }
            let Some((config, choice)) = next else {
                self.path.pop();
                continue;
            };
            if let Some(end) = self.descend(problem, step, config, Some(choice)) {
                return end;
            }
        }
        Progress::Paused
    }

    /// Goes on with a configuration that was made at `step`.
    #[inline]
    fn descend<S: NondeterministicSpec>(
        &mut self,
        problem: &mut Problem<'_, S>,
        step: usize,
        mut config: Config<M>,
        choice: Option<Choice>,
    ) -> Option<Progress> {
        let step = match arrive(problem, step, choice.is_none(), &mut config) {
            Arrival::At(step) => step,
            Arrival::End => {
                let choices = self.path.iter().filter_map(|frame| frame.choice).chain(choice);
                return Some(Progress::Found(choices.collect()));
            }
            Arrival::TooWide => return Some(Progress::TooWide),
        };
        self.furthest = self.furthest.max(step);
        self.examined += 1;
        let may_be_seen = self.seen_until.is_some_and(|until| step <= until);
        if !may_be_seen || !self.seen.has(step as u32, &config, &self.counts) {
            let successors = Successors::default();
            self.path.push(Frame { step, config, choice, successors, is_seen: false });
        }
        None
    }
}

/// Goes past the returns of operations that have taken effect.
#[inline]
fn arrive<S: NondeterministicSpec, M: Mask>(
    problem: &mut Problem<'_, S>,
    mut step: usize,
    mut enters: bool,
    config: &mut Config<M>,
) -> Arrival {
    loop {
        if !problem.reach(step) {
            return Arrival::End;
        }
        if problem.slots > M::SLOTS_MAX {
            return Arrival::TooWide;
        }
        if enters {
            let (view, machine) = problem.at(step);
            enter(machine, view, config);
        }
        let slot = problem.steps[step].returning.slot;
        if !config.mask.has(slot) {
            return Arrival::At(step);
        }
        config.mask.remove(slot);
        step += 1;
        enters = true;
    }
}
