//! Histories: what clients asked for, and what they were told.
//!
//! A [`History`] is a list of [`Operation`]s. Each was invoked at one moment by one process and ended
//! at a later one as `ok` (it took effect and returned a result), `fail` (it certainly had no effect)
//! or `info` (nobody knows: it may take effect at any later moment, or never). Moments are ordered by
//! their position among the events; times are carried along for reports and never compared.
//!
//! Ways to make one: [`HistoryBuilder`] from events, [`HistoryRecorder`] from inside a simulation,
//! [`RawHistory`] from JSON Lines, Jepsen's EDN or Jepsen's text.

mod builder;
mod edn;
mod error;
mod event;
mod fields;
mod json;
mod micro_op;
mod raw;
mod recorded;
mod recorder;
mod text;
mod value;

pub use builder::HistoryBuilder;
pub use error::HistoryError;
pub use event::{Event, EventKind};
pub use micro_op::{MicroOp, MicroOpKind, micro_ops};
pub use raw::{Call, Header, Process, RawEvent, RawHistory};
pub use recorded::{ListAppend, Recorded, RwRegister};
pub use recorder::HistoryRecorder;
pub use value::Value;

use std::fmt;

/// A client: it has at most one operation open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u64);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// An operation's place in its history, counted from 0 in the order of invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u32);

impl OperationId {
    /// The place as an index into [`History::operations`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A moment in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Position among all events of the history, counted from 0. The only thing that orders moments.
    pub position: u32,
    /// Nanoseconds, for reports alone.
    pub time: Option<u64>,
}

impl fmt::Display for Moment {
    /// The time, in seconds from a millisecond on and without loss; without a time the position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(nanoseconds @ 0..1_000_000) => write!(f, "{nanoseconds}ns"),
            Some(nanoseconds) => {
                let (whole, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
                let digits = format!(".{rest:09}");
                let digits = digits.trim_end_matches('0').trim_end_matches('.');
                write!(f, "{whole}{digits}s")
            }
            None => write!(f, "{}", self.position),
        }
    }
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<Ret> {
    /// It took effect between invocation and completion, and returned this.
    Ok(Ret),
    /// It certainly had no effect, now or later.
    Fail,
    /// Unknown: it may take effect at any moment after its invocation, or never.
    Unknown,
}

impl<Ret> Outcome<Ret> {
    /// The result of an operation that succeeded.
    pub fn ok(&self) -> Option<&Ret> {
        match self {
            Outcome::Ok(ret) => Some(ret),
            Outcome::Fail | Outcome::Unknown => None,
        }
    }
}

/// One operation of a client: an invocation, and its completion if there was one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<Op, Ret> {
    /// Who invoked it.
    pub process: ProcessId,
    /// What was asked for.
    pub op: Op,
    /// How it ended.
    pub outcome: Outcome<Ret>,
    /// When it was invoked.
    pub invoked: Moment,
    /// When it completed. `None` if no completion was recorded; such an operation is
    /// [`Outcome::Unknown`]. An `info` completion has a moment, but the operation may still take
    /// effect after it.
    pub completed: Option<Moment>,
}

impl<Op, Ret> Operation<Op, Ret> {
    /// The position after which this operation can no longer take effect.
    pub fn last_position(&self) -> u32 {
        match (&self.outcome, self.completed) {
            (Outcome::Ok(_) | Outcome::Fail, Some(moment)) => moment.position,
            (Outcome::Ok(_) | Outcome::Fail | Outcome::Unknown, _) => u32::MAX,
        }
    }

    /// Whether this operation had returned before `other` was invoked, so that every explanation must
    /// put it first.
    pub fn precedes<P, R>(&self, other: &Operation<P, R>) -> bool {
        self.last_position() < other.invoked.position
    }
}

/// A list of operations, in the order of their invocations.
///
/// ```
/// use sim_check::{History, HistoryBuilder, ProcessId};
///
/// let mut builder = HistoryBuilder::new();
/// builder.invoke(ProcessId(0), "write 1")?;
/// builder.invoke(ProcessId(1), "read")?;
/// builder.ok(ProcessId(1), 1)?;
/// let history: History<&str, i32> = builder.finish();
/// assert_eq!(history.len(), 2);
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History<Op, Ret> {
    operations: Vec<Operation<Op, Ret>>,
}

impl<Op, Ret> History<Op, Ret> {
    /// A history of operations that are already sorted by invocation.
    ///
    /// # Panics
    /// If an operation is invoked before its predecessor in the list, or completes before it is invoked.
    pub fn from_operations(operations: Vec<Operation<Op, Ret>>) -> Self {
        for pair in operations.windows(2) {
            assert!(
                pair[0].invoked.position < pair[1].invoked.position,
                "operations must be sorted by their invocation"
            );
        }
        for operation in &operations {
            assert!(
                operation.invoked.position < operation.last_position(),
                "an operation must complete after its invocation"
            );
        }
        History { operations }
    }

    /// All operations, in the order of their invocations.
    pub fn operations(&self) -> &[Operation<Op, Ret>] {
        &self.operations
    }

    /// The operation at this place.
    ///
    /// # Panics
    /// If the history has no such operation.
    pub fn operation(&self, id: OperationId) -> &Operation<Op, Ret> {
        &self.operations[id.index()]
    }

    /// All operations with their places.
    pub fn iter(&self) -> impl Iterator<Item = (OperationId, &Operation<Op, Ret>)> {
        self.operations.iter().enumerate().map(|(i, operation)| (OperationId(i as u32), operation))
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether nothing was ever invoked.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// The same history in other types. An operation whose new form is `None` is left out.
    pub fn filter_map<P, R>(
        &self,
        mut f: impl FnMut(&Operation<Op, Ret>) -> Option<(P, Outcome<R>)>,
    ) -> History<P, R> {
        let operations = self.operations.iter().filter_map(|operation| {
            f(operation).map(|(op, outcome)| Operation {
                process: operation.process,
                op,
                outcome,
                invoked: operation.invoked,
                completed: operation.completed,
            })
        });
        History { operations: operations.collect() }
    }

    /// The operations at these places alone, in the order of the history.
    pub fn restricted_to(&self, ids: &[OperationId]) -> History<Op, Ret>
    where
        Op: Clone,
        Ret: Clone,
    {
        let mut sorted: Vec<OperationId> = ids.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        History { operations: sorted.iter().map(|id| self.operation(*id).clone()).collect() }
    }

    /// The events of the history, in order. An operation without a completion has one event.
    pub fn events(&self) -> Vec<Event<Op, Ret>>
    where
        Op: Clone,
        Ret: Clone,
    {
        let mut events = Vec::with_capacity(self.operations.len() * 2);
        for operation in &self.operations {
            let invoke = EventKind::Invoke(operation.op.clone());
            events.push((operation.invoked, operation.process, invoke));
            if let Some(moment) = operation.completed {
                let kind = match &operation.outcome {
                    Outcome::Ok(ret) => EventKind::Ok(ret.clone()),
                    Outcome::Fail => EventKind::Fail,
                    Outcome::Unknown => EventKind::Info,
                };
                events.push((moment, operation.process, kind));
            }
        }
        events.sort_by_key(|(moment, ..)| moment.position);
        events
            .into_iter()
            .map(|(moment, process, kind)| Event { process, time: moment.time, kind })
            .collect()
    }
}
