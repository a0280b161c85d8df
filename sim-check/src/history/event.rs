//! The events that a history is recorded as.

use super::ProcessId;

/// Something that a recorder saw: a client asked for something, or was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<Op, Ret> {
    /// The client.
    pub process: ProcessId,
    /// Nanoseconds, for reports alone: the order of events decides, never their times.
    pub time: Option<u64>,
    /// What happened.
    pub kind: EventKind<Op, Ret>,
}

/// What happened at an [`Event`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind<Op, Ret> {
    /// The client asked for this.
    Invoke(Op),
    /// Its open operation succeeded with this result.
    Ok(Ret),
    /// Its open operation certainly had no effect.
    Fail,
    /// Its open operation has an unknown outcome: it may take effect at any later moment, or never.
    Info,
}

impl<Op, Ret> EventKind<Op, Ret> {
    /// The name in files.
    pub(super) fn name(&self) -> &'static str {
        match self {
            EventKind::Invoke(_) => "invoke",
            EventKind::Ok(_) => "ok",
            EventKind::Fail => "fail",
            EventKind::Info => "info",
        }
    }
}
