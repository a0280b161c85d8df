//! The steps of a transaction, as files write them.

use super::{HistoryError, Value};

/// What a step of a transaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MicroOpKind {
    /// `["r", key, value]` or `["read", ...]`: the value is nil in an invocation; in a completion nil
    /// means the initial state.
    Read,
    /// `["w", key, value]` or `["write", ...]`.
    Write,
    /// `["append", key, element]`.
    Append,
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroOp {
    /// What it does.
    pub kind: MicroOpKind,
    /// On which key.
    pub key: Value,
    /// What was read, written or appended.
    pub value: Value,
}

/// Reads the steps of a transaction, `[["r", "x", null], ["append", "y", 3]]`, from the value of an event on `line`.
///
/// # Errors
/// If the value is no list of such steps.
pub fn micro_ops(line: usize, value: &Value) -> Result<Vec<MicroOp>, HistoryError> {
    let shape = || {
        let message = format!(
            "{value} is no transaction; expected [[\"r\"|\"w\"|\"append\", key, value], ...]"
        );
        HistoryError::model(line, message)
    };
    let steps = value.as_list().ok_or_else(shape)?;
    steps
        .iter()
        .map(|step| {
            let (name, key, value) = match step.as_list().ok_or_else(shape)? {
                [name, key, value] => (name, key, value),
                // A read that is asked for may leave out the nil.
                [name, key] if matches!(name.as_text(), Some("r" | "read")) => {
                    (name, key, &Value::Nil)
                }
                _ => return Err(shape()),
            };
            let kind = match name.as_text() {
                Some("r" | "read") => MicroOpKind::Read,
                Some("w" | "write") => MicroOpKind::Write,
                Some("append") => MicroOpKind::Append,
                _ => return Err(shape()),
            };
            Ok(MicroOp { kind, key: key.clone(), value: value.clone() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        let json = serde_json::from_str(r#"[["r","x",null],["append","y",3]]"#).unwrap();
        let steps = micro_ops(1, &Value::from_json(json)).unwrap();
        assert_eq!(steps[0].kind, MicroOpKind::Read);
        assert_eq!(steps[1].value, Value::Int(3));
        assert!(
            micro_ops(9, &Value::Int(3)).unwrap_err().to_string().starts_with("line 9: 3 is no")
        );
    }
}
