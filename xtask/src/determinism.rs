//! `determinism`: the same seeds in other processes, on other numbers of threads, in other orders and in another build, and all hashes equal.

use crate::exit::Exit;
use crate::scenarios;
use clap::Args;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::{Command as Process, Stdio};

/// What `determinism` is asked to do.
#[derive(Args)]
pub struct Command {
    /// The scenario. All of them unless given.
    #[arg(long)]
    scenario: Option<String>,
    /// How many seeds.
    #[arg(long, default_value = "10000")]
    seeds: NonZeroU64,
    /// How many seeds of the build without optimisation.
    #[arg(long, default_value = "10000")]
    debug_seeds: u64,
}

/// Compares.
///
/// # Errors
/// When a scenario is unknown, or a process cannot be started or fails.
pub fn run(command: &Command) -> Result<Exit, String> {
    let names = match &command.scenario {
        Some(name) => vec![scenarios::named(name)?.name().to_owned()],
        None => scenarios::all().iter().map(|scenario| scenario.name().to_owned()).collect(),
    };
    let here =
        std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    let debug = if command.debug_seeds > 0 { Some(build_debug()?) } else { None };
    let mut exit = Exit::Well;
    for name in &names {
        let seeds = command.seeds.get();
        let reference = digest(&here, name, seeds, &["--jobs", "1"])?;
        let mut others = vec![
            (
                "another process, one thread".to_owned(),
                digest(&here, name, seeds, &["--jobs", "1"])?,
                reference.clone(),
            ),
            (
                "two threads".to_owned(),
                digest(&here, name, seeds, &["--jobs", "2"])?,
                reference.clone(),
            ),
            (
                "two threads, in reverse".to_owned(),
                digest(&here, name, seeds, &["--jobs", "2", "--reverse"])?,
                reference.clone(),
            ),
        ];
        if let Some(debug) = &debug {
            let few = command.debug_seeds.min(seeds);
            let wanted =
                if few == seeds { reference.clone() } else { digest(&here, name, few, &[])? };
            others.push((
                format!("without optimisation, {few} seeds"),
                digest(debug, name, few, &[])?,
                wanted,
            ));
        }
        println!("{name}: {seeds} seeds, digest {reference}");
        for (what, found, wanted) in others {
            let equal = found == wanted;
            println!("  {what}: {}", if equal { "equal" } else { "DIFFERENT" });
            if !equal {
                exit = Exit::Gate;
            }
        }
        if exit != Exit::Well {
            println!(
                "  find the event: cargo xtask swarm --scenario {name} --seeds {seeds} --determinism-check 1"
            );
        }
    }
    Ok(exit)
}

/// Builds the command line without optimisation and returns its path.
fn build_debug() -> Result<PathBuf, String> {
    let mut cargo = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "build",
        "--quiet",
        "--package",
        "xtask",
        "--message-format",
        "json-render-diagnostics",
    ]);
    let built = cargo.current_dir(scenarios::root()).stderr(Stdio::inherit()).output();
    let built = built.map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&built.stdout);
    let messages =
        text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let program = messages
        .filter_map(|message| Some(message.get("executable")?.as_str()?.to_owned()))
        .next_back();
    program.map(PathBuf::from).ok_or_else(|| "the build without optimisation failed".to_owned())
}

/// The digest of a swarm in a process of its own.
fn digest(program: &PathBuf, scenario: &str, seeds: u64, more: &[&str]) -> Result<String, String> {
    let mut swarm = Process::new(program);
    swarm
        .args([
            "swarm",
            "--json",
            "--keep-going",
            "--scenario",
            scenario,
            "--seeds",
            &seeds.to_string(),
        ])
        .args(more);
    let output = swarm
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let lines =
        text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let digest =
        lines.filter_map(|line| Some(line.get("digest")?.as_str()?.to_owned())).next_back();
    digest.ok_or_else(|| {
        format!("the swarm of `{scenario}` ended without a summary, {}", output.status)
    })
}
