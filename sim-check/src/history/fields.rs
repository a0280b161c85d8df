//! What the events of all formats have in common.

use super::{EventKind, HistoryError, Process, ProcessId, RawEvent, Value};
use std::sync::Arc;

/// The fields of an event, of whatever format.
pub(super) struct Fields {
    pub(super) process: Option<Value>,
    pub(super) kind: Option<Value>,
    pub(super) function: Option<Value>,
    pub(super) key: Option<Value>,
    pub(super) value: Option<Value>,
    pub(super) time: Option<Value>,
}

/// Makes an event of its fields. A process whose name is a number is a client. Where a key has a field of its own it joins
/// the value, `[key, value]`.
pub(super) fn event(line: usize, fields: Fields) -> Result<RawEvent, HistoryError> {
    let process = match &fields.process {
        Some(Value::Int(id)) if *id >= 0 => Process::Client(ProcessId(id.unsigned_abs())),
        Some(Value::Text(name)) => match name.parse() {
            Ok(id) => Process::Client(ProcessId(id)),
            // A number that is no client's would be passed over in silence.
            Err(_) if name.parse::<f64>().is_ok_and(f64::is_finite) => {
                let message = format!("process {name}; expected a whole number from 0, or a name");
                return Err(HistoryError::syntax(line, message));
            }
            Err(_) => Process::Named(name.clone()),
        },
        Some(other @ (Value::Int(_) | Value::Bool(_) | Value::List(_) | Value::Map(_))) => {
            let message = format!("process {other}; expected a number from 0, or a name");
            return Err(HistoryError::syntax(line, message));
        }
        Some(Value::Nil) | None => {
            let message = "an event needs \"process\": a number from 0, or a name";
            return Err(HistoryError::syntax(line, message));
        }
    };
    let is_client = matches!(process, Process::Client(_));
    let value = fields.value.unwrap_or(Value::Nil);
    let value = match fields.key {
        Some(key) if is_client => Value::list(vec![key, value]),
        Some(_) | None => value,
    };
    let kind = match fields.kind.as_ref().and_then(Value::as_text) {
        Some("invoke") => EventKind::Invoke(value.clone()),
        Some("ok") => EventKind::Ok(value.clone()),
        Some("fail") => EventKind::Fail,
        Some("info") => EventKind::Info,
        // What happens to nobody's operation is only shown.
        _ if !is_client => EventKind::Info,
        Some(other) => {
            let message = format!("type {other:?}; expected invoke, ok, fail or info");
            return Err(HistoryError::syntax(line, message));
        }
        None => {
            let message = "an event needs \"type\": invoke, ok, fail or info";
            return Err(HistoryError::syntax(line, message));
        }
    };
    let function = match &fields.function {
        Some(Value::Text(name)) => name.clone(),
        // Elle's histories of transactions often leave it out.
        Some(Value::Nil) | None if value.as_list().is_some() => Arc::from("txn"),
        // Of a completion it is that of the invocation.
        Some(Value::Nil) | None if !matches!(kind, EventKind::Invoke(_)) => Arc::from(""),
        _ if !is_client => Arc::from(""),
        _ => {
            let message = "an event needs \"f\": the function's name";
            return Err(HistoryError::syntax(line, message));
        }
    };
    let time = fields.time.as_ref().and_then(Value::to_int);
    let time = time.and_then(|time| u64::try_from(time).ok());
    Ok(RawEvent { process, kind, function, value, time, line })
}
