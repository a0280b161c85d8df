//! Splits a history into independent parts, and joins their linearizations.

use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId, Outcome};
use crate::spec::NondeterministicSpec;

/// The places of the operations that matter, part by part: one part if some operation touches several.
///
/// Left out: operations that failed, and those of unknown outcome that change nothing.
pub(crate) fn split<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
) -> Vec<Vec<OperationId>> {
    let matters = |operation: &crate::history::Operation<S::Op, S::Ret>| match &operation.outcome {
        Outcome::Ok(_) => true,
        Outcome::Fail => false,
        Outcome::Unknown => !spec.is_pure(&operation.op, None),
    };
    let mut keys: Vec<S::Key> = Vec::new();
    let mut numbers = NumberTable::default();
    let mut parts: Vec<Vec<OperationId>> = Vec::new();
    for (id, operation) in history.iter() {
        if !matters(operation) {
            continue;
        }
        let Some(key) = spec.key(&operation.op, operation.outcome.ok()) else {
            let mut all = Vec::with_capacity(history.len());
            let mattering = history.iter().filter(|(_, operation)| matters(operation));
            all.extend(mattering.map(|(id, _)| id));
            return vec![all];
        };
        // Keys of no size are all the same.
        let number = if size_of::<S::Key>() == 0 && !keys.is_empty() {
            0
        } else {
            let (number, new) =
                numbers.number(hash_of(&key), |number| keys[number as usize] == key);
            if new {
                keys.push(key);
                // Often there is one part.
                parts.push(Vec::with_capacity(if number == 0 { history.len() } else { 0 }));
            }
            number
        };
        parts[number as usize].push(id);
    }
    parts
}

/// One linearization of all parts from one of each.
///
/// An operation takes effect at the latest invocation among its predecessors and itself, which lies between
/// its own invocation and return; sorting all operations by that moment respects real time.
pub(super) fn merge<Op, Ret>(
    history: &History<Op, Ret>,
    orders: &[Vec<OperationId>],
) -> Vec<OperationId> {
    let mut moments: Vec<(u32, OperationId)> = Vec::with_capacity(history.len());
    for order in orders {
        let mut moment = 0;
        for &id in order {
            moment = moment.max(history.operation(id).invoked.position);
            moments.push((moment, id));
        }
    }
    // Equal moments are of one part and stay in its order: the sort is stable.
    moments.sort_by_key(|(moment, _)| *moment);
    moments.into_iter().map(|(_, id)| id).collect()
}
