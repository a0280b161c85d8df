//! A set from which nothing is ever removed.

use std::collections::BTreeSet;

use super::touch::Touch;
use super::{Call, Datum, Decision, OrderRule, Part, SequentialSpec, call};
use crate::special::{Growth, decide_grow_only_set, growth_rules};

/// A set that only grows. If nobody reads the whole set, each element is judged alone.
#[derive(Clone, Debug, Default)]
pub struct GrowOnlySet<V> {
    initial: BTreeSet<V>,
}

impl<V: Ord> GrowOnlySet<V> {
    /// An empty set.
    pub fn new() -> Self {
        GrowOnlySet { initial: BTreeSet::new() }
    }

    /// A set that holds these.
    pub fn holding(initial: impl IntoIterator<Item = V>) -> Self {
        GrowOnlySet { initial: initial.into_iter().collect() }
    }
}

/// What clients ask of a [`GrowOnlySet`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrowOnlySetOp<V> {
    /// Adds an element.
    Add(V),
    /// Asks for an element.
    Contains(V),
    /// Returns all elements.
    Read,
}

/// What a [`GrowOnlySet`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrowOnlySetRet<V> {
    /// To an add.
    Added,
    /// To a contains: whether the element is there.
    Answer(bool),
    /// To a read: the elements, sorted. One that stands twice fits no set.
    Elements(Vec<V>),
}

impl<V: Datum + Ord> SequentialSpec for GrowOnlySet<V> {
    type State = BTreeSet<V>;
    type Op = GrowOnlySetOp<V>;
    type Ret = GrowOnlySetRet<V>;
    type Key = V;

    fn initial(&self) -> BTreeSet<V> {
        self.initial.clone()
    }

    fn step(
        &self,
        state: &BTreeSet<V>,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<BTreeSet<V>> {
        match (op, ret) {
            (GrowOnlySetOp::Add(v), None | Some(GrowOnlySetRet::Added)) => {
                let mut next = state.clone();
                next.insert(v.clone());
                Some(next)
            }
            (GrowOnlySetOp::Contains(v), Some(GrowOnlySetRet::Answer(told))) => {
                (*told == state.contains(v)).then(|| state.clone())
            }
            (GrowOnlySetOp::Read, Some(GrowOnlySetRet::Elements(elements))) => {
                state.iter().eq(elements).then(|| state.clone())
            }
            (GrowOnlySetOp::Contains(_) | GrowOnlySetOp::Read, None) => Some(state.clone()),
            (GrowOnlySetOp::Add(_) | GrowOnlySetOp::Contains(_) | GrowOnlySetOp::Read, Some(_)) => {
                None
            }
        }
    }

    fn is_pure(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        matches!(op, GrowOnlySetOp::Contains(_) | GrowOnlySetOp::Read)
    }

    fn key(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<V> {
        match op {
            GrowOnlySetOp::Add(v) | GrowOnlySetOp::Contains(v) => Some(v.clone()),
            GrowOnlySetOp::Read => None,
        }
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        decide_grow_only_set(&self.initial, part)
    }

    fn shares_element(
        &self,
        first: (&Self::Op, Option<&Self::Ret>),
        second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        touch(first).shares(&touch(second))
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        if !self.initial.is_empty() {
            return;
        }
        let growths = calls.iter().map(|call| {
            let growth = match (call.op, call.ret) {
                (GrowOnlySetOp::Add(v), _) => Growth::Add(v),
                (GrowOnlySetOp::Read, Some(GrowOnlySetRet::Elements(elements))) => {
                    Growth::Whole(elements.iter().collect())
                }
                (GrowOnlySetOp::Contains(v), Some(GrowOnlySetRet::Answer(told))) => {
                    Growth::Holds(v, *told)
                }
                (GrowOnlySetOp::Read | GrowOnlySetOp::Contains(_), _) => Growth::Nothing,
            };
            (growth, call.is_certain)
        });
        growth_rules(growths, false, rules);
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        let told = match ret {
            Some(GrowOnlySetRet::Answer(told)) => Some(told as &dyn std::fmt::Debug),
            Some(GrowOnlySetRet::Elements(elements)) => Some(elements as &dyn std::fmt::Debug),
            Some(GrowOnlySetRet::Added) | None => None,
        };
        match op {
            GrowOnlySetOp::Add(v) => call("add", v, None),
            GrowOnlySetOp::Contains(v) => call("contains", v, told),
            GrowOnlySetOp::Read => call("read", &(), told),
        }
    }
}

fn touch<'a, V: PartialEq>(
    (op, ret): (&'a GrowOnlySetOp<V>, Option<&'a GrowOnlySetRet<V>>),
) -> Touch<'a, V> {
    match (op, ret) {
        (GrowOnlySetOp::Add(v) | GrowOnlySetOp::Contains(v), _) => Touch::one(v),
        (GrowOnlySetOp::Read, Some(GrowOnlySetRet::Elements(elements))) => {
            Touch::Elements(elements)
        }
        (GrowOnlySetOp::Read, _) => Touch::Anything,
    }
}
