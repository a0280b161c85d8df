//! How typed operations stand in files: the inverse of what the judge of a file reads.

use std::fmt::Debug;

use super::{Call, Value};
use crate::spec::{
    AppendList, AppendListOp, AppendListRet, CasRegister, CasRegisterOp, Counter, CounterOp,
    CounterRet, Datum, FifoQueue, GrowOnlySet, GrowOnlySetOp, GrowOnlySetRet, KeyValue, KeyValueOp,
    KeyValueRet, MultiRegister, Mutex, MutexOp, NondeterministicSpec, PriorityQueue, QueueOp,
    QueueRet, Register, RegisterAccess, RegisterOp, RegisterRet, Set, SetOp, SetRet, Stack,
    StackOp, StackRet, TextMap, TextMapOp, TextMapRet, UniqueIds, UnorderedQueue,
};
use crate::txn::{Atom, MicroOp, Seen};

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

/// Transactions over lists, [`Op`](Recorded::Op) and [`Ret`](Recorded::Ret) of which are their steps, reads without and
/// with what they returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListAppend;

/// Transactions over registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RwRegister;

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

macro_rules! queue {
    ($spec:ident, $bound:path, $model:literal) => {
        impl<V: Datum + $bound + Into<Value>> Recorded for $spec<V> {
            type Op = QueueOp<V>;
            type Ret = QueueRet<V>;
            const MODEL: &'static str = $model;

            fn call(op: &Self::Op) -> Call {
                match op {
                    QueueOp::Enqueue(v) => call("enqueue", value(v)),
                    QueueOp::Dequeue => call("dequeue", Value::Nil),
                }
            }

            fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
                match ret {
                    QueueRet::Dequeued(v) => v.as_ref().map_or(Value::Nil, value),
                    QueueRet::Enqueued => Self::call(op).argument,
                }
            }

            fn header(&self) -> Vec<(&'static str, Value)> {
                let initial = NondeterministicSpec::initial(self).into_iter();
                vec![("initial", initial.collect::<Vec<V>>().into())]
            }
        }
    };
}

queue!(FifoQueue, Clone, "fifo-queue");
queue!(UnorderedQueue, Ord, "unordered-queue");
queue!(PriorityQueue, Ord, "priority-queue");

impl<V: Datum + Into<Value>> Recorded for Stack<V> {
    type Op = StackOp<V>;
    type Ret = StackRet<V>;
    const MODEL: &'static str = "stack";

    fn call(op: &Self::Op) -> Call {
        match op {
            StackOp::Push(v) => call("push", value(v)),
            StackOp::Pop => call("pop", Value::Nil),
            StackOp::Len => call("len", Value::Nil),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match ret {
            StackRet::Popped(v) => v.as_ref().map_or(Value::Nil, value),
            StackRet::Len(len) => Value::from(*len),
            StackRet::Pushed => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", NondeterministicSpec::initial(self).into())]
    }
}

impl<V: Datum + Ord + Into<Value>> Recorded for Set<V> {
    type Op = SetOp<V>;
    type Ret = SetRet<V>;
    const MODEL: &'static str = "set";

    fn call(op: &Self::Op) -> Call {
        match op {
            SetOp::Add(v) => call("add", value(v)),
            SetOp::Remove(v) => call("remove", value(v)),
            SetOp::Contains(v) => call("contains", value(v)),
            SetOp::Read => call("read", Value::Nil),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match ret {
            SetRet::Elements(elements) => values(elements),
            SetRet::Answer(answer) => Value::Bool(*answer),
            SetRet::Done => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![(
            "initial",
            NondeterministicSpec::initial(self).into_iter().collect::<Vec<V>>().into(),
        )]
    }
}

impl<V: Datum + Ord + Into<Value>> Recorded for GrowOnlySet<V> {
    type Op = GrowOnlySetOp<V>;
    type Ret = GrowOnlySetRet<V>;
    const MODEL: &'static str = "grow-only-set";

    fn call(op: &Self::Op) -> Call {
        match op {
            GrowOnlySetOp::Add(v) => call("add", value(v)),
            GrowOnlySetOp::Contains(v) => call("contains", value(v)),
            GrowOnlySetOp::Read => call("read", Value::Nil),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match ret {
            GrowOnlySetRet::Elements(elements) => values(elements),
            GrowOnlySetRet::Answer(answer) => Value::Bool(*answer),
            GrowOnlySetRet::Added => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![(
            "initial",
            NondeterministicSpec::initial(self).into_iter().collect::<Vec<V>>().into(),
        )]
    }
}

impl<V: Datum + Into<Value>> Recorded for AppendList<V> {
    type Op = AppendListOp<V>;
    type Ret = AppendListRet<V>;
    const MODEL: &'static str = "append-list";

    fn call(op: &Self::Op) -> Call {
        match op {
            AppendListOp::Append(v) => call("append", value(v)),
            AppendListOp::Read => call("read", Value::Nil),
        }
    }

    fn result(op: &Self::Op, ret: &Self::Ret) -> Value {
        match ret {
            AppendListRet::Elements(elements) => values(elements),
            AppendListRet::Appended => Self::call(op).argument,
        }
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        vec![("initial", NondeterministicSpec::initial(self).into())]
    }
}

impl<V: Datum + Ord + Into<Value>> Recorded for UniqueIds<V> {
    type Op = ();
    type Ret = V;
    const MODEL: &'static str = "unique-ids";

    fn call(_op: &()) -> Call {
        call("generate", Value::Nil)
    }

    fn result(_op: &(), ret: &V) -> Value {
        value(ret)
    }
}

macro_rules! transactions {
    ($subject:ident, $model:literal) => {
        impl Recorded for $subject {
            type Op = Vec<MicroOp>;
            type Ret = Vec<MicroOp>;
            const MODEL: &'static str = $model;

            fn call(op: &Self::Op) -> Call {
                let asked = op.iter().map(|op| match op {
                    MicroOp::Read(key, _) => step("r", atom(key), Value::Nil),
                    op => micro_op(op),
                });
                call("txn", Value::list(asked.collect()))
            }

            fn result(_op: &Self::Op, ret: &Self::Ret) -> Value {
                Value::list(ret.iter().map(micro_op).collect())
            }
        }
    };
}

transactions!(ListAppend, "list-append");
transactions!(RwRegister, "rw-register");

fn micro_op(op: &MicroOp) -> Value {
    match op {
        MicroOp::Append(key, element) => step("append", atom(key), atom(element)),
        MicroOp::Write(key, value) => step("w", atom(key), atom(value)),
        MicroOp::Read(key, seen) => step(
            "r",
            atom(key),
            match seen {
                Seen::Unknown | Seen::Initial => Value::Nil,
                Seen::Value(value) => atom(value),
                Seen::List(list) => Value::list(list.iter().map(atom).collect()),
            },
        ),
    }
}

fn atom(atom: &Atom) -> Value {
    match atom {
        Atom::Int(number) => Value::Int(*number),
        Atom::Text(text) => Value::text(text),
    }
}
