//! A lock.

use super::SequentialSpec;

/// A lock that one client at a time can hold. Its state is whether it is held.
///
/// A result is whether the request was granted: an acquire is granted if the lock is free, a release if it is
/// held. A refused request changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Mutex;

/// What clients ask of a [`Mutex`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MutexOp {
    /// Takes the lock.
    Acquire,
    /// Gives it back.
    Release,
}

impl SequentialSpec for Mutex {
    type State = bool;
    type Op = MutexOp;
    type Ret = bool;
    type Key = ();

    fn initial(&self) -> bool {
        false
    }

    fn step(&self, held: &bool, op: &MutexOp, ret: Option<&bool>) -> Option<bool> {
        let granted = match op {
            MutexOp::Acquire => !held,
            MutexOp::Release => *held,
        };
        ret.is_none_or(|ret| *ret == granted).then_some(if granted { !held } else { *held })
    }

    fn is_pure(&self, _op: &MutexOp, ret: Option<&bool>) -> bool {
        ret == Some(&false)
    }

    fn describe(&self, op: &MutexOp, ret: Option<&bool>) -> String {
        let name = match op {
            MutexOp::Acquire => "acquire()",
            MutexOp::Release => "release()",
        };
        if ret == Some(&false) { format!("{name} = refused") } else { name.to_string() }
    }

    fn describe_state(&self, held: &bool) -> String {
        if *held { "held".to_string() } else { "free".to_string() }
    }
}
