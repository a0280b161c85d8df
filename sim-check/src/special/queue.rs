//! A first-in first-out queue whose values are distinct.
//!
//! The bad patterns of Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013: a value
//! out of nothing, a value twice, two values in the wrong order, and an empty queue that cannot have been empty.
//! Without them, a linearization is put together from an order of the values.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Decision, Part};
use crate::hash::{NumberTable, hash_of};
use crate::history::{OperationId, Outcome};
use crate::spec::{Datum, QueueOp, QueueRet};

/// After all time: a dequeue that never came.
const NEVER: u64 = u64::MAX;

/// An operation, and the stretch of time in which it took effect.
#[derive(Clone, Copy)]
struct Call {
    id: OperationId,
    invoked: u64,
    returned: u64,
}

struct Element {
    enqueue: Call,
    dequeue: Option<Call>,
}

impl Element {
    fn dequeue_invoked(&self) -> u64 {
        self.dequeue.map_or(NEVER, |call| call.invoked)
    }

    fn dequeue_returned(&self) -> u64 {
        self.dequeue.map_or(NEVER, |call| call.returned)
    }

    fn ids(&self) -> impl Iterator<Item = OperationId> {
        [self.enqueue.id].into_iter().chain(self.dequeue.map(|call| call.id))
    }
}

/// `None` if a value was enqueued twice or a dequeue has an unknown outcome.
pub(crate) fn decide_queue<V: Datum>(part: &Part<'_, QueueOp<V>, QueueRet<V>>) -> Option<Decision> {
    let mut numbers = NumberTable::default();
    let mut values: Vec<&V> = Vec::new();
    let mut enqueues: Vec<(Call, bool)> = Vec::new();
    let mut dequeues: Vec<(&V, Call)> = Vec::new();
    let mut empties: Vec<Call> = Vec::new();
    for (id, operation) in part.iter() {
        // Moments are even, so that there is room between them.
        let invoked = 2 * u64::from(operation.invoked.position);
        let known = matches!(operation.outcome, Outcome::Ok(_));
        let returned = if known { 2 * u64::from(operation.last_position()) } else { NEVER - 1 };
        let call = Call { id, invoked, returned };
        match (&operation.op, &operation.outcome) {
            (QueueOp::Enqueue(v), _) => {
                if !numbers.number(hash_of(v), |number| values[number as usize] == v).1 {
                    return None;
                }
                values.push(v);
                enqueues.push((call, known));
            }
            (QueueOp::Dequeue, Outcome::Ok(QueueRet::Dequeued(Some(v)))) => {
                dequeues.push((v, call))
            }
            (QueueOp::Dequeue, Outcome::Ok(QueueRet::Dequeued(None))) => empties.push(call),
            (
                QueueOp::Dequeue,
                Outcome::Ok(QueueRet::Enqueued) | Outcome::Fail | Outcome::Unknown,
            ) => {
                return None;
            }
        }
    }
    let mut dequeue_of: Vec<Option<Call>> = vec![None; enqueues.len()];
    for (v, call) in dequeues {
        let (number, new) =
            numbers.number(hash_of(v), |n| values.get(n as usize).is_some_and(|known| *known == v));
        if new {
            return Some(Decision::Violation(vec![call.id]));
        }
        if let Some(other) = dequeue_of[number as usize].replace(call) {
            let enqueue = enqueues[number as usize].0.id;
            return Some(violation([enqueue, other.id, call.id]));
        }
    }
    let mut elements = Vec::with_capacity(enqueues.len());
    for ((mut enqueue, known), mut dequeue) in enqueues.into_iter().zip(dequeue_of) {
        if let Some(dequeue) = &mut dequeue {
            if dequeue.returned < enqueue.invoked {
                return Some(violation([enqueue.id, dequeue.id]));
            }
            // An element cannot leave before it came.
            dequeue.invoked = dequeue.invoked.max(enqueue.invoked + 1);
            enqueue.returned = enqueue.returned.min(dequeue.returned - 1);
        } else if !known {
            // It need not have come.
            continue;
        }
        elements.push(Element { enqueue, dequeue });
    }
    if let Some(bad) = wrong_order(&elements) {
        return Some(bad);
    }
    let moments = match empty_moments(&elements, &empties) {
        Ok(moments) => moments,
        Err(bad) => return Some(bad),
    };
    Some(Decision::Linearizable(linearize(&elements, moments)))
}

fn violation(ids: impl IntoIterator<Item = OperationId>) -> Decision {
    let mut ids: Vec<OperationId> = ids.into_iter().collect();
    ids.sort_unstable();
    Decision::Violation(ids)
}

/// Two elements of which the first was enqueued before the second and was not dequeued before it.
fn wrong_order(elements: &[Element]) -> Option<Decision> {
    let mut by_invocation: Vec<&Element> = elements.iter().collect();
    by_invocation.sort_unstable_by_key(|element| element.enqueue.invoked);
    let mut by_return = by_invocation.clone();
    by_return.sort_unstable_by_key(|element| element.enqueue.returned);
    let mut enqueued = by_return.into_iter().peekable();
    let mut latest: Option<&Element> = None;
    for second in by_invocation {
        while let Some(first) =
            enqueued.next_if(|first| first.enqueue.returned < second.enqueue.invoked)
        {
            if latest.is_none_or(|latest| latest.dequeue_invoked() < first.dequeue_invoked()) {
                latest = Some(first);
            }
        }
        if let Some(first) = latest
            && first.dequeue_invoked() > second.dequeue_returned()
        {
            return Some(violation(first.ids().chain(second.ids())));
        }
    }
    None
}

/// For each dequeue that found nothing a moment at which the queue can have been empty.
fn empty_moments(
    elements: &[Element],
    empties: &[Call],
) -> Result<Vec<(u64, OperationId)>, Decision> {
    // Stretches in which some element is certainly in the queue.
    let mut occupied: Vec<(u64, u64)> = elements
        .iter()
        .map(|element| (element.enqueue.returned, element.dequeue_invoked()))
        .filter(|(from, to)| from < to)
        .collect();
    occupied.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, to) in occupied {
        match merged.last_mut() {
            Some(last) if from < last.1 => last.1 = last.1.max(to),
            Some(_) | None => merged.push((from, to)),
        }
    }
    let mut moments = Vec::with_capacity(empties.len());
    for empty in empties {
        let after = merged.partition_point(|(from, _)| *from < empty.invoked);
        let mut moment = empty.invoked;
        if let Some((from, to)) = after.checked_sub(1).map(|i| merged[i])
            && empty.invoked < to
        {
            if empty.returned < to {
                let inside = elements.iter().filter(|element| {
                    element.enqueue.returned < to && element.dequeue_invoked() > from
                });
                let ids = inside.flat_map(Element::ids).chain([empty.id]);
                return Err(violation(ids));
            }
            moment = to + 1;
        }
        moments.push((moment, empty.id));
    }
    Ok(moments)
}

/// Puts a linearization together from an order of the elements that agrees with both real-time orders.
fn linearize(elements: &[Element], mut moments: Vec<(u64, OperationId)>) -> Vec<OperationId> {
    moments.sort_unstable();
    // Between two moments of emptiness, the elements that came and went; those that need not be before a moment
    // of emptiness come after it.
    let block = |element: &Element| {
        let latest = element.enqueue.invoked.max(element.dequeue_invoked());
        moments.partition_point(|(moment, _)| *moment <= latest)
    };
    let blocks: Vec<usize> = elements.iter().map(block).collect();
    let mut by_block: Vec<usize> = (0..elements.len()).collect();
    by_block.sort_by_key(|&i| blocks[i]);
    // An entry is (moment, kind, rank): at one moment the empty dequeues come first, then the enqueues.
    let mut entries: Vec<(u64, u8, usize, OperationId)> =
        moments.iter().map(|(moment, id)| (*moment, 0, 0, *id)).collect();
    let mut rank = 0;
    for block in by_block.chunk_by(|&a, &b| blocks[a] == blocks[b]) {
        let start = blocks[block[0]].checked_sub(1).map_or(0, |i| moments[i].0);
        let (mut enqueued, mut dequeued) = (start, start);
        for i in order_of_elements(elements, block) {
            let element = &elements[i];
            rank += 1;
            enqueued = enqueued.max(element.enqueue.invoked);
            entries.push((enqueued, 1, rank, element.enqueue.id));
            if let Some(dequeue) = element.dequeue {
                dequeued = dequeued.max(enqueued).max(dequeue.invoked);
                entries.push((dequeued, 2, rank, dequeue.id));
            }
        }
    }
    entries.sort_unstable();
    entries.into_iter().map(|(.., id)| id).collect()
}

/// The elements of a block in an order in which none stands before one that was certainly enqueued, or dequeued,
/// before it. Such an order exists as no two elements are in the wrong order.
fn order_of_elements(elements: &[Element], block: &[usize]) -> Vec<usize> {
    let times = |i: usize| {
        let element = &elements[i];
        [
            (element.enqueue.invoked, element.enqueue.returned),
            (element.dequeue_invoked(), element.dequeue_returned()),
        ]
    };
    let mut first_return = [BinaryHeap::new(), BinaryHeap::new()];
    let mut by_invocation = [block.to_vec(), block.to_vec()];
    for side in 0..2 {
        first_return[side].extend(block.iter().map(|&i| Reverse((times(i)[side].1, i))));
        by_invocation[side].sort_unstable_by_key(|&i| (times(i)[side].0, i));
    }
    let mut placed = std::collections::BTreeSet::new();
    let mut allowed = std::collections::BTreeMap::new();
    let mut at = [0, 0];
    let mut ready = Vec::new();
    let mut order = Vec::with_capacity(block.len());
    while order.len() < block.len() {
        for side in 0..2 {
            while first_return[side].peek().is_some_and(|Reverse((_, i))| placed.contains(i)) {
                first_return[side].pop();
            }
            let Some(Reverse((limit, _))) = first_return[side].peek() else { continue };
            while let Some(&i) = by_invocation[side].get(at[side]) {
                if times(i)[side].0 > *limit {
                    break;
                }
                at[side] += 1;
                let sides = allowed.entry(i).or_insert(0);
                *sides += 1;
                if *sides == 2 {
                    ready.push(i);
                }
            }
        }
        let i =
            ready.pop().expect("two interval orders without a contradiction have a common order");
        placed.insert(i);
        order.push(i);
    }
    order
}
