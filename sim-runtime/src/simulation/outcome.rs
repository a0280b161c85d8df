//! What came of a run.

use crate::choice::{Choice, Unmatched};
use crate::ledger::Ledger;
use crate::probe::{KnobValue, ProbeHits};
use crate::time::Nanos;
use crate::trace::{Line, Record};
use crate::verdict::{Failure, FailureKind};
use crate::world::World;
use std::sync::Arc;

/// How much a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Events in the trace.
    pub events: u64,
    /// Polls of tasks, a part of the events.
    pub polls: u64,
    /// Virtual time in nanoseconds.
    pub virtual_time: Nanos,
    /// Memory at the end in bytes, roughly.
    pub memory: usize,
}

/// What came of a run.
///
/// ```
/// use sim_runtime::{Config, FailureKind, Simulation};
///
/// let run = || Simulation::new(Config::default()).run(std::future::pending::<()>());
/// let failure = run().result.unwrap_err();
/// assert_eq!(failure.kind, FailureKind::Stall);
/// assert!(failure.message.contains("these tasks are stuck"));
/// assert_eq!(run().trace_hash, run().trace_hash);
/// ```
#[derive(Debug)]
pub struct RunOutcome<T> {
    /// What the main future returned, or the first failure.
    pub result: Result<T, Failure>,
    /// The hash of everything that happened.
    pub trace_hash: u64,
    /// The hash after every [`CHECKPOINT_EVERY`](crate::trace::CHECKPOINT_EVERY) events.
    pub checkpoints: Vec<u64>,
    /// How much the run did.
    pub figures: Figures,
    /// Faults, injected and observed.
    pub ledger: Ledger,
    /// Probes that were hit.
    pub probes: Vec<ProbeHits>,
    /// Knobs that were read.
    pub knobs: Vec<KnobValue>,
    /// Edits that met no choice.
    pub unmatched: Vec<Unmatched>,
    /// All choices, where asked for.
    pub choices: Vec<Choice>,
    /// The readable trace, where asked for.
    pub lines: Vec<Line>,
    /// The records with the names of their nodes, where asked for.
    pub records: Vec<(Record, Arc<str>)>,
}

impl<T> RunOutcome<T> {
    pub(crate) fn of(world: &World, value: Option<T>) -> RunOutcome<T> {
        let failure = world.take_failure();
        let result = match (failure, value) {
            (Some(failure), _) => Err(failure),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Failure {
                kind: FailureKind::Panic,
                property: String::new(),
                site: String::new(),
                message: "the main task was dropped".to_owned(),
            }),
        };
        let (polls, virtual_time) = world.figures();
        let figures =
            Figures { events: world.events(), polls, virtual_time, memory: world.memory() };
        let trace = world.trace_log();
        RunOutcome {
            result,
            trace_hash: trace.hash(),
            checkpoints: trace.take_checkpoints(),
            figures,
            ledger: world.take_ledger(),
            probes: world.probes().take_hits(),
            knobs: world.probes().knobs.take_values(),
            unmatched: world.choices().unmatched(),
            choices: world.choices().recorded(),
            lines: trace.take_lines(),
            records: trace.take_kept(),
        }
    }
}
