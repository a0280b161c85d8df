//! The weather that Paxos gets: every kind in about half of the cases, every two of them together, and a plan by hand that brings
//! a rare bug to light.

use protocols::scenarios;
use squall::{Case, Record, Scenario, Seed, Swarm, run};

fn paxos() -> Scenario {
    scenarios().into_iter().find(|scenario| scenario.name() == "paxos").expect("it is there")
}

#[test]
fn each_kind_strikes_in_half_of_the_cases() {
    let scenario = paxos();
    let early = Swarm::new(&scenario).seeds(200).run(|_| {}).unwrap();
    assert_eq!((early.failures, early.unobserved()), (0, vec![]), "{:?}", early.ledger);
    let later = Swarm::new(&scenario).first_seed(Seed(201)).seeds(1_000).run(|_| {}).unwrap();
    assert_eq!((later.failures, later.pairs_unmet()), (0, vec![]), "{:?}", later.fingerprints);
    for kind in &later.declared {
        let total = later.ledger[kind];
        for (what, cases) in [("planned", total.planned), ("struck", total.cases)] {
            assert!((400..=600).contains(&cases), "{kind} {what} in {cases} of 1,000 cases");
        }
        assert!(total.observed <= total.injected && total.cases <= total.planned, "{total:?}");
    }
}

/// What M-PAX-08 needs: a proposer that dies between the first copies of its proposal, and promises that come twice.
const DIES_AT_ITS_FOURTH_MESSAGE: &str = r#"
[[plan.faults]]
at = "0s"
kind = "duplicate"
for = "60s"
magnitude = 1000000

[[plan.faults]]
kind = "kill"
on = ["proposer-0"]
for = "2ms"
point = { name = "after-send", on = "proposer-0", nth = 4 }
"#;

fn fails(seed: u64, mutant: Option<&str>) -> Option<String> {
    let scenario = paxos();
    let case = Case { mutant: mutant.map(str::to_owned), ..Case::from_seed(&scenario, Seed(seed)) };
    let text = case.to_toml();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let text = format!("{}\n{DIES_AT_ITS_FOURTH_MESSAGE}", lines.join("\n"));
    let case = Case::from_toml(&text).unwrap();
    run(&scenario, &case, Record::default()).unwrap().fingerprint()
}

#[test]
fn a_crash_at_a_message_lets_a_proposer_without_memory_be_seen() {
    let found = (1..=3_000).find_map(|seed| fails(seed, Some("M-PAX-08")));
    assert_eq!(found.as_deref(), Some("check:OneValuePerBallot"));
    assert!((1..=200).all(|seed| fails(seed, None).is_none()));
}
