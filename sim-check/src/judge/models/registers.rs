//! Registers, stores, counters and locks of files.

use super::{Converted, RawOperation, Source, acknowledged};
use crate::history::{HistoryError, MicroOpKind, Outcome, Value, micro_ops};
use crate::spec::{
    CasRegisterOp, CounterOp, CounterRet, KeyValueOp, KeyValueRet, MutexOp, RegisterAccess,
    RegisterRet, TextMapOp, TextMapRet,
};

/// Whether an acknowledgement says that the operation looked, and changed nothing.
fn is_no(value: &Value) -> bool {
    *value == Value::Bool(false)
}

impl Source<'_> {
    pub(super) fn register(
        &self,
        op: &RawOperation,
    ) -> Converted<CasRegisterOp<Value>, RegisterRet<Value>> {
        match &*op.op.function {
            "read" | "r" => {
                let seen = self.seen(op, |value| Ok(RegisterRet::Value(value.clone())))?;
                Ok(seen.map(|outcome| (CasRegisterOp::Read, outcome)))
            }
            "write" | "w" => {
                let write = CasRegisterOp::Write(op.op.argument.clone());
                Ok(Some((write, acknowledged(op, RegisterRet::Written))))
            }
            "cas" => {
                let [from, to] = self.pair(op, &op.op.argument)?.clone();
                let compares = self.header.text("cas_fail") == Some("observed-mismatch");
                let outcome = match &op.outcome {
                    Outcome::Ok(value) => Outcome::Ok(RegisterRet::Swapped(!is_no(value))),
                    Outcome::Fail if compares => Outcome::Ok(RegisterRet::Swapped(false)),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((CasRegisterOp::Cas(from, to), outcome)))
            }
            _ => self.unknown_function(op, "read, write or cas"),
        }
    }

    pub(super) fn multi_register(
        &self,
        op: &RawOperation,
    ) -> Converted<Vec<RegisterAccess<Value, Value>>, Vec<Option<Value>>> {
        let line = self.line(op);
        let steps = micro_ops(line, &op.op.argument)?;
        let mut accesses = Vec::with_capacity(steps.len());
        for step in steps {
            accesses.push(match step.kind {
                MicroOpKind::Read => RegisterAccess::Read(step.key),
                MicroOpKind::Write => RegisterAccess::Write(step.key, step.value),
                MicroOpKind::Append => {
                    let message = "append on registers; expected read or write";
                    return Err(HistoryError::model(line, message));
                }
            });
        }
        let outcome = match &op.outcome {
            Outcome::Ok(value) => {
                let results = micro_ops(line, value)?.into_iter().map(|step| {
                    let silent = step.kind != MicroOpKind::Read
                        || (step.value.is_nil() && self.null_is_any());
                    (!silent).then_some(step.value)
                });
                Outcome::Ok(results.collect())
            }
            Outcome::Fail => Outcome::Fail,
            Outcome::Unknown => Outcome::Unknown,
        };
        Ok(Some((accesses, outcome)))
    }

    pub(super) fn text_map(&self, op: &RawOperation) -> Converted<TextMapOp<Value>, TextMapRet> {
        let [key, argument] = self.pair(op, &op.op.argument)?.clone();
        let text = |value: &Value| match value {
            Value::Text(text) => Ok(text.clone()),
            other => self.shape(op, other, "text"),
        };
        match &*op.op.function {
            "get" | "read" => {
                let seen = self.seen(op, |value| match value.as_list() {
                    Some([_, value]) => Ok(TextMapRet::Text(text(value)?)),
                    _ => self.shape(op, value, "[key, text]"),
                })?;
                Ok(seen.map(|outcome| (TextMapOp::Get(key), outcome)))
            }
            "put" | "write" => {
                let put = TextMapOp::Put(key, text(&argument)?);
                Ok(Some((put, acknowledged(op, TextMapRet::Done))))
            }
            "append" => {
                let append = TextMapOp::Append(key, text(&argument)?);
                Ok(Some((append, acknowledged(op, TextMapRet::Done))))
            }
            _ => self.unknown_function(op, "get, put or append"),
        }
    }

    /// A key that was never put holds `initial`, so that putting `initial` is the same as deleting.
    pub(super) fn key_value(
        &self,
        op: &RawOperation,
        initial: &Value,
    ) -> Converted<KeyValueOp<Value, Value>, KeyValueRet<Value>> {
        let held = |value: Value| if value == *initial { None } else { Some(value) };
        let (key, argument) = match op.op.argument.as_list() {
            Some([key]) => (key.clone(), Value::Nil),
            Some([key, argument]) => (key.clone(), argument.clone()),
            Some([key, from, to]) => (key.clone(), Value::list(vec![from.clone(), to.clone()])),
            _ => return self.shape(op, &op.op.argument, "[key, argument]"),
        };
        let put = |value: Value| match held(value) {
            Some(value) => KeyValueOp::Put(key.clone(), value),
            None => KeyValueOp::Delete(key.clone()),
        };
        match &*op.op.function {
            "get" | "read" | "r" => {
                let null_is_any = self.null_is_any();
                let value = match &op.outcome {
                    Outcome::Ok(value) => match value.as_list() {
                        Some([_, Value::Nil]) | None if null_is_any => return Ok(None),
                        Some([_, value]) => Outcome::Ok(value.clone()),
                        _ => return self.shape(op, value, "[key, value]"),
                    },
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                let outcome = match value {
                    Outcome::Ok(value) => Outcome::Ok(KeyValueRet::Value(held(value))),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((KeyValueOp::Get(key), outcome)))
            }
            "put" | "write" | "w" => Ok(Some((put(argument), acknowledged(op, KeyValueRet::Done)))),
            "delete" | "del" => {
                Ok(Some((KeyValueOp::Delete(key), acknowledged(op, KeyValueRet::Done))))
            }
            "cas" => {
                let [from, to] = self.pair(op, &argument)?.clone();
                let compares = self.header.text("cas_fail") == Some("observed-mismatch");
                let outcome = match &op.outcome {
                    Outcome::Ok(value) => {
                        let value = value.as_list().and_then(|pair| pair.get(1)).unwrap_or(value);
                        Outcome::Ok(KeyValueRet::Swapped(!is_no(value)))
                    }
                    Outcome::Fail if compares => Outcome::Ok(KeyValueRet::Swapped(false)),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((KeyValueOp::CompareAndSet(key, held(from), to), outcome)))
            }
            _ => self.unknown_function(op, "get, put, delete or cas"),
        }
    }

    pub(super) fn counter(&self, op: &RawOperation) -> Converted<CounterOp, CounterRet> {
        let int = |value: &Value| match value.to_int() {
            Some(number) => Ok(number),
            None => self.shape(op, value, "a number"),
        };
        let count = |value: &Value| Ok(CounterRet::Count(int(value)?));
        match &*op.op.function {
            "read" => Ok(self.seen(op, count)?.map(|outcome| (CounterOp::Read, outcome))),
            "add" => {
                let add = CounterOp::Add(int(&op.op.argument)?);
                Ok(Some((add, acknowledged(op, CounterRet::Added))))
            }
            "add-and-get" => {
                let amount = int(&op.op.argument)?;
                let seen = self.seen(op, count)?.unwrap_or(Outcome::Unknown);
                Ok(Some((CounterOp::AddAndGet(amount), seen)))
            }
            _ => self.unknown_function(op, "read, add or add-and-get"),
        }
    }

    pub(super) fn mutex(&self, op: &RawOperation) -> Converted<MutexOp, bool> {
        let done = !op.outcome.ok().is_some_and(is_no);
        match &*op.op.function {
            "acquire" | "lock" => Ok(Some((MutexOp::Acquire, acknowledged(op, done)))),
            "release" | "unlock" => Ok(Some((MutexOp::Release, acknowledged(op, done)))),
            _ => self.unknown_function(op, "acquire or release"),
        }
    }
}
