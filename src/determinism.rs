//! Checking that a case has one outcome.

use crate::case::{Case, CaseError};
use crate::guard;
use crate::outcome::Outcome;
use crate::run::{Record, run_here};
use crate::scenario::Scenario;
use crate::trace::{CHECKPOINT_EVERY, Keep, first_difference};
use std::fmt;
use std::hint::black_box;

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

/// Runs a case several times and names the first event in which two of the runs differ, if they do.
///
/// The first run has a fresh thread. The second has the same thread, with whatever the first left in its thread-locals (unless the code
/// asked for entropy: such threads are never used twice). The third has another thread while the first still lives, hence other
/// addresses. All have whatever the ones before left in statics. So what depends on any of these shows.
///
/// # Errors
/// When the case cannot be run.
pub fn check_determinism(
    scenario: &Scenario,
    case: &Case,
) -> Result<Option<Divergence>, CaseError> {
    case.check(scenario)?;
    let outcomes = run_apart(scenario, case, Keep::Hash)?;
    let Some((one, other)) = differing(&outcomes) else { return Ok(None) };
    // Again, now that every event is worth its memory.
    let recorded = run_apart(scenario, case, Keep::Records)?;
    let named = differing(&recorded).and_then(|(one, other)| {
        let difference = first_difference(&one.records, &other.records)?;
        Some(Divergence {
            hashes: (one.trace_hash, other.trace_hash),
            first: difference.to_string(),
        })
    });
    // What leaks may happen to be equal this time: then the checkpoints tell the block of events.
    Ok(named.or_else(|| {
        let pairs = one.checkpoints.iter().zip(&other.checkpoints);
        let common = pairs.take_while(|(a, b)| a == b).count() as u64;
        let first = format!("somewhere after event {}", common * CHECKPOINT_EVERY);
        Some(Divergence { hashes: (one.trace_hash, other.trace_hash), first })
    }))
}

/// The outcomes of one case in circumstances that must not matter.
fn run_apart(scenario: &Scenario, case: &Case, keep: Keep) -> Result<Vec<Outcome>, CaseError> {
    let run = || run_here(scenario, case, Record { keep, choices: false });
    guard::on_clean_thread(|| {
        let mut outcomes = vec![run()?];
        if !scenario.guarded() || guard::is_clean() {
            outcomes.push(run()?);
        }
        outcomes.push(guard::on_clean_thread(|| displaced(run))?);
        Ok(outcomes)
    })
}

/// Calls `f` with a deeper stack and a fuller heap: threads are laid out alike, so that their addresses may differ in the high
/// bits only.
#[inline(never)]
fn displaced<R>(f: impl FnOnce() -> R) -> R {
    let depth = black_box([0_u8; 1_040]);
    let ballast: Vec<Box<[u8]>> =
        (1..64).map(|size| vec![0_u8; size * 37].into_boxed_slice()).collect();
    let result = f();
    black_box((&depth, &ballast));
    result
}

fn differing(outcomes: &[Outcome]) -> Option<(&Outcome, &Outcome)> {
    let (first, others) = outcomes.split_first()?;
    others.iter().find(|other| other.trace_hash != first.trace_hash).map(|other| (first, other))
}
