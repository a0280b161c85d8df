//! The values that recorded histories carry.

use std::fmt;
use std::sync::Arc;

/// A value of a history that was read from text. Cloning is cheap; the order is total.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
