//! What can be wrong with a recorded history.

use std::fmt;

use super::ProcessId;

/// A history that no client can have recorded, or text that is no history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryError {
    /// A completion of a process that has nothing open.
    NothingOpen {
        /// The line (of text) or the number of the event, counted from 1.
        line: usize,
        /// Whose completion it is.
        process: ProcessId,
    },
    /// A second invocation of a process whose first operation is still open.
    AlreadyOpen {
        /// The line (of text) or the number of the event, counted from 1.
        line: usize,
        /// Who invoked twice.
        process: ProcessId,
        /// The line of the operation that is still open.
        open_since: usize,
    },
    /// A completion whose function differs from that of its invocation.
    OtherFunction {
        /// The line, counted from 1.
        line: usize,
        /// What was invoked.
        invoked: String,
        /// What was completed.
        completed: String,
    },
    /// Text that cannot be read.
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What was wrong, and what would be right.
        message: String,
    },
    /// An operation that the named model does not have, or a value of the wrong shape.
    Model {
        /// The line, counted from 1.
        line: usize,
        /// What was wrong, and what would be right.
        message: String,
    },
    /// A completion of an operation that was never invoked or is already complete.
    NotOpen {
        /// The operation's number.
        operation: u32,
    },
}

impl HistoryError {
    pub(crate) fn syntax(line: usize, message: impl Into<String>) -> Self {
        HistoryError::Syntax { line, message: message.into() }
    }

    pub(crate) fn model(line: usize, message: impl Into<String>) -> Self {
        HistoryError::Model { line, message: message.into() }
    }
}

impl fmt::Display for HistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HistoryError::NothingOpen { line, process } => write!(
                f,
                "line {line}: a completion of process {}, which has no open operation; \
                 each completion needs an invocation before it",
                process.0
            ),
            HistoryError::AlreadyOpen { line, process, open_since } => write!(
                f,
                "line {line}: process {} invokes while its operation of line {open_since} is still \
                 open; complete that one first (as info if its outcome is unknown) or use another process",
                process.0
            ),
            HistoryError::OtherFunction { line, invoked, completed } => write!(
                f,
                "line {line}: completes {completed:?}, but the open operation is {invoked:?}; \
                 both events must name the same function"
            ),
            HistoryError::Syntax { line, message } | HistoryError::Model { line, message } => {
                write!(f, "line {line}: {message}")
            }
            HistoryError::NotOpen { operation } => write!(
                f,
                "operation {operation} is not open; complete each operation once, after invoking it"
            ),
        }
    }
}

impl std::error::Error for HistoryError {}
