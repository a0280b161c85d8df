//! A grow-only set whose elements are added once each and which is read as a whole.
//!
//! Two reads must be comparable, and the reads, ordered by inclusion, tell between which of them each
//! add took effect. What is left is to compare that order with real time.

use super::chain::{Link, decide_chain};
use super::{Decision, Part};
use crate::hash::{NumberTable, hash_of};
use crate::history::{Operation, OperationId, Outcome};
use crate::spec::{Datum, GrowOnlySetOp, GrowOnlySetRet};
use std::collections::BTreeSet;

type SetOperation<V> = Operation<GrowOnlySetOp<V>, GrowOnlySetRet<V>>;

/// `None` if an element was added twice, or somebody asked for one element alone.
pub(crate) fn decide_grow_only_set<V: Datum + Ord>(
    initial: &BTreeSet<V>,
    part: &Part<'_, GrowOnlySetOp<V>, GrowOnlySetRet<V>>,
) -> Option<Decision> {
    let mut numbers = NumberTable::default();
    let mut adds: Vec<(&V, OperationId, &SetOperation<V>)> = Vec::new();
    let mut reads: Vec<(&[V], OperationId, &SetOperation<V>)> = Vec::new();
    for (id, operation) in part.iter() {
        match (&operation.op, &operation.outcome) {
            (GrowOnlySetOp::Contains(_), _) => return None,
            (GrowOnlySetOp::Add(v), _) => {
                let known = |number: u32| adds[number as usize].0 == v;
                if initial.contains(v) || !numbers.number(hash_of(v), known).1 {
                    return None;
                }
                adds.push((v, id, operation));
            }
            (GrowOnlySetOp::Read, Outcome::Ok(GrowOnlySetRet::Elements(elements))) => {
                reads.push((elements, id, operation));
            }
            (GrowOnlySetOp::Read, Outcome::Ok(_)) => return Some(Decision::Violation(vec![id])),
            (GrowOnlySetOp::Read, Outcome::Fail | Outcome::Unknown) => {}
        }
    }
    if reads.is_empty() {
        return None;
    }
    reads.sort_by_key(|(elements, ..)| elements.len());
    // Adds stand in even groups, reads in odd ones; an element that nobody saw was added last.
    let last_group = 2 * reads.len() as u32;
    let mut group_of = vec![last_group; adds.len()];
    let mut links = Vec::with_capacity(adds.len() + reads.len());
    let mut previous: Option<(&[V], OperationId)> = None;
    let mut group = 0;
    for (elements, id, operation) in &reads {
        if elements.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Some(Decision::Violation(vec![*id]));
        }
        let mut fresh = 0;
        for v in *elements {
            if initial.contains(v) {
                continue;
            }
            let (number, new) =
                numbers.number(hash_of(v), |n| adds.get(n as usize).is_some_and(|a| a.0 == v));
            if new {
                return Some(Decision::Violation(vec![*id]));
            }
            let first = &mut group_of[number as usize];
            if *first == last_group {
                *first = group;
                fresh += 1;
            }
        }
        // This read contains the previous one if it holds as many elements more as it holds new ones.
        let previous_len = previous.map_or(initial.len(), |(elements, _)| elements.len());
        if elements.len() != previous_len + fresh {
            let ids = previous.map(|(_, id)| id).into_iter().chain([*id]);
            return Some(Decision::Violation(ids.collect()));
        }
        if fresh > 0 || previous.is_none() {
            group += 2;
        }
        previous = Some((elements, *id));
        links.push(Link {
            group: group - 1,
            invoked: operation.invoked.position,
            returned: operation.last_position(),
            id: *id,
            is_read: true,
        });
    }
    for (i, (_, id, operation)) in adds.iter().enumerate() {
        let seen = group_of[i] != last_group;
        if seen || matches!(operation.outcome, Outcome::Ok(_)) {
            links.push(Link {
                group: group_of[i],
                invoked: operation.invoked.position,
                returned: operation.last_position(),
                id: *id,
                is_read: false,
            });
        }
    }
    let (_, longest) = previous?;
    Some(decide_chain(links, longest))
}
