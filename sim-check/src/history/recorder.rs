//! Records a history while it happens.

use super::{History, HistoryError, Moment, Operation, OperationId, Outcome, ProcessId};

/// Records operations as they start and end, for use by the clients of a simulation.
///
/// Unlike [`HistoryBuilder`](super::HistoryBuilder) it hands out the number of each operation, so that
/// a completion names what it completes and a process may have several operations open.
///
/// ```
/// use sim_check::ProcessId;
/// use sim_check::history::HistoryRecorder;
///
/// let mut recorder = HistoryRecorder::new();
/// let write = recorder.invoke(ProcessId(0), Some(1_000), "write 1");
/// let read = recorder.invoke(ProcessId(1), Some(1_500), "read");
/// recorder.ok(read, Some(2_000), 1)?;
/// recorder.info(write, Some(9_000))?;
/// assert_eq!(recorder.history().len(), 2);
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HistoryRecorder<Op, Ret> {
    operations: Vec<Operation<Op, Ret>>,
    events: u32,
}

impl<Op, Ret> Default for HistoryRecorder<Op, Ret> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Op, Ret> HistoryRecorder<Op, Ret> {
    /// A recorder that has seen nothing yet.
    pub fn new() -> Self {
        HistoryRecorder { operations: Vec::new(), events: 0 }
    }

    /// `process` asks for `op`. `time` is in nanoseconds, for reports alone.
    pub fn invoke(&mut self, process: ProcessId, time: Option<u64>, op: Op) -> OperationId {
        let id = OperationId(self.operations.len() as u32);
        let invoked = self.moment(time);
        self.operations.push(Operation {
            process,
            op,
            outcome: Outcome::Unknown,
            invoked,
            completed: None,
        });
        id
    }

    /// The operation succeeded with `ret`.
    ///
    /// # Errors
    /// If the operation is not open.
    pub fn ok(&mut self, id: OperationId, time: Option<u64>, ret: Ret) -> Result<(), HistoryError> {
        self.complete(id, time, Outcome::Ok(ret))
    }

    /// The operation certainly had no effect.
    ///
    /// # Errors
    /// If the operation is not open.
    pub fn fail(&mut self, id: OperationId, time: Option<u64>) -> Result<(), HistoryError> {
        self.complete(id, time, Outcome::Fail)
    }

    /// The outcome is unknown: the operation may take effect at any later moment, or never.
    ///
    /// # Errors
    /// If the operation is not open.
    pub fn info(&mut self, id: OperationId, time: Option<u64>) -> Result<(), HistoryError> {
        self.complete(id, time, Outcome::Unknown)
    }

    /// How many operations were invoked so far.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether nothing was invoked yet.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// What was recorded so far. Operations that are still open have an unknown outcome.
    pub fn history(&self) -> History<Op, Ret>
    where
        Op: Clone,
        Ret: Clone,
    {
        History { operations: self.operations.clone() }
    }

    /// What was recorded. Operations that are still open have an unknown outcome.
    pub fn finish(self) -> History<Op, Ret> {
        History { operations: self.operations }
    }

    fn moment(&mut self, time: Option<u64>) -> Moment {
        let moment = Moment { position: self.events, time };
        self.events += 1;
        moment
    }

    fn complete(
        &mut self,
        id: OperationId,
        time: Option<u64>,
        outcome: Outcome<Ret>,
    ) -> Result<(), HistoryError> {
        let open = self.operations.get(id.index()).is_some_and(|o| o.completed.is_none());
        if !open {
            return Err(HistoryError::NotOpen { operation: id.0 });
        }
        let moment = self.moment(time);
        let operation = &mut self.operations[id.index()];
        operation.outcome = outcome;
        operation.completed = Some(moment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_completes_once() {
        let mut recorder = HistoryRecorder::<(), ()>::new();
        let id = recorder.invoke(ProcessId(0), None, ());
        recorder.ok(id, None, ()).unwrap();
        assert_eq!(recorder.fail(id, None), Err(HistoryError::NotOpen { operation: 0 }));
        assert_eq!(recorder.finish().operations()[0].outcome, Outcome::Ok(()));
    }
}
