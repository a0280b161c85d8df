//! A history made ready for the search: one step for each return, with what is open at it.
//!
//! Only a return forces anything to have taken effect (just-in-time linearization, Lowe 2017), so the search
//! moves from return to return. An open operation occupies a slot from its invocation to its return:
//! slots are as many as operations overlap, however long the history. Steps are read when the search first gets to
//! them: what lies beyond a violation costs nothing.

use super::config::Config;
use super::expand::enter;
use super::machine::Machine;
use super::mask::Mask;
use super::observers::find_observers;
use super::step::{Open, Step, Unknown, UnknownClass, View};
use crate::history::{History, OperationId};
use crate::spec::NondeterministicSpec;

/// A history made ready for the search, as far as the search has asked for it.
pub(super) struct Problem<'p, S: NondeterministicSpec> {
    pub(super) machine: Machine<'p, S>,
    pub(super) initial: u32,
    pub(super) steps: Vec<Step>,
    /// What is open, step by step.
    opens: Vec<Open>,
    pub(super) unknown: Vec<UnknownClass>,
    /// How many slots there are.
    pub(super) slots: usize,
    history: &'p History<S::Op, S::Ret>,
    possible: &'p dyn Fn(OperationId) -> bool,
    /// What was not read yet.
    unread: &'p [OperationId],
    now: Now,
    is_complete: bool,
}

/// With so many states it is worth the trouble to find out which need not be told apart.
const STATES_MAX: usize = 12;

/// What is open where the history was read to.
struct Now {
    impure: Vec<Open>,
    pure: Vec<Open>,
    /// The same operations with the positions of their returns.
    returns: Vec<(u32, Open)>,
    free_slots: Vec<u32>,
}

impl<'p, S: NondeterministicSpec> Problem<'p, S> {
    /// The operations `ids` of `history`, ascending, which must not include failed ones. Those that are `possible`
    /// may take effect with their result at any time after their invocation, or never.
    pub(super) fn new(
        spec: &'p S,
        history: &'p History<S::Op, S::Ret>,
        ids: &'p [OperationId],
        possible: &'p dyn Fn(OperationId) -> bool,
    ) -> Self {
        let mut machine = Machine::with_capacity(spec, ids.len());
        let initial = machine.state(&spec.initial());
        Problem {
            machine,
            initial,
            steps: Vec::with_capacity(ids.len()),
            // About as many are open at a time in most histories.
            opens: Vec::with_capacity(ids.len() * 6),
            unknown: Vec::with_capacity(8),
            slots: 0,
            history,
            possible,
            unread: ids,
            now: Now {
                impure: Vec::with_capacity(8),
                pure: Vec::with_capacity(8),
                returns: Vec::with_capacity(8),
                free_slots: Vec::with_capacity(8),
            },
            is_complete: false,
        }
    }

    /// How many returns were read.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is such a step; reads up to it.
    #[inline]
    pub(super) fn reach(&mut self, step: usize) -> bool {
        while step >= self.steps.len() {
            if !self.read() {
                return false;
            }
        }
        true
    }

    /// Reads all of the history, and finds out which states need not be told apart.
    pub(super) fn complete(&mut self) {
        while self.read() {}
        self.is_complete = true;
        find_observers(&mut self.machine, &self.steps, &self.unknown);
    }

    /// Whether there are many states, and [`complete`](Self::complete) may merge some.
    #[inline]
    pub(super) fn should_merge(&self) -> bool {
        !self.is_complete && self.machine.state_count() > STATES_MAX
    }

    /// Reads on to the next return; false if there is none.
    fn read(&mut self) -> bool {
        let now = &mut self.now;
        let fresh = now.pure.len();
        let (mut next, mut end) = (0, u32::MAX);
        for (i, (position, _)) in now.returns.iter().enumerate() {
            if *position < end {
                (next, end) = (i, *position);
            }
        }
        while let Some((&id, rest)) = self.unread.split_first() {
            let operation = self.history.operation(id);
            if operation.invoked.position > end {
                break;
            }
            self.unread = rest;
            let ret = operation.outcome.ok();
            let class = self.machine.class(&operation.op, ret);
            let is_pure = self.machine.is_pure(class);
            if ret.is_none() || (self.possible)(id) {
                if !is_pure {
                    let from_step = self.steps.len() as u32;
                    let operation = Unknown { from_step, operation: id.0 };
                    UnknownClass::add(&mut self.unknown, class, operation);
                }
                continue;
            }
            let slot = now.free_slots.pop().unwrap_or_else(|| {
                self.slots += 1;
                self.slots as u32 - 1
            });
            let open = Open { slot, class, operation: id.0 };
            let list = if is_pure { &mut now.pure } else { &mut now.impure };
            list.push(open);
            let position = operation.last_position();
            if position < end {
                (next, end) = (now.returns.len(), position);
            }
            now.returns.push((position, open));
        }
        if now.returns.is_empty() {
            return false;
        }
        let (_, returning) = now.returns.swap_remove(next);
        let impure_from = self.opens.len();
        let pure_from = impure_from + now.impure.len();
        self.opens.extend_from_slice(&now.impure);
        self.opens.extend_from_slice(&now.pure);
        self.steps.push(Step {
            returning,
            impure_from: impure_from as u32,
            pure_from: pure_from as u32,
            fresh_from: (pure_from + fresh) as u32,
            to: self.opens.len() as u32,
            unknown: self.unknown.len() as u32,
        });
        let is_pure = self.machine.is_pure(returning.class);
        let list = if is_pure { &mut now.pure } else { &mut now.impure };
        list.retain(|open| open.slot != returning.slot);
        now.free_slots.push(returning.slot);
        true
    }

    /// The configuration enters a step that was read.
    #[inline]
    pub(super) fn enter<M: Mask>(&mut self, step: usize, config: &mut Config<M>) {
        let now = &self.steps[step];
        let fresh = &self.opens[now.fresh_from as usize..now.to as usize];
        enter(&mut self.machine, step, fresh, config);
    }

    /// The step, and what the search works on beside it.
    #[inline]
    pub(super) fn at(&mut self, step: usize) -> (View<'_>, &mut Machine<'p, S>) {
        let now = &self.steps[step];
        let opens = &self.opens[now.impure_from as usize..now.to as usize];
        let (impure, pure) = opens.split_at((now.pure_from - now.impure_from) as usize);
        let view = View {
            step,
            returning: now.returning,
            impure,
            pure,
            fresh_pure: &pure[(now.fresh_from - now.pure_from) as usize..],
            unknown: &self.unknown[..now.unknown as usize],
        };
        (view, &mut self.machine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};
    use crate::spec::{Register, RegisterOp, RegisterRet};

    #[test]
    fn slots_are_used_again() {
        let mut builder = HistoryBuilder::new();
        for round in 0..10 {
            for client in 0..3 {
                builder.invoke(ProcessId(client), RegisterOp::Write(round)).unwrap();
            }
            for client in 0..3 {
                builder.ok(ProcessId(client), RegisterRet::Written).unwrap();
            }
        }
        let history = builder.finish();
        let spec = Register::new(0);
        let ids: Vec<OperationId> = (0..30).map(OperationId).collect();
        let mut problem = Problem::new(&spec, &history, &ids, &|_| false);
        assert!(problem.reach(3));
        assert_eq!((problem.len(), problem.slots), (4, 3));
        let open: Vec<usize> = (0..4).map(|step| problem.at(step).0.impure.len()).collect();
        assert_eq!(open, [3, 2, 1, 3]);
        problem.complete();
        assert_eq!((problem.len(), problem.slots), (30, 3));
        assert!(!problem.reach(30));
    }
}
