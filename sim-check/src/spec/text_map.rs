//! A map of texts that can be appended to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Datum, SequentialSpec, call};

/// A map from keys to texts with get, put and append: the key-value service of MIT's course on distributed
/// systems, and Porcupine's `kv` model. Absent keys hold the initial text; keys are independent.
#[derive(Clone, Debug)]
pub struct TextMap<K> {
    initial: Arc<str>,
    key: std::marker::PhantomData<K>,
}

impl<K> TextMap<K> {
    /// A map in which each key holds `initial`.
    pub fn new(initial: &str) -> Self {
        TextMap { initial: Arc::from(initial), key: std::marker::PhantomData }
    }

    /// The text that absent keys hold.
    pub fn initial_text(&self) -> &str {
        &self.initial
    }
}

/// What clients ask of a [`TextMap`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextMapOp<K> {
    /// Returns the text of a key.
    Get(K),
    /// Replaces the text of a key.
    Put(K, Arc<str>),
    /// Adds to the end of the text of a key.
    Append(K, Arc<str>),
}

/// What a [`TextMap`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextMapRet {
    /// To a get.
    Text(Arc<str>),
    /// To a put or append.
    Done,
}

impl<K: Datum + Ord> SequentialSpec for TextMap<K> {
    type State = BTreeMap<K, Arc<str>>;
    type Op = TextMapOp<K>;
    type Ret = TextMapRet;
    type Key = K;

    fn initial(&self) -> Self::State {
        BTreeMap::new()
    }

    fn step(
        &self,
        state: &Self::State,
        op: &Self::Op,
        ret: Option<&TextMapRet>,
    ) -> Option<Self::State> {
        let next = |key: &K, text: Arc<str>| {
            let mut next = state.clone();
            if text == self.initial {
                next.remove(key);
            } else {
                next.insert(key.clone(), text);
            }
            Some(next)
        };
        match (op, ret) {
            (TextMapOp::Get(_), None) => Some(state.clone()),
            (TextMapOp::Get(key), Some(TextMapRet::Text(text))) => {
                (state.get(key).unwrap_or(&self.initial) == text).then(|| state.clone())
            }
            (TextMapOp::Put(key, text), None | Some(TextMapRet::Done)) => next(key, text.clone()),
            (TextMapOp::Append(key, text), None | Some(TextMapRet::Done)) => {
                let old = state.get(key).unwrap_or(&self.initial);
                next(key, Arc::from([&**old, &**text].concat()))
            }
            (TextMapOp::Get(_) | TextMapOp::Put(..) | TextMapOp::Append(..), Some(_)) => None,
        }
    }

    fn is_pure(&self, op: &Self::Op, _ret: Option<&TextMapRet>) -> bool {
        matches!(op, TextMapOp::Get(_))
    }

    fn key(&self, op: &Self::Op, _ret: Option<&TextMapRet>) -> Option<K> {
        let (TextMapOp::Get(key) | TextMapOp::Put(key, _) | TextMapOp::Append(key, _)) = op;
        Some(key.clone())
    }

    fn tells_apart(
        &self,
        op: &Self::Op,
        ret: Option<&TextMapRet>,
        state: &Self::State,
    ) -> Option<bool> {
        // A text that begins no text that will be read stays such, whatever is appended to it.
        Some(match (op, ret) {
            (TextMapOp::Get(key), Some(TextMapRet::Text(text))) => {
                text.starts_with(&**state.get(key).unwrap_or(&self.initial))
            }
            (TextMapOp::Get(_) | TextMapOp::Put(..) | TextMapOp::Append(..), _) => false,
        })
    }

    fn describe(&self, op: &Self::Op, ret: Option<&TextMapRet>) -> String {
        match (op, ret) {
            (TextMapOp::Get(key), Some(TextMapRet::Text(text))) => call("get", key, Some(text)),
            (TextMapOp::Get(key), _) => call("get", key, None),
            (TextMapOp::Put(key, text), _) => format!("put({key:?}, {text:?})"),
            (TextMapOp::Append(key, text), _) => format!("append({key:?}, {text:?})"),
        }
    }
}
