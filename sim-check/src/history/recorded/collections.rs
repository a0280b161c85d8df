//! Queues, stacks, sets, logs and identities.

use super::{Recorded, call, value, values};
use crate::history::{Call, Value};
use crate::spec::{
    AppendList, AppendListOp, AppendListRet, Datum, FifoQueue, GrowOnlySet, GrowOnlySetOp,
    GrowOnlySetRet, NondeterministicSpec, PriorityQueue, QueueOp, QueueRet, Set, SetOp, SetRet,
    Stack, StackOp, StackRet, UniqueIds, UnorderedQueue,
};

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
