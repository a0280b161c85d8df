//! Several registers that are read and written together.

use std::collections::BTreeMap;

use super::{Datum, SequentialSpec};

/// Registers by name; each operation reads and writes some of them in one atomic step.
///
/// An operation is a list of accesses; its result has an entry for each of them: what a read saw (`None`:
/// not known, which fits anything), and `None` for a write.
#[derive(Clone, Debug)]
pub struct MultiRegister<K, V> {
    initial: BTreeMap<K, V>,
    default: V,
}

impl<K: Ord, V> MultiRegister<K, V> {
    /// Registers that hold `initial`; those that it does not name hold `default`.
    pub fn new(initial: BTreeMap<K, V>, default: V) -> Self {
        MultiRegister { initial, default }
    }

    /// What a register holds that nothing else is said of.
    pub fn default_value(&self) -> &V {
        &self.default
    }
}

/// One access of an operation on a [`MultiRegister`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterAccess<K, V> {
    /// Returns the value of a register.
    Read(K),
    /// Replaces the value of a register.
    Write(K, V),
}

impl<K: Datum + Ord, V: Datum> SequentialSpec for MultiRegister<K, V> {
    type State = BTreeMap<K, V>;
    type Op = Vec<RegisterAccess<K, V>>;
    type Ret = Vec<Option<V>>;
    type Key = K;

    fn initial(&self) -> Self::State {
        self.initial.clone()
    }

    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<Self::State> {
        let mut next = state.clone();
        for (i, access) in op.iter().enumerate() {
            match access {
                RegisterAccess::Read(key) => {
                    let seen = ret.and_then(|ret| ret.get(i)).and_then(Option::as_ref);
                    let held = next.get(key).unwrap_or(&self.default);
                    if seen.is_some_and(|seen| seen != held) {
                        return None;
                    }
                }
                RegisterAccess::Write(key, value) => {
                    next.insert(key.clone(), value.clone());
                }
            }
        }
        Some(next)
    }

    fn is_pure(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        op.iter().all(|access| matches!(access, RegisterAccess::Read(_)))
    }

    fn key(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<K> {
        let mut keys = op.iter().map(|access| match access {
            RegisterAccess::Read(key) | RegisterAccess::Write(key, _) => key,
        });
        let first = keys.next()?;
        keys.all(|key| key == first).then(|| first.clone())
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        let steps: Vec<String> = op
            .iter()
            .enumerate()
            .map(|(i, access)| match access {
                RegisterAccess::Read(key) => match ret.and_then(|ret| ret.get(i)?.as_ref()) {
                    Some(value) => format!("read({key:?}) = {value:?}"),
                    None => format!("read({key:?})"),
                },
                RegisterAccess::Write(key, value) => format!("write({key:?}, {value:?})"),
            })
            .collect();
        steps.join("; ")
    }
}
