//! Roles, mutants and invariants of Paxos judged together, before any simulator: the right
//! protocol violates nothing on thousands of random walks, and planted bugs are found on them.

mod walk;

use protocols::paxos::{EqualBallots, Mutant, Property, Scope};
use walk::{Tally, Walk};

const STEPS: usize = 150;

/// The first seed below `seeds` whose walk violates something, and what.
fn find(mutant: Mutant, scope: Scope, seeds: u64) -> Option<(u64, Property)> {
    (0..seeds).find_map(|seed| {
        let violation = Walk::new(seed, mutant, scope).run(STEPS).err();
        violation.map(|(_, violation)| (seed, violation.property))
    })
}

#[test]
fn the_right_protocol_violates_nothing_and_makes_progress() {
    let mut total = Tally::default();
    for seed in 0..20_000 {
        let mut walk = Walk::new(seed, Mutant::None, Scope::Strict);
        if let Err((step, violation)) = walk.run(STEPS) {
            panic!("seed {seed}, step {step}: {violation}");
        }
        if seed % 10 == 0 {
            let healed = walk.heal(2_000).unwrap_or_else(|violation| panic!("{seed}: {violation}"));
            assert!(healed.is_some(), "seed {seed}: clients wait though all faults have ended");
        }
        let Tally {
            deliveries,
            drops,
            duplicates,
            crashes,
            torn_writes,
            wipes,
            silenced,
            decisions,
        } = walk.tally;
        total.deliveries += deliveries;
        total.drops += drops;
        total.duplicates += duplicates;
        total.crashes += crashes;
        total.torn_writes += torn_writes;
        total.wipes += wipes;
        total.silenced += silenced;
        total.decisions += decisions;
    }
    println!("{total:?}");
    let each = [
        total.deliveries,
        total.drops,
        total.duplicates,
        total.crashes,
        total.torn_writes,
        total.wipes,
        total.silenced,
        total.decisions,
    ];
    assert!(each.iter().all(|&count| count > 5_000), "a kind of step hardly happens: {total:?}");
}

/// All but M-PAX-08, whose story is told in `paxos_directed.rs`.
#[test]
fn planted_bugs_are_found_from_inside() {
    for mutant in Mutant::ALL.into_iter().filter(|&mutant| mutant != Mutant::Pax08) {
        let found = find(mutant, Scope::WhiteBox, 20_000);
        let (seed, property) = found.unwrap_or_else(|| panic!("{mutant} was not found"));
        println!("{mutant}: {} on walk {seed}", property.name());
        assert!(mutant.violates().contains(&property), "{mutant} violates {property:?}");
    }
}

#[test]
fn trivial_and_easy_bugs_are_found_from_outside() {
    for mutant in [Mutant::Pax01, Mutant::Pax06, Mutant::Pax09, Mutant::Pax10, Mutant::Pax11] {
        let found = find(mutant, Scope::EndToEnd, 3_000);
        assert_eq!(found.map(|(_, property)| property), Some(Property::Agreement), "{mutant}");
    }
}

#[test]
fn a_missing_sync_is_seen_without_a_crash() {
    for mutant in [Mutant::Pax03, Mutant::Pax04, Mutant::Pax08] {
        let found = find(mutant, Scope::Strict, 100);
        assert_eq!(found.map(|(_, property)| property), Some(Property::DurableBeforeSent));
    }
}

/// Why each of the two mutants has a treatment of equal ballots in its definition.
#[test]
fn the_treatment_of_equal_ballots_hides_one_bug_and_bares_another() {
    let found = |mutant, equal_ballots| {
        (0..2_000).any(|seed| {
            let mut walk = Walk::with(seed, mutant, Scope::WhiteBox, Some(equal_ballots));
            walk.run(STEPS).is_err()
        })
    };
    assert!(found(Mutant::Pax08, EqualBallots::Answer));
    assert!(!found(Mutant::Pax08, EqualBallots::Refuse));
    assert!(found(Mutant::Pax09, EqualBallots::Answer));
    assert!(!found(Mutant::Pax09, EqualBallots::Refuse));
}
