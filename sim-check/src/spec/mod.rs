//! Sequential specifications: what an object does when it is used by one client at a time.
//!
//! A judge asks whether a concurrent history can be explained by a sequential one that its
//! specification allows. To judge an object of your own, implement [`SequentialSpec`]:
//!
//! ```
//! use sim_check::spec::SequentialSpec;
//!
//! /// A switch: `flip` returns its new position.
//! struct Switch;
//!
//! impl SequentialSpec for Switch {
//!     type State = bool;
//!     type Op = ();
//!     type Ret = bool;
//!     type Key = ();
//!
//!     fn initial(&self) -> bool {
//!         false
//!     }
//!
//!     fn step(&self, state: &bool, _flip: &(), ret: Option<&bool>) -> Option<bool> {
//!         let new = !state;
//!         ret.is_none_or(|ret| *ret == new).then_some(new)
//!     }
//! }
//! ```

mod append_list;
mod counter;
mod grow_only_set;
mod key_value;
mod multi_register;
mod mutex;
mod order_rule;
mod priority_queue;
mod queue;
mod register;
mod set;
mod stack;
mod text_map;
mod touch;
mod unique_ids;
mod unordered_queue;

pub use append_list::{AppendList, AppendListOp, AppendListRet};
pub use counter::{Counter, CounterOp, CounterRet};
pub use grow_only_set::{GrowOnlySet, GrowOnlySetOp, GrowOnlySetRet};
pub use key_value::{KeyValue, KeyValueOp, KeyValueRet};
pub use multi_register::{MultiRegister, RegisterAccess};
pub use mutex::{Mutex, MutexOp};
pub use order_rule::{Call, OrderRule};
pub use priority_queue::PriorityQueue;
pub use queue::{FifoQueue, QueueOp, QueueRet};
pub use register::{CasRegister, CasRegisterOp, Register, RegisterOp, RegisterRet};
pub use set::{Set, SetOp, SetRet};
pub use stack::{Stack, StackOp, StackRet};
pub use text_map::{TextMap, TextMapOp, TextMapRet};
pub use unique_ids::UniqueIds;
pub use unordered_queue::UnorderedQueue;

use std::fmt::Debug;
use std::hash::Hash;

pub use crate::special::{Decision, Part};

/// What values, keys, operations and results must be able to do. Implemented for everything that can.
pub trait Datum: Clone + Eq + Hash + Debug {}

impl<T: Clone + Eq + Hash + Debug> Datum for T {}

/// An object whose operations have one effect each, given their result.
///
/// The hooks with a default body make the search faster; each promises something that the judge
/// believes, so a wrong one makes the verdict wrong. Leave out what you are not sure of.
pub trait SequentialSpec {
    /// The object's state.
    type State: Datum;
    /// What clients ask for.
    type Op: Datum;
    /// What they are told.
    type Ret: Datum;
    /// What tells independent parts of the object apart; `()` if it has no parts.
    type Key: Datum + Ord;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// The state after `op` has returned `ret`, or `None` if `op` cannot return that in `state`.
    /// Without a `ret` the client never learned it: the state after `op` took effect all the same.
    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<Self::State>;

    /// Promises that `op` with this result leaves each state unchanged in which it is possible.
    fn is_pure(&self, _op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        false
    }

    /// The part of the object that `op` with this result touches. If all operations of a history name one, each
    /// part is judged alone, which is exact if the object is a product of its parts (Herlihy and Wing 1990,
    /// section 3.2; Horn and Kroening 2015). `None`: it touches several, or nobody knows which.
    fn key(&self, _op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<Self::Key> {
        None
    }

    /// Lists the states that `op` with this result can tell from others, and returns true. A promise: in any
    /// two states that are not listed, `op` is possible in both or in neither, and leads to the same state or
    /// leaves both unchanged. False: nothing is promised. Asked within one part of the object (see
    /// [`key`](Self::key)) if it has parts.
    fn observed_states(
        &self,
        _op: &Self::Op,
        _ret: Option<&Self::Ret>,
        _observed: &mut Vec<Self::State>,
    ) -> bool {
        false
    }

    /// Whether `op` with this result can tell `state` from others: the same promise as that of
    /// [`observed_states`](Self::observed_states), for objects with too many such states to list. It must hold for the
    /// states to which operations lead, too: whatever is done to two states that nobody tells apart, nobody tells
    /// the outcomes apart unless they are equal. `None`: nothing is promised.
    fn tells_apart(
        &self,
        _op: &Self::Op,
        _ret: Option<&Self::Ret>,
        _state: &Self::State,
    ) -> Option<bool> {
        None
    }

    /// Whether two operations, with these results, may touch a common element of the object. False is a promise: of a
    /// legal sequence of operations some may be left out, and what is left is legal, if none of those left out
    /// shares an element with one that stays. True promises nothing.
    fn shares_element(
        &self,
        _first: (&Self::Op, Option<&Self::Ret>),
        _second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        true
    }

    /// Decides without a search whether a part of a history is linearizable, if this specification knows how and
    /// the part allows it.
    fn decide(&self, _part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        None
    }

    /// Adds what is known of every order of these calls in which their results are explained: the judge of
    /// sequential consistency draws conclusions from it before it searches. Worth it for objects with too many states
    /// to list, whose results tell the order all the same. The same calls must always give the same rules in the same order:
    /// a proof names a rule by its number.
    fn order_rules(&self, _calls: &[Call<'_, Self::Op, Self::Ret>], _rules: &mut Vec<OrderRule>) {}

    /// How a report writes the operation.
    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match ret {
            Some(ret) => format!("{op:?} = {ret:?}"),
            None => format!("{op:?} = ?"),
        }
    }

    /// How a report writes the state.
    fn describe_state(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}

/// An object whose operations may have several effects, even for the same result.
///
/// Each [`SequentialSpec`] is one. The hooks are those of [`SequentialSpec`].
pub trait NondeterministicSpec {
    /// The object's state.
    type State: Datum;
    /// What clients ask for.
    type Op: Datum;
    /// What they are told.
    type Ret: Datum;
    /// What tells independent parts of the object apart; `()` if it has no parts.
    type Key: Datum + Ord;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// Adds to `next` each state in which `op` may leave `state` when it returns `ret`.
    fn steps(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
        next: &mut Vec<Self::State>,
    );

    /// See [`SequentialSpec::is_pure`].
    fn is_pure(&self, _op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        false
    }

    /// See [`SequentialSpec::key`].
    fn key(&self, _op: &Self::Op, _ret: Option<&Self::Ret>) -> Option<Self::Key> {
        None
    }

    /// See [`SequentialSpec::observed_states`].
    fn observed_states(
        &self,
        _op: &Self::Op,
        _ret: Option<&Self::Ret>,
        _observed: &mut Vec<Self::State>,
    ) -> bool {
        false
    }

    /// See [`SequentialSpec::tells_apart`].
    fn tells_apart(
        &self,
        _op: &Self::Op,
        _ret: Option<&Self::Ret>,
        _state: &Self::State,
    ) -> Option<bool> {
        None
    }

    /// See [`SequentialSpec::shares_element`].
    fn shares_element(
        &self,
        _first: (&Self::Op, Option<&Self::Ret>),
        _second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        true
    }

    /// See [`SequentialSpec::decide`].
    fn decide(&self, _part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        None
    }

    /// See [`SequentialSpec::order_rules`].
    fn order_rules(&self, _calls: &[Call<'_, Self::Op, Self::Ret>], _rules: &mut Vec<OrderRule>) {}

    /// See [`SequentialSpec::describe`].
    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match ret {
            Some(ret) => format!("{op:?} = {ret:?}"),
            None => format!("{op:?} = ?"),
        }
    }

    /// See [`SequentialSpec::describe_state`].
    fn describe_state(&self, state: &Self::State) -> String {
        format!("{state:?}")
    }
}

impl<S: SequentialSpec> NondeterministicSpec for S {
    type State = S::State;
    type Op = S::Op;
    type Ret = S::Ret;
    type Key = S::Key;

    fn initial(&self) -> S::State {
        SequentialSpec::initial(self)
    }

    #[inline]
    fn steps(&self, state: &S::State, op: &S::Op, ret: Option<&S::Ret>, next: &mut Vec<S::State>) {
        if let Some(state) = self.step(state, op, ret) {
            next.push(state);
        }
    }

    fn is_pure(&self, op: &S::Op, ret: Option<&S::Ret>) -> bool {
        SequentialSpec::is_pure(self, op, ret)
    }

    fn key(&self, op: &S::Op, ret: Option<&S::Ret>) -> Option<S::Key> {
        SequentialSpec::key(self, op, ret)
    }

    fn observed_states(
        &self,
        op: &S::Op,
        ret: Option<&S::Ret>,
        observed: &mut Vec<S::State>,
    ) -> bool {
        SequentialSpec::observed_states(self, op, ret, observed)
    }

    fn tells_apart(&self, op: &S::Op, ret: Option<&S::Ret>, state: &S::State) -> Option<bool> {
        SequentialSpec::tells_apart(self, op, ret, state)
    }

    fn shares_element(
        &self,
        first: (&S::Op, Option<&S::Ret>),
        second: (&S::Op, Option<&S::Ret>),
    ) -> bool {
        SequentialSpec::shares_element(self, first, second)
    }

    fn decide(&self, part: &Part<'_, S::Op, S::Ret>) -> Option<Decision> {
        SequentialSpec::decide(self, part)
    }

    fn order_rules(&self, calls: &[Call<'_, S::Op, S::Ret>], rules: &mut Vec<OrderRule>) {
        SequentialSpec::order_rules(self, calls, rules);
    }

    fn describe(&self, op: &S::Op, ret: Option<&S::Ret>) -> String {
        SequentialSpec::describe(self, op, ret)
    }

    fn describe_state(&self, state: &S::State) -> String {
        SequentialSpec::describe_state(self, state)
    }
}

/// `name(argument) = result`, the way all specifications here write their operations.
fn call(name: &str, argument: &dyn Debug, result: Option<&dyn Debug>) -> String {
    let argument = format!("{argument:?}");
    let argument = if argument == "()" { String::new() } else { argument };
    match result {
        Some(result) => format!("{name}({argument}) = {result:?}"),
        None => format!("{name}({argument})"),
    }
}
