//! Checking that a case has one outcome.

use crate::case::{Case, CaseError};
use crate::guard;
use crate::run::{Record, run_here};
use crate::scenario::Scenario;
use crate::trace::{self, CHECKPOINT_EVERY, Keep};
use std::fmt;

/// Two runs of one case that differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The trace hashes of the two runs.
    pub hashes: (u64, u64),
    /// The first event in which they differ, in words.
    pub first: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "two runs of one case differ (trace hashes {:016x} and {:016x}): {}",
            self.hashes.0, self.hashes.1, self.first
        )
    }
}

/// Runs a case twice, on two threads, and names the first event in which the runs differ, if they do.
///
/// The second run has other addresses, another thread and whatever the first left in statics, so what depends on these
/// shows. The checkpoints of the hashes tell the block of events, the records of that block the event.
///
/// # Errors
/// When the case cannot be run.
pub fn check_determinism(
    scenario: &Scenario,
    case: &Case,
) -> Result<Option<Divergence>, CaseError> {
    case.check(scenario)?;
    let once = || {
        guard::on_clean_thread(|| {
            let outcome = run_here(scenario, case, Record { keep: Keep::Records, choices: false })?;
            Ok((outcome.trace_hash, outcome.checkpoints, outcome.records))
        })
    };
    let (hash_a, checkpoints_a, records_a) = once()?;
    // Held while the second run allocates, so that it cannot get the same addresses back.
    let ballast: Vec<Box<[u8]>> =
        (1..64).map(|size| vec![0_u8; size * 37].into_boxed_slice()).collect();
    let (hash_b, checkpoints_b, records_b) = once()?;
    drop(ballast);
    if hash_a == hash_b {
        return Ok(None);
    }
    let block = checkpoints_a.iter().zip(&checkpoints_b).take_while(|(a, b)| a == b).count();
    let first = match trace::first_difference(&records_a, &records_b) {
        Some(difference) => difference.to_string(),
        None => format!("somewhere after event {}", block as u64 * CHECKPOINT_EVERY),
    };
    Ok(Some(Divergence { hashes: (hash_a, hash_b), first }))
}
