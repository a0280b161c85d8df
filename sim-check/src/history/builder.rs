//! Makes a history from events, and refuses what no client can have done.

use std::collections::BTreeMap;

use super::{Event, EventKind, History, HistoryError, Moment, Operation, Outcome, ProcessId};

/// Makes a [`History`] from events in the order in which they happened.
///
/// A process may invoke again after an `info`: the operation of unknown outcome stays possible for
/// ever beside the new ones.
///
/// ```
/// use sim_check::{HistoryBuilder, HistoryError, ProcessId};
///
/// let mut builder = HistoryBuilder::<&str, ()>::new();
/// builder.invoke(ProcessId(7), "write")?;
/// let error = builder.invoke(ProcessId(7), "read").unwrap_err();
/// assert!(matches!(error, HistoryError::AlreadyOpen { line: 2, open_since: 1, .. }));
/// # Ok::<(), HistoryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HistoryBuilder<Op, Ret> {
    operations: Vec<Operation<Op, Ret>>,
    open: BTreeMap<ProcessId, Open>,
    events: u32,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    operation: usize,
    line: usize,
}

impl<Op, Ret> Default for HistoryBuilder<Op, Ret> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Op, Ret> HistoryBuilder<Op, Ret> {
    /// A history in which nothing has happened yet.
    pub fn new() -> Self {
        HistoryBuilder { operations: Vec::new(), open: BTreeMap::new(), events: 0 }
    }

    /// `process` asks for `op`.
    ///
    /// # Errors
    /// If the process has an open operation.
    pub fn invoke(&mut self, process: ProcessId, op: Op) -> Result<(), HistoryError> {
        self.push(Event { process, time: None, kind: EventKind::Invoke(op) })
    }

    /// The open operation of `process` succeeded with `ret`.
    ///
    /// # Errors
    /// If the process has no open operation.
    pub fn ok(&mut self, process: ProcessId, ret: Ret) -> Result<(), HistoryError> {
        self.push(Event { process, time: None, kind: EventKind::Ok(ret) })
    }

    /// The open operation of `process` certainly had no effect.
    ///
    /// # Errors
    /// If the process has no open operation.
    pub fn fail(&mut self, process: ProcessId) -> Result<(), HistoryError> {
        self.push(Event { process, time: None, kind: EventKind::Fail })
    }

    /// The outcome of the open operation of `process` is unknown.
    ///
    /// # Errors
    /// If the process has no open operation.
    pub fn info(&mut self, process: ProcessId) -> Result<(), HistoryError> {
        self.push(Event { process, time: None, kind: EventKind::Info })
    }

    /// Adds an event. The line of an error is the number of the event, counted from 1.
    ///
    /// # Errors
    /// If the process invokes while an operation is open, or completes without one.
    pub fn push(&mut self, event: Event<Op, Ret>) -> Result<(), HistoryError> {
        let line = self.events as usize + 1;
        self.push_at_line(line, event)
    }

    /// As [`push`](Self::push), for an event that stands on this line of some text.
    ///
    /// # Errors
    /// If the process invokes while an operation is open, or completes without one.
    pub fn push_at_line(&mut self, line: usize, event: Event<Op, Ret>) -> Result<(), HistoryError> {
        let Event { process, time, kind } = event;
        let moment = Moment { position: self.events, time };
        let outcome = match kind {
            EventKind::Invoke(op) => {
                if let Some(open) = self.open.get(&process) {
                    let open_since = open.line;
                    return Err(HistoryError::AlreadyOpen { line, process, open_since });
                }
                self.open.insert(process, Open { operation: self.operations.len(), line });
                self.operations.push(Operation {
                    process,
                    op,
                    outcome: Outcome::Unknown,
                    invoked: moment,
                    completed: None,
                });
                self.events += 1;
                return Ok(());
            }
            EventKind::Ok(ret) => Outcome::Ok(ret),
            EventKind::Fail => Outcome::Fail,
            EventKind::Info => Outcome::Unknown,
        };
        let Some(open) = self.open.remove(&process) else {
            return Err(HistoryError::NothingOpen { line, process });
        };
        let operation = &mut self.operations[open.operation];
        operation.outcome = outcome;
        operation.completed = Some(moment);
        self.events += 1;
        Ok(())
    }

    /// What `process` has open.
    pub fn open_op(&self, process: ProcessId) -> Option<&Op> {
        self.open.get(&process).map(|open| &self.operations[open.operation].op)
    }

    /// The history. Operations that are still open have an unknown outcome.
    pub fn finish(self) -> History<Op, Ret> {
        History { operations: self.operations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_needs_an_invocation() {
        let mut builder = HistoryBuilder::<(), ()>::new();
        let error = builder.ok(ProcessId(3), ()).unwrap_err();
        assert_eq!(error, HistoryError::NothingOpen { line: 1, process: ProcessId(3) });
        assert!(error.to_string().starts_with("line 1: a completion of process 3"));
    }

    #[test]
    fn a_process_may_go_on_after_info() {
        let mut builder = HistoryBuilder::<u8, u8>::new();
        builder.invoke(ProcessId(0), 1).unwrap();
        builder.info(ProcessId(0)).unwrap();
        builder.invoke(ProcessId(0), 2).unwrap();
        builder.ok(ProcessId(0), 9).unwrap();
        let history = builder.finish();
        assert_eq!(history.operations()[0].last_position(), u32::MAX);
        assert_eq!(history.operations()[1].outcome, Outcome::Ok(9));
        assert!(!history.operations()[0].precedes(&history.operations()[1]));
    }

    #[test]
    fn events_give_the_history_back() {
        let mut builder = HistoryBuilder::<u8, u8>::new();
        builder.invoke(ProcessId(0), 1).unwrap();
        builder.invoke(ProcessId(1), 2).unwrap();
        builder.fail(ProcessId(1)).unwrap();
        builder.ok(ProcessId(0), 9).unwrap();
        builder.invoke(ProcessId(1), 3).unwrap();
        let history = builder.finish();
        let mut again = HistoryBuilder::new();
        for event in history.events() {
            again.push(event).unwrap();
        }
        assert_eq!(again.finish(), history);
    }
}
