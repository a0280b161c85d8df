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
    /// What is open and may change the state, step by step. Steps share what stays open from one to the next.
    impure: Vec<Open>,
    /// What is open and cannot.
    pure: Vec<Open>,
    pub(super) unknown: Vec<UnknownClass>,
    /// How many slots there are.
    pub(super) slots: usize,
    history: &'p History<S::Op, S::Ret>,
    possible: Option<&'p dyn Fn(OperationId) -> bool>,
    /// What was not read yet.
    unread: &'p [OperationId],
    now: Now,
    is_complete: bool,
}

/// With so many states it is worth the trouble to find out which need not be told apart.
const STATES_MAX: usize = 12;

/// Where the history was read to.
struct Now {
    /// What is open, with the positions of the returns.
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
        possible: Option<&'p dyn Fn(OperationId) -> bool>,
    ) -> Self {
        let mut machine = Machine::with_capacity(spec, ids.len());
        let initial = machine.state(spec.initial());
        Problem {
            machine,
            initial,
            steps: Vec::with_capacity(ids.len()),
            // Enough for most histories.
            impure: Vec::with_capacity(ids.len()),
            pure: Vec::with_capacity(ids.len()),
            unknown: Vec::new(),
            slots: 0,
            history,
            possible,
            unread: ids,
            now: Now { returns: Vec::with_capacity(8), free_slots: Vec::with_capacity(8) },
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
        let (mut impure_from, mut pure_from) = (0, 0);
        if let Some(last) = self.steps.last() {
            (impure_from, pure_from) = (last.impure_from, last.pure_from);
            match self.machine.is_pure(last.returning.class) {
                true => stay(&mut self.pure, &mut pure_from, last.returning.slot),
                false => stay(&mut self.impure, &mut impure_from, last.returning.slot),
            }
        }
        let fresh_from = self.pure.len();
        let mut first = (0..now.returns.len())
            .min_by_key(|i| now.returns[*i].0)
            .map(|earliest| now.returns.swap_remove(earliest));
        let mut unread = self.unread;
        while let Some((&id, rest)) = unread.split_first() {
            let operation = self.history.operation(id);
            if first.is_some_and(|(end, _)| operation.invoked.position > end) {
                break;
            }
            unread = rest;
            let ret = operation.outcome.ok();
            let class = self.machine.class(&operation.op, ret);
            let is_pure = self.machine.is_pure(class);
            if ret.is_none() || self.possible.is_some_and(|possible| possible(id)) {
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
            let list = if is_pure { &mut self.pure } else { &mut self.impure };
            list.push(open);
            let opened = (operation.last_position(), open);
            match first {
                None => first = Some(opened),
                Some(other) if other.0 < opened.0 => now.returns.push(opened),
                Some(other) => {
                    now.returns.push(other);
                    first = Some(opened);
                }
            }
        }
        self.unread = unread;
        let Some((_, returning)) = first else { return false };
        now.free_slots.push(returning.slot);
        self.steps.push(Step {
            returning,
            impure_from,
            impure_to: self.impure.len() as u32,
            pure_from,
            fresh_from: fresh_from as u32,
            pure_to: self.pure.len() as u32,
            unknown: self.unknown.len() as u32,
        });
        true
    }

    /// The configuration enters a step that was read.
    #[inline]
    pub(super) fn enter<M: Mask>(
        &mut self,
        step: usize,
        config: &mut Config<M>,
        absorbed: impl FnMut(OperationId),
    ) {
        let now = &self.steps[step];
        let fresh = &self.pure[now.fresh_from as usize..now.pure_to as usize];
        enter(&mut self.machine, step, fresh, config, absorbed);
    }

    /// What is open at the step and cannot change the state.
    #[inline]
    pub(super) fn pure(&mut self, step: usize) -> (&[Open], &mut Machine<'p, S>) {
        let now = &self.steps[step];
        (&self.pure[now.pure_from as usize..now.pure_to as usize], &mut self.machine)
    }

    /// The step, and what the search works on beside it.
    #[inline(always)]
    pub(super) fn at(&mut self, step: usize) -> (View<'_>, &mut Machine<'p, S>) {
        let now = &self.steps[step];
        let view = View {
            step,
            returning: now.returning,
            impure: &self.impure[now.impure_from as usize..now.impure_to as usize],
            pure: &self.pure[now.pure_from as usize..now.pure_to as usize],
            fresh_pure: &self.pure[now.fresh_from as usize..now.pure_to as usize],
            unknown: &self.unknown[..now.unknown as usize],
        };
        (view, &mut self.machine)
    }
}

/// Of the operations from there on the one in this slot is no longer open. It leaves at the front, or the others are copied to the end.
#[inline(always)]
fn stay(opens: &mut Vec<Open>, from: &mut u32, slot: u32) {
    let (first, end) = (*from as usize, opens.len());
    match opens[first..].iter().position(|open| open.slot == slot) {
        None => {}
        Some(0) => *from += 1,
        Some(place) => {
            opens.extend_from_within(first..first + place);
            opens.extend_from_within(first + place + 1..end);
            *from = end as u32;
        }
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
        let mut problem = Problem::new(&spec, &history, &ids, None);
        assert!(problem.reach(3));
        assert_eq!((problem.len(), problem.slots), (4, 3));
        let open: Vec<usize> = (0..4).map(|step| problem.at(step).0.impure.len()).collect();
        assert_eq!(open, [3, 2, 1, 3]);
        problem.complete();
        assert_eq!((problem.len(), problem.slots), (30, 3));
        assert!(!problem.reach(30));
    }

    #[test]
    fn what_stays_open_keeps_its_order() {
        // Even clients read and odd ones write; each returns in the order given, and another begins after it.
        let mut builder = HistoryBuilder::new();
        let reads = |client: u64| client.is_multiple_of(2);
        let invoke = |builder: &mut HistoryBuilder<_, _>, client: u64| {
            let op = if reads(client) { RegisterOp::Read } else { RegisterOp::Write(1) };
            builder.invoke(ProcessId(client), op).unwrap();
        };
        (0..6).for_each(|client| invoke(&mut builder, client));
        for client in [3, 2, 0, 5, 1, 4] {
            let ret = if reads(client) { RegisterRet::Value(1) } else { RegisterRet::Written };
            builder.ok(ProcessId(client), ret).unwrap();
            invoke(&mut builder, 10 + client);
        }
        for client in [3, 2, 0, 5, 1, 4] {
            let ret = if reads(client) { RegisterRet::Value(1) } else { RegisterRet::Written };
            builder.ok(ProcessId(10 + client), ret).unwrap();
        }
        let history = builder.finish();
        let ids: Vec<OperationId> = (0..12).map(OperationId).collect();
        let spec = Register::new(0);
        let mut problem = Problem::new(&spec, &history, &ids, None);
        problem.complete();
        let operations =
            |opens: &[Open]| opens.iter().map(|open| open.operation).collect::<Vec<u32>>();
        let expected: [(&[u32], &[u32], &[u32]); 8] = [
            (&[1, 3, 5], &[0, 2, 4], &[0, 2, 4]),
            (&[1, 5, 6], &[0, 2, 4], &[]),
            (&[1, 5, 6], &[0, 4, 7], &[7]),
            (&[1, 5, 6], &[4, 7, 8], &[8]),
            (&[1, 6, 9], &[4, 7, 8], &[]),
            (&[6, 9, 10], &[4, 7, 8], &[]),
            (&[6, 9, 10], &[7, 8, 11], &[11]),
            (&[9, 10], &[7, 8, 11], &[]),
        ];
        for (step, (impure, pure, fresh)) in expected.into_iter().enumerate() {
            let (view, _) = problem.at(step);
            assert_eq!(operations(view.impure), impure, "step {step}");
            assert_eq!(operations(view.pure), pure, "step {step}");
            assert_eq!(operations(view.fresh_pure), fresh, "step {step}");
        }
    }
}
