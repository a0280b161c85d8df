//! Every kind of fault has a canary that dies of it, and one that never does.

#[path = "canaries/mod.rs"]
mod pairs;

use pairs::{Form, canaries};
use squall::fault::{Selection, kinds};

/// Seeds within which the broken form breaks.
const SEEDS: u64 = 200;
/// Cases of the corrected form here; the example of the same name runs ten thousand.
const CASES: u64 = 2_000;

#[test]
fn every_kind_has_a_canary() {
    let wanted: Vec<_> = kinds().iter().map(|kind| (kind.name, kind.canary)).collect();
    let found: Vec<_> = canaries().iter().map(|canary| (canary.kind, canary.name)).collect();
    assert_eq!(wanted, found, "kinds and canaries: write a pair for each kind, and name it there");
}

#[test]
fn broken_forms_break_under_their_kind_alone() {
    for canary in canaries() {
        let summary = canary.swarm(Form::Broken, canary.alone(), SEEDS);
        assert!(summary.failures > 0, "`{}` outlives {}", canary.name, canary.kind);
        assert_eq!(summary.fingerprints.len(), 1, "{}: {:?}", canary.kind, summary.fingerprints);
        let others: Vec<_> = kinds().into_iter().filter(|kind| kind.name != canary.kind).collect();
        let struck = others.iter().find(|kind| summary.ledger.contains_key(kind.name));
        assert!(struck.is_none(), "{}: {:?}", canary.kind, summary.ledger);
        assert_eq!(summary.unobserved(), Vec::<&str>::new());
        let calm = canary.swarm(Form::Broken, Selection::None, SEEDS);
        assert_eq!(calm.failures, 0, "{}: {:?}", canary.name, calm.fingerprints);
    }
}

#[test]
fn corrected_forms_never_break() {
    for canary in canaries() {
        let summary = canary.swarm(Form::Corrected, canary.alone(), CASES);
        assert_eq!(summary.failures, 0, "{}: {:?}", canary.kind, summary.fingerprints);
        assert!(summary.ledger[canary.kind].cases > CASES / 10, "{}", canary.kind);
        assert_eq!(summary.unobserved(), Vec::<&str>::new());
    }
}
