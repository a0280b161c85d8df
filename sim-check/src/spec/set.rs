//! A set.

use std::collections::BTreeSet;

use super::{Datum, SequentialSpec, call};

/// A set whose elements are added and removed. If nobody reads the whole set, each element is judged alone.
#[derive(Clone, Debug, Default)]
pub struct Set<V> {
    initial: BTreeSet<V>,
}

impl<V: Ord> Set<V> {
    /// An empty set.
    pub fn new() -> Self {
        Set { initial: BTreeSet::new() }
    }

    /// A set that holds these.
    pub fn holding(initial: impl IntoIterator<Item = V>) -> Self {
        Set { initial: initial.into_iter().collect() }
    }
}

/// What clients ask of a [`Set`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetOp<V> {
    /// Adds an element.
    Add(V),
    /// Removes an element.
    Remove(V),
    /// Asks for an element.
    Contains(V),
    /// Returns all elements.
    Read,
}

/// What a [`Set`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetRet<V> {
    /// To an add or remove that does not say whether the set changed.
    Done,
    /// To an add or remove: whether the set changed. To a contains: whether the element is there.
    Answer(bool),
    /// To a read: the elements, sorted. One that stands twice fits no set.
    Elements(Vec<V>),
}

impl<V: Datum + Ord> SequentialSpec for Set<V> {
    type State = BTreeSet<V>;
    type Op = SetOp<V>;
    type Ret = SetRet<V>;
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
        let mut next = state.clone();
        let answer = match op {
            SetOp::Add(v) => next.insert(v.clone()),
            SetOp::Remove(v) => next.remove(v),
            SetOp::Contains(v) => next.contains(v),
            SetOp::Read => false,
        };
        let fits = match (ret, op) {
            (None, _) => true,
            (Some(SetRet::Done), SetOp::Add(_) | SetOp::Remove(_)) => true,
            (Some(SetRet::Answer(told)), SetOp::Add(_) | SetOp::Remove(_) | SetOp::Contains(_)) => {
                *told == answer
            }
            (Some(SetRet::Elements(elements)), SetOp::Read) => state.iter().eq(elements),
            (Some(SetRet::Done | SetRet::Answer(_) | SetRet::Elements(_)), _) => false,
        };
        fits.then_some(next)
    }

    fn is_pure(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        matches!(op, SetOp::Contains(_) | SetOp::Read) || matches!(ret, Some(SetRet::Answer(false)))
    }

    fn key(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<V> {
        match op {
            SetOp::Add(v) | SetOp::Remove(v) | SetOp::Contains(v) => Some(v.clone()),
            SetOp::Read => None,
        }
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        let told = match ret {
            Some(SetRet::Answer(told)) => Some(told as &dyn std::fmt::Debug),
            Some(SetRet::Elements(elements)) => Some(elements as &dyn std::fmt::Debug),
            Some(SetRet::Done) | None => None,
        };
        match op {
            SetOp::Add(v) => call("add", v, told),
            SetOp::Remove(v) => call("remove", v, told),
            SetOp::Contains(v) => call("contains", v, told),
            SetOp::Read => call("read", &(), told),
        }
    }
}
