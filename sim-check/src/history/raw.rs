//! A history as it stands in a file: functions by name, values untyped.

use std::sync::Arc;

use super::{Event, EventKind, History, HistoryBuilder, HistoryError, Outcome, ProcessId, Value};

/// Who an event of a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Process {
    /// A client, whose operations are judged.
    Client(ProcessId),
    /// Anybody else, such as Jepsen's `nemesis`; shown in reports, never judged.
    Named(Arc<str>),
}

/// One event of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Who.
    pub process: Process,
    /// What happened. The arguments are those of the invocation, the results those of the completion.
    pub kind: EventKind<Value, Value>,
    /// The name of the function: `read`, `write`, `cas`, `txn`, ...
    pub function: Arc<str>,
    /// The value of the event, whatever its kind.
    pub value: Value,
    /// Nanoseconds.
    pub time: Option<u64>,
    /// The line of the file, counted from 1.
    pub line: usize,
}

/// What a client of a file asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// The name of the function.
    pub function: Arc<str>,
    /// Its arguments, from the invocation.
    pub argument: Value,
}

/// The facts that a file states about its history: a map of names to values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(pub Value);

impl Header {
    /// A header that states nothing.
    pub fn empty() -> Header {
        Header(Value::map(Vec::new()))
    }

    /// The same header with one field more, or with another value in it.
    pub fn with(self, field: &str, value: impl Into<Value>) -> Header {
        let mut fields = self.0.as_map().unwrap_or_default().to_vec();
        fields.push((Value::text(field), value.into()));
        Header(Value::map(fields))
    }

    /// The value of this field.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// The value of this field, if it is text.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.get(field).and_then(Value::as_text)
    }

    /// The data type that the clients used: `register`, `cas-register`, `list-append`, ...
    pub fn model(&self) -> Option<&str> {
        self.text("model")
    }

    /// The property that the history is about: `linearizable`, `serializable`, ...
    pub fn property(&self) -> Option<&str> {
        self.text("property")
    }

    /// The value before the first operation.
    pub fn initial(&self) -> Option<&Value> {
        self.get("initial")
    }
}

/// A history as it stands in a file.
///
/// ```
/// use sim_check::history::RawHistory;
///
/// let text = r#"{"schema":"history/1","model":"register","property":"linearizable","initial":0}
/// {"process":0,"type":"invoke","f":"write","value":1}
/// {"process":0,"type":"ok","f":"write","value":1}
/// "#;
/// let raw = RawHistory::from_json_lines(text)?;
/// assert_eq!(raw.header.model(), Some("register"));
/// let history = raw.history()?;
/// assert_eq!(&*history.operations()[0].op.function, "write");
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawHistory {
    /// What the file states about itself.
    pub header: Header,
    /// The events, in order.
    pub events: Vec<RawEvent>,
}

impl RawHistory {
    /// A typed history as a file would hold it: `call` names the function and its argument, `result` gives the value of a
    /// successful completion.
    ///
    /// ```
    /// use sim_check::history::{Call, Header, HistoryRecorder, RawHistory, Value};
    /// use sim_check::ProcessId;
    ///
    /// let mut recorder = HistoryRecorder::new();
    /// let read = recorder.invoke(ProcessId(0), Some(5), "read");
    /// recorder.ok(read, Some(9), 1)?;
    /// let header = Header::empty().with("model", "register").with("initial", 1);
    /// let raw = RawHistory::of_history(
    ///     header,
    ///     &recorder.finish(),
    ///     |op| Call { function: (*op).into(), argument: Value::Nil },
    ///     |_op, ret| Value::Int(*ret),
    /// );
    /// assert_eq!(raw.to_json_lines().lines().count(), 3);
    /// # Ok::<(), sim_check::HistoryError>(())
    /// ```
    pub fn of_history<Op: Clone, Ret: Clone>(
        header: Header,
        history: &History<Op, Ret>,
        call: impl Fn(&Op) -> Call,
        result: impl Fn(&Op, &Ret) -> Value,
    ) -> RawHistory {
        let mut events = Vec::with_capacity(2 * history.len());
        for operation in history.operations() {
            let Call { function, argument } = call(&operation.op);
            let process = Process::Client(operation.process);
            let event = |kind, value: Value, time| RawEvent {
                process: process.clone(),
                kind,
                function: function.clone(),
                value,
                time,
                line: 0,
            };
            let invoke = EventKind::Invoke(argument.clone());
            events.push((
                operation.invoked.position,
                event(invoke, argument.clone(), operation.invoked.time),
            ));
            let Some(moment) = operation.completed else { continue };
            let (kind, value) = match &operation.outcome {
                Outcome::Ok(ret) => {
                    let value = result(&operation.op, ret);
                    (EventKind::Ok(value.clone()), value)
                }
                Outcome::Fail => (EventKind::Fail, argument),
                Outcome::Unknown => (EventKind::Info, argument),
            };
            events.push((moment.position, event(kind, value, moment.time)));
        }
        events.sort_by_key(|(position, _)| *position);
        let events = events.into_iter().enumerate();
        let events = events.map(|(i, (_, event))| RawEvent { line: i + 2, ..event }).collect();
        RawHistory { header, events }
    }

    /// Pairs invocations with completions. Events of processes that are no clients are left out.
    ///
    /// # Errors
    /// If a client invokes while an operation is open, completes without one, or completes another function.
    pub fn history(&self) -> Result<History<Call, Value>, HistoryError> {
        let mut builder = HistoryBuilder::<Call, Value>::new();
        for event in &self.events {
            let Process::Client(process) = event.process else { continue };
            if !matches!(event.kind, EventKind::Invoke(_))
                && let Some(open) = builder.open_op(process)
                && open.function != event.function
                && !event.function.is_empty()
            {
                return Err(HistoryError::OtherFunction {
                    line: event.line,
                    invoked: open.function.to_string(),
                    completed: event.function.to_string(),
                });
            }
            let kind = match &event.kind {
                EventKind::Invoke(argument) => EventKind::Invoke(Call {
                    function: event.function.clone(),
                    argument: argument.clone(),
                }),
                EventKind::Ok(ret) => EventKind::Ok(ret.clone()),
                EventKind::Fail => EventKind::Fail,
                EventKind::Info => EventKind::Info,
            };
            builder.push_at_line(event.line, Event { process, time: event.time, kind })?;
        }
        Ok(builder.finish())
    }

    /// The line of each client event, by its [`position`](super::Moment::position) in
    /// [`history`](Self::history).
    pub fn lines(&self) -> Vec<usize> {
        let clients = self.events.iter().filter(|e| matches!(e.process, Process::Client(_)));
        clients.map(|event| event.line).collect()
    }
}
