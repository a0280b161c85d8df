//! The directed profile goes through plans in a fixed order.

use super::chat::{NODES, everything};
use squall::fault::{FaultPlan, Preset};
use squall::prelude::*;
use squall::{Case, Record, Scenario, Seed, run};
use std::collections::{BTreeMap, BTreeSet};

fn plan(scenario: &Scenario, seed: u64) -> FaultPlan {
    let case = Case { profile: Preset::Directed.into(), ..Case::from_seed(scenario, Seed(seed)) };
    run(scenario, &case, Record::default()).unwrap().plan.unwrap()
}

fn of_everything() -> Scenario {
    Scenario::new("all", |sim| async move {
        let nodes = sim.nodes("node", NODES, std::future::pending::<()>);
        sim.faults(everything(&nodes));
        Ok(())
    })
}

fn small() -> Scenario {
    Scenario::new("small", |sim| async move {
        let nodes = sim.nodes("node", 2, std::future::pending::<()>);
        sim.faults(FaultModel::none().and(&["kill", "isolate"]).also(&nodes));
        Ok(())
    })
}

#[test]
fn consecutive_seeds_are_different_plans() {
    for (scenario, seeds) in [(of_everything(), 10_000), (small(), 10_000)] {
        let mut first = BTreeMap::new();
        for seed in 0..seeds {
            let text = format!("{:?}", plan(&scenario, seed));
            if let Some(before) = first.insert(text.clone(), seed) {
                panic!("seeds {before} and {seed} of {scenario:?} are one plan: {text}");
            }
        }
    }
}

#[test]
fn a_plan_has_one_to_three_faults_and_follows_from_its_number() {
    let scenario = of_everything();
    let mut kinds = BTreeMap::<usize, BTreeSet<String>>::new();
    for seed in 0..300 {
        let plan = plan(&scenario, seed);
        assert_eq!(plan, self::plan(&scenario, seed));
        assert!((1..=3).contains(&plan.faults.len()), "{plan:?}");
        let seen = kinds.entry(plan.faults.len()).or_default();
        seen.extend(plan.faults.into_iter().map(|fault| fault.kind));
    }
    // Every kind early, alone and in company.
    let all = squall::fault::kinds().len();
    assert!(kinds.len() == 3 && kinds.values().all(|kinds| kinds.len() == all), "{kinds:?}");
}

/// Two kinds, two nodes, 52 moments of a kill and 4 of an isolation, three lengths: 336 plans of one fault.
#[test]
fn every_single_fault_of_a_small_model_comes_soon() {
    let scenario = small();
    let mut singles = BTreeSet::new();
    let mut combinations = BTreeSet::new();
    for seed in 0..3 * 336 {
        let plan = plan(&scenario, seed);
        if let [fault] = &plan.faults[..] {
            singles.insert(format!("{fault:?}"));
            combinations.insert((
                fault.kind.clone(),
                fault.on.clone(),
                fault.at,
                format!("{:?}", fault.point),
            ));
        }
    }
    assert_eq!((singles.len(), combinations.len()), (336, 2 * (52 + 4)));
}
