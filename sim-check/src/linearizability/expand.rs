//! What can happen next in a configuration.

use super::config::Config;
use super::counts::Counts;
use super::machine::{Machine, Next};
use super::mask::Mask;
use super::problem::{Open, View};
use crate::spec::NondeterministicSpec;

/// A decision of the search: this operation took effect before the return of this step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) step: u32,
    /// The operation's place in the history.
    pub(super) operation: u32,
    /// The state that it led to.
    pub(super) state: u32,
}

/// Lets those of `opens` take effect that are possible and change nothing. That is exact: moved to
/// the front of any valid continuation, they leave it valid.
#[inline]
pub(super) fn absorb<S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'_, S>,
    opens: &[Open],
    config: &mut Config<M>,
) {
    for open in opens {
        if !config.mask.has(open.slot) && machine.allows(config.state, open.class) {
            config.mask.add(open.slot);
        }
    }
}

/// The configuration as it enters a step: states are merged, and what was just invoked is absorbed.
#[inline]
pub(super) fn enter<S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'_, S>,
    view: View<'_>,
    config: &mut Config<M>,
) {
    config.state = machine.canonical(config.state, view.step);
    absorb(machine, view.fresh_pure, config);
}

/// Goes through the configurations that one more operation leads to: the returning one first, then others that are
/// open, then those of unknown outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Successors {
    /// Which operation is next: 0 is the returning one.
    at: u32,
    /// Which of the several states that it may lead to.
    state: u32,
}

impl Successors {
    /// Whether the returning operation has had its turn. Its successors leave the step; all others stay in it.
    #[inline]
    pub(super) fn are_past_return(self) -> bool {
        self.at > 0
    }

    /// The next one, after `config` at the step of `view`, which must be the same each time.
    #[inline]
    pub(super) fn next<S: NondeterministicSpec, M: Mask>(
        &mut self,
        machine: &mut Machine<'_, S>,
        counts: &mut Counts,
        view: View<'_>,
        config: &Config<M>,
    ) -> Option<(Config<M>, Choice)> {
        let (opens, classes) = (view.impure.len(), view.unknown.len());
        loop {
            let at = self.at as usize;
            let open = match at {
                0 => view.returning,
                at if at <= opens => view.impure[opens - at],
                at if at <= opens + classes => {
                    let class = opens + classes - at;
                    match self.next_unknown(machine, counts, view, config, class) {
                        None => continue,
                        found => return found,
                    }
                }
                _ => return None,
            };
            // A pure operation took effect when it became possible.
            let has_turn = match at {
                0 => !machine.is_pure(open.class),
                _ => open.slot != view.returning.slot && !config.mask.has(open.slot),
            };
            if !has_turn {
                self.at += 1;
                continue;
            }
            let Some(state) = self.next_state(machine, config.state, open.class, view.step) else {
                continue;
            };
            let mut next = Config { state, used: config.used, mask: config.mask.clone() };
            next.mask.add(open.slot);
            if state != config.state {
                absorb(machine, view.pure, &mut next);
            }
            let choice = Choice { step: view.step as u32, operation: open.operation, state };
            return Some((next, choice));
        }
    }

    /// The same for an operation of unknown outcome. `None`: it is the next one's turn.
    fn next_unknown<S: NondeterministicSpec, M: Mask>(
        &mut self,
        machine: &mut Machine<'_, S>,
        counts: &mut Counts,
        view: View<'_>,
        config: &Config<M>,
        class: usize,
    ) -> Option<(Config<M>, Choice)> {
        let step = view.step as u32;
        let known = &view.unknown[class];
        let unused = known.after(counts.count(config.used, class));
        let Some(unused) = unused.filter(|unused| unused.from_step <= step) else {
            self.at += 1;
            return None;
        };
        let state = self.next_state(machine, config.state, known.class, view.step)?;
        if state == config.state {
            return None;
        }
        let used = counts.increment(config.used, class);
        let mut next = Config { state, used, mask: config.mask.clone() };
        absorb(machine, view.pure, &mut next);
        Some((next, Choice { step, operation: unused.operation, state }))
    }

    /// The next state that an operation of `class` leads to. Goes on to the next operation after the last.
    #[inline]
    fn next_state<S: NondeterministicSpec>(
        &mut self,
        machine: &mut Machine<'_, S>,
        state: u32,
        class: u32,
        step: usize,
    ) -> Option<u32> {
        let next = match machine.next(state, class) {
            Next::None => {
                self.at += 1;
                return None;
            }
            Next::One(next) => {
                self.at += 1;
                next
            }
            Next::Several(place) => {
                let list = machine.list(place);
                let next = list[self.state as usize];
                self.state += 1;
                if self.state as usize == list.len() {
                    (self.at, self.state) = (self.at + 1, 0);
                }
                next
            }
        };
        Some(machine.canonical(next, step))
    }
}
