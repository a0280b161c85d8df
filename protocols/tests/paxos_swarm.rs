//! Paxos in simulated clusters: it passes, what it says it reaches is reached, and planted bugs are found and replay.

use protocols::paxos::{Mutant, Property};
use squall::{Case, Corpus, Event, Found, Record, Report, Scenario, Summary, Swarm, Verdict};
use std::num::NonZeroUsize;
use std::path::PathBuf;

fn scenario(name: &str) -> Scenario {
    let all = protocols::scenarios();
    all.into_iter().find(|scenario| scenario.name() == name).expect("it exists")
}

fn swarm(scenario: &Scenario, mutant: Option<Mutant>, seeds: u64) -> (Summary, Option<Found>) {
    let swarm = Swarm::new(scenario).seeds(seeds).jobs(NonZeroUsize::MIN);
    let swarm = match mutant {
        Some(mutant) => swarm.mutant(mutant.id()),
        None => swarm,
    };
    let mut found = None;
    let summary = swarm.run(|event| {
        if let Event::Failure(failure) = event {
            found = Some(*failure);
        }
    });
    (summary.expect("the scenario knows its mutants"), found)
}

/// A folder of this test's own in cargo's temporary folder.
fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn the_right_protocol_passes_and_is_seen_in_every_plight() {
    let (summary, found) = swarm(&scenario("paxos"), None, 1_000);
    assert_eq!(found.map(|found| (found.case.seed, found.failure.to_string())), None);
    assert_eq!((summary.seeds, summary.undecided), (1_000, 0));
    assert_eq!(summary.unobserved(), [""; 0], "faults without effect");
    let unreached: Vec<&str> =
        summary.unreached("protocols::paxos").iter().map(|site| site.name).collect();
    assert_eq!(unreached, [""; 0], "probes that were not reached");
    let reached = summary
        .probes()
        .into_iter()
        .filter(|probe| probe.site.module.starts_with("protocols::paxos") && probe.hits > 0);
    assert!(reached.count() >= 12);
}

#[test]
fn a_planted_bug_is_found_and_replays_from_its_seed_and_from_its_file() {
    let scenario = scenario("paxos");
    let (_, found) = swarm(&scenario, Some(Mutant::Pax06), 100);
    let found = found.expect("a trivial bug is found within a hundred seeds");
    let properties: Vec<&str> =
        Mutant::Pax06.violates().iter().map(|p: &Property| p.name()).collect();
    assert!(properties.contains(&found.failure.property.as_str()), "{}", found.failure);

    let again = squall::run(&scenario, &found.case, Record::default()).expect("it can be run");
    assert_eq!(again.trace_hash, found.trace_hash);
    assert_eq!(again.fingerprint(), Some(found.failure.fingerprint()));
    let sound = Case { mutant: None, ..found.case.clone() };
    let sound = squall::run(&scenario, &sound, Record::default()).expect("it can be run");
    assert_eq!(sound.verdict, Verdict::Pass);

    let root = folder("paxos_swarm");
    let corpus = Corpus::aside(&root, "paxos");
    let report = Report::make(&scenario, &found.case, found.trace_hash, &corpus, &root);
    let report = report.expect("it can be run");
    assert!(report.same);
    let path = report.written.expect("the folder can be written");
    let written = Case::read(&path).expect("a case was written");
    assert!(!written.parameters.is_empty() && written.plan.is_some(), "{}", written.to_toml());
    let replayed = squall::run(&scenario, &written, Record::default()).expect("it can be run");
    assert_eq!(replayed.unmatched, [""; 0]);
    assert_eq!(replayed.trace_hash, found.trace_hash);
    assert_eq!(replayed.fingerprint(), written.expected);
}

#[test]
fn planted_bugs_are_found_from_outside_too() {
    let scenario = scenario("paxos-end-to-end");
    for mutant in [Mutant::Pax01, Mutant::Pax04, Mutant::Pax06, Mutant::Pax09] {
        let (_, found) = swarm(&scenario, Some(mutant), 300);
        let found = found.unwrap_or_else(|| panic!("{mutant} was not found"));
        assert_eq!(found.failure.property, "Agreement", "{mutant}: {}", found.failure);
    }
}
