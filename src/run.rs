//! Running one case.

use crate::case::{Case, CaseError};
use crate::context::Context;
use crate::outcome::{Outcome, Struck, Verdict, unmatched_edit};
use crate::scenario::Scenario;
use crate::sim::Sim;
use crate::trace::Keep;
use crate::{Config, FailureKind, Simulation, guard};
use sim_disk::Disks;
use sim_net::Net;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What to keep of a run besides its outcome. None of it changes the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How much of the trace.
    pub keep: Keep,
    /// All choices.
    pub choices: bool,
}

/// Runs a case. Pure: equal cases give equal outcomes, whatever ran before and on whatever thread.
///
/// # Errors
/// When the case is not one that this program can run as it was meant: another version, an unknown mutant, a plan that
/// names nodes or kinds of fault which do not exist.
pub fn run(scenario: &Scenario, case: &Case, record: Record) -> Result<Outcome, CaseError> {
    case.check(scenario)?;
    if guard::ACTIVE && scenario.guarded() && !guard::is_clean() {
        return guard::on_clean_thread(|| run_here(scenario, case, record));
    }
    run_here(scenario, case, record)
}

/// Runs a case on this thread, clean or not.
pub(crate) fn run_here(
    scenario: &Scenario,
    case: &Case,
    record: Record,
) -> Result<Outcome, CaseError> {
    let context = Context::new(Rc::new(case.clone()));
    let kept = context.0.clone();
    let config = Config {
        seed: case.seed.0,
        policy: case.policy,
        bounds: scenario.run_bounds().clone(),
        edits: case.all_edits(),
        branches: case.branches.iter().map(|branch| (branch.event, branch.epoch)).collect(),
        knobs: case.knobs.clone(),
        guard: scenario.guarded(),
        keep: record.keep,
        record_choices: record.choices,
        ..Config::default()
    };
    let main = scenario.start(Sim::new());
    let outcome = Simulation::new(config)
        .device(Net::default())
        .device(Disks::default())
        .device(context)
        .run(main);
    if let Some(error) = kept.invalid.take() {
        return Err(CaseError::new(error));
    }
    let parameters: BTreeMap<String, u64> = kept.parameters.take();
    let mut unmatched: Vec<String> =
        outcome.unmatched.iter().map(|u| unmatched_edit(&u.0)).collect();
    let asked = |name: &&String| !parameters.contains_key(*name);
    unmatched.extend(case.parameters.keys().filter(asked).map(|name| format!("parameter {name}")));
    let known_knob = |name: &&String| !outcome.knobs.iter().any(|knob| knob.name == name.as_str());
    unmatched.extend(case.knobs.keys().filter(known_knob).map(|name| format!("knob {name}")));
    let struck = kept.nemesis.borrow().as_ref().map_or_else(Vec::new, |nemesis| nemesis.struck());
    let struck = struck.into_iter().map(|(at, fault, strike)| Struck {
        fault,
        at,
        noticed: outcome.ledger.was_noticed(strike),
    });
    Ok(Outcome {
        struck: struck.collect(),
        verdict: match outcome.result.and_then(|result| result.map_err(Into::into)) {
            Ok(()) => Verdict::Pass,
            Err(failure) if failure.kind == FailureKind::Undecided => {
                Verdict::Undecided(failure.message)
            }
            Err(failure) => Verdict::Fail(failure),
        },
        trace_hash: outcome.trace_hash,
        checkpoints: outcome.checkpoints,
        figures: outcome.figures,
        ledger: outcome.ledger,
        postponed: kept.nemesis.borrow().as_ref().map_or(0, |nemesis| nemesis.postponed()),
        probes: outcome.probes,
        knobs: outcome.knobs,
        parameters,
        class: kept.class.get(),
        plan: kept.plan.take(),
        exported: kept.exported.get(),
        declared: kept.declared.take(),
        unmatched,
        histories: match record.keep {
            Keep::Text => kept.books.written(),
            Keep::Hash | Keep::Records => Vec::new(),
        },
        choices: outcome.choices,
        lines: outcome.lines,
        records: outcome.records,
    })
}
