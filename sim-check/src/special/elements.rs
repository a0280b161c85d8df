//! What came into a collection, and left it.

use crate::hash::{NumberTable, hash_of};
use crate::spec::{Datum, OrderRule};

/// What a call does to a collection.
pub(crate) enum Move<'v, V> {
    /// Something comes in.
    Add(&'v V),
    /// This leaves, whatever else is there.
    Remove(&'v V),
    /// The collection is empty.
    Empty,
    /// Something leaves, nobody knows what.
    RemoveAny,
    /// Nothing.
    Stay,
}

/// The calls by what they move. Of values that came several times little is known.
pub(crate) struct Elements<'v, V> {
    /// Values that came once and certainly left: the two calls.
    pub(crate) gone: Vec<(usize, usize, &'v V)>,
    /// Values that never leave, if they come.
    pub(crate) left: Vec<(usize, &'v V)>,
    /// All calls by which something certainly left.
    pub(crate) removes: Vec<(usize, &'v V)>,
    /// The calls that certainly found nothing.
    pub(crate) empties: Vec<usize>,
    /// More calls that took a value than brought it.
    pub(crate) impossible: Option<Vec<usize>>,
}

#[derive(Default)]
struct Value {
    adds: Vec<(usize, bool)>,
    removes: Vec<(usize, bool)>,
}

impl<'v, V: Datum> Elements<'v, V> {
    /// From what each call does, and whether it is certain; the collection is empty at first.
    pub(crate) fn of(moves: impl Iterator<Item = (Move<'v, V>, bool)>) -> Self {
        let mut numbers = NumberTable::default();
        let mut known: Vec<(&V, Value)> = Vec::new();
        let mut anything_left = false;
        let mut elements = Elements {
            gone: Vec::new(),
            left: Vec::new(),
            removes: Vec::new(),
            empties: Vec::new(),
            impossible: None,
        };
        for (call, (moved, is_certain)) in moves.enumerate() {
            let (v, is_add) = match moved {
                Move::Add(v) => (v, true),
                Move::Remove(v) => {
                    if is_certain {
                        elements.removes.push((call, v));
                    }
                    (v, false)
                }
                Move::Empty => {
                    if is_certain {
                        elements.empties.push(call);
                    }
                    continue;
                }
                Move::RemoveAny => {
                    anything_left = true;
                    continue;
                }
                Move::Stay => continue,
            };
            let (number, new) = numbers.number(hash_of(v), |number| known[number as usize].0 == v);
            if new {
                known.push((v, Value::default()));
            }
            let value = &mut known[number as usize].1;
            let calls = if is_add { &mut value.adds } else { &mut value.removes };
            calls.push((call, is_certain));
        }
        for (v, value) in &known {
            let certain = value.removes.iter().filter(|(_, is_certain)| *is_certain);
            let removes: Vec<usize> = certain.map(|(call, _)| *call).collect();
            let adds = value.adds.iter().map(|(call, _)| *call);
            if removes.len() > value.adds.len() {
                let too_many = removes[..=value.adds.len()].iter().copied();
                elements.impossible.get_or_insert_with(|| adds.chain(too_many).collect());
                continue;
            }
            match (value.adds.as_slice(), removes.as_slice()) {
                ([(add, _)], [remove]) => elements.gone.push((*add, *remove, v)),
                (adds, []) if value.removes.is_empty() && !anything_left => {
                    elements.left.extend(adds.iter().map(|(call, _)| (*call, *v)));
                }
                _ => {}
            }
        }
        elements
    }

    /// The two calls of each value that came once and left.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        self.gone.iter().map(|(add, remove, _)| (*add, *remove)).collect()
    }

    /// The calls that bring what never leaves.
    pub(crate) fn lasting(&self) -> Vec<usize> {
        self.left.iter().map(|(add, _)| *add).collect()
    }

    /// What holds of every collection: only what is there leaves, and where nothing is, nothing has come that did not leave.
    pub(crate) fn add_rules(&self, rules: &mut Vec<OrderRule>) {
        rules.extend(self.impossible.clone().map(OrderRule::Impossible));
        rules.push(OrderRule::Apart { pairs: self.pairs(), others: self.empties.clone() });
        rules.push(OrderRule::Before {
            first: self.empties.iter().map(|empty| (*empty, None)).collect(),
            then: self.lasting(),
        });
    }
}
