//! The values that recorded histories carry.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A value of a history that was read from text. Cloning is cheap; the order is total.
#[derive(Clone, Eq, PartialOrd, Ord)]
pub enum Value {
    /// JSON's `null`, EDN's `nil`.
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text; EDN's keywords without their colon. A number that is no 64-bit integer is kept as its text.
    Text(Arc<str>),
    /// A list, vector or set, in the order of the text.
    List(Arc<[Value]>),
    /// A map, sorted by key.
    Map(Arc<[(Value, Value)]>),
}

impl Value {
    /// A text value.
    pub fn text(text: &str) -> Value {
        Value::Text(Arc::from(text))
    }

    /// A list value.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::from(items))
    }

    /// A map value; of equal keys the last one counts.
    pub fn map(mut entries: Vec<(Value, Value)>) -> Value {
        entries.reverse();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries.dedup_by(|b, a| a.0 == b.0);
        Value::Map(Arc::from(entries))
    }

    /// Whether this is [`Value::Nil`].
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The number, if this is one or the decimal text of one.
    pub fn to_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Text(text) => text.parse().ok(),
            Value::Nil | Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if this is a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under this text key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.iter().find(|(k, _)| k.as_text() == Some(key)).map(|(_, value)| value)
    }

    /// From JSON.
    pub fn from_json(json: serde_json::Value) -> Value {
        match json {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(b) => Value::Bool(b),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Value::Int(int),
                None => Value::text(&number.to_string()),
            },
            serde_json::Value::String(text) => Value::text(&text),
            serde_json::Value::Array(items) => {
                Value::list(items.into_iter().map(Value::from_json).collect())
            }
            serde_json::Value::Object(entries) => Value::map(
                entries.into_iter().map(|(k, v)| (Value::text(&k), Value::from_json(v))).collect(),
            ),
        }
    }

    /// To JSON. A key of a map that is not text becomes its JSON text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Nil => serde_json::Value::Null,
            Value::Bool(b) => serde_json::Value::Bool(*b),
            Value::Int(int) => serde_json::Value::from(*int),
            Value::Text(text) => serde_json::Value::from(&**text),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|(key, value)| {
                    let key = match key {
                        Value::Text(text) => text.to_string(),
                        other => other.to_json().to_string(),
                    };
                    (key, value.to_json())
                });
                serde_json::Value::Object(pairs.collect())
            }
        }
    }
}

// By hand, so that numbers, which most values are, are compared and hashed where they stand.
impl PartialEq for Value {
    #[inline(always)]
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            _ => is_same(self, other),
        }
    }
}

#[inline(never)]
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::List(a), Value::List(b)) => a == b,
        (Value::Map(a), Value::Map(b)) => a == b,
        (
            Value::Nil
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_),
            _,
        ) => false,
    }
}

impl Hash for Value {
    #[inline(always)]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match self {
            Value::Int(number) => number.hash(hasher),
            _ => hash_other(self, hasher),
        }
    }
}

#[inline(never)]
fn hash_other<H: Hasher>(value: &Value, hasher: &mut H) {
    /// Far from the numbers that histories hold.
    const KIND: u64 = u64::MAX / 3;
    match value {
        Value::Nil => hasher.write_u64(KIND),
        Value::Bool(truth) => hasher.write_u64(KIND + 1 + u64::from(*truth)),
        Value::Int(number) => number.hash(hasher),
        Value::Text(text) => {
            hasher.write_u64(KIND + 3);
            text.hash(hasher);
        }
        Value::List(items) => {
            hasher.write_u64(KIND + 4);
            items.hash(hasher);
        }
        Value::Map(entries) => {
            hasher.write_u64(KIND + 5);
            entries.hash(hasher);
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

macro_rules! from_small_integer {
    ($($integer:ty)*) => {
        $(impl From<$integer> for Value {
            fn from(number: $integer) -> Value {
                Value::Int(i64::from(number))
            }
        })*
    };
}

from_small_integer!(i32 i16 i8 u32 u16 u8);

macro_rules! from_wide_integer {
    ($($integer:ty)*) => {
        $(impl From<$integer> for Value {
            /// A number beyond 64 bits with a sign becomes its text.
            fn from(number: $integer) -> Value {
                i64::try_from(number).map_or_else(|_| Value::text(&number.to_string()), Value::Int)
            }
        })*
    };
}

from_wide_integer!(u64 usize i128 u128);

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::text(&text)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::Nil, Into::into)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(items: Vec<V>) -> Value {
        Value::list(items.into_iter().map(Into::into).collect())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::text(text)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{item}")?;
                }
                f.write_str("]")
            }
            Value::Map(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{key}: {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::hash_of;

    #[test]
    fn equality_order_and_hash_agree() {
        let one = || Value::Int(1);
        let values = [
            Value::Nil,
            Value::Bool(false),
            Value::Bool(true),
            Value::Int(0),
            one(),
            Value::Int(-1),
            Value::text(""),
            Value::text("1"),
            Value::list(vec![]),
            Value::list(vec![one()]),
            Value::list(vec![one(), Value::Nil]),
            Value::map(vec![]),
            Value::map(vec![(one(), Value::Nil)]),
            Value::map(vec![(one(), one())]),
        ];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(a == b, i == j, "{a} and {b}");
                assert_eq!(a.cmp(b).is_eq(), i == j, "{a} and {b}");
                assert_eq!(hash_of(a) == hash_of(b), i == j, "{a} and {b}");
            }
        }
        // What is equal and stands elsewhere.
        let (a, b) = (Value::list(vec![Value::text("x")]), Value::list(vec![Value::text("x")]));
        assert_eq!(a, b);
        assert_eq!(hash_of(&a), hash_of(&b));
    }
}
