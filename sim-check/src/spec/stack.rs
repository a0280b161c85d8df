//! A stack.

use super::touch::Touch;
use super::{Call, Datum, OrderRule, SequentialSpec, call};
use crate::special::{Elements, Move, stack_rules};

/// A stack, whose newest element leaves first.
#[derive(Clone, Debug, Default)]
pub struct Stack<V> {
    initial: Vec<V>,
}

impl<V> Stack<V> {
    /// An empty stack.
    pub fn new() -> Self {
        Stack { initial: Vec::new() }
    }

    /// A stack that holds these, oldest first.
    pub fn holding(initial: impl IntoIterator<Item = V>) -> Self {
        Stack { initial: initial.into_iter().collect() }
    }
}

/// What clients ask of a [`Stack`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StackOp<V> {
    /// Adds an element.
    Push(V),
    /// Removes the newest element and returns it.
    Pop,
    /// Returns the number of elements.
    Len,
}

/// What a [`Stack`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StackRet<V> {
    /// To a push.
    Pushed,
    /// To a pop: the element, or `None` if the stack was empty.
    Popped(Option<V>),
    /// To a question for the length.
    Len(usize),
}

impl<V: Datum> SequentialSpec for Stack<V> {
    type State = Vec<V>;
    type Op = StackOp<V>;
    type Ret = StackRet<V>;
    type Key = ();

    fn initial(&self) -> Vec<V> {
        self.initial.clone()
    }

    fn step(&self, state: &Vec<V>, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Vec<V>> {
        match (op, ret) {
            (StackOp::Push(v), None | Some(StackRet::Pushed)) => {
                let mut next = state.clone();
                next.push(v.clone());
                Some(next)
            }
            (StackOp::Pop, ret) => {
                match ret {
                    None => {}
                    Some(StackRet::Popped(v)) if state.last() == v.as_ref() => {}
                    Some(_) => return None,
                }
                let mut next = state.clone();
                next.pop();
                Some(next)
            }
            (StackOp::Len, None) => Some(state.clone()),
            (StackOp::Len, Some(StackRet::Len(n))) => (*n == state.len()).then(|| state.clone()),
            (StackOp::Push(_) | StackOp::Len, Some(_)) => None,
        }
    }

    fn is_pure(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> bool {
        matches!(op, StackOp::Len) || matches!(ret, Some(StackRet::Popped(None)))
    }

    fn shares_element(
        &self,
        first: (&Self::Op, Option<&Self::Ret>),
        second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        !self.initial.is_empty() || touch(first).shares(&touch(second))
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        if !self.initial.is_empty() {
            return;
        }
        let moves = calls.iter().map(|call| {
            let moved = match (call.op, call.ret) {
                (StackOp::Push(v), _) => Move::Add(v),
                (StackOp::Pop, Some(StackRet::Popped(Some(v)))) => Move::Remove(v),
                (StackOp::Pop, Some(StackRet::Popped(None)))
                | (StackOp::Len, Some(StackRet::Len(0))) => Move::Empty,
                (StackOp::Pop, None) => Move::RemoveAny,
                (StackOp::Pop, Some(StackRet::Pushed | StackRet::Len(_))) | (StackOp::Len, _) => {
                    Move::Stay
                }
            };
            (moved, call.is_certain)
        });
        stack_rules(&Elements::of(moves), rules);
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match (op, ret) {
            (StackOp::Push(v), _) => call("push", v, None),
            (StackOp::Pop, Some(StackRet::Popped(Some(v)))) => call("pop", &(), Some(v)),
            (StackOp::Pop, Some(StackRet::Popped(None))) => "pop() = empty".to_string(),
            (StackOp::Pop, _) => "pop()".to_string(),
            (StackOp::Len, Some(StackRet::Len(n))) => call("len", &(), Some(n)),
            (StackOp::Len, _) => "len()".to_string(),
        }
    }
}

fn touch<'a, V: PartialEq>((op, ret): (&'a StackOp<V>, Option<&'a StackRet<V>>)) -> Touch<'a, V> {
    match (op, ret) {
        (StackOp::Push(v), _) | (StackOp::Pop, Some(StackRet::Popped(Some(v)))) => Touch::one(v),
        (StackOp::Pop, Some(StackRet::Popped(None))) => Touch::Nothing,
        (StackOp::Pop | StackOp::Len, _) => Touch::Anything,
    }
}
