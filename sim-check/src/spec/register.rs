//! A register, with and without compare-and-set.

use super::{Datum, Decision, Part, SequentialSpec, call};
use crate::special::{Access, decide_register};

/// A register that is read and written.
#[derive(Clone, Debug)]
pub struct Register<V> {
    initial: V,
}

impl<V> Register<V> {
    /// A register that holds `initial`.
    pub fn new(initial: V) -> Self {
        Register { initial }
    }
}

/// What clients ask of a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOp<V> {
    /// Returns the value.
    Read,
    /// Replaces the value.
    Write(V),
}

/// What a [`Register`] or a [`CasRegister`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterRet<V> {
    /// To a read: the value.
    Value(V),
    /// To a write.
    Written,
    /// To a compare-and-set: whether the value was the expected one, and so was replaced.
    Swapped(bool),
}

impl<V: Datum> SequentialSpec for Register<V> {
    type State = V;
    type Op = RegisterOp<V>;
    type Ret = RegisterRet<V>;
    type Key = ();

    fn initial(&self) -> V {
        self.initial.clone()
    }

    fn step(&self, state: &V, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<V> {
        match (op, ret) {
            (RegisterOp::Read, None) => Some(state.clone()),
            (RegisterOp::Read, Some(RegisterRet::Value(v))) => (v == state).then(|| v.clone()),
            (RegisterOp::Write(v), None | Some(RegisterRet::Written)) => Some(v.clone()),
            (RegisterOp::Read | RegisterOp::Write(_), Some(_)) => None,
        }
    }

    fn is_pure(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        matches!(op, RegisterOp::Read)
    }

    fn observed_states(
        &self,
        _op: &Self::Op,
        ret: Option<&Self::Ret>,
        observed: &mut Vec<V>,
    ) -> bool {
        if let Some(RegisterRet::Value(v)) = ret {
            observed.push(v.clone());
        }
        true
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        let accesses = accesses(part, |op, ret| match (op, ret) {
            (RegisterOp::Read, Some(RegisterRet::Value(v))) => Some((v, false)),
            (RegisterOp::Write(v), _) => Some((v, true)),
            (RegisterOp::Read, _) => None,
        })?;
        decide_register(&&self.initial, &accesses)
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match op {
            RegisterOp::Read => call("read", &(), value(ret)),
            RegisterOp::Write(v) => call("write", v, None),
        }
    }
}

/// A register that is read, written, and compared and set.
#[derive(Clone, Debug)]
pub struct CasRegister<V> {
    initial: V,
}

impl<V> CasRegister<V> {
    /// A register that holds `initial`.
    pub fn new(initial: V) -> Self {
        CasRegister { initial }
    }
}

/// What clients ask of a [`CasRegister`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CasRegisterOp<V> {
    /// Returns the value.
    Read,
    /// Replaces the value.
    Write(V),
    /// Replaces the value by the second one if it is the first one.
    Cas(V, V),
}

impl<V: Datum> SequentialSpec for CasRegister<V> {
    type State = V;
    type Op = CasRegisterOp<V>;
    type Ret = RegisterRet<V>;
    type Key = ();

    fn initial(&self) -> V {
        self.initial.clone()
    }

    fn step(&self, state: &V, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<V> {
        match (op, ret) {
            (CasRegisterOp::Read, None) => Some(state.clone()),
            (CasRegisterOp::Read, Some(RegisterRet::Value(v))) => (v == state).then(|| v.clone()),
            (CasRegisterOp::Write(v), None | Some(RegisterRet::Written)) => Some(v.clone()),
            (CasRegisterOp::Cas(from, to), None) => {
                Some(if from == state { to.clone() } else { state.clone() })
            }
            (CasRegisterOp::Cas(from, to), Some(RegisterRet::Swapped(true))) => {
                (from == state).then(|| to.clone())
            }
            (CasRegisterOp::Cas(from, _), Some(RegisterRet::Swapped(false))) => {
                (from != state).then(|| state.clone())
            }
            (CasRegisterOp::Read | CasRegisterOp::Write(_) | CasRegisterOp::Cas(..), Some(_)) => {
                None
            }
        }
    }

    fn is_pure(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        match op {
            CasRegisterOp::Read => true,
            CasRegisterOp::Write(_) => false,
            CasRegisterOp::Cas(from, to) => {
                from == to || matches!(ret, Some(RegisterRet::Swapped(false)))
            }
        }
    }

    fn observed_states(
        &self,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
        observed: &mut Vec<V>,
    ) -> bool {
        match op {
            CasRegisterOp::Read => {
                if let Some(RegisterRet::Value(v)) = ret {
                    observed.push(v.clone());
                }
            }
            CasRegisterOp::Write(_) => {}
            CasRegisterOp::Cas(from, _) => observed.push(from.clone()),
        }
        true
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        let accesses = accesses(part, |op, ret| match (op, ret) {
            (CasRegisterOp::Read, Some(RegisterRet::Value(v))) => Some((v, false)),
            (CasRegisterOp::Write(v), _) => Some((v, true)),
            (CasRegisterOp::Read | CasRegisterOp::Cas(..), _) => None,
        })?;
        decide_register(&&self.initial, &accesses)
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match (op, ret) {
            (CasRegisterOp::Read, _) => call("read", &(), value(ret)),
            (CasRegisterOp::Write(v), _) => call("write", v, None),
            (CasRegisterOp::Cas(from, to), Some(RegisterRet::Swapped(false))) => {
                format!("cas({from:?}, {to:?}) = mismatch")
            }
            (CasRegisterOp::Cas(from, to), _) => format!("cas({from:?}, {to:?})"),
        }
    }
}

/// The operations of a part, if each is an access: a value, and whether it is written.
fn accesses<'p, Op, Ret, V>(
    part: &Part<'p, Op, Ret>,
    access: impl Fn(&'p Op, Option<&'p Ret>) -> Option<(&'p V, bool)>,
) -> Option<Vec<Access<&'p V>>> {
    // Many parts have one that is none: nothing is collected for them.
    let mut operations = part.iter();
    if operations.any(|(_, operation)| access(&operation.op, operation.outcome.ok()).is_none()) {
        return None;
    }
    let accesses = part.iter().map(|(id, operation)| {
        let (value, is_write) = access(&operation.op, operation.outcome.ok()).expect("an access");
        let (invoked, returned) = (operation.invoked.position, operation.last_position());
        Access { id, invoked, returned, value, is_write }
    });
    Some(accesses.collect())
}

fn value<V: Datum>(ret: Option<&RegisterRet<V>>) -> Option<&dyn std::fmt::Debug> {
    match ret {
        Some(RegisterRet::Value(v)) => Some(v),
        Some(RegisterRet::Written | RegisterRet::Swapped(_)) | None => None,
    }
}
