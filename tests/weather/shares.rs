//! What shares of the cases are what.

use super::chat::{NODES, chat, everything};
use squall::fault::{Class, kinds};
use squall::{Case, Record, Scenario, Seed, Summary, Swarm, run};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Plans alone: nothing happens.
fn drawn() -> Scenario {
    Scenario::new("drawn", |sim| async move {
        let nodes = sim.nodes("node", NODES, std::future::pending::<()>);
        sim.faults(everything(&nodes));
        Ok(())
    })
}

#[test]
fn kinds_and_classes_have_their_shares() {
    const CASES: u64 = 1_000;
    let scenario = drawn();
    let (mut classes, mut present) = (BTreeMap::<Class, u64>::new(), BTreeMap::new());
    let mut met = BTreeSet::new();
    for seed in 1..=CASES {
        let case = Case::from_seed(&scenario, Seed(seed));
        let outcome = run(&scenario, &case, Record::default()).unwrap();
        *classes.entry(outcome.class).or_default() += 1;
        let plan = outcome.plan.unwrap();
        let of_case: BTreeSet<String> = plan.faults.into_iter().map(|fault| fault.kind).collect();
        match outcome.class {
            Class::Quiet => assert!(of_case.is_empty(), "seed {seed}"),
            Class::SingleFault | Class::SingleKind => assert_eq!(of_case.len(), 1, "seed {seed}"),
            Class::Everything => assert_eq!(of_case.len(), kinds().len(), "seed {seed}"),
            Class::Coins | Class::Given => {}
        }
        for a in &of_case {
            *present.entry(a.clone()).or_insert(0) += 1;
            met.extend(of_case.iter().map(|b| (a.clone(), b.clone())));
        }
    }
    let share = |class| classes.get(&class).copied().unwrap_or(0) * 100 / CASES;
    let single = share(Class::SingleFault) + share(Class::SingleKind);
    for (what, share, about) in [
        ("quiet", share(Class::Quiet), 10),
        ("single", single, 10),
        ("coins", share(Class::Coins), 60),
        ("everything", share(Class::Everything), 20),
    ] {
        assert!(share.abs_diff(about) <= 4, "{what}: {share}%, {classes:?}");
    }
    for kind in kinds() {
        let absent = (CASES - present[kind.name]) * 100 / CASES;
        assert!((40..=60).contains(&absent), "{} is absent in {absent}%: {present:?}", kind.name);
    }
    assert_eq!(met.len(), kinds().len() * kinds().len());
}

#[test]
fn every_two_kinds_meet() {
    let summary = Swarm::new(&chat(None)).seeds(1_000).run(|_| {}).unwrap();
    assert_eq!(summary.pairs_unmet(), []);
}

/// What a swarm says about its depth.
fn depth(summary: &Summary) -> impl PartialEq + std::fmt::Debug + use<> {
    let pairs = summary.pairs_unmet();
    let spreads = (summary.events_of_runs(), summary.exports_of_runs(), summary.memory_of_runs());
    (spreads, summary.unseen(), pairs, summary.classes().clone(), summary.postponed)
}

#[test]
fn threads_and_order_do_not_change_the_figures() {
    let scenario = chat(None);
    let swarm = |jobs| {
        let jobs = NonZeroUsize::new(jobs).unwrap();
        Swarm::new(&scenario).seeds(100).jobs(jobs).keep_going()
    };
    let one = swarm(1).run(|_| {}).unwrap();
    assert!(one.events_of_runs().p50 > 1_000 && one.memory_of_runs().p50 > 1_000);
    assert!(one.unseen().is_some());
    for other in [swarm(2), swarm(3), swarm(2).reversed()] {
        assert_eq!(depth(&one), depth(&other.run(|_| {}).unwrap()));
    }
}
