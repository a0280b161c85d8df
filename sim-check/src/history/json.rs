//! Histories as JSON Lines: a header object, then one event a line.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{EventKind, Header, HistoryError, Process, ProcessId, RawEvent, RawHistory, Value};

impl RawHistory {
    /// Reads JSON Lines: `{"process":P,"type":"invoke|ok|fail|info","f":F,"value":V,"time":ns}` on each
    /// line, the first line a header if it has no `type`. Empty lines are skipped.
    ///
    /// # Errors
    /// If a line is no such object; the error names the line.
    pub fn from_json_lines(text: &str) -> Result<RawHistory, HistoryError> {
        let mut header = Header::empty();
        let mut events = Vec::new();
        let mut first = true;
        for (index, line_text) in text.lines().enumerate() {
            let line = index + 1;
            if line_text.trim().is_empty() {
                continue;
            }
            let json: Json = serde_json::from_str(line_text)
                .map_err(|error| HistoryError::syntax(line, format!("not JSON: {error}")))?;
            let Json::Object(object) = json else {
                return Err(HistoryError::syntax(line, "expected a JSON object"));
            };
            if first && !object.contains_key("type") {
                header = Header(Value::from_json(Json::Object(object)));
            } else {
                events.push(event(line, object)?);
            }
            first = false;
        }
        Ok(RawHistory { header, events })
    }

    /// Writes JSON Lines that [`from_json_lines`](Self::from_json_lines) reads back.
    pub fn to_json_lines(&self) -> String {
        let mut text = self.header.0.to_json().to_string();
        text.push('\n');
        for (index, event) in self.events.iter().enumerate() {
            let mut object = Map::new();
            let process = match &event.process {
                Process::Client(id) => Json::from(id.0),
                Process::Named(name) => Json::from(&**name),
            };
            object.insert("process".into(), process);
            object.insert("type".into(), Json::from(type_name(&event.kind)));
            object.insert("f".into(), Json::from(&*event.function));
            object.insert("value".into(), event.value.to_json());
            object.insert("index".into(), Json::from(index));
            if let Some(time) = event.time {
                object.insert("time".into(), Json::from(time));
            }
            text.push_str(&Json::Object(object).to_string());
            text.push('\n');
        }
        text
    }
}

pub(super) fn type_name<Op, Ret>(kind: &EventKind<Op, Ret>) -> &'static str {
    match kind {
        EventKind::Invoke(_) => "invoke",
        EventKind::Ok(_) => "ok",
        EventKind::Fail => "fail",
        EventKind::Info => "info",
    }
}

pub(super) fn kind_of(
    line: usize,
    name: &str,
    value: &Value,
) -> Result<EventKind<Value, Value>, HistoryError> {
    match name {
        "invoke" => Ok(EventKind::Invoke(value.clone())),
        "ok" => Ok(EventKind::Ok(value.clone())),
        "fail" => Ok(EventKind::Fail),
        "info" => Ok(EventKind::Info),
        other => Err(HistoryError::syntax(
            line,
            format!("type {other:?}; expected invoke, ok, fail or info"),
        )),
    }
}

fn event(line: usize, mut object: Map<String, Json>) -> Result<RawEvent, HistoryError> {
    let process = match object.remove("process") {
        Some(Json::Number(number)) => match number.as_u64() {
            Some(id) => Process::Client(ProcessId(id)),
            None => {
                let message = format!("process {number}; expected a number from 0, or a name");
                return Err(HistoryError::syntax(line, message));
            }
        },
        Some(Json::String(name)) => Process::Named(Arc::from(name.as_str())),
        _ => {
            return Err(HistoryError::syntax(
                line,
                "an event needs \"process\": a number or a name",
            ));
        }
    };
    let Some(Json::String(kind)) = object.remove("type") else {
        return Err(HistoryError::syntax(
            line,
            "an event needs \"type\": invoke, ok, fail or info",
        ));
    };
    let function = match object.remove("f") {
        Some(Json::String(name)) => Arc::from(name.as_str()),
        _ => return Err(HistoryError::syntax(line, "an event needs \"f\": the function's name")),
    };
    let value = Value::from_json(object.remove("value").unwrap_or(Json::Null));
    let time = object.remove("time").and_then(|time| time.as_u64());
    let kind = kind_of(line, &kind, &value)?;
    Ok(RawEvent { process, kind, function, value, time, line })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"model":"register","initial":0}
{"process":0,"type":"invoke","f":"write","value":1,"time":5}
{"process":"nemesis","type":"info","f":"kill","value":null}
{"process":0,"type":"info","f":"write","value":1}
"#;

    #[test]
    fn text_goes_in_and_out() {
        let raw = RawHistory::from_json_lines(TEXT).unwrap();
        assert_eq!(raw.events.len(), 3);
        assert_eq!(raw.lines(), [2, 4]);
        assert_eq!(raw.history().unwrap().len(), 1);
        assert_eq!(RawHistory::from_json_lines(&raw.to_json_lines()).unwrap(), raw);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, expected) in [
            ("{}\n{\"process\":0}", "line 2: an event needs \"type\""),
            ("{}\n\n{\"process\":0,\"type\":\"done\",\"f\":\"read\"}", "line 3: type \"done\""),
            ("{}\n[", "line 2: not JSON"),
            ("[]", "line 1: expected a JSON object"),
        ] {
            let error = RawHistory::from_json_lines(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn a_completion_of_another_function_is_refused() {
        let text = "{}\n{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\
                    {\"process\":0,\"type\":\"ok\",\"f\":\"write\"}";
        let error = RawHistory::from_json_lines(text).unwrap().history().unwrap_err();
        assert!(error.to_string().starts_with("line 3: completes \"write\""), "{error}");
    }
}
