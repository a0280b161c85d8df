//! Explores all beginnings of an explanation.

use std::collections::BTreeMap;

use super::chains::{alike, chains};
use super::observers::{Observers, Until, is_observed};
use super::orders::Orders;
use super::rows::Rows;
use super::{Beginning, DeadEnd, Order, Refutation};
use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId};
use crate::linearizability::{Machine, Next};
use crate::sequential::Precedence;
use crate::spec::NondeterministicSpec;
use crate::verdict::Meter;

/// What is to be explained.
pub(crate) struct Question<'q> {
    /// The operations that must take effect, ascending.
    pub(crate) certain: &'q [OperationId],
    /// The operations that may take effect at any time after their invocation, or never, ascending.
    pub(crate) optional: &'q [OperationId],
    /// Operations that may take effect at any time and any number of times, no two of them alike.
    pub(crate) anytime: &'q [OperationId],
    pub(crate) order: Order,
    /// Whether to believe what the specification promises beside its steps: fewer beginnings.
    pub(crate) trusts_promises: bool,
    /// Whether to look for beginnings that cannot go on for what the specification knows of every order: for
    /// [`Order::Process`] alone, and where nothing takes effect more than once.
    pub(crate) by_rules: bool,
}

/// All beginnings of an explanation.
pub(crate) enum Exploration<State> {
    /// There is an explanation.
    Explained,
    /// There is none; the dead ends are the longest ones.
    Refuted(Refutation<State>, Vec<DeadEnd<State>>),
    /// The meter ran out.
    TooLarge,
}

/// At most so many dead ends are told of.
const DEAD_ENDS: usize = 4;

/// Explores all orders of these operations; each beginning costs a configuration.
pub(crate) fn explore<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    question: &Question<'_>,
    meter: &mut Meter,
) -> Exploration<S::State> {
    let order = question.order;
    let mut machine = Machine::new(spec);
    let mut class_of = |id: OperationId| {
        let operation = history.operation(id);
        machine.class(&operation.op, operation.outcome.ok())
    };
    let certain = chains(history, question.certain, order);
    let optional = alike(history, question.optional, order, &mut class_of);
    let rows = Rows::new(history, order, &certain, &optional);
    let classes: Vec<Vec<u32>> = (0..rows.count())
        .map(|row| rows.row(row).iter().map(|id| class_of(*id)).collect())
        .collect();
    let anytime: Vec<u32> = question.anytime.iter().map(|id| class_of(*id)).collect();
    machine.seal();
    let observers = match question.trusts_promises {
        true => Observers::new(spec, history, &rows, question.anytime),
        false => Observers::none(spec),
    };
    let mut orders = None;
    if question.by_rules {
        let Ok(found) = Orders::new(spec, history, &rows, meter) else {
            return Exploration::TooLarge;
        };
        orders = Some(found);
    }
    let mut known = Known {
        rows: &rows,
        observers,
        untils: Vec::new(),
        numbers: NumberTable::default(),
        places: Vec::new(),
        done: Vec::new(),
        states: Vec::new(),
        parents: Vec::new(),
        contradictions: BTreeMap::new(),
    };
    let initial = machine.state(spec.initial());
    known.add(&machine, &vec![0; rows.count()], initial, (0, 0));
    let mut dead_ends = Vec::new();
    let mut at = 0;
    while at < known.states.len() {
        let (mut done, state) = (known.done(at).to_vec(), known.states[at]);
        if rows.is_complete(&done) {
            return Exploration::Explained;
        }
        if !meter.spend(1 + anytime.len() as u64 / 16) {
            return Exploration::TooLarge;
        }
        if let Some(orders) = &mut orders {
            match orders.contradiction(&done, meter) {
                Ok(steps) if steps.is_empty() => {}
                Ok(steps) => {
                    known.contradictions.insert(at, steps);
                    at += 1;
                    continue;
                }
                Err(_) => return Exploration::TooLarge,
            }
        }
        let ready: Vec<usize> =
            (0..rows.count()).filter(|row| rows.next(*row, &done).is_some()).collect();
        let class = |row: usize| classes[row][done[row] as usize];
        // What changes nothing may as well take effect now, and no other way need be tried.
        let pure = ready.iter().copied().find(|row| {
            let class = class(*row);
            *row < rows.certain
                && question.trusts_promises
                && machine.is_pure(class)
                && machine.allows(state, class)
        });
        let mut impossible = Vec::new();
        let mut is_dead = true;
        for row in pure.map_or(ready, |row| vec![row]) {
            let class = classes[row][done[row] as usize];
            let is_optional = row >= rows.certain;
            if is_optional && question.trusts_promises && machine.is_pure(class) {
                continue;
            }
            let next = successors(&mut machine, state, class);
            if next.is_empty() {
                impossible.extend(rows.next(row, &done));
            }
            done[row] += 1;
            for next in next {
                if is_optional && next == state {
                    continue;
                }
                is_dead = false;
                known.add(&machine, &done, next, (at as u32, row as u32));
            }
            done[row] -= 1;
        }
        for class in anytime.iter().filter(|_| pure.is_none()) {
            for next in successors(&mut machine, state, *class) {
                if next != state {
                    known.add(&machine, &done, next, (at as u32, NO_ROW));
                }
            }
        }
        if is_dead {
            dead_ends.push((at, impossible));
        }
        at += 1;
    }
    // Breadth first, so the longest beginnings stand last.
    let longest = dead_ends.into_iter().rev().take(DEAD_ENDS).map(|(at, impossible)| {
        let state = machine.state_of(known.states[at]).clone();
        DeadEnd { order: known.order(at), state, impossible }
    });
    let longest = longest.collect();
    let (states, beginnings) = known.table(&machine);
    let refutation = Refutation {
        order,
        certain,
        optional,
        anytime: question.anytime.to_vec(),
        states,
        beginnings,
        trusts_promises: question.trusts_promises,
    };
    Exploration::Refuted(refutation, longest)
}

fn successors<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    state: u32,
    class: u32,
) -> Vec<u32> {
    match machine.next(state, class) {
        Next::None => Vec::new(),
        Next::One(next) => vec![next],
        Next::Several(place) => machine.list(place).to_vec(),
    }
}

/// Stands for all states that nobody can tell apart any more.
const UNOBSERVED: u32 = u32::MAX;

/// An operation went on that stands in no row.
const NO_ROW: u32 = u32::MAX;

/// The beginnings that are known.
struct Known<'k, S: NondeterministicSpec> {
    rows: &'k Rows<'k>,
    observers: Observers<'k, S>,
    /// Until when each state that was met is observed.
    untils: Vec<Option<Option<Until>>>,
    numbers: NumberTable,
    /// The beginnings that differ in nothing but the optional operations that they used.
    places: Vec<Vec<u32>>,
    done: Vec<u32>,
    states: Vec<u32>,
    /// The beginning that each came from, and the row that went on.
    parents: Vec<(u32, u32)>,
    /// Why some of them cannot go on.
    contradictions: BTreeMap<usize, Vec<Precedence<OperationId>>>,
}

impl<S: NondeterministicSpec> Known<'_, S> {
    fn done(&self, number: usize) -> &[u32] {
        &self.done[number * self.rows.count()..][..self.rows.count()]
    }

    /// The state, or what stands for it if no operation that is still to come can tell it from others.
    fn observed(&mut self, machine: &Machine<'_, S>, state: u32, done: &[u32]) -> u32 {
        let number = state as usize;
        if self.untils.len() <= number {
            self.untils.resize(number + 1, None);
        }
        let observers = &self.observers;
        let until =
            self.untils[number].get_or_insert_with(|| observers.until(machine.state_of(state)));
        if is_observed(until.as_deref(), done) { state } else { UNOBSERVED }
    }

    fn add(&mut self, machine: &Machine<'_, S>, done: &[u32], state: u32, parent: (u32, u32)) {
        let observed = self.observed(machine, state, done);
        let certain = self.rows.certain;
        let (stored, states, places) = (&self.done, &self.states, &self.places);
        let width = self.rows.count();
        let row = |number: u32| &stored[number as usize * width..][..width];
        let untils = &self.untils;
        let hash = hash_of(&(&done[..certain], observed));
        let (place, new) = self.numbers.number(hash, |place| {
            let first = places[place as usize][0];
            let known = row(first);
            let state = states[first as usize];
            let until = untils[state as usize].as_ref().expect("it was met");
            let known_state = if is_observed(until.as_deref(), known) { state } else { UNOBSERVED };
            known[..certain] == done[..certain] && known_state == observed
        });
        if new {
            self.places.push(Vec::new());
        }
        let fewer = |number: &u32| {
            let known = &self.done[*number as usize * width..][..width];
            known[certain..].iter().zip(&done[certain..]).all(|(known, done)| known <= done)
        };
        let place = &mut self.places[place as usize];
        if place.iter().any(fewer) {
            return;
        }
        place.push(self.states.len() as u32);
        self.done.extend_from_slice(done);
        self.states.push(state);
        self.parents.push(parent);
    }

    /// What took effect in a beginning, in order.
    fn order(&self, mut number: usize) -> Vec<OperationId> {
        let mut order = Vec::new();
        while number != 0 {
            let (parent, row) = self.parents[number];
            number = parent as usize;
            if row == NO_ROW {
                continue;
            }
            order.push(self.rows.row(row as usize)[self.done(number)[row as usize] as usize]);
        }
        order.reverse();
        order
    }

    /// The states that were met, and all beginnings.
    fn table(mut self, machine: &Machine<'_, S>) -> (Vec<S::State>, Vec<Beginning>) {
        let mut states = Vec::new();
        let mut number_of = vec![None; machine.state_count()];
        let beginnings = (0..self.states.len()).map(|number| {
            let state = self.states[number];
            let state = *number_of[state as usize].get_or_insert_with(|| {
                states.push(machine.state_of(state).clone());
                states.len() as u32 - 1
            });
            let contradiction = self.contradictions.remove(&number).unwrap_or_default();
            Beginning { done: self.done(number).into(), state, contradiction }
        });
        let beginnings = beginnings.collect();
        (states, beginnings)
    }
}
