//! Verifies that operations have no explanation.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use super::CertificateError;
use super::contradiction::Contradictions;
use crate::hash::FastHasher;
use crate::history::{History, OperationId, Outcome};
use crate::refutation::observers::{Observers, Until, is_observed};
use crate::refutation::rows::Rows;
use crate::refutation::{Beginning, Order, Refutation};
use crate::spec::NondeterministicSpec;

type Map<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;
type Set<T> = HashSet<T, BuildHasherDefault<FastHasher>>;

/// Checks that the certain operations of `refutation` have no explanation, whatever the optional ones did: the empty
/// beginning is in the set; each step from a beginning leads to another one of the set, or to one that a better one
/// stands for, or the beginning is shown to go on nowhere; and none is complete. Takes time linear in the number of
/// beginnings, if few of them differ in nothing but the optional operations that they used, and of reasons.
///
/// # Errors
/// If the refutation proves nothing.
pub fn verify_refutation<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    refutation: &Refutation<S::State>,
) -> Result<(), CertificateError> {
    let Refutation { order, certain, optional, .. } = refutation;
    verify_rows(history, refutation)?;
    let rows = Rows::new(history, *order, certain, optional);
    for (row, ids) in (certain.len()..).zip(optional) {
        for (place, id) in ids.iter().enumerate().skip(1) {
            let (first, second) = (rows.needs(row, place - 1), rows.needs(row, place));
            if first.iter().zip(second).any(|(first, second)| first > second) {
                return Err(CertificateError::Row(*id));
            }
        }
    }
    let table = Table::new(spec, history, refutation, &rows)?;
    if !table.covers(&vec![0; rows.count()], &spec.initial()) {
        return Err(CertificateError::Explained);
    }
    let contradictions = Contradictions::new(spec, history, refutation, &rows);
    for beginning in &refutation.beginnings {
        if rows.is_complete(&beginning.done) {
            return Err(CertificateError::Explained);
        }
        match beginning.contradiction.is_empty() {
            false => contradictions.verify(beginning)?,
            true => table.verify_steps(beginning)?,
        }
    }
    Ok(())
}

/// Checks that `refutation` refutes the whole history: as [`verify_refutation`], and that whatever it leaves out
/// cannot matter. That may be what failed, what changes nothing, what was invoked only after all certain operations had returned, and
/// what touches another part of the object, or no element that the others touch.
///
/// # Errors
/// If the refutation proves nothing, or nothing about the history.
pub fn verify_violation<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    refutation: &Refutation<S::State>,
) -> Result<(), CertificateError> {
    verify_refutation(spec, history, refutation)?;
    let operations = refutation.operations();
    let key = |id: OperationId| {
        let operation = history.operation(id);
        spec.key(&operation.op, operation.outcome.ok())
    };
    let matters = |id: OperationId| {
        let operation = history.operation(id);
        let ret = operation.outcome.ok();
        !matches!(operation.outcome, Outcome::Fail) && !spec.is_pure(&operation.op, ret)
    };
    // An object is a product of its parts only if each operation touches one.
    let mut touches = history
        .iter()
        .map(|(id, _)| id)
        .filter(|id| matters(*id))
        .chain(operations.iter().copied());
    let has_parts = touches.all(|id| key(id).is_some());
    let anytime: Set<(&S::Op, Option<&S::Ret>)> =
        refutation.anytime.iter().map(|id| asked(history, *id)).collect();
    let certain = refutation.certain.iter().flatten();
    let end = certain.map(|id| history.operation(*id).last_position()).max();
    for (id, operation) in history.iter() {
        let is_late = refutation.order == Order::RealTime
            && end.is_some_and(|end| end < operation.invoked.position);
        let is_told_of =
            operations.binary_search(&id).is_ok() || anytime.contains(&asked(history, id));
        let shares = |other: &OperationId| {
            let is_elsewhere = has_parts && key(id) != key(*other);
            !is_elsewhere && spec.shares_element(asked(history, id), asked(history, *other))
        };
        if matters(id) && !is_told_of && !is_late && operations.iter().any(shares) {
            return Err(CertificateError::LeftOut(id));
        }
    }
    Ok(())
}

/// What an operation asks for, and what it was told.
fn asked<Op, Ret>(history: &History<Op, Ret>, id: OperationId) -> (&Op, Option<&Ret>) {
    let operation = history.operation(id);
    (&operation.op, operation.outcome.ok())
}

/// That each operation stands once, where it may.
fn verify_rows<Op: Eq, Ret: Eq, State>(
    history: &History<Op, Ret>,
    refutation: &Refutation<State>,
) -> Result<(), CertificateError> {
    let operations = refutation.operations();
    if let Some(twice) = operations.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(CertificateError::Unexpected(twice[0]));
    }
    for row in &refutation.certain {
        for id in row {
            if !matches!(history.operation(*id).outcome, Outcome::Ok(_)) {
                return Err(CertificateError::Unexpected(*id));
            }
        }
        for pair in row.windows(2) {
            if !refutation.order.requires(history, pair[0], pair[1]) {
                return Err(CertificateError::Row(pair[1]));
            }
        }
    }
    for row in &refutation.optional {
        for pair in row.windows(2) {
            let (first, second) = (history.operation(pair[0]), history.operation(pair[1]));
            if first.op != second.op || first.outcome.ok() != second.outcome.ok() {
                return Err(CertificateError::Row(pair[1]));
            }
        }
    }
    Ok(())
}

/// How far each row of certain operations got, and a state that some later operation can tell from others, if it is one.
type Place<'t, State> = (&'t [u32], Option<&'t State>);

/// The beginnings, by place.
struct Table<'t, S: NondeterministicSpec> {
    spec: &'t S,
    history: &'t History<S::Op, S::Ret>,
    refutation: &'t Refutation<S::State>,
    rows: &'t Rows<'t>,
    observers: Observers<'t, S>,
    /// Until when states are observed.
    untils: Map<&'t S::State, Option<Until>>,
    used: Map<Place<'t, S::State>, Vec<&'t [u32]>>,
}

impl<'t, S: NondeterministicSpec> Table<'t, S> {
    fn new(
        spec: &'t S,
        history: &'t History<S::Op, S::Ret>,
        refutation: &'t Refutation<S::State>,
        rows: &'t Rows<'t>,
    ) -> Result<Self, CertificateError> {
        let observers = match refutation.trusts_promises {
            true => Observers::new(spec, history, rows, &refutation.anytime),
            false => Observers::none(spec),
        };
        let states = refutation.states.iter();
        let untils = states.map(|state| (state, observers.until(state))).collect();
        let used = HashMap::default();
        let mut table = Table { spec, history, refutation, rows, observers, untils, used };
        for (number, Beginning { done, state, .. }) in refutation.beginnings.iter().enumerate() {
            let state = refutation.states.get(*state as usize);
            let fits = done.len() == rows.count()
                && (0..rows.count()).all(|row| done[row] as usize <= rows.row(row).len());
            let (Some(state), true) = (state, fits) else {
                return Err(CertificateError::Beginning(number));
            };
            let observed = is_observed(table.untils[state].as_deref(), done);
            let (certain, optional) = done.split_at(rows.certain);
            table.used.entry((certain, observed.then_some(state))).or_default().push(optional);
        }
        Ok(table)
    }

    /// Whether one of the beginnings is this one, or stands for it.
    fn covers(&self, done: &[u32], state: &S::State) -> bool {
        let observed = match self.untils.get(state) {
            Some(until) => is_observed(until.as_deref(), done),
            None => is_observed(self.observers.until(state).as_deref(), done),
        };
        let (certain, optional) = done.split_at(self.rows.certain);
        let known = self.used.get(&(certain, observed.then_some(state)));
        known.is_some_and(|known| {
            known.iter().any(|known| known.iter().zip(optional).all(|(known, used)| known <= used))
        })
    }

    /// That each step leads to another beginning.
    fn verify_steps(&self, beginning: &Beginning) -> Result<(), CertificateError> {
        let state = &self.refutation.states[beginning.state as usize];
        let mut done = beginning.done.to_vec();
        let mut next = Vec::new();
        let promises = self.refutation.trusts_promises;
        let is_pure = |id: OperationId| {
            let operation = self.history.operation(id);
            promises && self.spec.is_pure(&operation.op, operation.outcome.ok())
        };
        let steps = |id: OperationId, next: &mut Vec<S::State>| {
            next.clear();
            let operation = self.history.operation(id);
            self.spec.steps(state, &operation.op, operation.outcome.ok(), next);
        };
        // What changes nothing and is possible may as well take effect now.
        for row in 0..self.rows.certain {
            let Some(id) = self.rows.next(row, &done).filter(|id| is_pure(*id)) else { continue };
            steps(id, &mut next);
            if !next.is_empty() {
                done[row] += 1;
                let covered = next.iter().all(|next| next == state) && self.covers(&done, state);
                return if covered { Ok(()) } else { Err(CertificateError::Open(id)) };
            }
        }
        for row in 0..self.rows.count() {
            let Some(id) = self.rows.next(row, &done) else { continue };
            let is_optional = row >= self.rows.certain;
            if is_optional && is_pure(id) {
                continue;
            }
            steps(id, &mut next);
            done[row] += 1;
            for next in &next {
                // What need not take effect, and changes nothing here, is left out.
                let is_void = is_optional && next == state;
                if !is_void && !self.covers(&done, next) {
                    return Err(CertificateError::Open(id));
                }
            }
            done[row] -= 1;
        }
        for &id in &self.refutation.anytime {
            steps(id, &mut next);
            let mut changed = next.iter().filter(|next| *next != state);
            if !is_pure(id) && !changed.all(|next| self.covers(&done, next)) {
                return Err(CertificateError::Open(id));
            }
        }
        Ok(())
    }
}
