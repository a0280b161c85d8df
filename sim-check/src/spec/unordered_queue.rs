//! A queue that keeps no order.

use super::queue::{describe, elements};
use super::{Call, Datum, NondeterministicSpec, OrderRule, QueueOp, QueueRet};

/// A bag: a dequeue removes any of its elements. A dequeue of unknown outcome may have removed any.
#[derive(Clone, Debug, Default)]
pub struct UnorderedQueue<V> {
    element: std::marker::PhantomData<V>,
}

impl<V> UnorderedQueue<V> {
    /// An empty bag.
    pub fn new() -> Self {
        UnorderedQueue { element: std::marker::PhantomData }
    }
}

impl<V: Datum + Ord> NondeterministicSpec for UnorderedQueue<V> {
    /// The elements, sorted.
    type State = Vec<V>;
    type Op = QueueOp<V>;
    type Ret = QueueRet<V>;
    type Key = V;

    fn initial(&self) -> Vec<V> {
        Vec::new()
    }

    fn steps(
        &self,
        state: &Vec<V>,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
        next: &mut Vec<Vec<V>>,
    ) {
        let without = |i: usize| {
            let mut rest = state.clone();
            rest.remove(i);
            rest
        };
        match (op, ret) {
            (QueueOp::Enqueue(v), None | Some(QueueRet::Enqueued)) => {
                let mut more = state.clone();
                more.insert(state.partition_point(|old| old <= v), v.clone());
                next.push(more);
            }
            (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(v)))) => {
                next.extend(state.binary_search(v).ok().map(without));
            }
            (QueueOp::Dequeue, Some(QueueRet::Dequeued(None))) => {
                next.extend(state.is_empty().then(Vec::new));
            }
            (QueueOp::Dequeue, None) if state.is_empty() => next.push(Vec::new()),
            (QueueOp::Dequeue, None) => {
                for i in 0..state.len() {
                    if i == 0 || state[i] != state[i - 1] {
                        next.push(without(i));
                    }
                }
            }
            (QueueOp::Enqueue(_), Some(_)) | (QueueOp::Dequeue, Some(QueueRet::Enqueued)) => {}
        }
    }

    fn is_pure(&self, _op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        matches!(ret, Some(QueueRet::Dequeued(None)))
    }

    fn key(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<V> {
        match (op, ret) {
            (QueueOp::Enqueue(v), _) | (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(v)))) => {
                Some(v.clone())
            }
            (QueueOp::Dequeue, _) => None,
        }
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        elements(calls).add_rules(rules);
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        describe(op, ret)
    }
}
