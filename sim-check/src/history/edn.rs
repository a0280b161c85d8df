//! Histories as Jepsen writes them: EDN maps, `{:process 0, :type :invoke, :f :write, :value 3, :time 12}`.

use std::fmt::Write as _;
use std::sync::Arc;

use super::fields::{Fields, event};
use super::{Header, HistoryError, Process, RawEvent, RawHistory, Value};

impl RawHistory {
    /// Reads Jepsen's EDN: a vector of event maps, or one map after the other, `#jepsen.history.Op{...}` and other tags or not. A map
    /// without `:type` before the first event is the header. Keywords are read as text, `#tagged` values as the value after the tag.
    ///
    /// # Errors
    /// If the text is no EDN or no history; the error names the line.
    pub fn from_edn(text: &str) -> Result<RawHistory, HistoryError> {
        let mut reader = Reader { text: text.as_bytes(), at: 0, line: 1, deep: 0 };
        let mut header = Header::empty();
        let mut events = Vec::new();
        let mut end = None;
        match reader.peek()? {
            Some(b'[') => end = Some(b']'),
            Some(b'(') => end = Some(b')'),
            Some(_) | None => {}
        }
        if end.is_some() {
            reader.at += 1;
        }
        loop {
            match reader.peek()? {
                Some(byte) if Some(byte) == end => {
                    reader.at += 1;
                    if reader.peek()?.is_some() {
                        return reader.error("more text after the last event");
                    }
                    break;
                }
                Some(_) => {}
                None if end.is_some() => {
                    return reader.error("the text ends before the ] of its events");
                }
                None => break,
            }
            let line = reader.line;
            let value = reader.value()?;
            if events.is_empty() && value.as_map().is_some() && value.get("type").is_none() {
                header = Header(value);
                continue;
            }
            events.push(of_map(line, &value)?);
        }
        Ok(RawHistory { header, events })
    }

    /// Writes Jepsen's EDN, one event a line after the header, as [`from_edn`](Self::from_edn) reads it. Names of
    /// functions and processes become keywords, other text strings.
    pub fn to_edn(&self) -> String {
        let mut text = String::new();
        if self.header.0.as_map().is_some_and(|fields| !fields.is_empty()) {
            write_value(&mut text, &self.header.0);
            text.push('\n');
        }
        for (index, event) in self.events.iter().enumerate() {
            let process = match &event.process {
                Process::Client(id) => id.0.to_string(),
                Process::Named(name) => format!(":{name}"),
            };
            let (kind, function) = (event.kind.name(), &event.function);
            text.push_str(&format!("{{:process {process}, :type :{kind}, :f :{function}, :value "));
            write_value(&mut text, &event.value);
            if let Some(time) = event.time {
                text.push_str(&format!(", :time {time}"));
            }
            text.push_str(&format!(", :index {index}}}\n"));
        }
        text
    }
}

fn of_map(line: usize, map: &Value) -> Result<RawEvent, HistoryError> {
    if map.as_map().is_none() {
        return Err(HistoryError::syntax(line, format!("{map} is no event; expected a map")));
    }
    let field = |name: &str| map.get(name).cloned();
    let fields = Fields {
        process: field("process"),
        kind: field("type"),
        function: field("f"),
        key: field("key"),
        value: field("value"),
        time: field("time"),
    };
    event(line, fields)
}

/// Reads one EDN value; the rest of the text must be white space or comments.
///
/// # Errors
/// If it is no EDN, or more than one value. `line` is the line of the text.
pub(super) fn edn_value(line: usize, text: &str) -> Result<Value, HistoryError> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, line, deep: 0 };
    let value = reader.value()?;
    match reader.peek()? {
        Some(_) => reader.error(format!("more than one value in {text:?}")),
        None => Ok(value),
    }
}

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
    /// How many values are under way, one within another.
    deep: usize,
}

/// Values within values at most, as in JSON.
const DEEP_MAX: usize = 128;

impl Reader<'_> {
    /// The next byte that is no white space, no comment, no metadata and not in a discarded value.
    fn peek(&mut self) -> Result<Option<u8>, HistoryError> {
        loop {
            let Some(byte) = self.text.get(self.at) else { return Ok(None) };
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | b'\x0c' | b',' => self.at += 1,
                b';' => {
                    while self.text.get(self.at).is_some_and(|byte| *byte != b'\n') {
                        self.at += 1;
                    }
                }
                b'#' if self.text.get(self.at + 1) == Some(&b'_') => {
                    self.at += 2;
                    self.value()?;
                }
                b'^' => {
                    self.at += 1;
                    self.value()?;
                }
                byte => return Ok(Some(*byte)),
            }
        }
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, HistoryError> {
        Err(HistoryError::syntax(self.line, message))
    }

    fn value(&mut self) -> Result<Value, HistoryError> {
        if self.deep == DEEP_MAX {
            return self.error(format!("values are nested more than {DEEP_MAX} deep"));
        }
        self.deep += 1;
        let value = self.shallow_value()?;
        self.deep -= 1;
        Ok(value)
    }

    fn shallow_value(&mut self) -> Result<Value, HistoryError> {
        let Some(byte) = self.peek()? else { return self.error("the text ends within a value") };
        match byte {
            b'[' => Ok(Value::list(self.items(b']')?)),
            b'(' => Ok(Value::list(self.items(b')')?)),
            b'{' => self.map(),
            b'"' => self.string(),
            b':' => {
                self.at += 1;
                Ok(Value::text(self.symbol()))
            }
            b'#' => self.dispatched(),
            b'\\' => self.character(),
            b']' | b')' | b'}' => self.error(format!("unexpected {:?}", char::from(byte))),
            _ => match self.symbol() {
                "nil" => Ok(Value::Nil),
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                symbol => Ok(match symbol.trim_end_matches('N').parse() {
                    Ok(number) => Value::Int(number),
                    Err(_) => Value::text(symbol),
                }),
            },
        }
    }

    /// `#{set}`, `##NaN`, `#tag value`, and records such as Jepsen's `#a.b.C{...}`.
    fn dispatched(&mut self) -> Result<Value, HistoryError> {
        self.at += 1;
        match self.text.get(self.at) {
            Some(b'{') => {
                let mut items = self.items(b'}')?;
                items.sort();
                items.dedup();
                Ok(Value::list(items))
            }
            Some(b'#') => {
                self.at += 1;
                Ok(Value::text(self.symbol()))
            }
            Some(_) => {
                self.symbol();
                self.value()
            }
            None => self.error("the text ends after #"),
        }
    }

    /// `\\a`, `\\newline`, `\\(`.
    fn character(&mut self) -> Result<Value, HistoryError> {
        self.at += 1;
        let rest = std::str::from_utf8(&self.text[self.at..]).expect("cut between characters");
        let Some(first) = rest.chars().next() else {
            return self.error("the text ends after \\");
        };
        self.at += first.len_utf8();
        let name = format!("{first}{}", if first.is_alphanumeric() { self.symbol() } else { "" });
        Ok(Value::text(match name.as_str() {
            "newline" => "\n",
            "space" => " ",
            "tab" => "\t",
            "return" => "\r",
            name => name,
        }))
    }

    fn items(&mut self, end: u8) -> Result<Vec<Value>, HistoryError> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            match self.peek()? {
                Some(byte) if byte == end => {
                    self.at += 1;
                    return Ok(items);
                }
                Some(_) => items.push(self.value()?),
                None => return self.error(format!("the text ends before {:?}", char::from(end))),
            }
        }
    }

    fn map(&mut self) -> Result<Value, HistoryError> {
        let line = self.line;
        let items = self.items(b'}')?;
        if !items.len().is_multiple_of(2) {
            return Err(HistoryError::syntax(line, "a map with a key that has no value"));
        }
        let pairs = items.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
        Ok(Value::map(pairs.collect()))
    }

    fn string(&mut self) -> Result<Value, HistoryError> {
        self.at += 1;
        let mut bytes = Vec::new();
        while let Some(&byte) = self.text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => {
                    return match String::from_utf8(bytes) {
                        Ok(text) => Ok(Value::Text(Arc::from(text))),
                        Err(_) => self.error("a string that is not UTF-8"),
                    };
                }
                b'\\' => {
                    let escaped = self.text.get(self.at).copied();
                    self.at += 1;
                    bytes.push(match escaped {
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(b'r') => b'\r',
                        Some(b'b') => 8,
                        Some(b'f') => 12,
                        Some(other @ (b'"' | b'\\' | b'\'' | b'/')) => other,
                        Some(b'u') => {
                            let character = self.unicode()?;
                            bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
                            continue;
                        }
                        _ => {
                            let message =
                                "expected one of \\n \\t \\r \\b \\f \\\" \\\\ \\uXXXX in a string";
                            return self.error(message);
                        }
                    });
                }
                _ => {
                    self.line += usize::from(byte == b'\n');
                    bytes.push(byte);
                }
            }
        }
        self.error("the text ends within a string")
    }

    /// The four digits after `\\u`; half of a pair becomes the replacement character.
    fn unicode(&mut self) -> Result<char, HistoryError> {
        let digits = self.text.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.error("expected four hexadecimal digits after \\u");
        };
        self.at += 4;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn symbol(&mut self) -> &str {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| {
            !matches!(
                byte,
                b' ' | b'\t'
                    | b'\r'
                    | b'\n'
                    | b','
                    | b'['
                    | b']'
                    | b'('
                    | b')'
                    | b'{'
                    | b'}'
                    | b'"'
                    | b';'
            )
        }) {
            self.at += 1;
        }
        std::str::from_utf8(&self.text[start..self.at]).expect("cut between characters of a str")
    }
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Nil => text.push_str("nil"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => write!(text, "{number}").expect("a string takes all text"),
        Value::Text(string) => {
            text.push('"');
            for c in string.chars() {
                match c {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\t' => text.push_str("\\t"),
                    '\r' => text.push_str("\\r"),
                    c => text.push(c),
                }
            }
            text.push('"');
        }
        Value::List(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(' ');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Map(entries) => {
            text.push('{');
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                write_value(text, key);
                text.push(' ');
                write_value(text, value);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"; a comment
[{:process 0, :type :invoke, :f :cas, :value [1 2], :time 5}
 {:process :nemesis, :type :info, :f :kill, :value #{"b" "a"}}
 {:process 0, :type :fail, :f :cas, :value nil :error "x\"y"}]
"#;

    #[test]
    fn text_goes_in_and_out() {
        let raw = RawHistory::from_edn(TEXT).unwrap();
        assert_eq!(raw.events.len(), 3);
        assert_eq!(raw.events[1].value, Value::list(vec!["a".into(), "b".into()]));
        assert_eq!(raw.events[2].line, 4);
        assert_eq!(raw.history().unwrap().len(), 1);
        let mut again = RawHistory::from_edn(&raw.to_edn()).unwrap();
        for (event, original) in again.events.iter_mut().zip(&raw.events) {
            event.line = original.line;
        }
        assert_eq!(again, raw);
        let from_json = RawHistory::from_json_lines(&raw.to_json_lines()).unwrap();
        assert_eq!(from_json.events.len(), 3);
    }

    #[test]
    fn values_nested_without_end_are_refused() {
        for open in ["[", "{:a ", "#{", "#tag ", "#_ ["] {
            let error = RawHistory::from_edn(&open.repeat(200_000)).unwrap_err().to_string();
            assert_eq!(error, "line 1: values are nested more than 128 deep", "{open}");
        }
        let deep = format!(
            "{{:process 0 :type :ok :f :read :value {}{}}}",
            "[".repeat(120),
            "]".repeat(120)
        );
        assert!(RawHistory::from_edn(&deep).is_ok());
    }

    #[test]
    fn errors_name_the_line() {
        for (text, expected) in [
            ("{:process 0}\n{:type :ok}", "line 2: an event needs \"process\""),
            ("[{:process 0 :type :done :f :read}]", "line 1: type \"done\""),
            ("\n{:process", "line 2: the text ends before '}'"),
            ("[1]", "line 1: 1 is no event"),
            ("{:a}", "line 1: a map with a key that has no value"),
        ] {
            let error = RawHistory::from_edn(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
