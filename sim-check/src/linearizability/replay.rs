//! From the choices of a search to the order of operations that they stand for.

use super::expand::Choice;
use super::mask::Mask;
use super::problem::Problem;
use crate::history::OperationId;
use crate::spec::NondeterministicSpec;

/// The order of operations that these choices stand for. The choices leave out the operations
/// that change nothing; they are put back where the search let them take effect.
pub(super) fn replay<S: NondeterministicSpec, M: Mask>(
    problem: &mut Problem<'_, S>,
    choices: &[Choice],
) -> Vec<OperationId> {
    let mut order = Vec::with_capacity(problem.len() + problem.unknown.len());
    let (mut state, mut mask) = (problem.initial, M::empty(problem.slots));
    let mut choices = choices.iter().peekable();
    for step in 0..problem.len() {
        let (view, machine) = problem.at(step);
        let mut possible = view.fresh_pure;
        loop {
            for open in possible {
                if !mask.has(open.slot) && machine.allows(state, open.class) {
                    mask.add(open.slot);
                    order.push(OperationId(open.operation));
                }
            }
            let Some(choice) = choices.next_if(|choice| choice.step as usize == step) else {
                break;
            };
            order.push(OperationId(choice.operation));
            state = choice.state;
            if let Some(open) = view.impure.iter().find(|open| open.operation == choice.operation) {
                mask.add(open.slot);
            }
            possible = view.pure;
        }
        let slot = view.returning.slot;
        assert!(mask.has(slot), "the operation that returns has taken effect");
        mask.remove(slot);
    }
    order
}
