//! Proof that a few operations have no explanation: every way to begin ends.

use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId, Outcome};
use crate::spec::NondeterministicSpec;

/// Which operations must stand before which others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that had returned before the others were invoked.
    RealTime,
    /// The same, for operations of one process alone.
    Process,
}

impl Order {
    /// Whether `first` must stand before `second`.
    pub fn requires<Op, Ret>(
        self,
        history: &History<Op, Ret>,
        first: OperationId,
        second: OperationId,
    ) -> bool {
        let (first, second) = (history.operation(first), history.operation(second));
        match self {
            Order::RealTime => first.precedes(second),
            Order::Process => first.process == second.process && first.precedes(second),
        }
    }
}

/// A set of beginnings that no step leaves and none of which is complete: proof that these operations, taken alone,
/// have no explanation. [`verify_refutation`](crate::certificate::verify_refutation) checks it in time linear
/// in its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation<State> {
    /// The operations, ascending; at most 64.
    pub operations: Vec<OperationId>,
    /// The order that an explanation would have to respect.
    pub order: Order,
    /// Every beginning of an explanation: which operations it holds (bit *i*: the *i*-th), and the state after it.
    pub beginnings: Vec<(u64, State)>,
}

/// An order of some operations after which no other is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadEnd<State> {
    /// What took effect, in order.
    pub order: Vec<OperationId>,
    /// The state in the end.
    pub state: State,
    /// What could come next by its time, and is not possible in that state.
    pub impossible: Vec<OperationId>,
}

/// All beginnings of the operations `ids`.
pub(crate) enum Exploration<State> {
    /// They have an explanation.
    Explained,
    /// They have none; the dead ends are the longest ones, at most as many as were asked for.
    Refuted(Refutation<State>, Vec<DeadEnd<State>>),
    /// There are more than 64 operations or too many beginnings.
    TooLarge,
}

/// Explores all orders of the operations `ids`, which must be ascending.
pub(crate) fn explore<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    order: Order,
    beginnings_max: usize,
) -> Exploration<S::State> {
    if ids.len() > 64 {
        return Exploration::TooLarge;
    }
    let bit = |i: usize| 1_u64 << i;
    let certain = |id: &OperationId| matches!(history.operation(*id).outcome, Outcome::Ok(_));
    let complete = bits(ids, certain);
    let needs: Vec<u64> = ids
        .iter()
        .map(|second| bits(ids, |first| order.requires(history, *first, *second)))
        .collect();
    let mut numbers = NumberTable::default();
    let mut beginnings: Vec<(u64, S::State)> = vec![(0, spec.initial())];
    let mut parents: Vec<(usize, usize)> = vec![(0, 0)];
    numbers.number(hash_of(&beginnings[0]), |_| false);
    let mut dead_ends = Vec::new();
    let mut next = Vec::new();
    let mut at = 0;
    while at < beginnings.len() {
        let (placed, state) = beginnings[at].clone();
        if placed & complete == complete {
            return Exploration::Explained;
        }
        if beginnings.len() > beginnings_max {
            return Exploration::TooLarge;
        }
        let mut dead = true;
        let mut impossible = Vec::new();
        for (i, id) in ids.iter().enumerate() {
            if placed & bit(i) != 0 || needs[i] & !placed != 0 {
                continue;
            }
            let operation = history.operation(*id);
            spec.steps(&state, &operation.op, operation.outcome.ok(), &mut next);
            if next.is_empty() {
                impossible.push(*id);
            }
            for state in next.drain(..) {
                dead = false;
                let beginning = (placed | bit(i), state);
                let (_, new) = numbers
                    .number(hash_of(&beginning), |number| beginnings[number as usize] == beginning);
                if new {
                    beginnings.push(beginning);
                    parents.push((at, i));
                }
            }
        }
        if dead {
            dead_ends.push((at, impossible));
        }
        at += 1;
    }
    // Breadth first, so the longest beginnings stand last.
    let longest = dead_ends.into_iter().rev().take(4).map(|(mut at, impossible)| {
        let state = beginnings[at].1.clone();
        let mut order = Vec::new();
        while at != 0 {
            let (parent, i) = parents[at];
            order.push(ids[i]);
            at = parent;
        }
        order.reverse();
        DeadEnd { order, state, impossible }
    });
    let longest = longest.collect();
    let operations = ids.to_vec();
    Exploration::Refuted(Refutation { operations, order, beginnings }, longest)
}

fn bits(ids: &[OperationId], mut f: impl FnMut(&OperationId) -> bool) -> u64 {
    ids.iter().enumerate().filter(|(_, id)| f(id)).fold(0, |bits, (i, _)| bits | 1 << i)
}
