//! An exhaustive judge: tries all orders of the operations.

use sim_check::history::{History, Outcome};
use sim_check::spec::NondeterministicSpec;

/// Which orders an exhaustive judge allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Order {
    RealTime,
    Process,
}

/// Tries all orders.
pub fn exhaustive<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: Order,
) -> bool {
    exhaustive_relaxed(spec, history, order, 0)
}

/// The same, where the operations of the set `possible` (bit *i*: the *i*-th) may take effect with their result at any
/// time after their invocation, or never.
pub fn exhaustive_relaxed<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: Order,
    possible: u32,
) -> bool {
    fn go<S: NondeterministicSpec>(
        spec: &S,
        history: &History<S::Op, S::Ret>,
        order: Order,
        possible: u32,
        state: &S::State,
        placed: u32,
        seen: &mut std::collections::HashSet<(u32, S::State)>,
    ) -> bool {
        let operations = history.operations();
        let done = operations.iter().enumerate().all(|(i, operation)| {
            (placed | possible) & (1 << i) != 0 || !matches!(operation.outcome, Outcome::Ok(_))
        });
        if done {
            return true;
        }
        if !seen.insert((placed, state.clone())) {
            return false;
        }
        for (i, operation) in operations.iter().enumerate() {
            if placed & (1 << i) != 0 || matches!(operation.outcome, Outcome::Fail) {
                continue;
            }
            let blocked = operations.iter().enumerate().any(|(j, other)| {
                j != i
                    && (placed | possible) & (1 << j) == 0
                    && matches!(other.outcome, Outcome::Ok(_))
                    && other.precedes(operation)
                    && (order == Order::RealTime || other.process == operation.process)
            });
            if blocked {
                continue;
            }
            let mut next = Vec::new();
            spec.steps(state, &operation.op, operation.outcome.ok(), &mut next);
            if next
                .iter()
                .any(|next| go(spec, history, order, possible, next, placed | 1 << i, seen))
            {
                return true;
            }
        }
        false
    }
    go(spec, history, order, possible, &spec.initial(), 0, &mut std::collections::HashSet::new())
}
