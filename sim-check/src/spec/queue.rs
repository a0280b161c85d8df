//! A first-in first-out queue.

use std::collections::VecDeque;

use super::touch::Touch;
use super::{Call, Datum, Decision, OrderRule, Part, SequentialSpec, call};
use crate::special::{Elements, Move, decide_queue, queue_rules};

/// A queue whose oldest element leaves first.
#[derive(Clone, Debug, Default)]
pub struct FifoQueue<V> {
    initial: VecDeque<V>,
}

impl<V> FifoQueue<V> {
    /// An empty queue.
    pub fn new() -> Self {
        FifoQueue { initial: VecDeque::new() }
    }

    /// A queue that holds these, oldest first.
    pub fn holding(initial: impl IntoIterator<Item = V>) -> Self {
        FifoQueue { initial: initial.into_iter().collect() }
    }
}

/// What clients ask of a queue of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueOp<V> {
    /// Adds an element.
    Enqueue(V),
    /// Removes an element and returns it.
    Dequeue,
}

/// What a queue of any kind answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum QueueRet<V> {
    /// To an enqueue.
    Enqueued,
    /// To a dequeue: the element, or `None` if the queue was empty.
    Dequeued(Option<V>),
}

impl<V: Datum> SequentialSpec for FifoQueue<V> {
    type State = VecDeque<V>;
    type Op = QueueOp<V>;
    type Ret = QueueRet<V>;
    type Key = ();

    fn initial(&self) -> Self::State {
        self.initial.clone()
    }

    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&Self::Ret>,
    ) -> Option<Self::State> {
        match (op, ret) {
            (QueueOp::Enqueue(v), None | Some(QueueRet::Enqueued)) => {
                let mut next = state.clone();
                next.push_back(v.clone());
                Some(next)
            }
            (QueueOp::Dequeue, ret) => {
                match ret {
                    None => {}
                    Some(QueueRet::Dequeued(v)) if state.front() == v.as_ref() => {}
                    Some(_) => return None,
                }
                let mut next = state.clone();
                next.pop_front();
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
        !self.initial.is_empty() || touch(first).shares(&touch(second))
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        if self.initial.is_empty() { decide_queue(part) } else { None }
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        if self.initial.is_empty() {
            queue_rules(&elements(calls), rules);
        }
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        describe(op, ret)
    }
}

/// What the calls move in and out of a queue of any kind.
pub(super) fn elements<'h, V: Datum>(
    calls: &[Call<'h, QueueOp<V>, QueueRet<V>>],
) -> Elements<'h, V> {
    Elements::of(calls.iter().map(|call| {
        let moved = match (call.op, call.ret) {
            (QueueOp::Enqueue(v), _) => Move::Add(v),
            (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(v)))) => Move::Remove(v),
            (QueueOp::Dequeue, Some(QueueRet::Dequeued(None))) => Move::Empty,
            (QueueOp::Dequeue, Some(QueueRet::Enqueued)) => Move::Stay,
            (QueueOp::Dequeue, None) => Move::RemoveAny,
        };
        (moved, call.is_certain)
    }))
}

pub(super) fn touch<'a, V: PartialEq>(
    (op, ret): (&'a QueueOp<V>, Option<&'a QueueRet<V>>),
) -> Touch<'a, V> {
    match (op, ret) {
        (QueueOp::Enqueue(v), _) | (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(v)))) => {
            Touch::one(v)
        }
        (QueueOp::Dequeue, Some(QueueRet::Dequeued(None))) => Touch::Nothing,
        (QueueOp::Dequeue, _) => Touch::Anything,
    }
}

pub(super) fn describe<V: Datum>(op: &QueueOp<V>, ret: Option<&QueueRet<V>>) -> String {
    match (op, ret) {
        (QueueOp::Enqueue(v), _) => call("enqueue", v, None),
        (QueueOp::Dequeue, Some(QueueRet::Dequeued(Some(v)))) => call("dequeue", &(), Some(v)),
        (QueueOp::Dequeue, Some(QueueRet::Dequeued(None))) => "dequeue() = empty".to_string(),
        (QueueOp::Dequeue, _) => "dequeue()".to_string(),
    }
}
