//! The formats of histories told apart, and the one of logs.

use super::edn::edn_value;
use super::fields::{Fields, event};
use super::{HistoryError, RawHistory, Value};

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
