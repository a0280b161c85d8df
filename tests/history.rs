//! Histories: recorded inside of a simulation, judged, written down, and read by the judge of files.

#[path = "history/recording.rs"]
mod recording;
#[path = "history/register.rs"]
mod register;
#[path = "history/store.rs"]
mod store;
#[path = "history/transactions.rs"]
mod transactions;
#[path = "history/wire.rs"]
mod wire;

use squall::{Case, Outcome, Record, Scenario, Seed, Verdict, run};

/// The outcomes of the first `seeds` cases.
fn outcomes(scenario: &Scenario, seeds: u64) -> Vec<Outcome> {
    let one = |seed| {
        let case = Case::from_seed(scenario, Seed(seed));
        run(scenario, &case, Record::default()).expect("a case of its own scenario")
    };
    (1..=seeds).map(one).collect()
}

/// That some seeds fail, all of them for this property and with a sentence; returns the messages.
#[track_caller]
fn fails(scenario: &Scenario, seeds: u64, property: &str) -> Vec<String> {
    let mut messages = Vec::new();
    for outcome in outcomes(scenario, seeds) {
        match outcome.verdict {
            Verdict::Pass => {}
            Verdict::Fail(failure) => {
                assert_eq!(failure.fingerprint(), format!("check:{property}"));
                assert!(failure.message.starts_with(&format!("not {property}: ")), "{failure}");
                assert!(!failure.message.contains('\n'), "{failure}");
                messages.push(failure.message);
            }
            Verdict::Undecided(why) => panic!("undecided: {why}"),
        }
    }
    assert!(!messages.is_empty(), "no failure in {seeds} seeds");
    messages
}

/// That no seed fails, and none stays undecided.
#[track_caller]
fn passes(scenario: &Scenario, seeds: u64) {
    for (place, outcome) in outcomes(scenario, seeds).into_iter().enumerate() {
        assert_eq!(outcome.verdict, Verdict::Pass, "seed {}", place + 1);
    }
}
