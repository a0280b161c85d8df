//! `bench`: what simulating costs, on the workloads that the peers run too, and per operation.

mod cpu;
mod deliveries;
mod figures;
mod generator;
mod micro;
mod params;
mod workload;

use clap::Args;
use params::Params;
use std::process::ExitCode;
use workload::Workload;

/// What `bench` is asked to do.
#[derive(Args)]
pub struct Command {
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// w1 timers, w2 yields, w3udp echo, w4 fan-out, w5 whole runs, w6 disk, or micro for single operations; without it a small one of each.
    workload: Option<String>,
    /// Parameters as key=value, such as n=1000 m=500 seed=1 policy=random repeat=7.
    #[arg(value_name = "KEY=VALUE")]
    params: Vec<String>,
}

/// Runs what `command` asks for.
///
/// # Errors
/// A line that says which argument was wrong, and what would be right.
pub fn run(command: &Command) -> Result<ExitCode, String> {
    let params = Params::parse(&command.params)?;
    match command.workload.as_deref() {
        Some("micro") => micro::run(&params, command.json),
        Some(name) => measure(Workload::named(name)?, &params, command.json),
        None => Workload::ALL.iter().try_fold(ExitCode::SUCCESS, |worst, workload| {
            let code = measure(*workload, &params, command.json)?;
            Ok(if code == ExitCode::SUCCESS { worst } else { code })
        }),
    }
}

/// Runs a workload `repeat` times, each time on a thread of its own: what one run leaves behind in its thread
/// must not help the next.
fn measure(workload: Workload, params: &Params, json: bool) -> Result<ExitCode, String> {
    let params = &params.or(workload.usual_size());
    let repeat = params.number_or("repeat", 1)?;
    let mut code = ExitCode::SUCCESS;
    for _ in 0..repeat {
        let run = || figures::Figures::of(workload, params);
        let figures = std::thread::scope(|scope| scope.spawn(run).join());
        let figures = figures.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        println!("{}", if json { figures.json() } else { figures.text() });
        if !figures.ok {
            code = ExitCode::from(1);
        }
    }
    Ok(code)
}
