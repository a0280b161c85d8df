//! How long each state can be told from others, so that states that nobody asks for any more are merged.

use super::machine::Machine;
use super::step::{Step, UnknownClass};
use crate::spec::NondeterministicSpec;

/// Finds out which operations tell states apart, and lets the machine merge the others. Needs all `steps`.
pub(super) fn find_observers<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    steps: &[Step],
    unknown: &[UnknownClass],
) {
    let mut last_step = vec![-1; machine.class_count()];
    for (step, known) in steps.iter().enumerate() {
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
    machine.merge_unobserved(Vec::new());
    for (state, step) in found {
        machine.observe(state, step);
    }
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
    machine.merge_unobserved((0..).zip(last_step.iter().copied()).collect());
}
