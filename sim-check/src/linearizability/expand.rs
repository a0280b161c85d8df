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

/// Gives each configuration that one more operation leads to, the returning operation's last.
#[inline]
pub(super) fn expand<S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'_, S>,
    counts: &mut Counts,
    view: View<'_>,
    config: &Config<M>,
    mut found: impl FnMut(Config<M>, Choice),
) {
    let step = view.step as u32;
    for (i, class) in view.unknown.iter().enumerate() {
        let used = counts.count(config.used, i) as usize;
        if class.from_step.get(used).is_none_or(|from| *from > step) {
            continue;
        }
        let operation = class.operations[used];
        let counts = &mut *counts;
        each_successor(machine, config.state, class.class, view.step, |machine, state| {
            if state == config.state {
                return;
            }
            let used = counts.increment(config.used, i);
            let mut next = Config { state, used, mask: config.mask.clone() };
            absorb(machine, view.pure, &mut next);
            found(next, Choice { step, operation, state });
        });
    }
    let mut take = |machine: &mut Machine<'_, S>, open: &Open| {
        each_successor(machine, config.state, open.class, view.step, |machine, state| {
            let mut next = Config { state, used: config.used, mask: config.mask.clone() };
            next.mask.add(open.slot);
            if state != config.state {
                absorb(machine, view.pure, &mut next);
            }
            found(next, Choice { step, operation: open.operation, state });
        });
    };
    let mut returning = None;
    for open in view.impure {
        if open.slot == view.returning.slot {
            returning = Some(open);
        } else if !config.mask.has(open.slot) {
            take(machine, open);
        }
    }
    if let Some(open) = returning {
        take(machine, open);
    }
}

#[inline]
fn each_successor<'s, S: NondeterministicSpec>(
    machine: &mut Machine<'s, S>,
    state: u32,
    class: u32,
    step: usize,
    mut found: impl FnMut(&mut Machine<'s, S>, u32),
) {
    match machine.next(state, class) {
        Next::None => {}
        Next::One(next) => {
            let next = machine.canonical(next, step);
            found(machine, next);
        }
        Next::Several(place) => {
            for i in 0..machine.list(place).len() {
                let next = machine.canonical(machine.list(place)[i], step);
                found(machine, next);
            }
        }
    }
}
