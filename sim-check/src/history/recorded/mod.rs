//! How typed operations stand in files: the inverse of what the judge of a file reads.

mod collections;
mod transactions;

use std::fmt::Debug;

use super::{Call, Value};
use crate::spec::{
    CasRegister, CasRegisterOp, Counter, CounterOp, CounterRet, Datum, KeyValue, KeyValueOp,
    KeyValueRet, MultiRegister, Mutex, MutexOp, NondeterministicSpec, Register, RegisterAccess,
    RegisterOp, RegisterRet, TextMap, TextMapOp, TextMapRet,
};
pub use transactions::{ListAppend, RwRegister};

/// Something whose operations can be recorded and written to a file: each specification of this crate, and lists and
/// registers of transactions.
///
/// For an object of your own, say how its operations are to be written. A judge of files knows only the models
/// of this crate; the history of another one is judged where it was recorded.
///
/// ```
/// use sim_check::history::{Call, Recorded, Value};
///
/// /// A switch: `flip` returns its new position.
/// struct Switch;
///
/// impl Recorded for Switch {
///     type Op = ();
///     type Ret = bool;
///     const MODEL: &'static str = "switch";
///
///     fn call(_flip: &()) -> Call {
///         Call { function: "flip".into(), argument: Value::Nil }
///     }
///
///     fn result(_flip: &(), ret: &bool) -> Value {
///         Value::from(*ret)
///     }
/// }
/// ```
pub trait Recorded {
    /// What clients ask for.
    type Op: Clone + Debug;
    /// What they are told.
    type Ret: Clone + Debug;
    /// The name of the model in the header.
    const MODEL: &'static str;

    /// The function and the argument.
    fn call(op: &Self::Op) -> Call;

    /// The value of a successful completion.
    fn result(op: &Self::Op, ret: &Self::Ret) -> Value;

    /// What a judge of the file has to know of this very object: fields of the header, such as `initial`.
    fn header(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

fn call(function: &str, argument: Value) -> Call {
    Call { function: function.into(), argument }
}

fn value<V: Clone + Into<Value>>(v: &V) -> Value {
    v.clone().into()
}

fn pair(a: Value, b: Value) -> Value {
    Value::list(vec![a, b])
}

fn values<V: Clone + Into<Value>>(list: &[V]) -> Value {
    Value::list(list.iter().map(value).collect())
}

impl<V: Datum + Into<Value>> Recorded for Register<V> {
    type Op = RegisterOp<V>;
    type Ret = RegisterRet<V>;
    const MODEL: &'static str = "register";

    fn call(op: &Self::Op) -> Call {
        match op {
            RegisterOp::Read => call("read", Value::Nil),
            RegisterOp::Write(v) => call("write", value(v)),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match (op, ret) {
            (_, RegisterRet::Value(v)) | (RegisterOp::Write(v), _) => value(v),
            (RegisterOp::Read, RegisterRet::Written | RegisterRet::Swapped(_)) => Value::Nil,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", NondeterministicSpec::initial(self).into())]
    }
}

impl<V: Datum + Into<Value>> Recorded for CasRegister<V> {
    type Op = CasRegisterOp<V>;
    type Ret = RegisterRet<V>;
    const MODEL: &'static str = "cas-register";

    fn call(op: &Self::Op) -> Call {
        match op {
            CasRegisterOp::Read => call("read", Value::Nil),
            CasRegisterOp::Write(v) => call("write", value(v)),
            CasRegisterOp::Cas(from, to) => call("cas", pair(value(from), value(to))),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match (op, ret) {
            (_, RegisterRet::Value(v)) => value(v),
            // A comparison that failed is an answer, not a failure.
            (_, RegisterRet::Swapped(false)) => Value::Bool(false),
            (_, RegisterRet::Written | RegisterRet::Swapped(true)) => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", NondeterministicSpec::initial(self).into())]
    }
}

impl<K: Datum + Ord + Into<Value>, V: Datum + Into<Value>> Recorded for KeyValue<K, V> {
    type Op = KeyValueOp<K, V>;
    type Ret = KeyValueRet<V>;
    const MODEL: &'static str = "kv";

    fn call(op: &Self::Op) -> Call {
        match op {
            KeyValueOp::Get(key) => call("get", pair(value(key), Value::Nil)),
            KeyValueOp::Put(key, v) => call("put", pair(value(key), value(v))),
            KeyValueOp::Delete(key) => call("delete", pair(value(key), Value::Nil)),
            KeyValueOp::CompareAndSet(key, from, to) => {
                let from = from.as_ref().map_or(Value::Nil, value);
                call("cas", pair(value(key), pair(from, value(to))))
            }
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        let (KeyValueOp::Get(key)
        | KeyValueOp::Put(key, _)
        | KeyValueOp::Delete(key)
        | KeyValueOp::CompareAndSet(key, ..)) = op;
        match ret {
            KeyValueRet::Value(v) => pair(value(key), v.as_ref().map_or(Value::Nil, value)),
            KeyValueRet::Swapped(false) => pair(value(key), Value::Bool(false)),
            KeyValueRet::Done | KeyValueRet::Swapped(true) => Self::call(op).argument,
        }
    }
}

impl<K: Datum + Ord + Into<Value>> Recorded for TextMap<K> {
    type Op = TextMapOp<K>;
    type Ret = TextMapRet;
    const MODEL: &'static str = "kv";

    fn call(op: &Self::Op) -> Call {
        match op {
            TextMapOp::Get(key) => call("get", pair(value(key), Value::Nil)),
            TextMapOp::Put(key, text) => call("put", pair(value(key), Value::text(text))),
            TextMapOp::Append(key, text) => call("append", pair(value(key), Value::text(text))),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        let (TextMapOp::Get(key) | TextMapOp::Put(key, _) | TextMapOp::Append(key, _)) = op;
        match ret {
            TextMapRet::Text(text) => pair(value(key), Value::text(text)),
            TextMapRet::Done => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", Value::text(self.initial_text()))]
    }
}

impl<K: Datum + Ord + Into<Value>, V: Datum + Into<Value>> Recorded for MultiRegister<K, V> {
    type Op = Vec<RegisterAccess<K, V>>;
    type Ret = Vec<Option<V>>;
    const MODEL: &'static str = "multi-register";

    fn call(op: &Self::Op) -> Call {
        let steps = op.iter().map(|access| match access {
            RegisterAccess::Read(key) => step("r", value(key), Value::Nil),
            RegisterAccess::Write(key, v) => step("w", value(key), value(v)),
        });
        call("txn", Value::list(steps.collect()))
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        let steps = op.iter().zip(ret).map(|(access, seen)| match access {
            RegisterAccess::Read(key) => {
                step("r", value(key), seen.as_ref().map_or(Value::Nil, value))
            }
            RegisterAccess::Write(key, v) => step("w", value(key), value(v)),
        });
        Value::list(steps.collect())
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        let initial =
            NondeterministicSpec::initial(self).into_iter().map(|(key, v)| (key.into(), v.into()));
        vec![("initial", Value::map(initial.collect())), ("default", value(self.default_value()))]
    }
}

fn step(name: &str, key: Value, value: Value) -> Value {
    Value::list(vec![Value::text(name), key, value])
}

impl Recorded for Counter {
    type Op = CounterOp;
    type Ret = CounterRet;
    const MODEL: &'static str = "counter";

    fn call(op: &Self::Op) -> Call {
        match op {
            CounterOp::Read => call("read", Value::Nil),
            CounterOp::Add(amount) => call("add", Value::Int(*amount)),
            CounterOp::AddAndGet(amount) => call("add-and-get", Value::Int(*amount)),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match ret {
            CounterRet::Count(count) => Value::Int(*count),
            CounterRet::Added => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", Value::Int(NondeterministicSpec::initial(self)))]
    }
}

impl Recorded for Mutex {
    type Op = MutexOp;
    type Ret = bool;
    const MODEL: &'static str = "mutex";

    fn call(op: &Self::Op) -> Call {
        match op {
            MutexOp::Acquire => call("acquire", Value::Nil),
            MutexOp::Release => call("release", Value::Nil),
        }
    }

    fn result(_op: &Self::Op, ret: &bool) -> Value {
        Value::Bool(*ret)
    }
}
