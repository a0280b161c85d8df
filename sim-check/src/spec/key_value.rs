//! A key-value store of independent keys.

use std::collections::BTreeMap;

use super::{Datum, Decision, Part, SequentialSpec, call};
use crate::special::{Access, decide_register};

/// A key-value store that is empty at first. Keys are independent, so each is judged alone.
#[derive(Clone, Debug, Default)]
pub struct KeyValue<K, V> {
    types: std::marker::PhantomData<(K, V)>,
}

impl<K, V> KeyValue<K, V> {
    /// An empty store.
    pub fn new() -> Self {
        KeyValue { types: std::marker::PhantomData }
    }
}

/// What clients ask of a [`KeyValue`] store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueOp<K, V> {
    /// Returns the value of a key, if it has one.
    Get(K),
    /// Sets the value of a key.
    Put(K, V),
    /// Removes the key.
    Delete(K),
    /// Sets the value of a key if it is the expected one (`None`: if there is none).
    CompareAndSet(K, Option<V>, V),
}

/// What a [`KeyValue`] store answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueRet<V> {
    /// To a get.
    Value(Option<V>),
    /// To a put or delete.
    Done,
    /// To a compare-and-set: whether the value was the expected one.
    Swapped(bool),
}

impl<K: Datum + Ord, V: Datum> SequentialSpec for KeyValue<K, V> {
    type State = BTreeMap<K, V>;
    type Op = KeyValueOp<K, V>;
    type Ret = KeyValueRet<V>;
    type Key = K;

    fn initial(&self) -> Self::State {
        BTreeMap::new()
    }

    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<Self::State> {
        match (op, ret) {
            (KeyValueOp::Get(_), None) => Some(state.clone()),
            (KeyValueOp::Get(key), Some(KeyValueRet::Value(value))) => {
                (state.get(key) == value.as_ref()).then(|| state.clone())
            }
            (KeyValueOp::Put(key, value), None | Some(KeyValueRet::Done)) => {
                Some(with(state, key, Some(value)))
            }
            (KeyValueOp::Delete(key), None | Some(KeyValueRet::Done)) => {
                Some(with(state, key, None))
            }
            (KeyValueOp::CompareAndSet(key, from, to), ret) => {
                let swaps = state.get(key) == from.as_ref();
                match ret {
                    None => {}
                    Some(KeyValueRet::Swapped(swapped)) if *swapped == swaps => {}
                    Some(_) => return None,
                }
                Some(if swaps { with(state, key, Some(to)) } else { state.clone() })
            }
            (KeyValueOp::Get(_) | KeyValueOp::Put(..) | KeyValueOp::Delete(_), Some(_)) => None,
        }
    }

    fn is_pure(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        match op {
            KeyValueOp::Get(_) => true,
            KeyValueOp::Put(..) | KeyValueOp::Delete(_) => false,
            KeyValueOp::CompareAndSet(_, from, to) => {
                from.as_ref() == Some(to) || matches!(ret, Some(KeyValueRet::Swapped(false)))
            }
        }
    }

    fn key(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<K> {
        let (KeyValueOp::Get(key)
        | KeyValueOp::Put(key, _)
        | KeyValueOp::Delete(key)
        | KeyValueOp::CompareAndSet(key, ..)) = op;
        Some(key.clone())
    }

    fn observed_states(
        &self,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
        observed: &mut Vec<Self::State>,
    ) -> bool {
        // Within a part there is one key, so that a state is its value or its absence.
        let empty = BTreeMap::new();
        match (op, ret) {
            (KeyValueOp::Get(key), Some(KeyValueRet::Value(value))) => {
                observed.push(with(&empty, key, value.as_ref()));
            }
            (KeyValueOp::CompareAndSet(key, from, _), _) => {
                observed.push(with(&empty, key, from.as_ref()));
            }
            (KeyValueOp::Get(_) | KeyValueOp::Put(..) | KeyValueOp::Delete(_), _) => {}
        }
        true
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        let accesses: Option<Vec<Access<Option<&V>>>> = part
            .iter()
            .map(|(id, operation)| {
                let (value, is_write) = match (&operation.op, operation.outcome.ok()) {
                    (KeyValueOp::Get(_), Some(KeyValueRet::Value(v))) => (v.as_ref(), false),
                    (KeyValueOp::Put(_, v), _) => (Some(v), true),
                    (KeyValueOp::Delete(_), _) => (None, true),
                    (KeyValueOp::Get(_) | KeyValueOp::CompareAndSet(..), _) => return None,
                };
                let (invoked, returned) = (operation.invoked.position, operation.last_position());
                Some(Access { id, invoked, returned, value, is_write })
            })
            .collect();
        decide_register(&None, &accesses?)
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match (op, ret) {
            (KeyValueOp::Get(key), Some(KeyValueRet::Value(value))) => match value {
                Some(value) => call("get", key, Some(value)),
                None => format!("{} = nothing", call("get", key, None)),
            },
            (KeyValueOp::Get(key), _) => call("get", key, None),
            (KeyValueOp::Put(key, value), _) => format!("put({key:?}, {value:?})"),
            (KeyValueOp::Delete(key), _) => call("delete", key, None),
            (KeyValueOp::CompareAndSet(key, from, to), ret) => {
                let mismatch = matches!(ret, Some(KeyValueRet::Swapped(false)));
                let ending = if mismatch { " = mismatch" } else { "" };
                let from = from.as_ref().map_or("nothing".to_string(), |from| format!("{from:?}"));
                format!("cas({key:?}, {from}, {to:?}){ending}")
            }
        }
    }
}

fn with<K: Datum + Ord, V: Datum>(
    state: &BTreeMap<K, V>,
    key: &K,
    value: Option<&V>,
) -> BTreeMap<K, V> {
    let mut next = state.clone();
    match value {
        Some(value) => next.insert(key.clone(), value.clone()),
        None => next.remove(key),
    };
    next
}
