//! The command line: a thin dispatcher, each command is a module of its own.

mod bench;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Deterministic simulation testing: measure, and what else stands below.
#[derive(Parser)]
#[command(name = "xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure the cost of simulating.
    Bench(bench::Command),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Bench(command) => bench::run(&command),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}
