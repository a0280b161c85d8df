//! What came of a case.

use crate::case::Case;
use crate::choice::{Choice, Edit};
use crate::fault::{Class, FaultPlan};
use crate::probe::{KnobValue, ProbeHits};
use crate::time::Nanos;
use crate::trace::{Line, Record};
use crate::{Failure, Figures, Ledger};
use sim_check::history::RawHistory;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Whether a case passed. "Could not decide" is never "passed".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Pass,
    /// Something did not.
    Fail(Failure),
    /// A check gave up before it could tell.
    Undecided(String),
}

impl Verdict {
    /// `pass`, `fail` or `undecided`.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Undecided(_) => "undecided",
        }
    }

    /// The failure, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Verdict::Fail(failure) => Some(failure),
            Verdict::Pass | Verdict::Undecided(_) => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => f.write_str("pass"),
            Verdict::Fail(failure) => write!(f, "{failure}"),
            Verdict::Undecided(why) => write!(f, "undecided: {why}"),
        }
    }
}

/// A fault of the plan that was done to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Its place in the plan.
    pub fault: usize,
    /// When, in virtual nanoseconds.
    pub at: Nanos,
    /// Whether code under test could notice it.
    pub noticed: bool,
}

/// What came of a case. Equal cases give equal trace hashes.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it passed.
    pub verdict: Verdict,
    /// The hash of everything that happened.
    pub trace_hash: u64,
    /// The hash after every 256 events.
    pub checkpoints: Vec<u64>,
    /// How much the run did.
    pub figures: Figures,
    /// Faults, injected and observed.
    pub ledger: Ledger,
    /// The fault kinds that the scenario declares, drawn in this case or not.
    pub declared: Vec<&'static str>,
    /// How many faults were put off because they would have left the budget.
    pub postponed: u64,
    /// Probes that were hit.
    pub probes: Vec<ProbeHits>,
    /// Knobs that were read.
    pub knobs: Vec<KnobValue>,
    /// Parameters that were read.
    pub parameters: BTreeMap<String, u64>,
    /// What kind of case it was, as to its faults.
    pub class: Class,
    /// The faults, as they were drawn or as the case fixed them.
    pub plan: Option<FaultPlan>,
    /// The faults of the plan that were done to the system, in the order of time.
    pub struck: Vec<Struck>,
    /// Events that code under test exported.
    pub exported: u64,
    /// What the case fixes and the run never asked for: edits and parameters, in words.
    pub unmatched: Vec<String>,
    /// All choices, where asked for.
    pub choices: Vec<Choice>,
    /// The readable trace, where asked for.
    pub lines: Vec<Line>,
    /// The histories of clients, where the readable trace is asked for, as files hold them.
    pub histories: Vec<RawHistory>,
    /// The records, where asked for.
    pub records: Vec<(Record, Arc<str>)>,
}

impl Outcome {
    /// The identity of the failure, if it is one.
    pub fn fingerprint(&self) -> Option<String> {
        self.verdict.failure().map(Failure::fingerprint)
    }

    /// The case that shows what `case` showed, with everything that was drawn at large written down: parameters,
    /// knobs that differ from their defaults, and faults.
    pub fn written_down(&self, case: &Case) -> Case {
        let mut plan = self.plan.clone();
        if let Some(plan) = &mut plan {
            // What was planned for later than the end did not happen.
            while plan
                .faults
                .last()
                .and_then(|fault| fault.at)
                .is_some_and(|at| at.0 > self.figures.virtual_time)
            {
                plan.faults.pop();
            }
        }
        let knobs = self.knobs.iter().filter(|knob| knob.value != knob.default);
        Case {
            expected: self.fingerprint(),
            trace_hash: Some(format!("{:016x}", self.trace_hash)),
            parameters: self.parameters.clone(),
            knobs: knobs.map(|knob| (knob.name.to_owned(), knob.value)).collect(),
            plan,
            ..case.clone()
        }
    }
}

pub(crate) fn unmatched_edit(edit: &Edit) -> String {
    format!("edit {edit}")
}
