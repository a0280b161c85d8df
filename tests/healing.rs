//! What is healed runs, whatever was being done to it at that moment.

use squall::prelude::*;
use squall::{Case, Record, Scenario, Seed};
use std::future::pending;

/// A node that does not listen when it is told to shut down; the faults end while it is told so.
fn deaf(heals: bool) -> Scenario {
    Scenario::new("deaf", move |sim| async move {
        let nodes = sim.nodes("deaf", 1, pending::<()>);
        sim.faults(FaultModel::crash_recovery());
        sleep(5_500.millis()).await;
        if heals {
            sim.heal_all();
        }
        // Longer than anybody who is told to shut down may take.
        sleep(20.seconds()).await;
        squall::always!(nodes.get(0).is_up(), "it runs");
        squall::Result::Ok(())
    })
}

fn told_to_shut_down(at: &str, lasts: &str) -> String {
    format!(
        "squall = \"0.1.0\"\nchoices = \"choice-v1\"\nscenario = \"deaf\"\nversion = 1\nseed = \"0x1\"\n\
         [[plan.faults]]\nat = \"{at}\"\nkind = \"shutdown\"\non = [\"deaf-0\"]\nfor = \"{lasts}\"\n"
    )
}

#[test]
fn a_node_that_is_shutting_down_is_healed_too() {
    let case = Case::from_toml(&told_to_shut_down("5s", "10s")).unwrap();
    let outcome = squall::run(&deaf(true), &case, Record::default()).unwrap();
    assert_eq!(outcome.verdict, squall::Verdict::Pass);
}

#[test]
fn a_shutdown_shorter_than_its_grace_leaves_nobody_down() {
    let case = Case::from_toml(&told_to_shut_down("5s", "0.01s")).unwrap();
    let outcome = squall::run(&deaf(false), &case, Record::default()).unwrap();
    assert_eq!(outcome.verdict, squall::Verdict::Pass);
}

#[test]
fn whatever_the_seed_a_healed_node_runs() {
    for seed in 1..=200 {
        let scenario = deaf(true);
        let case = Case {
            profile: squall::fault::Preset::Stormy.into(),
            ..Case::from_seed(&scenario, Seed(seed))
        };
        let outcome = squall::run(&scenario, &case, Record::default()).unwrap();
        assert_eq!(outcome.verdict, squall::Verdict::Pass, "seed {seed}");
    }
}
