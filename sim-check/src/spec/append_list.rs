//! A list that is appended to and read as a whole.

use super::touch::Touch;
use super::{Call, Datum, Decision, OrderRule, Part, SequentialSpec, call};
use crate::special::{Growth, decide_append_list, growth_rules};

/// A list that only grows at its end.
#[derive(Clone, Debug, Default)]
pub struct AppendList<V> {
    initial: Vec<V>,
}

impl<V> AppendList<V> {
    /// An empty list.
    pub fn new() -> Self {
        AppendList { initial: Vec::new() }
    }

    /// A list that holds these.
    pub fn holding(initial: impl IntoIterator<Item = V>) -> Self {
        AppendList { initial: initial.into_iter().collect() }
    }
}

/// What clients ask of an [`AppendList`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppendListOp<V> {
    /// Adds an element at the end.
    Append(V),
    /// Returns the whole list.
    Read,
}

/// What an [`AppendList`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AppendListRet<V> {
    /// To an append.
    Appended,
    /// To a read.
    Elements(Vec<V>),
}

impl<V: Datum> SequentialSpec for AppendList<V> {
    type State = Vec<V>;
    type Op = AppendListOp<V>;
    type Ret = AppendListRet<V>;
    type Key = ();

    fn initial(&self) -> Vec<V> {
        self.initial.clone()
    }

    fn step(&self, state: &Vec<V>, op: &Self::Op, ret: Option<&Self::Ret>) -> Option<Vec<V>> {
        match (op, ret) {
            (AppendListOp::Append(v), None | Some(AppendListRet::Appended)) => {
                let mut next = state.clone();
                next.push(v.clone());
                Some(next)
            }
            (AppendListOp::Read, None) => Some(state.clone()),
            (AppendListOp::Read, Some(AppendListRet::Elements(elements))) => {
                (elements == state).then(|| state.clone())
            }
            (AppendListOp::Append(_) | AppendListOp::Read, Some(_)) => None,
        }
    }

    fn is_pure(&self, op: &Self::Op, _ret: Option<&Self::Ret>) -> bool {
        matches!(op, AppendListOp::Read)
    }

    fn tells_apart(&self, _op: &Self::Op, ret: Option<&Self::Ret>, state: &Vec<V>) -> Option<bool> {
        // A list that begins no list that will be read stays such, whatever is appended to it.
        Some(match ret {
            Some(AppendListRet::Elements(elements)) => elements.starts_with(state),
            Some(AppendListRet::Appended) | None => false,
        })
    }

    fn decide(&self, part: &Part<'_, Self::Op, Self::Ret>) -> Option<Decision> {
        decide_append_list(&self.initial, part)
    }

    fn shares_element(
        &self,
        first: (&Self::Op, Option<&Self::Ret>),
        second: (&Self::Op, Option<&Self::Ret>),
    ) -> bool {
        touch(first).shares(&touch(second))
    }

    fn order_rules(&self, calls: &[Call<'_, Self::Op, Self::Ret>], rules: &mut Vec<OrderRule>) {
        if !self.initial.is_empty() {
            return;
        }
        let growths = calls.iter().map(|call| {
            let growth = match (call.op, call.ret) {
                (AppendListOp::Append(v), _) => Growth::Add(v),
                (AppendListOp::Read, Some(AppendListRet::Elements(elements))) => {
                    Growth::Whole(elements.iter().collect())
                }
                (AppendListOp::Read, _) => Growth::Nothing,
            };
            (growth, call.is_certain)
        });
        growth_rules(growths, true, rules);
    }

    fn describe(&self, op: &Self::Op, ret: Option<&Self::Ret>) -> String {
        match (op, ret) {
            (AppendListOp::Append(v), _) => call("append", v, None),
            (AppendListOp::Read, Some(AppendListRet::Elements(elements))) => {
                call("read", &(), Some(elements))
            }
            (AppendListOp::Read, _) => "read()".to_string(),
        }
    }
}

fn touch<'a, V: PartialEq>(
    (op, ret): (&'a AppendListOp<V>, Option<&'a AppendListRet<V>>),
) -> Touch<'a, V> {
    match (op, ret) {
        (AppendListOp::Append(v), _) => Touch::one(v),
        (AppendListOp::Read, Some(AppendListRet::Elements(elements))) => Touch::Elements(elements),
        (AppendListOp::Read, _) => Touch::Anything,
    }
}
