//! Searches one part of a history with two drivers in turn.

use super::depth_first::{DepthFirst, Progress};
use super::frontier::Frontier;
use super::machine::Next;
use super::mask::{Mask, WideMask};
use super::problem::Problem;
use crate::history::{History, OperationId};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Exhausted, Meter};

#[cfg(test)]
mod tests;

/// What the search of a part found.
pub(super) enum Found {
    /// Places of operations, in an order that explains the part.
    Order(Vec<OperationId>),
    /// The return of this operation cannot be explained.
    Stuck {
        operation: OperationId,
        /// Operations that have no explanation, whatever the others did.
        evidence: Vec<OperationId>,
    },
    /// The budget ran out.
    Exhausted(Exhausted),
}

/// How many configurations the drivers may examine before it is the next one's turn.
#[derive(Clone, Copy, Debug)]
struct Shares {
    /// Depth first, before the problem is completed. Most histories need no more than this, so neither merged states
    /// nor what lies beyond a violation.
    first: u64,
    /// Each of them after that. It doubles from turn to turn.
    each: u64,
}

impl Shares {
    fn of(operations: usize) -> Shares {
        let operations = operations as u64;
        // Long enough for almost any linearizable history.
        Shares { first: 128 + operations, each: 1_024 + 8 * operations }
    }
}

/// Searches the operations `ids`; see [`Problem::new`] for those that are `possible`.
///
/// Depth first is quick when a linearization exists, the frontier when none does. Each gets a budget that
/// doubles, in turn: together they take at most about twice as long as the better one alone.
pub(super) fn search<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: Option<&dyn Fn(OperationId) -> bool>,
    meter: &mut Meter,
) -> Found {
    search_in_shares(spec, history, ids, possible, Shares::of(ids.len()), meter)
}

fn search_in_shares<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: Option<&dyn Fn(OperationId) -> bool>,
    shares: Shares,
    meter: &mut Meter,
) -> Found {
    let mut problem = Problem::new(spec, history, ids, possible);
    let mut ending = compete::<S, u64>(&mut problem, ids.len(), shares, meter);
    if matches!(ending, Ending::TooWide) {
        problem.complete();
        ending = compete::<S, WideMask>(&mut problem, ids.len(), shares, meter);
    }
    match ending {
        Ending::Order(order) => Found::Order(order),
        Ending::Stuck(step) => {
            let operation = OperationId(problem.steps[step].returning.operation);
            let end = history.operation(operation).last_position();
            let before = ids.partition_point(|id| history.operation(*id).invoked.position < end);
            Found::Stuck { operation, evidence: ids[..before].to_vec() }
        }
        Ending::Impossible(step) => {
            let operation = OperationId(problem.steps[step].returning.operation);
            Found::Stuck { operation, evidence: vec![operation] }
        }
        Ending::TooWide => unreachable!("a wide mask is wide enough"),
        Ending::Exhausted => Found::Exhausted(meter.exhausted()),
    }
}

enum Ending {
    Order(Vec<OperationId>),
    Stuck(usize),
    /// The operation that returns at this step cannot have its result, whatever the order of the others.
    Impossible(usize),
    /// More operations overlap than the mask has slots for.
    TooWide,
    Exhausted,
}

fn compete<S: NondeterministicSpec, M: Mask>(
    problem: &mut Problem<'_, S>,
    operations: usize,
    shares: Shares,
    meter: &mut Meter,
) -> Ending {
    let mut depth_first = DepthFirst::<M>::new(problem.initial, problem.slots, operations);
    let progress = depth_first.run(problem, shares.first.min(meter.left()));
    meter.spend(depth_first.examined());
    if let Some(ending) = conclude(progress) {
        return ending;
    }
    let has_many_states = problem.should_merge();
    problem.complete();
    if problem.slots > M::SLOTS_MAX {
        return Ending::TooWide;
    }
    // Where states are few this is quick, and may save a long turn.
    if !has_many_states
        && let Some(step) = impossible_result(problem, shares.each.min(TRANSITIONS_MAX))
    {
        return Ending::Impossible(step);
    }
    let mut frontier: Option<Frontier<M>> = None;
    let mut share = shares.each;
    loop {
        let limit = share.min(depth_first.examined().saturating_add(meter.left()));
        let before = depth_first.examined();
        let progress = depth_first.run(problem, limit);
        let in_budget = meter.spend(depth_first.examined() - before);
        if let Some(ending) = conclude(progress) {
            return ending;
        }
        if frontier.is_none()
            && let Some(step) = impossible_result(problem, TRANSITIONS_MAX)
        {
            return Ending::Impossible(step);
        }
        let frontier =
            frontier.get_or_insert_with(|| Frontier::new(problem.initial, problem.slots, true));
        let limit = share.min(frontier.examined().saturating_add(meter.left()));
        let before = frontier.examined();
        let progress = frontier.run(problem, limit);
        let in_budget = meter.spend(frontier.examined() - before) && in_budget;
        if let Some(ending) = conclude(progress) {
            return ending;
        }
        if !in_budget || meter.left() == 0 {
            return Ending::Exhausted;
        }
        share = share.saturating_mul(2);
    }
}

/// At most this many transitions are looked at in search of an impossible result, once the search has taken long.
const TRANSITIONS_MAX: u64 = 50_000;

/// The first return of an operation whose result no state allows that could be reached if time and number of the
/// operations were no matter: a value that nobody wrote, for one. Given up after so many transitions, and where there are
/// more states than operations could lead to if each led to one: such objects have states without end.
fn impossible_result<S: NondeterministicSpec>(
    problem: &mut Problem<'_, S>,
    transitions_max: u64,
) -> Option<usize> {
    let classes = problem.machine.class_count() as u32;
    let mut allowed = vec![false; classes as usize];
    let mut reached = vec![problem.initial];
    let mut known = std::collections::BTreeSet::from([problem.initial]);
    while let Some(state) = reached.pop() {
        let states = known.len() as u64;
        if states > u64::from(classes) + 1 || states * u64::from(classes) > transitions_max {
            return None;
        }
        for class in 0..classes {
            let mut reach = |next: u32| {
                if known.insert(next) {
                    reached.push(next);
                }
            };
            match problem.machine.next(state, class) {
                Next::None => continue,
                Next::One(next) => reach(next),
                Next::Several(place) => {
                    problem.machine.list(place).iter().for_each(|next| reach(*next));
                }
            }
            allowed[class as usize] = true;
        }
    }
    problem.steps.iter().position(|step| !allowed[step.returning.class as usize])
}

fn conclude(progress: Progress) -> Option<Ending> {
    match progress {
        Progress::Found(order) => Some(Ending::Order(order)),
        Progress::Stuck(step) => Some(Ending::Stuck(step)),
        Progress::Paused => None,
        Progress::TooWide => Some(Ending::TooWide),
    }
}
