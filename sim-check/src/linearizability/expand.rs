//! What can happen next in a configuration.

use super::config::Config;
use super::counts::Counts;
use super::machine::{Machine, Next};
use super::mask::Mask;
use super::step::{Open, View};
use crate::history::OperationId;
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

/// Lets those of `opens` take effect that are possible and change nothing, and names them. That is exact: moved to
/// the front of any valid continuation, they leave it valid.
#[inline]
pub(super) fn absorb<S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'_, S>,
    opens: &[Open],
    config: &mut Config<M>,
    mut absorbed: impl FnMut(OperationId),
) {
    for open in opens {
        if !config.mask.has(open.slot) && machine.allows(config.state, open.class) {
            config.mask.add(open.slot);
            absorbed(OperationId(open.operation));
        }
    }
}

/// The configuration as it enters a step, where `fresh` and pure operations were just invoked: states are merged, and
/// those operations absorbed.
#[inline]
pub(super) fn enter<S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'_, S>,
    step: usize,
    fresh: &[Open],
    config: &mut Config<M>,
    absorbed: impl FnMut(OperationId),
) {
    config.state = machine.canonical(config.state, step);
    absorb(machine, fresh, config, absorbed);
}

/// Gives each configuration that the returning operation leads to, before anything is absorbed. All others stay in
/// the step.
#[inline]
pub(super) fn expand_returning<'s, S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'s, S>,
    view: View<'_>,
    config: &Config<M>,
    found: impl FnMut(&mut Machine<'s, S>, Config<M>, Choice),
) {
    // One that is pure has taken effect as soon as it was possible.
    if !machine.is_pure(view.returning.class) {
        take(machine, view, config, &view.returning, found);
    }
}

/// Gives each configuration that one more operation leads to that is not the returning one, before anything is
/// absorbed.
#[inline]
pub(super) fn expand_others<'s, S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'s, S>,
    counts: &mut Counts,
    view: View<'_>,
    config: &Config<M>,
    mut found: impl FnMut(&mut Machine<'s, S>, Config<M>, Choice),
) {
    let step = view.step as u32;
    for (i, known) in view.unknown.iter().enumerate().rev() {
        let unused = known.after(counts.count(config.used, i));
        let Some(unused) = unused.filter(|unused| unused.from_step <= step) else { continue };
        let counts = &mut *counts;
        each_successor(machine, config.state, known.class, view.step, |machine, state| {
            if state == config.state {
                return;
            }
            let used = counts.increment(config.used, i);
            let next = Config { state, used, mask: config.mask.clone() };
            found(machine, next, Choice { step, operation: unused.operation, state });
        });
    }
    for open in view.impure.iter().rev() {
        if open.slot != view.returning.slot && !config.mask.has(open.slot) {
            take(machine, view, config, open, &mut found);
        }
    }
}

#[inline]
fn take<'s, S: NondeterministicSpec, M: Mask>(
    machine: &mut Machine<'s, S>,
    view: View<'_>,
    config: &Config<M>,
    open: &Open,
    mut found: impl FnMut(&mut Machine<'s, S>, Config<M>, Choice),
) {
    each_successor(machine, config.state, open.class, view.step, |machine, state| {
        let mut next = Config { state, used: config.used, mask: config.mask.clone() };
        next.mask.add(open.slot);
        found(machine, next, Choice { step: view.step as u32, operation: open.operation, state });
    });
}

#[inline]
pub(super) fn each_successor<'s, S: NondeterministicSpec>(
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
