//! The models that files name: from untyped calls to a specification and a typed history.

use std::collections::BTreeMap;

use super::Uses;
use crate::history::{
    Call, Header, History, HistoryError, MicroOpKind, Operation, Outcome, Value, micro_ops,
};
use crate::spec::{
    AppendList, AppendListOp, AppendListRet, CasRegister, CasRegisterOp, Counter, CounterOp,
    CounterRet, FifoQueue, GrowOnlySet, GrowOnlySetOp, GrowOnlySetRet, KeyValue, KeyValueOp,
    KeyValueRet, MultiRegister, Mutex, MutexOp, PriorityQueue, QueueOp, QueueRet, RegisterAccess,
    RegisterRet, Set, SetOp, SetRet, Stack, StackOp, StackRet, TextMap, TextMapOp, TextMapRet,
    UniqueIds, UnorderedQueue,
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
                let entries = initial.as_map().unwrap_or_default().iter().cloned();
                let spec = MultiRegister::new(entries.collect::<BTreeMap<_, _>>(), Value::Nil);
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
                user.judge(UnorderedQueue::new(), self.convert(|op| self.queue(op))?)
            }
            "priority-queue" => {
                user.judge(PriorityQueue::new(), self.convert(|op| self.queue(op))?)
            }
            "stack" => {
                let spec = Stack::holding(initial.as_list().unwrap_or_default().to_vec());
                user.judge(spec, self.convert(|op| self.stack(op))?)
            }
            "set" if uses("remove") => {
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

    fn register(&self, op: &RawOperation) -> Converted<CasRegisterOp<Value>, RegisterRet<Value>> {
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
                let outcome = match op.outcome {
                    Outcome::Ok(_) => Outcome::Ok(RegisterRet::Swapped(true)),
                    Outcome::Fail if compares => Outcome::Ok(RegisterRet::Swapped(false)),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((CasRegisterOp::Cas(from, to), outcome)))
            }
            _ => self.unknown_function(op, "read, write or cas"),
        }
    }

    fn multi_register(
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

    fn text_map(&self, op: &RawOperation) -> Converted<TextMapOp<Value>, TextMapRet> {
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
    fn key_value(
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
                let outcome = match op.outcome {
                    Outcome::Ok(_) => Outcome::Ok(KeyValueRet::Swapped(true)),
                    Outcome::Fail if compares => Outcome::Ok(KeyValueRet::Swapped(false)),
                    Outcome::Fail => Outcome::Fail,
                    Outcome::Unknown => Outcome::Unknown,
                };
                Ok(Some((KeyValueOp::CompareAndSet(key, held(from), to), outcome)))
            }
            _ => self.unknown_function(op, "get, put, delete or cas"),
        }
    }

    fn counter(&self, op: &RawOperation) -> Converted<CounterOp, CounterRet> {
        let int = |value: &Value| match value {
            Value::Int(number) => Ok(*number),
            other => self.shape(op, other, "a number"),
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

    fn mutex(&self, op: &RawOperation) -> Converted<MutexOp, bool> {
        match &*op.op.function {
            "acquire" | "lock" => Ok(Some((MutexOp::Acquire, acknowledged(op, true)))),
            "release" | "unlock" => Ok(Some((MutexOp::Release, acknowledged(op, true)))),
            _ => self.unknown_function(op, "acquire or release"),
        }
    }

    fn queue(&self, op: &RawOperation) -> Converted<QueueOp<Value>, QueueRet<Value>> {
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

    fn stack(&self, op: &RawOperation) -> Converted<StackOp<Value>, StackRet<Value>> {
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

    fn set(&self, op: &RawOperation) -> Converted<SetOp<Value>, SetRet<Value>> {
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

    fn grow_only_set(
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

    fn append_list(
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

    fn unique_ids(&self, op: &RawOperation) -> Converted<(), Value> {
        match &*op.op.function {
            "generate" => Ok(Some(((), op.outcome.clone()))),
            _ => self.unknown_function(op, "generate"),
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
