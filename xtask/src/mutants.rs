//! `mutants`: whether the planted bugs of the reference protocols are found.

use crate::exit::Exit;
use crate::progress::Progress;
use crate::table::{self, MutantRow};
use crate::{output, scenarios};
use clap::Args;
use serde::Serialize;
use squall::{Event, Mutant, Scenario, Seed, Summary, Swarm};
use std::num::NonZeroU64;

/// Seeds for a bug that only directed search is expected to find.
const DIRECTED_SEEDS: u64 = 30_000;

/// What `mutants` is asked to do.
#[derive(Args)]
pub struct Command {
    /// The protocol. All of them unless given.
    #[arg(long)]
    protocol: Option<String>,
    /// How many seeds of each, instead of as many as its difficulty allows.
    #[arg(long)]
    seeds: Option<NonZeroU64>,
    /// The first seed, decimal or 0x hex.
    #[arg(long, default_value = "1")]
    first_seed: Seed,
    /// Only this planted bug.
    #[arg(long)]
    mutant: Option<String>,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct MutantLine<'a> {
    r#type: &'static str,
    protocol: &'a str,
    mutant: &'a str,
    violates: &'a str,
    seeds: u64,
    failures: u64,
    first_failure_after: Option<u64>,
    found: bool,
    fingerprint: Option<&'a str>,
}

/// Runs a swarm for each planted bug.
///
/// # Errors
/// When the arguments are wrong.
pub fn run(command: &Command) -> Result<Exit, String> {
    let scenarios = match &command.protocol {
        None => scenarios::all(),
        Some(name) => vec![scenarios::named(name)?],
    };
    let mut exit = Exit::Well;
    for scenario in &scenarios {
        let wanted =
            |mutant: &&Mutant| command.mutant.as_ref().is_none_or(|name| name == mutant.name);
        let mutants: Vec<&Mutant> = scenario.all_mutants().iter().filter(wanted).collect();
        if let (Some(name), true) = (&command.mutant, mutants.is_empty()) {
            let known: Vec<&str> =
                scenario.all_mutants().iter().map(|mutant| mutant.name).collect();
            return Err(format!(
                "scenario `{}` has no mutant `{name}`: it has {}",
                scenario.name(),
                known.join(", ")
            ));
        }
        let mut rows = Vec::new();
        for mutant in mutants {
            let summary = hunt(command, scenario, mutant)?;
            let in_time = mutant
                .seeds_max
                .is_none_or(|max| summary.first_failure_after.is_some_and(|n| n <= max));
            let enough = mutant.seeds_max.is_none_or(|max| summary.seeds >= max);
            if !in_time && enough {
                exit = Exit::Gate;
            }
            if command.json {
                let fingerprint = summary.fingerprints.iter().max_by_key(|(_, count)| **count);
                output::line(&MutantLine {
                    r#type: "mutant",
                    protocol: scenario.name(),
                    mutant: mutant.name,
                    violates: mutant.violates,
                    seeds: summary.seeds,
                    failures: summary.failures,
                    first_failure_after: summary.first_failure_after,
                    found: summary.failures > 0,
                    fingerprint: fingerprint.map(|(fingerprint, _)| fingerprint.as_str()),
                })?;
            }
            rows.push(MutantRow {
                name: mutant.name.to_owned(),
                violates: mutant.violates.to_owned(),
                seeds: summary.seeds,
                failures: summary.failures,
                first: summary.first_failure_after,
                due: mutant.seeds_max,
            });
        }
        if !command.json && !rows.is_empty() {
            println!("\n{}\n{}", scenario.name(), table::mutants(&rows));
        }
    }
    Ok(exit)
}

fn hunt(command: &Command, scenario: &Scenario, mutant: &Mutant) -> Result<Summary, String> {
    let seeds = command.seeds.map_or(mutant.seeds_max.unwrap_or(DIRECTED_SEEDS), NonZeroU64::get);
    let progress = Progress::new(mutant.name, Some(seeds));
    Swarm::new(scenario)
        .first_seed(command.first_seed)
        .mutant(mutant.name)
        .seeds(seeds)
        .keep_going()
        .run(|event| {
            if let Event::Progress { seeds, failures } = event {
                progress.show(seeds, failures);
            }
        })
        .map_err(|error| error.to_string())
}
