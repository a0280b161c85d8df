//! Histories as JSON Lines: a header object, then one event a line.

use serde_json::{Map, Value as Json};

use super::fields::{Fields, event};
use super::{Header, HistoryError, Process, RawHistory, Value};

impl RawHistory {
    /// Reads JSON Lines: `{"process":P,"type":"invoke|ok|fail|info","f":F,"value":V,"time":ns}` on each
    /// line, the first one a header if it has no `type`. Empty lines are skipped. Objects may also stretch over several lines,
    /// or stand in one array.
    ///
    /// # Errors
    /// If there is something else than such objects; the error names the line.
    pub fn from_json_lines(text: &str) -> Result<RawHistory, HistoryError> {
        let mut header = Header::empty();
        let mut events = Vec::new();
        let mut first = true;
        let mut cursor = Cursor { text, at: 0, line: 1 };
        cursor.skip(char::is_whitespace);
        let in_array = cursor.rest().starts_with('[');
        if in_array {
            cursor.advance(1);
        }
        loop {
            cursor.skip(|c| c.is_whitespace() || (in_array && c == ','));
            let rest = cursor.rest();
            if rest.is_empty() {
                if in_array {
                    let message = "not JSON: the text ends before the ] of its array";
                    return Err(HistoryError::syntax(cursor.line, message));
                }
                break;
            }
            if in_array && rest.starts_with(']') {
                cursor.advance(1);
                cursor.skip(char::is_whitespace);
                if !cursor.rest().is_empty() {
                    let message = "not JSON: more text after the array";
                    return Err(HistoryError::syntax(cursor.line, message));
                }
                break;
            }
            let line = cursor.line;
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Json>();
            let json = match values.next() {
                Some(Ok(json)) => json,
                Some(Err(error)) => {
                    let at = line + error.line().saturating_sub(1);
                    return Err(HistoryError::syntax(at, format!("not JSON: {error}")));
                }
                None => break,
            };
            cursor.advance(values.byte_offset());
            let Json::Object(object) = json else {
                return Err(HistoryError::syntax(line, "expected a JSON object"));
            };
            if first && !object.contains_key("type") {
                header = Header(Value::from_json(Json::Object(object)));
            } else {
                events.push(of_object(line, object)?);
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
            object.insert("type".into(), Json::from(event.kind.name()));
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

/// A place in a text, with its line.
struct Cursor<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        self.line += self.rest()[..bytes].bytes().filter(|byte| *byte == b'\n').count();
        self.at += bytes;
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.advance(rest.find(|c| !skipped(c)).unwrap_or(rest.len()));
    }
}

fn of_object(line: usize, mut object: Map<String, Json>) -> Result<super::RawEvent, HistoryError> {
    let mut take = |field: &str| object.remove(field).map(Value::from_json);
    let fields = Fields {
        process: take("process"),
        kind: take("type"),
        function: take("f"),
        key: take("key"),
        value: take("value"),
        time: take("time"),
    };
    event(line, fields)
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
            ("[1]", "line 1: expected a JSON object"),
            ("[\n{},\n{\"type\":3}]", "line 3: an event needs \"process\""),
            ("[{}", "line 1: not JSON: the text ends before the ]"),
            ("[{}]{}", "line 1: not JSON: more text after the array"),
            ("{}\n{\n\"process\":,}", "line 3: not JSON"),
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
