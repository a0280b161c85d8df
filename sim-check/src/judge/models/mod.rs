//! The models that files name: from untyped calls to a specification and a typed history.

mod collections;
mod registers;

use std::collections::BTreeMap;

use super::Uses;
use crate::history::{Call, Header, History, HistoryError, Operation, Outcome, Value};
use crate::spec::{
    AppendList, CasRegister, Counter, FifoQueue, GrowOnlySet, KeyValue, MultiRegister, Mutex,
    PriorityQueue, Set, Stack, TextMap, UniqueIds, UnorderedQueue,
};

type RawOperation = Operation<Call, Value>;

/// What an operation of a file becomes; `None`: it says nothing, so it is left out.
type Converted<Op, Ret> = Result<Option<(Op, Outcome<Ret>)>, HistoryError>;

/// A file's history with what is needed to read it.
pub(super) struct Source<'f> {
    pub(super) header: &'f Header,
    pub(super) history: &'f History<Call, Value>,
    /// The line of each event.
    pub(super) lines: &'f [usize],
}

impl Source<'_> {
    /// Calls `user` with the specification that the model names and the history in its types. `None`: this is
    /// no model of an object with a sequential specification.
    ///
    /// # Errors
    /// If an operation does not belong to the model.
    pub(super) fn with_model<U: Uses>(
        &self,
        model: &str,
        user: U,
    ) -> Result<Option<U::Output>, HistoryError> {
        let initial = self.header.initial().cloned().unwrap_or(Value::Nil);
        let uses = |name: &str| {
            self.history.operations().iter().any(|operation| &*operation.op.function == name)
        };
        let output = match model {
            "register" | "cas-register" => {
                let history = self.convert(|op| self.register(op))?;
                user.judge(CasRegister::new(initial), history)
            }
            "multi-register" => {
                let default = self.header.get("default").cloned().unwrap_or(Value::Nil);
                let entries = initial.as_map().unwrap_or_default().iter().cloned();
                let spec = MultiRegister::new(entries.collect::<BTreeMap<_, _>>(), default);
                user.judge(spec, self.convert(|op| self.multi_register(op))?)
            }
            "kv" | "key-value" if uses("append") => {
                let spec = TextMap::new(initial.as_text().unwrap_or_default());
                user.judge(spec, self.convert(|op| self.text_map(op))?)
            }
            "kv" | "key-value" => {
                user.judge(KeyValue::new(), self.convert(|op| self.key_value(op, &initial))?)
            }
            "counter" => {
                let spec = Counter::new(initial.as_int().unwrap_or(0));
                user.judge(spec, self.convert(|op| self.counter(op))?)
            }
            "mutex" | "lock" => user.judge(Mutex, self.convert(|op| self.mutex(op))?),
            "queue" | "fifo-queue" => {
                let spec = FifoQueue::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.queue(op))?)
            }
            "unordered-queue" | "bag" => {
                refuse_initial(&initial)?;
                user.judge(UnorderedQueue::new(), self.convert(|op| self.queue(op))?)
            }
            "priority-queue" => {
                refuse_initial(&initial)?;
                user.judge(PriorityQueue::new(), self.convert(|op| self.queue(op))?)
            }
            "stack" => {
                let spec = Stack::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.stack(op))?)
            }
            "set" | "grow-only-set" | "g-set" if uses("remove") || self.adds_answer() => {
                let spec = Set::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.set(op))?)
            }
            "set" | "grow-only-set" | "g-set" => {
                let spec = GrowOnlySet::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.grow_only_set(op))?)
            }
            "append-list" | "log" => {
                let spec = AppendList::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.append_list(op))?)
            }
            "unique-ids" => user.judge(UniqueIds::new(), self.convert(|op| self.unique_ids(op))?),
            _ => return Ok(None),
        };
        Ok(Some(output))
    }

    /// Whether the acknowledgement of an addition says if the element was new.
    fn adds_answer(&self) -> bool {
        self.history.operations().iter().any(|operation| {
            &*operation.op.function == "add"
                && matches!(operation.outcome, Outcome::Ok(Value::Bool(_)))
                && !matches!(operation.op.argument, Value::Bool(_))
        })
    }

    fn convert<Op, Ret>(
        &self,
        f: impl Fn(&RawOperation) -> Converted<Op, Ret>,
    ) -> Result<History<Op, Ret>, HistoryError> {
        let mut error = None;
        let history = self.history.filter_map(|operation| match f(operation) {
            Ok(converted) => converted,
            Err(e) => {
                error.get_or_insert(e);
                None
            }
        });
        error.map_or(Ok(history), Err)
    }

    fn line(&self, op: &RawOperation) -> usize {
        self.lines[op.invoked.position as usize]
    }

    fn unknown_function<T>(&self, op: &RawOperation, known: &str) -> Result<T, HistoryError> {
        let message = format!("function {:?} of this model; expected {known}", &*op.op.function);
        Err(HistoryError::model(self.line(op), message))
    }

    fn shape<T>(
        &self,
        op: &RawOperation,
        value: &Value,
        expected: &str,
    ) -> Result<T, HistoryError> {
        let message = format!("{} of {value}; expected {expected}", op.op.function);
        Err(HistoryError::model(self.line(op), message))
    }

    /// Whether a read that saw null says nothing.
    fn null_is_any(&self) -> bool {
        self.header.text("read_null") == Some("any")
    }

    /// The outcome of a read; `None` if it says nothing.
    fn seen<Ret>(
        &self,
        op: &RawOperation,
        f: impl FnOnce(&Value) -> Result<Ret, HistoryError>,
    ) -> Result<Option<Outcome<Ret>>, HistoryError> {
        match &op.outcome {
            Outcome::Ok(Value::Nil) if self.null_is_any() => Ok(None),
            Outcome::Ok(value) => Ok(Some(Outcome::Ok(f(value)?))),
            Outcome::Fail => Ok(Some(Outcome::Fail)),
            Outcome::Unknown => Ok(Some(Outcome::Unknown)),
        }
    }

    fn pair<'v>(
        &self,
        op: &RawOperation,
        value: &'v Value,
    ) -> Result<&'v [Value; 2], HistoryError> {
        match value.as_list().and_then(|items| items.try_into().ok()) {
            Some(pair) => Ok(pair),
            None => self.shape(op, value, "a list of two"),
        }
    }
}

/// These queues are empty at first: a header that says something else must not be passed over.
fn refuse_initial(initial: &Value) -> Result<(), HistoryError> {
    match initial {
        Value::Nil => Ok(()),
        Value::List(items) if items.is_empty() => Ok(()),
        Value::Text(text) if &**text == "empty" => Ok(()),
        other => {
            let message = format!("the header's initial is {other}; expected an empty queue");
            Err(HistoryError::model(1, message))
        }
    }
}

/// The outcome of an operation that is merely acknowledged.
fn acknowledged<Ret>(op: &RawOperation, ret: Ret) -> Outcome<Ret> {
    match op.outcome {
        Outcome::Ok(_) => Outcome::Ok(ret),
        Outcome::Fail => Outcome::Fail,
        Outcome::Unknown => Outcome::Unknown,
    }
}

/// What was taken out; null: there was nothing.
fn present(value: &Value) -> Option<Value> {
    if value.is_nil() { None } else { Some(value.clone()) }
}
