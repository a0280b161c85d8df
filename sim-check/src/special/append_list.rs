//! A list to which each element is appended once and which is read as a whole.
//!
//! Reads must be prefixes of the longest one, which tells the order of the appends that it saw. What is left is
//! to compare that order with real time.

use super::chain::{Link, decide_chain};
use super::{Decision, Part};
use crate::hash::{NumberTable, hash_of};
use crate::history::{Operation, OperationId, Outcome};
use crate::spec::{AppendListOp, AppendListRet, Datum};

type ListOperation<V> = Operation<AppendListOp<V>, AppendListRet<V>>;

/// `None` if an element was appended twice.
pub(crate) fn decide_append_list<V: Datum>(
    initial: &[V],
    part: &Part<'_, AppendListOp<V>, AppendListRet<V>>,
) -> Option<Decision> {
    let mut numbers = NumberTable::default();
    let mut appends: Vec<(&V, OperationId, &ListOperation<V>)> = Vec::new();
    let mut reads: Vec<(&[V], OperationId, &ListOperation<V>)> = Vec::new();
    for (id, operation) in part.iter() {
        match (&operation.op, &operation.outcome) {
            (AppendListOp::Append(v), _) => {
                if !numbers.number(hash_of(v), |number| appends[number as usize].0 == v).1 {
                    return None;
                }
                appends.push((v, id, operation));
            }
            (AppendListOp::Read, Outcome::Ok(AppendListRet::Elements(elements))) => {
                reads.push((elements, id, operation));
            }
            (AppendListOp::Read, Outcome::Ok(_)) => return Some(Decision::Violation(vec![id])),
            (AppendListOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    let (longest, longest_id, _) = *reads.iter().max_by_key(|(elements, ..)| elements.len())?;
    // The append of element k of the longest read stands in group 2k + 2, a read of length k in group 2k + 1.
    let link = |group: usize, id: OperationId, operation: &ListOperation<V>| Link {
        group: group as u32,
        invoked: operation.invoked.position,
        returned: operation.last_position(),
        id,
        is_read: matches!(operation.op, AppendListOp::Read),
    };
    let mut links = Vec::with_capacity(appends.len() + reads.len());
    for (elements, id, operation) in &reads {
        if !longest.starts_with(elements) {
            let mut ids = vec![*id, longest_id];
            ids.sort_unstable();
            return Some(Decision::Violation(ids));
        }
        if elements.len() < initial.len() {
            return Some(Decision::Violation(vec![*id]));
        }
        links.push(link(2 * elements.len() + 1, *id, operation));
    }
    if !longest.starts_with(initial) {
        return Some(Decision::Violation(vec![longest_id]));
    }
    let mut seen = vec![false; appends.len()];
    for (k, v) in longest.iter().enumerate().skip(initial.len()) {
        let (number, new) =
            numbers.number(hash_of(v), |n| appends.get(n as usize).is_some_and(|a| a.0 == v));
        if new || std::mem::replace(&mut seen[number as usize], true) {
            return Some(Decision::Violation(vec![longest_id]));
        }
        let (_, id, operation) = appends[number as usize];
        links.push(link(2 * k + 2, id, operation));
    }
    for (i, (_, id, operation)) in appends.iter().enumerate() {
        if !seen[i] && matches!(operation.outcome, Outcome::Ok(_)) {
            links.push(link(2 * longest.len() + 2, *id, operation));
        }
    }
    Some(decide_chain(links, longest_id))
}
