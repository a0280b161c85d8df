//! `replay`: one case again.

use crate::exit::Exit;
use crate::{output, scenarios};
use clap::Args;
use serde::Serialize;
use squall::trace::Keep;
use squall::{Outcome, Record, Seed, Span, Verdict};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Instant;

/// What `replay` is asked to do.
#[derive(Args)]
pub struct Command {
    /// The case file.
    case: Option<PathBuf>,
    /// Instead of a file: the scenario.
    #[arg(long)]
    scenario: Option<String>,
    /// Instead of a file: the seed, decimal or 0x hex.
    #[arg(long)]
    seed: Option<Seed>,
    /// The planted bug.
    #[arg(long)]
    mutant: Option<String>,
    /// Print the readable trace.
    #[arg(long)]
    trace: bool,
    /// How often; the outcomes are compared.
    #[arg(long, default_value = "1")]
    times: NonZeroU32,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct OutcomeLine<'a> {
    r#type: &'static str,
    scenario: &'a str,
    seed: String,
    verdict: &'static str,
    fingerprint: Option<String>,
    message: Option<String>,
    trace_hash: String,
    events: u64,
    sim_seconds: f64,
    wall_seconds: f64,
}

impl Command {
    /// An error, with the file that causes it.
    fn told(&self, error: &str) -> String {
        match &self.case {
            Some(path) => format!("{}: {error}", path.display()),
            None => error.to_owned(),
        }
    }
}

/// Runs the case.
///
/// # Errors
/// When the arguments are wrong, or the case cannot be read or run.
#[expect(clippy::disallowed_methods, reason = "a run is measured in real time, from outside")]
pub fn run(command: &Command) -> Result<Exit, String> {
    let (scenario, case) = scenarios::case(
        command.case.as_deref(),
        command.scenario.as_deref(),
        command.seed,
        command.mutant.as_deref(),
    )?;
    let keep = if command.trace { Keep::Text } else { Keep::Hash };
    let mut hashes = Vec::new();
    let mut exit = Exit::Well;
    for time in 0..command.times.get() {
        let started = Instant::now();
        let outcome = squall::run(&scenario, &case, Record { keep, choices: false })
            .map_err(|error| command.told(&error.to_string()))?;
        let wall = started.elapsed().as_secs_f64();
        if command.trace && time == 0 {
            print_trace(&outcome, command.json);
        }
        for what in &outcome.unmatched {
            eprintln!("note: the run never asked for {what}: the case may be stale");
        }
        if command.json {
            output::line(&OutcomeLine {
                r#type: "outcome",
                scenario: scenario.name(),
                seed: case.seed.to_string(),
                verdict: outcome.verdict.name(),
                fingerprint: outcome.fingerprint(),
                message: outcome.verdict.failure().map(ToString::to_string),
                trace_hash: output::hash(outcome.trace_hash),
                events: outcome.figures.events,
                sim_seconds: outcome.figures.virtual_time as f64 / 1e9,
                wall_seconds: wall,
            })?;
        } else {
            println!(
                "{} seed {}: {}\n  trace {}, {} events, {} of virtual time",
                scenario.name(),
                case.seed,
                outcome.verdict,
                output::hash(outcome.trace_hash),
                outcome.figures.events,
                Span(outcome.figures.virtual_time)
            );
        }
        exit = exit.max(match &outcome.verdict {
            Verdict::Pass => Exit::Well,
            Verdict::Undecided(_) => Exit::Gate,
            Verdict::Fail(_) => Exit::Violated,
        });
        compare(&case, &outcome, time);
        hashes.push(outcome.trace_hash);
    }
    if hashes.iter().any(|hash| *hash != hashes[0]) {
        let divergence =
            squall::check_determinism(&scenario, &case).map_err(|error| error.to_string())?;
        match divergence {
            Some(divergence) => eprintln!("not deterministic: {divergence}"),
            None => eprintln!("not deterministic: the runs had different trace hashes"),
        }
        return Ok(Exit::Gate);
    }
    Ok(exit)
}

/// Says so when the case was written by other code: the run is still what the case says, but not what it was.
fn compare(case: &squall::Case, outcome: &Outcome, time: u32) {
    let differs =
        case.trace_hash.as_ref().is_some_and(|hash| *hash != output::hash(outcome.trace_hash));
    if differs && time == 0 {
        eprintln!(
            "note: the trace is not the one that was written down; the code has changed since"
        );
    }
    match (&case.expected, outcome.fingerprint()) {
        (Some(expected), Some(found)) if *expected != found => {
            eprintln!("note: the case was written for {expected}, and shows {found}");
        }
        (Some(expected), None) => {
            eprintln!("note: the case was written for {expected}, and passes")
        }
        (Some(_), Some(_)) | (None, _) => {}
    }
}

fn print_trace(outcome: &Outcome, json: bool) {
    for line in &outcome.lines {
        let text = format!("{:>16}  {:<14} {}", Span(line.at).to_string(), line.node, line.text);
        if json { eprintln!("{text}") } else { println!("{text}") }
    }
}
