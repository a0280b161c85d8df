//! Never more nodes down or damaged at once than the system tolerates.

use super::chat::case_with;
use rand::RngExt;
use squall::fault::Budget;
use squall::node::shutdown_requested;
use squall::prelude::*;
use squall::trace::{Keep, Line};
use squall::{Case, Outcome, Record, Scenario, Seed, run};
use std::collections::BTreeSet;

const NODES: usize = 5;
const DOWN_MAX: usize = 2;

/// Nodes that take their time to shut down, or more than they are given.
fn lives(beyond: usize) -> Scenario {
    Scenario::new("lives", move |sim| async move {
        let nodes = sim.nodes("node", NODES, || async {
            shutdown_requested().await;
            sleep(squall::rand::rng().random_range(0..1_500).millis()).await;
        });
        let budget = Budget { nodes: nodes.ids().collect(), down_max: DOWN_MAX };
        let all: Vec<&'static str> = squall::fault::kinds().iter().map(|kind| kind.name).collect();
        sim.faults(FaultModel::none().and(&all).tolerates(budget).beyond(beyond));
        sleep(20.seconds()).await;
        Ok(())
    })
}

fn outcome(scenario: &Scenario, seed: u64) -> Outcome {
    let case = Case {
        profile: squall::fault::Preset::Stormy.into(),
        ..Case::from_seed(scenario, Seed(seed))
    };
    run(scenario, &case, Record { keep: Keep::Text, choices: false }).unwrap()
}

/// The most nodes that are down, frozen or replaced at once, and how many were replaced.
fn most(lines: &[Line]) -> (usize, usize) {
    let (mut down, mut frozen, mut wiped) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut most = 0;
    for line in lines {
        let node = line.node.to_string();
        match line.text.strip_prefix("node ") {
            Some("end wipe") => {
                wiped.insert(node.clone());
                down.insert(node);
            }
            Some("pause") => {
                frozen.insert(node);
            }
            Some("resume") => {
                frozen.remove(&node);
            }
            Some(text) if text.starts_with("end ") => {
                frozen.remove(&node);
                down.insert(node);
            }
            Some(text) if text.starts_with("start") => {
                down.remove(&node);
            }
            Some(_) | None => {}
        }
        let failing: BTreeSet<_> = down.iter().chain(&frozen).chain(&wiped).collect();
        most = most.max(failing.len());
    }
    (most, wiped.len())
}

fn over_seeds(beyond: usize, seeds: u64) -> (usize, usize, u64) {
    let scenario = lives(beyond);
    let (mut reached, mut replaced, mut postponed) = (0, 0, 0);
    for seed in 1..=seeds {
        let outcome = outcome(&scenario, seed);
        let (failing, wiped) = most(&outcome.lines);
        assert!(failing <= DOWN_MAX + beyond, "seed {seed}: {failing} of {NODES} at once");
        reached = reached.max(failing);
        replaced = replaced.max(wiped);
        postponed += outcome.postponed;
    }
    (reached, replaced, postponed)
}

#[test]
fn a_budget_is_never_left() {
    let (reached, replaced, postponed) = over_seeds(0, 2_000);
    // It is used up, by wipes alone too, and what would leave it is counted.
    assert_eq!((reached, replaced), (DOWN_MAX, DOWN_MAX));
    assert!(postponed > 500, "{postponed}");
}

#[test]
fn beyond_goes_beyond_by_as_much_as_it_says() {
    assert_eq!(over_seeds(1, 300).0, DOWN_MAX + 1);
    assert_eq!(over_seeds(NODES, 300).0, NODES);
}

/// What is down cannot be replaced by a fault: its disk stays, and the budget is not used up for ever.
#[test]
fn what_is_down_is_not_damaged() {
    let scenario = Scenario::new("wiped", |sim| async move {
        let nodes = sim.nodes("node", 3, std::future::pending::<()>);
        sim.faults(FaultModel::crash_recovery().wipes().tolerates(minority(&nodes)));
        sleep(1.seconds()).await;
        assert_eq!(sim.damaged(), []);
        sleep(2.seconds()).await;
        assert_eq!(sim.damaged(), [nodes.get(1)]);
        sleep(2.seconds()).await;
        // For ever: node-2 would be the second.
        assert!(nodes.get(2).is_up());
        Ok(())
    });
    let fault = |kind: &str, on: &str, at: &str, lasts: &str| {
        format!(
            "[[plan.faults]]\nkind = \"{kind}\"\non = [\"{on}\"]\nat = \"{at}\"\nfor = \"{lasts}\"\n"
        )
    };
    let plan = [
        fault("kill", "node-0", "0s", "1.5s"),
        fault("wipe", "node-0", "500ms", "1s"),
        fault("wipe", "node-1", "2s", "100ms"),
        fault("kill", "node-2", "4s", "100ms"),
    ];
    let case = case_with(&scenario, 1, &plan.concat()).unwrap();
    let outcome = run(&scenario, &case, Record::default()).unwrap();
    assert_eq!((outcome.fingerprint(), outcome.postponed), (None, 1));
}
