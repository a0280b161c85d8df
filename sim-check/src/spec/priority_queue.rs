//! A queue whose least element leaves first.

use super::queue::{describe, elements, touch};
use super::{Call, Datum, OrderRule, QueueOp, QueueRet, SequentialSpec};
use crate::special::priority_rules;

/// A queue from which a dequeue removes the least element.
#[derive(Clone, Debug, Default)]
pub struct PriorityQueue<V> {
    element: std::marker::PhantomData<V>,
}

impl<V> PriorityQueue<V> {
    /// An empty queue.
    pub fn new() -> Self {
        PriorityQueue { element: std::marker::PhantomData }
    }
}

impl<V: Datum + Ord> SequentialSpec for PriorityQueue<V> {
    /// The elements, greatest first.
    type State = Vec<V>;
    type Op = QueueOp<V>;
    type Ret = QueueRet<V>;
    type Key = ();

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn step(&self, state: &Vec<V>, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Vec<V>> {
        match (op, ret) {
            (QueueOp::Enqueue(v), None | Some(QueueRet::Enqueued)) => {
                let mut next = state.clone();
                next.insert(state.partition_point(|old| old >= v), v.clone());
                Some(next)
            }
            (QueueOp::Dequeue, ret) => {
                match ret {
                    None => {}
                    Some(QueueRet::Dequeued(v)) if state.last() == v.as_ref() => {}
                    Some(_) => return None,
                }
                let mut next = state.clone();
                next.pop();
                Some(next)
            }
            (QueueOp::Enqueue(_), Some(_)) => None,
        }
    }

    fn is_pure(&self, _op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        matches!(ret, Some(QueueRet::Dequeued(None)))
    }

    fn shares_element(
        &self,
        first: (&Self::Op, Option<&Self::Ret>),
        second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        touch(first).shares(&touch(second))
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        priority_rules(&elements(calls), rules);
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        describe(op, ret)
    }
}
