//! Polynomial judges of linearizability for data types whose values tell the order: exact where they apply.
//!
//! A specification offers one through [`decide`](crate::spec::SequentialSpec::decide); where it does not apply
//! (a value written twice, an operation of unknown outcome that could have done several things), the
//! search decides. Each finds a linearization or a few operations that have none.

mod append_list;
mod chain;
mod elements;
mod grow_only_set;
mod queue;
mod register;
mod rules;

pub(crate) use append_list::decide_append_list;
pub(crate) use elements::{Elements, Move};
pub(crate) use grow_only_set::decide_grow_only_set;
pub(crate) use queue::decide_queue;
pub(crate) use register::{Access, decide_register};
pub(crate) use rules::{Growth, growth_rules, priority_rules, queue_rules, stack_rules};

use crate::history::{History, Operation, OperationId};

/// An independent part of a history: the operations that matter to one part of an object. Operations that failed
/// are not in it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'h, Op, Ret> {
    history: &'h History<Op, Ret>,
    ids: &'h [OperationId],
}

impl<'h, Op, Ret> Part<'h, Op, Ret> {
    pub(crate) fn new(history: &'h History<Op, Ret>, ids: &'h [OperationId]) -> Self {
        Part { history, ids }
    }

    /// The operations with their places, in the order of their invocations.
    pub fn iter(
        &self,
    ) -> impl Iterator<Item = (OperationId, &'h Operation<Op, Ret>)> + use<'h, Op, Ret> {
        let history = self.history;
        self.ids.iter().map(move |id| (*id, history.operation(*id)))
    }

    /// The history that this is a part of.
    pub fn history(&self) -> &'h History<Op, Ret> {
        self.history
    }

    /// The places of its operations, ascending.
    pub fn ids(&self) -> &'h [OperationId] {
        self.ids
    }
}

/// What a polynomial judge found out about a [`Part`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The operations in this order explain it.
    Linearizable(Vec<OperationId>),
    /// These operations have no explanation, whatever the others did.
    Violation(Vec<OperationId>),
}
