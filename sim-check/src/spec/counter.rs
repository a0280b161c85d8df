//! A counter.

use super::{SequentialSpec, call};

/// A counter that is added to (negative amounts too) and read.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    initial: i64,
}

impl Counter {
    /// A counter that stands at `initial`.
    pub fn new(initial: i64) -> Self {
        Counter { initial }
    }
}

/// What clients ask of a [`Counter`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CounterOp {
    /// Returns the count.
    Read,
    /// Adds this much.
    Add(i64),
    /// Adds this much and returns the new count.
    AddAndGet(i64),
}

/// What a [`Counter`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CounterRet {
    /// To a read or [`CounterOp::AddAndGet`]: the count.
    Count(i64),
    /// To an add.
    Added,
}

impl SequentialSpec for Counter {
    type State = i64;
    type Op = CounterOp;
    type Ret = CounterRet;
    type Key = ();

    fn initial(&self) -> i64 {
        self.initial
    }

    fn step(&self, state: &i64, op: &CounterOp, ret: Option<&CounterRet>) -> Option<i64> {
        let (next, answer) = match op {
            CounterOp::Read => (*state, CounterRet::Count(*state)),
            CounterOp::Add(amount) => (state.wrapping_add(*amount), CounterRet::Added),
            CounterOp::AddAndGet(amount) => {
                let next = state.wrapping_add(*amount);
                (next, CounterRet::Count(next))
            }
        };
        ret.is_none_or(|ret| *ret == answer).then_some(next)
    }

    fn is_pure(&self, op: &CounterOp, _ret: Option<&CounterRet>) -> bool {
        matches!(op, CounterOp::Read | CounterOp::Add(0) | CounterOp::AddAndGet(0))
    }

    fn describe(&self, op: &CounterOp, ret: Option<&CounterRet>) -> String {
        let count = match ret {
            Some(CounterRet::Count(count)) => Some(count as &dyn std::fmt::Debug),
            Some(CounterRet::Added) | None => None,
        };
        match op {
            CounterOp::Read => call("read", &(), count),
            CounterOp::Add(amount) => call("add", amount, None),
            CounterOp::AddAndGet(amount) => call("add_and_get", amount, count),
        }
    }
}
