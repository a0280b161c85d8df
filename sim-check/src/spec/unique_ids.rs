//! A generator of identities.

use std::collections::BTreeSet;

use super::{Datum, SequentialSpec, call};

/// A generator that never returns the same identity twice. An operation is `()`, its result the identity.
///
/// A generate of unknown outcome used up an identity that nobody will ever see: it changes nothing.
#[derive(Clone, Debug, Default)]
pub struct UniqueIds<V> {
    identity: std::marker::PhantomData<V>,
}

impl<V> UniqueIds<V> {
    /// A generator that has returned nothing yet.
    pub fn new() -> Self {
        UniqueIds { identity: std::marker::PhantomData }
    }
}

impl<V: Datum + Ord> SequentialSpec for UniqueIds<V> {
    /// The identities that were returned.
    type State = BTreeSet<V>;
    type Op = ();
    type Ret = V;
    type Key = V;

    fn initial(&self) -> BTreeSet<V> {
        BTreeSet::new()
    }

    fn step(&self, state: &BTreeSet<V>, _op: &(), ret: Option<&V>) -> Option<BTreeSet<V>> {
        let mut next = state.clone();
        match ret {
            Some(id) => next.insert(id.clone()).then_some(next),
            None => Some(next),
        }
    }

    fn is_pure(&self, _op: &(), ret: Option<&V>) -> bool {
        ret.is_none()
    }

    fn key(&self, _op: &(), ret: Option<&V>) -> Option<V> {
        ret.cloned()
    }

    fn describe(&self, _op: &(), ret: Option<&V>) -> String {
        call("generate", &(), ret.map(|ret| ret as &dyn std::fmt::Debug))
    }
}
