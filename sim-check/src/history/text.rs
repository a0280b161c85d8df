//! What the formats of histories have in common, and how they are told apart.

use std::sync::Arc;

use super::edn::edn_value;
use super::{EventKind, HistoryError, Process, ProcessId, RawEvent, RawHistory, Value};

impl RawHistory {
    /// Reads a history in whatever format it is: JSON Lines or a JSON array, Jepsen's EDN, or the lines of Jepsen's
    /// `history.txt` and `jepsen.log` (`INFO jepsen.util - 0 :invoke :write 3`).
    ///
    /// ```
    /// use sim_check::history::RawHistory;
    ///
    /// let json = RawHistory::from_text("{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":3}")?;
    /// let edn = RawHistory::from_text("{:process 0 :type :invoke :f :write :value 3}")?;
    /// let text = RawHistory::from_text("0\t:invoke\t:write\t3\n")?;
    /// assert_eq!(json, edn);
    /// assert_eq!(json, text);
    /// # Ok::<(), sim_check::HistoryError>(())
    /// ```
    ///
    /// # Errors
    /// If the text is no history; the error names the line.
    pub fn from_text(text: &str) -> Result<RawHistory, HistoryError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match format_of(text) {
            Format::Json => RawHistory::from_json_lines(text),
            Format::Edn => RawHistory::from_edn(text),
            Format::Log => RawHistory::from_jepsen_log(text),
        }
    }

    /// Reads the lines of Jepsen's `history.txt` or `jepsen.log`: process, type, function and value, each line perhaps after a
    /// prefix that ends in ` - `. Other lines are skipped. Such files have no header.
    ///
    /// # Errors
    /// If a value is no EDN; the error names the line.
    pub fn from_jepsen_log(text: &str) -> Result<RawHistory, HistoryError> {
        let mut events = Vec::new();
        for (index, line_text) in text.lines().enumerate() {
            let Some([process, kind, function, rest]) = log_line(line_text) else { continue };
            let line = index + 1;
            // After a tab stands the error, if there is one.
            let value = rest.split('\t').next().unwrap_or_default().trim();
            let value = if value.is_empty() { Value::Nil } else { edn_value(line, value)? };
            let name = |text: &str| Some(Value::text(text.trim_start_matches(':')));
            let fields = Fields {
                process: name(process),
                kind: name(kind),
                function: name(function),
                key: None,
                value: Some(value),
                time: None,
            };
            events.push(event(line, fields)?);
        }
        Ok(RawHistory { header: super::Header::empty(), events })
    }
}

enum Format {
    Json,
    Edn,
    Log,
}

fn format_of(text: &str) -> Format {
    let lines = text.lines().map(str::trim);
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(';'));
    let Some(first) = lines.next() else { return Format::Json };
    if first.starts_with(['[', '(', '{', '#', '^']) {
        // A field of JSON is a string and a colon, one of EDN a keyword or a string and no colon. An empty header tells nothing.
        let body: String = std::iter::once(first).chain(lines).take(8).collect();
        let empty_header = body.strip_prefix("{}").unwrap_or(&body);
        let opened = empty_header.trim_start_matches(['[', '{', '(', ' ', '\t', ',']);
        let Some(key) = opened.strip_prefix('"') else {
            return if opened.is_empty() || opened.starts_with([']', '}']) || is_json_value(opened) {
                Format::Json
            } else {
                Format::Edn
            };
        };
        let after = key.split_once('"').map_or("", |(_, after)| after.trim_start());
        return if after.starts_with(':') || after.is_empty() { Format::Json } else { Format::Edn };
    }
    if text.lines().any(|line| log_line(line).is_some()) { Format::Log } else { Format::Json }
}

/// Whether this begins as a bare number does: no event in either format, and JSON's error says so.
fn is_json_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Process, type, function and the rest of a line of Jepsen's log.
fn log_line(line: &str) -> Option<[&str; 4]> {
    let line = line.rsplit_once(" - ").map_or(line, |(_, event)| event).trim_start();
    let (process, rest) = line.split_once(char::is_whitespace)?;
    let (kind, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let (function, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let is_process = process.parse::<u64>().is_ok() || process.starts_with(':');
    let is_kind = matches!(kind, ":invoke" | ":ok" | ":fail" | ":info");
    (is_process && is_kind && function.starts_with(':')).then_some([
        process,
        kind,
        function,
        rest.trim_start(),
    ])
}

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
