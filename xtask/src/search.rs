//! `search`: which way to search finds the planted bugs soonest.

mod cells;
mod estimate;
mod report;

use crate::exit::Exit;
use crate::progress::Progress;
use crate::scenarios;
use cells::Cell;
use clap::Args;
use estimate::Count;
use squall::{Event, Mutant, Scenario, Seed};
use std::num::{NonZeroU64, NonZeroUsize};

/// Seeds for a bug that only directed search is expected to find.
const DIRECTED_SEEDS: u64 = 30_000;
/// Seeds for the protocol as it should be.
const SOUND_SEEDS: u64 = 3_000;

/// What `search` is asked to do.
#[derive(Args)]
pub struct Command {
    /// The protocol.
    #[arg(long, default_value = "paxos")]
    protocol: String,
    /// At most so many seeds for each mutant and cell. As many as the mutant's difficulty allows unless given.
    #[arg(long)]
    seeds: Option<NonZeroU64>,
    /// The first seed, decimal or 0x hex. What was tuned on some seeds is to be judged on others.
    #[arg(long, default_value = "1")]
    first_seed: Seed,
    /// Only this planted bug; may be given several times.
    #[arg(long)]
    mutant: Vec<String>,
    /// Vary only this: profile, schedule, crashes or messages; may be given several times.
    #[arg(long)]
    vary: Vec<String>,
    /// How many threads. As many as there are processors unless given.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
}

/// A mutant searched in every way.
struct Row<'a> {
    mutant: &'a str,
    /// What each cell came to, in their order.
    counts: Vec<Count>,
}

/// Runs a swarm for each planted bug in each cell. The number of seeds is fixed beforehand, and all cells have the same seeds.
///
/// Before that the protocol as it should be: where that fails too, what the cells found need not be the planted bugs, and the
/// command ends with [`Exit::Violated`].
///
/// # Errors
/// When the arguments are wrong.
pub fn run(command: &Command) -> Result<Exit, String> {
    let scenario = scenarios::named(&command.protocol)?;
    let all = scenario.all_mutants();
    let known = |name: &String| all.iter().any(|mutant| mutant.name == name);
    if let Some(name) = command.mutant.iter().find(|name| !known(name)) {
        return Err(format!("scenario `{}` has no mutant `{name}`", scenario.name()));
    }
    let wanted = |mutant: &&Mutant| {
        command.mutant.is_empty() || command.mutant.iter().any(|name| name == mutant.name)
    };
    let cells = cells::varying(&command.vary)?;
    let tell = |row: &Row<'_>| -> Result<(), String> {
        if command.json {
            return report::lines(scenario.name(), &cells, row);
        }
        println!("\n{}", report::table(&cells, row));
        Ok(())
    };
    let sound = cells
        .iter()
        .map(|cell| count(command, &scenario, None, SOUND_SEEDS, cell))
        .collect::<Result<Vec<Count>, _>>()?;
    let false_alarms: u64 = sound.iter().map(|count| count.failures).sum();
    let mut rows = Vec::new();
    tell(&Row { mutant: "none", counts: sound })?;
    for mutant in all.iter().filter(wanted) {
        let due = mutant.seeds_max.unwrap_or(DIRECTED_SEEDS);
        let counts = cells
            .iter()
            .map(|cell| count(command, &scenario, Some(mutant.name), due, cell))
            .collect::<Result<_, _>>()?;
        let row = Row { mutant: mutant.name, counts };
        tell(&row)?;
        rows.push(row);
    }
    if command.json {
        report::comparison_lines(scenario.name(), &cells, &rows)?;
    } else {
        println!("\n{}", report::comparison(&cells, &rows));
    }
    if false_alarms == 0 {
        return Ok(Exit::Well);
    }
    eprintln!(
        "{} fails without a mutant, {false_alarms} times: those are no finds",
        scenario.name()
    );
    Ok(Exit::Violated)
}

fn count(
    command: &Command,
    scenario: &Scenario,
    mutant: Option<&str>,
    due: u64,
    cell: &Cell,
) -> Result<Count, String> {
    let seeds = command.seeds.map_or(due, |most| due.min(most.get()));
    let progress =
        Progress::new(&format!("{} {}", mutant.unwrap_or("none"), cell.name), Some(seeds));
    let mut swarm = cell.swarm(scenario, command.first_seed, seeds);
    if let Some(mutant) = mutant {
        swarm = swarm.mutant(mutant);
    }
    if let Some(jobs) = command.jobs {
        swarm = swarm.jobs(jobs);
    }
    let summary = swarm
        .run(|event| {
            if let Event::Progress { seeds, failures } = event {
                progress.show(seeds, failures);
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(Count { failures: summary.failures, seeds: summary.seeds })
}
