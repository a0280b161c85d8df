//! Until when a state can be told from others.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::rows::Rows;
use crate::hash::{FastHasher, NumberTable, hash_of};
use crate::history::{History, OperationId};
use crate::spec::NondeterministicSpec;

/// Rows with the place after their last operation that can tell a state from others.
pub(crate) type Until = Vec<(u32, u32)>;

/// Operations that ask for the same thing and are told the same, with the last of them in each row.
type Class<'o, Op, Ret> = (&'o Op, Option<&'o Ret>, Until);

/// No row ever gets so far.
const FOREVER: (u32, u32) = (0, u32::MAX);

/// Which operations can tell which states apart, as far as the specification promises anything.
pub(crate) struct Observers<'o, S: NondeterministicSpec> {
    spec: &'o S,
    promise: Promise<'o, S>,
}

enum Promise<'o, S: NondeterministicSpec> {
    /// All states may matter to all operations.
    Nothing,
    /// These states alone can be told from others.
    Listed(HashMap<S::State, Until, BuildHasherDefault<FastHasher>>),
    /// The specification says so of each state that it is asked about.
    Asked(Vec<Class<'o, S::Op, S::Ret>>),
}

impl<'o, S: NondeterministicSpec> Observers<'o, S> {
    /// Relies on no promise.
    pub(crate) fn none(spec: &'o S) -> Self {
        Observers { spec, promise: Promise::Nothing }
    }

    /// Relies on what the specification promises of the operations in `rows` and of those that may take effect at
    /// any time.
    pub(crate) fn new(
        spec: &'o S,
        history: &'o History<S::Op, S::Ret>,
        rows: &Rows<'_>,
        anytime: &[OperationId],
    ) -> Self {
        let mut classes = classes::<S>(history, rows);
        for id in anytime {
            let operation = history.operation(*id);
            classes.push((&operation.op, operation.outcome.ok(), vec![FOREVER]));
        }
        let mut keys = classes.iter().map(|(op, ret, _)| spec.key(op, *ret));
        let first = keys.next();
        // What is promised is promised within one part of the object.
        if !keys.all(|key| Some(key) == first) {
            return Observers::none(spec);
        }
        let mut listed: HashMap<S::State, Until, _> = HashMap::default();
        let mut states = Vec::new();
        let all_listed = classes.iter().all(|(op, ret, until)| {
            let is_listed = spec.observed_states(op, *ret, &mut states);
            for state in states.drain(..) {
                listed.entry(state).or_default().extend_from_slice(until);
            }
            is_listed
        });
        if all_listed {
            return Observers { spec, promise: Promise::Listed(listed) };
        }
        let initial = spec.initial();
        let answers = |(op, ret, _): &Class<'_, S::Op, S::Ret>| {
            spec.tells_apart(op, *ret, &initial).is_some()
        };
        if classes.iter().all(answers) {
            return Observers { spec, promise: Promise::Asked(classes) };
        }
        Observers::none(spec)
    }

    /// The rows with operations that can tell this state from others, each with the place after the last of them.
    /// `None`: any operation may.
    pub(crate) fn until(&self, state: &S::State) -> Option<Until> {
        match &self.promise {
            Promise::Nothing => None,
            Promise::Listed(listed) => Some(listed.get(state).cloned().unwrap_or_default()),
            Promise::Asked(classes) => {
                let tells = |op, ret| self.spec.tells_apart(op, ret, state) != Some(false);
                let until = classes.iter().filter(|(op, ret, _)| tells(op, *ret));
                Some(until.flat_map(|(.., until)| until).copied().collect())
            }
        }
    }
}

/// Whether an operation is still to come that can tell a state from others.
pub(crate) fn is_observed(until: Option<&[(u32, u32)]>, done: &[u32]) -> bool {
    until.is_none_or(|until| until.iter().any(|(row, end)| done[*row as usize] < *end))
}

/// The operations that ask for the same thing and are told the same, with the last of them in each row.
fn classes<'o, S: NondeterministicSpec>(
    history: &'o History<S::Op, S::Ret>,
    rows: &Rows<'_>,
) -> Vec<Class<'o, S::Op, S::Ret>> {
    let mut numbers = NumberTable::default();
    let mut classes: Vec<Class<'o, S::Op, S::Ret>> = Vec::new();
    for row in 0..rows.count() {
        for (place, id) in rows.row(row).iter().enumerate() {
            let operation = history.operation(*id);
            let (op, ret) = (&operation.op, operation.outcome.ok());
            let (number, new) = numbers.number(hash_of(&(op, ret)), |number| {
                let (known, told, _) = &classes[number as usize];
                *known == op && *told == ret
            });
            if new {
                classes.push((op, ret, Until::new()));
            }
            let until = &mut classes[number as usize].2;
            match until.last_mut() {
                Some(last) if last.0 == row as u32 => last.1 = place as u32 + 1,
                Some(_) | None => until.push((row as u32, place as u32 + 1)),
            }
        }
    }
    classes
}
