//! What operations on collections of different values say about their order.
//!
//! The bad patterns of queues and stacks of Bouajjani, Emmi, Enea and Hamza, "On reducing linearizability to state
//! reachability", ICALP 2015, section 4, as rules that hold in each order.

use super::elements::Elements;
use crate::hash::{NumberTable, hash_of};
use crate::spec::{Datum, OrderRule};

/// Of a queue: what came first leaves first, and before it nothing stays that came earlier.
pub(crate) fn queue_rules<V: Datum>(elements: &Elements<'_, V>, rules: &mut Vec<OrderRule>) {
    elements.add_rules(rules);
    rules.push(OrderRule::SameOrder(elements.pairs()));
    rules.push(OrderRule::Before {
        first: elements.gone.iter().map(|(add, remove, _)| (*add, Some(*remove))).collect(),
        then: elements.lasting(),
    });
}

/// Of a stack: what came last leaves first, and nothing that stays comes between.
pub(crate) fn stack_rules<V: Datum>(elements: &Elements<'_, V>, rules: &mut Vec<OrderRule>) {
    elements.add_rules(rules);
    rules.push(OrderRule::Nested(elements.pairs()));
    rules.push(OrderRule::Apart { pairs: elements.pairs(), others: elements.lasting() });
}

/// More pairs of calls than this are not listed.
const LISTED_MAX: usize = 1_000_000;

/// Of a priority queue: no greater value leaves while a smaller one is there.
pub(crate) fn priority_rules<V: Datum + Ord>(
    elements: &Elements<'_, V>,
    rules: &mut Vec<OrderRule>,
) {
    elements.add_rules(rules);
    let values = elements.gone.len() + elements.left.len();
    if values.saturating_mul(elements.removes.len()) > LISTED_MAX {
        return;
    }
    let greater = |v: &V| {
        let removes = elements.removes.iter().filter(|(_, other)| *other > v);
        removes.map(|(remove, _)| *remove).collect::<Vec<usize>>()
    };
    for (add, remove, v) in &elements.gone {
        rules.push(OrderRule::Apart { pairs: vec![(*add, *remove)], others: greater(v) });
    }
    for (add, v) in &elements.left {
        let first = greater(v).into_iter().map(|remove| (remove, None)).collect();
        rules.push(OrderRule::Before { first, then: vec![*add] });
    }
}

/// What a call says of a collection that only grows.
pub(crate) enum Growth<'v, V> {
    /// This comes in.
    Add(&'v V),
    /// These are there, in this order if there is one, and nothing else is.
    Whole(Vec<&'v V>),
    /// This is there, or is not.
    Holds(&'v V, bool),
    /// Nothing.
    Nothing,
}

/// Of a collection that is empty at first and only grows: what was seen came before, what was not seen comes after.
pub(crate) fn growth_rules<'v, V: Datum + 'v>(
    calls: impl Iterator<Item = (Growth<'v, V>, bool)>,
    is_ordered: bool,
    rules: &mut Vec<OrderRule>,
) {
    let mut numbers = NumberTable::default();
    let mut known: Vec<(&V, Vec<usize>)> = Vec::new();
    let mut adds: Vec<(usize, usize)> = Vec::new();
    let mut reads: Vec<(usize, Growth<'v, V>)> = Vec::new();
    for (call, (growth, is_certain)) in calls.enumerate() {
        match growth {
            Growth::Add(v) => {
                let (number, new) =
                    numbers.number(hash_of(v), |number| known[number as usize].0 == v);
                if new {
                    known.push((v, Vec::new()));
                }
                known[number as usize].1.push(call);
                adds.push((call, number as usize));
            }
            Growth::Whole(_) | Growth::Holds(..) if is_certain => reads.push((call, growth)),
            Growth::Whole(_) | Growth::Holds(..) | Growth::Nothing => {}
        }
    }
    if reads.len().saturating_mul(adds.len()) > LISTED_MAX {
        return;
    }
    let find = |v: &V| {
        let found = numbers.find(hash_of(v), |number| known[number as usize].0 == v);
        found.map(|number| number as usize)
    };
    for (read, growth) in reads {
        let (seen, unseen): (Vec<&V>, Vec<usize>) = match growth {
            Growth::Whole(seen) => {
                let mut is_seen = vec![false; known.len()];
                for v in seen.iter().filter_map(|v| find(v)) {
                    is_seen[v] = true;
                }
                let unseen = adds.iter().filter(|(_, number)| !is_seen[*number]);
                let unseen = unseen.map(|(call, _)| *call).collect();
                (seen, unseen)
            }
            Growth::Holds(v, true) => (vec![v], Vec::new()),
            Growth::Holds(v, false) => {
                (Vec::new(), find(v).map_or(Vec::new(), |number| known[number].1.clone()))
            }
            Growth::Add(_) | Growth::Nothing => continue,
        };
        rules.push(OrderRule::Before { first: vec![(read, None)], then: unseen });
        let mut previous: Option<usize> = None;
        for v in seen {
            let Some(number) = find(v) else {
                rules.push(OrderRule::Impossible(vec![read]));
                continue;
            };
            // Of values that came several times nobody knows which time was seen.
            let [add] = *known[number].1.as_slice() else {
                previous = None;
                continue;
            };
            rules.push(OrderRule::Before { first: vec![(add, None)], then: vec![read] });
            if let Some(previous) = previous.filter(|_| is_ordered) {
                let first = vec![(previous, Some(read))];
                rules.push(OrderRule::Before { first, then: vec![add] });
            }
            previous = Some(add);
        }
    }
}
