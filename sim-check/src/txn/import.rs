//! Histories of transactions from files.

use super::builder::{Initial, TxnHistoryBuilder};
use super::history::{MicroOp, Model, Seen, Status, TxnHistory};
use super::intern::Atom;
use super::level::{IsolationLevel, UnknownLevel};
use crate::history::{
    EventKind, Header, HistoryError, MicroOpKind, Process, RawHistory, Value, micro_ops,
};

/// Reads the transactions of a file, whose header names the model `list-append` or `rw-register`.
///
/// What registers hold at first is the header's `initial`: a value for all keys, a map of keys to
/// values, or `explicit` if there is no initial state. A nil that was read always means the initial
/// state.
///
/// # Errors
///
/// If the model is another one, or an event is no transaction over it.
pub fn from_raw(raw: &RawHistory) -> Result<TxnHistory, HistoryError> {
    let model = match raw.header.model() {
        Some("list-append") => Model::ListAppend,
        Some("rw-register") => Model::RwRegister,
        other => {
            let other = other.unwrap_or("none");
            let message = format!(
                "the model of the history is {other}; transactions need list-append or rw-register"
            );
            return Err(HistoryError::model(1, message));
        }
    };
    let mut builder = TxnHistoryBuilder::new(model);
    if model == Model::RwRegister {
        builder = builder.initial(initial(&raw.header));
    }
    for event in &raw.events {
        let Process::Client(process) = event.process else { continue };
        let error = |message: String| HistoryError::model(event.line, message);
        let process = u32::try_from(process.0)
            .map_err(|_| error(format!("process {} is too large; use 32 bits", process.0)))?;
        let ops = || micro_ops_of(event.line, &event.value, model);
        let done = match &event.kind {
            EventKind::Invoke(_) => builder.invoke(process, ops()?),
            EventKind::Ok(_) => builder.complete(process, Status::Ok, ops()?),
            EventKind::Fail => builder.complete(process, Status::Fail, Vec::new()),
            EventKind::Info => builder.complete(process, Status::Info, Vec::new()),
        };
        done.map_err(|problem| error(problem.to_string()))?;
    }
    Ok(builder.build())
}

/// The level that a file means by `name`.
///
/// Files that state no real time come from checkers in the tradition of Biswas and Enea, where
/// the order of each session counts at each level, and `read-committed` means monotonic atomic
/// view. A file whose note says `no session order` means the plain levels.
///
/// # Errors
///
/// If it is no level.
pub fn level_of(header: &Header, name: &str) -> Result<IsolationLevel, UnknownLevel> {
    let level: IsolationLevel = name.parse()?;
    let timeless = header.text("realtime") == Some("meaningless");
    let plain = header.text("note").is_some_and(|note| note.contains("no session order"));
    Ok(match level {
        IsolationLevel::READ_COMMITTED if timeless && !plain => {
            IsolationLevel::SESSION_MONOTONIC_ATOMIC_VIEW
        }
        level if timeless && !plain => level.with_sessions(),
        level => level,
    })
}

fn initial(header: &Header) -> Initial {
    match header.initial() {
        None | Some(Value::Nil) => Initial::Nil,
        Some(value) if value.as_text() == Some("explicit") => Initial::Explicit,
        Some(value) => match value.as_map() {
            Some(entries) => {
                Initial::PerKey(entries.iter().map(|(k, v)| (atom(k), atom(v))).collect())
            }
            None => Initial::Everywhere(atom(value)),
        },
    }
}

fn atom(value: &Value) -> Atom {
    match value {
        Value::Int(number) => Atom::Int(*number),
        Value::Text(text) => Atom::Text((**text).into()),
        other => Atom::Text(other.to_string().into()),
    }
}

fn micro_ops_of(line: usize, value: &Value, model: Model) -> Result<Vec<MicroOp>, HistoryError> {
    let steps = micro_ops(line, value)?;
    let convert = |step: crate::history::MicroOp| {
        let (key, value) = (atom(&step.key), &step.value);
        Ok(match step.kind {
            MicroOpKind::Append => MicroOp::Append(key, atom(value)),
            MicroOpKind::Write => MicroOp::Write(key, atom(value)),
            MicroOpKind::Read => {
                let seen = match (model, value) {
                    (_, Value::Nil) => Seen::Initial,
                    (Model::RwRegister, value) => Seen::Value(atom(value)),
                    (Model::ListAppend, value) => {
                        let list = value.as_list().ok_or_else(|| {
                            HistoryError::model(line, format!("{value} is no list that was read"))
                        })?;
                        Seen::List(list.iter().map(atom).collect())
                    }
                };
                MicroOp::Read(key, seen)
            }
        })
    };
    steps.into_iter().map(convert).collect()
}
