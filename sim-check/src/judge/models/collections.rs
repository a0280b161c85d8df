//! Queues, stacks, sets, logs and identities of files.

use super::{Converted, RawOperation, Source, acknowledged, present};
use crate::history::{HistoryError, Outcome, Value};
use crate::spec::{
    AppendListOp, AppendListRet, GrowOnlySetOp, GrowOnlySetRet, QueueOp, QueueRet, SetOp, SetRet,
    StackOp, StackRet,
};

impl Source<'_> {
    pub(super) fn queue(&self, op: &RawOperation) -> Converted<QueueOp<Value>, QueueRet<Value>> {
        match &*op.op.function {
            "enqueue" | "push" => {
                let enqueue = QueueOp::Enqueue(op.op.argument.clone());
                Ok(Some((enqueue, acknowledged(op, QueueRet::Enqueued))))
            }
            "dequeue" | "pop" => {
                let outcome = match &op.outcome {
                    Outcome::Ok(value) => Outcome::Ok(QueueRet::Dequeued(present(value))),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((QueueOp::Dequeue, outcome)))
            }
            _ => self.unknown_function(op, "enqueue or dequeue"),
        }
    }

    pub(super) fn stack(&self, op: &RawOperation) -> Converted<StackOp<Value>, StackRet<Value>> {
        match &*op.op.function {
            "push" => {
                let push = StackOp::Push(op.op.argument.clone());
                Ok(Some((push, acknowledged(op, StackRet::Pushed))))
            }
            "pop" => {
                let outcome = match &op.outcome {
                    Outcome::Ok(value) => Outcome::Ok(StackRet::Popped(present(value))),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((StackOp::Pop, outcome)))
            }
            "len" => {
                let seen = self.seen(op, |value| {
                    match value.as_int().and_then(|n| usize::try_from(n).ok()) {
                        Some(length) => Ok(StackRet::Len(length)),
                        None => self.shape(op, value, "a length"),
                    }
                })?;
                Ok(seen.map(|outcome| (StackOp::Len, outcome)))
            }
            _ => self.unknown_function(op, "push, pop or len"),
        }
    }

    fn sorted(&self, op: &RawOperation, value: &Value) -> Result<Vec<Value>, HistoryError> {
        match value {
            Value::Nil => Ok(Vec::new()),
            Value::List(items) => {
                let mut items = items.to_vec();
                items.sort();
                Ok(items)
            }
            other => self.shape(op, other, "a list"),
        }
    }

    fn truth(&self, op: &RawOperation, value: &Value) -> Result<bool, HistoryError> {
        match value {
            Value::Bool(answer) => Ok(*answer),
            other => self.shape(op, other, "true or false"),
        }
    }

    pub(super) fn set(&self, op: &RawOperation) -> Converted<SetOp<Value>, SetRet<Value>> {
        let element = op.op.argument.clone();
        let changed = |outcome: &Outcome<Value>| match outcome {
            Outcome::Ok(Value::Bool(changed)) if !matches!(element, Value::Bool(_)) => {
                Outcome::Ok(SetRet::Answer(*changed))
            }
            Outcome::Ok(_) => Outcome::Ok(SetRet::Done),
            Outcome::Fail => Outcome::Fail,
            Outcome::Unknown => Outcome::Unknown,
        };
        match &*op.op.function {
            "add" => Ok(Some((SetOp::Add(element.clone()), changed(&op.outcome)))),
            "remove" => Ok(Some((SetOp::Remove(element.clone()), changed(&op.outcome)))),
            "contains" => {
                let seen = self.seen(op, |value| Ok(SetRet::Answer(self.truth(op, value)?)))?;
                Ok(seen.map(|outcome| (SetOp::Contains(element), outcome)))
            }
            "read" => {
                let seen = self.seen(op, |value| Ok(SetRet::Elements(self.sorted(op, value)?)))?;
                Ok(seen.map(|outcome| (SetOp::Read, outcome)))
            }
            _ => self.unknown_function(op, "add, remove, contains or read"),
        }
    }

    pub(super) fn grow_only_set(
        &self,
        op: &RawOperation,
    ) -> Converted<GrowOnlySetOp<Value>, GrowOnlySetRet<Value>> {
        let element = op.op.argument.clone();
        match &*op.op.function {
            "add" => {
                Ok(Some((GrowOnlySetOp::Add(element), acknowledged(op, GrowOnlySetRet::Added))))
            }
            "contains" => {
                let seen =
                    self.seen(op, |value| Ok(GrowOnlySetRet::Answer(self.truth(op, value)?)))?;
                Ok(seen.map(|outcome| (GrowOnlySetOp::Contains(element), outcome)))
            }
            "read" => {
                let seen =
                    self.seen(op, |value| Ok(GrowOnlySetRet::Elements(self.sorted(op, value)?)))?;
                Ok(seen.map(|outcome| (GrowOnlySetOp::Read, outcome)))
            }
            _ => self.unknown_function(op, "add, contains or read"),
        }
    }

    pub(super) fn append_list(
        &self,
        op: &RawOperation,
    ) -> Converted<AppendListOp<Value>, AppendListRet<Value>> {
        match &*op.op.function {
            "append" => {
                let append = AppendListOp::Append(op.op.argument.clone());
                Ok(Some((append, acknowledged(op, AppendListRet::Appended))))
            }
            "read" => {
                let seen = self.seen(op, |value| match value {
                    Value::Nil => Ok(AppendListRet::Elements(Vec::new())),
                    Value::List(items) => Ok(AppendListRet::Elements(items.to_vec())),
                    other => self.shape(op, other, "a list"),
                })?;
                Ok(seen.map(|outcome| (AppendListOp::Read, outcome)))
            }
            _ => self.unknown_function(op, "append or read"),
        }
    }

    pub(super) fn unique_ids(&self, op: &RawOperation) -> Converted<(), Value> {
        match &*op.op.function {
            "generate" => Ok(Some(((), op.outcome.clone()))),
            _ => self.unknown_function(op, "generate"),
        }
    }
}
