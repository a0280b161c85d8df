//! The command line: a thin dispatcher, each command is a module of its own.

mod bench;
mod check;
mod determinism;
mod exit;
mod mutants;
mod output;
mod progress;
mod replay;
mod scenarios;
mod search;
mod swarm;
mod table;

use clap::{Parser, Subcommand, error::ErrorKind};
use exit::Exit;
use std::process::ExitCode;

/// Deterministic simulation testing: swarms, replays, planted bugs, benchmarks.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run many seeds of the scenarios.
    Swarm(swarm::Command),
    /// Run one case again.
    Replay(replay::Command),
    /// Find the planted bugs of the reference protocols.
    Mutants(mutants::Command),
    /// Compare ways to search on the planted bugs.
    Search(search::Command),
    /// Prove that equal cases have equal outcomes: other processes, threads, orders and builds.
    Determinism(determinism::Command),
    /// Judge recorded histories.
    Check(check::Command),
    /// Measure the cost of simulating.
    Bench(bench::Command),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let done = match cli.command {
        Command::Swarm(command) => swarm::run(&command).map(ExitCode::from),
        Command::Replay(command) => replay::run(&command).map(ExitCode::from),
        Command::Mutants(command) => mutants::run(&command).map(ExitCode::from),
        Command::Search(command) => search::run(&command).map(ExitCode::from),
        Command::Determinism(command) => determinism::run(&command).map(ExitCode::from),
        Command::Check(command) => check::run(&command).map(ExitCode::from),
        Command::Bench(command) => bench::run(&command),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        Exit::Usage.into()
    })
}

/// Help as clap prints it; an error as one line.
fn usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        print!("{error}");
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let facts = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    eprintln!("{}", facts.collect::<Vec<_>>().join("; "));
    Exit::Usage.into()
}
