//! Proof that operations have no explanation: every way to begin one ends.

mod chains;
mod explore;
pub(crate) mod observers;
mod orders;
mod reduce;
pub(crate) mod rows;
mod whole;

use crate::history::{History, OperationId};
use crate::sequential::Precedence;
pub(crate) use explore::{Exploration, Question, explore};
pub use whole::{refute_linearizability, refute_sequential_consistency};

/// Which operations must stand before which others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Those that had returned before the others were invoked.
    RealTime,
    /// The same, for operations of one process alone.
    Process,
}

impl Order {
    /// Whether `first` must stand before `second`.
    pub fn requires<Op, Ret>(
        self,
        history: &History<Op, Ret>,
        first: OperationId,
        second: OperationId,
    ) -> bool {
        let (first, second) = (history.operation(first), history.operation(second));
        match self {
            Order::RealTime => first.precedes(second),
            Order::Process => first.process == second.process && first.precedes(second),
        }
    }
}

/// A set of beginnings that no step leaves and none of which is complete: proof that these operations have no
/// explanation. [`verify_refutation`](crate::certificate::verify_refutation) checks it.
///
/// The operations stand in rows, and how far each row got says which of them took effect. In real time there are as
/// many rows of certain operations as operations overlap, so a beginning is small however long the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation<State> {
    /// The order that an explanation would have to respect.
    pub order: Order,
    /// The operations that must take effect. In each row each operation must stand before the next one.
    pub certain: Vec<Vec<OperationId>>,
    /// The operations that may take effect at any time after their invocation, or never. Those of a row are alike,
    /// and none of them has to wait longer than the next one: so they may as well take effect in this order.
    pub optional: Vec<Vec<OperationId>>,
    /// Operations that may take effect at any time and any number of times, and so stand for all that are like them.
    pub anytime: Vec<OperationId>,
    /// The states of the beginnings.
    pub states: Vec<State>,
    /// The beginnings of an explanation. One that used no more of the optional operations stands for another one.
    pub beginnings: Vec<Beginning>,
    /// Whether it rests on what the specification promises beside its steps:
    /// [`is_pure`](crate::spec::SequentialSpec::is_pure), what tells states apart, and
    /// [`order_rules`](crate::spec::SequentialSpec::order_rules). A small one does not.
    pub trusts_promises: bool,
}

/// Some operations that took effect, and the state that they led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// How many operations of each row took effect, of the certain ones first.
    pub done: Box<[u32]>,
    /// The number of the state.
    pub state: u32,
    /// Why no explanation begins so, if that is known without going on: each step follows from the order of the
    /// operations, from what took effect before what did not, from rules of the specification for the operations row
    /// after row, and from the steps before it. The last one has an operation come before itself. Else empty.
    pub contradiction: Vec<Precedence<OperationId>>,
}

impl<State> Refutation<State> {
    /// All operations that it is about, ascending.
    pub fn operations(&self) -> Vec<OperationId> {
        let rows = self.certain.iter().chain(&self.optional).flatten();
        let mut operations: Vec<OperationId> = rows.chain(&self.anytime).copied().collect();
        operations.sort_unstable();
        operations
    }
}

/// An order of some operations after which no other is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadEnd<State> {
    /// What took effect, in order.
    pub order: Vec<OperationId>,
    /// The state in the end.
    pub state: State,
    /// What could come next by its time, and is not possible in that state.
    pub impossible: Vec<OperationId>,
}
