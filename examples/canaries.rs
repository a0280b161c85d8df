//! Runs every canary: the broken form until it breaks, the corrected one ten thousand times, or as often as the argument says. The exit
//! status is 1 when a broken form lives or a corrected one breaks.

#[path = "../tests/canaries/mod.rs"]
mod pairs;

use pairs::{Form, canaries};
use std::process::ExitCode;

/// Seeds within which the broken form breaks.
const SEEDS: u64 = 200;

fn main() -> ExitCode {
    let cases = match std::env::args().nth(1).map(|text| text.parse::<u64>()) {
        None => 10_000,
        Some(Ok(cases)) => cases,
        Some(Err(error)) => {
            eprintln!("the number of cases is a whole number: {error}");
            return ExitCode::from(2);
        }
    };
    let mut well = true;
    for canary in canaries() {
        let broken = canary.swarm(Form::Broken, canary.alone(), SEEDS);
        let corrected = canary.swarm(Form::Corrected, canary.alone(), cases);
        well &= broken.failures > 0 && corrected.failures == 0;
        println!(
            "{:10} {:32} broken: first failure after {:>3?} seeds, {:3} of {SEEDS}; corrected: {} of {cases}",
            canary.kind,
            canary.name,
            broken.first_failure_after.unwrap_or(0),
            broken.failures,
            corrected.failures,
        );
        for (fingerprint, count) in &corrected.fingerprints {
            println!("  {count} times {fingerprint}");
        }
    }
    ExitCode::from(u8::from(!well))
}
