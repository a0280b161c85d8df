//! The exit status, a part of the contract.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All well.
    Well,
    /// A gate fell short: a declared fault without effect, a probe never reached, a run that was not deterministic, a verdict that stayed undecided.
    Gate,
    /// A property was violated, or a case failed.
    Violated,
    /// Usage, or unreadable input.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Well => 0,
            Exit::Violated => 1,
            Exit::Usage => 2,
            Exit::Gate => 3,
        })
    }
}
