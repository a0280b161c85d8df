//! A history made ready for the search: one step for each return, with what is open at it.
//!
//! Only a return forces anything to have taken effect (just-in-time linearization, Lowe 2017), so the search
//! moves from return to return. An open operation occupies a slot from its invocation to its return:
//! slots are as many as operations overlap, however long the history.

use super::machine::Machine;
use crate::history::{History, OperationId, Outcome};
use crate::spec::NondeterministicSpec;

/// An operation that is open at a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) slot: u32,
    pub(super) class: u32,
    /// Its place in the history.
    pub(super) operation: u32,
}

/// The return of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) returning: Open,
    impure_from: u32,
    pure_from: u32,
    fresh_from: u32,
}

/// Operations of unknown outcome that ask for the same thing. Only how many were used matters.
#[derive(Clone, Debug)]
pub(super) struct UnknownClass {
    pub(super) class: u32,
    /// For each operation, the first step at which it is open. Ascending.
    pub(super) from_step: Vec<u32>,
    /// For each operation, its place in the history.
    pub(super) operations: Vec<u32>,
}

/// A history made ready for the search.
pub(super) struct Problem<'s, S: NondeterministicSpec> {
    pub(super) machine: Machine<'s, S>,
    pub(super) initial: u32,
    pub(super) steps: Vec<Step>,
    impure: Vec<Open>,
    pure: Vec<Open>,
    pub(super) unknown: Vec<UnknownClass>,
    /// How many slots there are.
    pub(super) slots: usize,
}

impl<'s, S: NondeterministicSpec> Problem<'s, S> {
    /// The operations `ids` of `history`, ascending, which must not include failed ones. Those that are `possible`
    /// may take effect with their result at any time after their invocation, or never.
    pub(super) fn new(
        spec: &'s S,
        history: &History<S::Op, S::Ret>,
        ids: &[OperationId],
        possible: &dyn Fn(OperationId) -> bool,
    ) -> Self {
        let operations = history.operations();
        let mut machine = Machine::with_capacity(spec, ids.len());
        let mut unknown: Vec<UnknownClass> = Vec::new();
        // Operations that return: (place, class, position of the return), in the order of invocation.
        let mut calls: Vec<(u32, u32, u32)> = Vec::with_capacity(ids.len());
        let mut unknown_calls: Vec<(u32, u32)> = Vec::new();
        for &OperationId(place) in ids {
            let operation = &operations[place as usize];
            let ret = operation.outcome.ok();
            let class = machine.class(&operation.op, ret);
            if matches!(operation.outcome, Outcome::Ok(_)) && !possible(OperationId(place)) {
                calls.push((place, class, operation.last_position()));
            } else if !machine.is_pure(class) {
                unknown_calls.push((place, class));
            }
        }
        let returns = sorted_returns(&calls);
        let mut steps = Vec::with_capacity(calls.len() + 1);
        // About as many are open at a time in most histories.
        let room = ids.len() * 3;
        let (mut impure, mut pure) = (Vec::with_capacity(room), Vec::with_capacity(room));
        let (mut open_impure, mut open_pure): (Vec<Open>, Vec<Open>) =
            (Vec::with_capacity(16), Vec::with_capacity(16));
        let mut slot_of = vec![0u32; calls.len()];
        let (mut free, mut slots) = (Vec::new(), 0u32);
        let (mut invoked, mut unknown_invoked) = (0, 0);
        for (step, &(position, returning)) in returns.iter().enumerate() {
            let fresh = open_pure.len();
            while let Some(&(operation, class, _)) = calls.get(invoked) {
                if operations[operation as usize].invoked.position > position {
                    break;
                }
                let slot = free.pop().unwrap_or_else(|| {
                    slots += 1;
                    slots - 1
                });
                slot_of[invoked] = slot;
                let open = Open { slot, class, operation };
                let list = if machine.is_pure(class) { &mut open_pure } else { &mut open_impure };
                list.push(open);
                invoked += 1;
            }
            while let Some(&(operation, class)) = unknown_calls.get(unknown_invoked) {
                if operations[operation as usize].invoked.position > position {
                    break;
                }
                let known = unknown.iter().position(|known| known.class == class);
                let at = known.unwrap_or_else(|| {
                    let (from_step, operations) = (Vec::new(), Vec::new());
                    unknown.push(UnknownClass { class, from_step, operations });
                    unknown.len() - 1
                });
                unknown[at].from_step.push(step as u32);
                unknown[at].operations.push(operation);
                unknown_invoked += 1;
            }
            let slot = slot_of[returning as usize];
            let (operation, class, _) = calls[returning as usize];
            steps.push(Step {
                returning: Open { slot, class, operation },
                impure_from: impure.len() as u32,
                pure_from: pure.len() as u32,
                fresh_from: (pure.len() + fresh) as u32,
            });
            impure.extend_from_slice(&open_impure);
            pure.extend_from_slice(&open_pure);
            let list = if machine.is_pure(class) { &mut open_pure } else { &mut open_impure };
            list.retain(|open| open.slot != slot);
            free.push(slot);
        }
        let (impure_from, pure_from) = (impure.len() as u32, pure.len() as u32);
        let end = Open { slot: 0, class: 0, operation: 0 };
        steps.push(Step { returning: end, impure_from, pure_from, fresh_from: pure_from });
        machine.seal();
        find_observers(&mut machine, &steps, &unknown);
        let initial_state = spec.initial();
        let initial = machine.state(&initial_state);
        Problem { machine, initial, steps, impure, pure, unknown, slots: slots as usize }
    }

    /// How many returns there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len() - 1
    }

    /// The step, and what the search works on beside it.
    #[inline]
    pub(super) fn at(&mut self, step: usize) -> (View<'_>, &mut Machine<'s, S>) {
        let (now, next) = (&self.steps[step], &self.steps[step + 1]);
        let view = View {
            step,
            returning: now.returning,
            impure: &self.impure[now.impure_from as usize..next.impure_from as usize],
            pure: &self.pure[now.pure_from as usize..next.pure_from as usize],
            fresh_pure: &self.pure[now.fresh_from as usize..next.pure_from as usize],
            unknown: &self.unknown,
        };
        (view, &mut self.machine)
    }
}

/// A step, and what is open at it.
#[derive(Clone, Copy)]
pub(super) struct View<'p> {
    pub(super) step: usize,
    /// What must have taken effect.
    pub(super) returning: Open,
    /// What may change the state, perhaps the returning operation among it.
    pub(super) impure: &'p [Open],
    /// What cannot change the state.
    pub(super) pure: &'p [Open],
    /// The part of `pure` that was invoked since the step before.
    pub(super) fresh_pure: &'p [Open],
    /// Operations of unknown outcome, by class.
    pub(super) unknown: &'p [UnknownClass],
}

/// The calls in the order of their returns, as (position of the return, place in `calls`).
fn sorted_returns(calls: &[(u32, u32, u32)]) -> Vec<(u32, u32)> {
    let last = calls.iter().map(|call| call.2).max().unwrap_or(0) as usize;
    if last > 8 * calls.len() {
        let mut returns: Vec<(u32, u32)> =
            calls.iter().enumerate().map(|(i, call)| (call.2, i as u32)).collect();
        returns.sort_unstable();
        return returns;
    }
    // Positions are dense: put each call where it belongs.
    let mut by_position = vec![u32::MAX; last + 1];
    for (i, call) in calls.iter().enumerate() {
        by_position[call.2 as usize] = i as u32;
    }
    let mut returns = Vec::with_capacity(calls.len());
    for (position, &call) in by_position.iter().enumerate() {
        if call != u32::MAX {
            returns.push((position as u32, call));
        }
    }
    returns
}

/// Finds out how long each state can be told from others, so that states nobody asks for any more are merged.
fn find_observers<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    steps: &[Step],
    unknown: &[UnknownClass],
) {
    let mut last_step = vec![-1; machine.class_count()];
    for (step, known) in steps[..steps.len() - 1].iter().enumerate() {
        last_step[known.returning.class as usize] = step as i64;
    }
    for class in unknown {
        last_step[class.class as usize] = i64::MAX;
    }
    let mut observed = Vec::new();
    let mut found = Vec::with_capacity(last_step.len());
    for (class, &step) in last_step.iter().enumerate() {
        let (op, ret) = machine.class_parts(class as u32);
        if !machine.spec().observed_states(op, ret, &mut observed) {
            return find_observers_by_asking(machine, &last_step);
        }
        found.extend(observed.drain(..).map(|state| (state, step)));
    }
    for (state, step) in &found {
        machine.observe(state, *step);
    }
    machine.merge_unobserved();
}

/// The same for objects that cannot list the states that an operation tells apart.
fn find_observers_by_asking<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    last_step: &[i64],
) {
    let initial = machine.spec().initial();
    for class in 0..last_step.len() as u32 {
        let (op, ret) = machine.class_parts(class);
        if machine.spec().tells_apart(op, ret, &initial).is_none() {
            return;
        }
    }
    for (class, &step) in last_step.iter().enumerate() {
        machine.add_observer(class as u32, step);
    }
    machine.merge_unobserved();
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
        assert_eq!((problem.len(), problem.slots), (30, 3));
        let open: Vec<usize> = (0..4).map(|step| problem.at(step).0.impure.len()).collect();
        assert_eq!(open, [3, 2, 1, 3]);
    }
}
