//! `check`: judges recorded histories.

use crate::exit::Exit;
use crate::output;
use clap::Args;
use serde::Serialize;
use sim_check::history::RawHistory;
use sim_check::judge::prepare;
use sim_check::txn::{self, from_raw, level_of};
use sim_check::workload::judge_raw;
use sim_check::{Budget, Verdict};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `check` is asked to do.
#[derive(Args)]
pub struct Command {
    /// Histories, one JSON Lines file each.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The property, instead of the one that the header names.
    #[arg(long)]
    property: Option<String>,
    /// How many configurations a judge may look at; ten million unless given.
    #[arg(long)]
    budget: Option<u64>,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct VerdictLine {
    r#type: &'static str,
    file: String,
    property: String,
    verdict: &'static str,
    operations: usize,
    /// Missing where the judge does not search.
    configurations: Option<u64>,
    nanoseconds: u64,
    witness: String,
}

/// Judges the files.
///
/// # Errors
/// When a file cannot be read, is no history, or has a model or property that nobody judges.
pub fn run(command: &Command) -> Result<Exit, String> {
    let budget = command.budget.map_or_else(Budget::default, Budget::configurations);
    let mut exit = Exit::Well;
    for file in &command.files {
        let line = judge(file, command.property.as_deref(), budget)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        exit = exit.max(match line.verdict {
            "ok" => Exit::Well,
            "violation" => Exit::Violated,
            _ => Exit::Gate,
        });
        if command.json {
            output::line(&line)?;
        } else {
            println!(
                "{}: {} {}, {} operations",
                line.file, line.property, line.verdict, line.operations
            );
            if line.verdict != "ok" {
                println!("{}", line.witness.trim_end());
            }
        }
    }
    Ok(exit)
}

#[expect(clippy::disallowed_methods, reason = "a judge is timed from outside")]
fn judge(file: &Path, property: Option<&str>, budget: Budget) -> Result<VerdictLine, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("the history cannot be read: {error}"))?;
    let raw = RawHistory::from_json_lines(&text).map_err(|error| error.to_string())?;
    let named = property.or(raw.header.property()).map(str::to_owned);
    let line = |property: &str, verdict, operations, configurations, started: Instant, witness| {
        VerdictLine {
            r#type: "verdict",
            file: file.display().to_string(),
            property: property.to_owned(),
            verdict,
            operations,
            configurations,
            nanoseconds: u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX),
            witness,
        }
    };
    if matches!(raw.header.model(), Some("list-append" | "rw-register")) {
        let property = named.unwrap_or_else(|| "serializable".to_owned());
        let level = level_of(&raw.header, &property).map_err(|error| error.to_string())?;
        let history = from_raw(&raw).map_err(|error| error.to_string())?;
        let started = Instant::now();
        let verdict = txn::check(&history, level, budget);
        let witness = match &verdict {
            Verdict::Ok(_) => "a commit order explains every read".to_owned(),
            Verdict::Violation(violation) => violation.to_string(),
            Verdict::Unknown(why) => why.to_string(),
        };
        return Ok(line(&property, verdict.word(), history.len(), None, started, witness));
    }
    let started = Instant::now();
    if let (None, Some(judged)) = (property, judge_raw(&raw)) {
        let verdict = judged.map_err(|error| error.to_string())?;
        let operations = raw.history().map_err(|error| error.to_string())?.len();
        let witness = match &verdict {
            Verdict::Ok(()) => String::new(),
            Verdict::Violation(violation) => violation.clone(),
            Verdict::Unknown(why) => why.to_string(),
        };
        let property = named.unwrap_or_default();
        return Ok(line(&property, verdict.word(), operations, None, started, witness));
    }
    let prepared = prepare(&raw, property).map_err(|error| error.to_string())?;
    let started = Instant::now();
    let ruling = prepared.decide(budget);
    let verdict = ruling.verdict();
    let mut line = line(
        prepared.property(),
        verdict.word(),
        prepared.operations(),
        Some(ruling.configurations()),
        started,
        String::new(),
    );
    // Explaining is not judging, and not timed.
    line.witness = ruling.witness();
    Ok(line)
}
