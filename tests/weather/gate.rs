//! The gate: a kind without effect is found by the swarm, whichever it is.

use super::chat::chat;
use squall::Swarm;
use squall::fault::kinds;

const SEEDS: u64 = 200;

#[test]
fn every_kind_is_observed_within_two_hundred_cases() {
    let summary = Swarm::new(&chat(None)).seeds(SEEDS).run(|_| {}).unwrap();
    assert_eq!(summary.failures, 0, "{:?}", summary.fingerprints);
    assert_eq!(summary.declared.len(), kinds().len());
    assert_eq!(summary.unobserved(), Vec::<&str>::new(), "{:?}", summary.ledger);
}

#[test]
fn a_kind_without_effect_turns_the_gate_red() {
    for kind in kinds() {
        let summary = Swarm::new(&chat(Some(kind.name))).seeds(SEEDS).run(|_| {}).unwrap();
        assert_eq!(summary.failures, 0, "{:?}", summary.fingerprints);
        // It was drawn, done and counted: only its effect is missing.
        assert!(summary.ledger[kind.name].injected > 0, "{}", kind.name);
        assert_eq!(summary.unobserved(), [kind.name], "{:?}", summary.ledger);
    }
}
