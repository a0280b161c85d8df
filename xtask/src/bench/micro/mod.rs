//! `bench micro`: single operations beside their budgets.

mod bell;
mod operation;

use super::cpu;
use super::params::Params;
use operation::Operation;
use serde::Serialize;
use std::process::ExitCode;

/// What one operation cost.
#[derive(Serialize)]
struct Cost {
    r#type: &'static str,
    operation: &'static str,
    ns: f64,
    budget_ns: f64,
    rounds: u64,
}

/// Measures every operation `rounds` times and takes the least: other work on the machine only adds.
///
/// # Errors
/// When a parameter is wrong.
pub fn run(params: &Params, json: bool) -> Result<ExitCode, String> {
    params.only(&["rounds"])?;
    let rounds = params.number_or("rounds", 9)?.max(1);
    if !json {
        println!("{:46} {:>9} {:>9}", "operation", "ns", "budget");
    }
    for operation in Operation::ALL {
        let rounds_ns = (0..rounds).map(|_| {
            let before = cpu::seconds();
            let count = operation.repeat();
            (cpu::seconds() - before) * 1e9 / count as f64
        });
        let ns = (rounds_ns.fold(f64::INFINITY, f64::min) * 100.0).round() / 100.0;
        let (name, budget_ns) = (operation.name(), operation.budget_ns());
        let cost = Cost { r#type: "micro", operation: name, ns, budget_ns, rounds };
        if json {
            println!("{}", serde_json::to_string(&cost).expect("numbers and strings serialise"));
        } else {
            let over = if ns > budget_ns { "  over" } else { "" };
            println!("{name:46} {ns:>9.2} {budget_ns:>9.1}{over}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
