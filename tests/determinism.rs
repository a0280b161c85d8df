//! Equal cases have equal outcomes: whatever ran before, on whatever thread, in whatever order, with whatever recorded.

mod journal;

use squall::choice::{Edit, Fallback};
use squall::fault::Preset;
use squall::prelude::*;
use squall::trace::{CHECKPOINT_EVERY, Keep};
use squall::{
    Bounds, Branch, Case, Error, FailureKind, Outcome, Record, Scenario, Seed, Summary, Swarm,
    always, check_determinism, guard, yield_now,
};
use std::future::pending;
use std::num::NonZeroUsize;

const SEEDS: u64 = 300;

fn run(scenario: &Scenario, case: &Case, record: Record) -> Outcome {
    squall::run(scenario, case, record).unwrap()
}

fn run_seed(scenario: &Scenario, seed: u64) -> Outcome {
    run(scenario, &Case::from_seed(scenario, Seed(seed)), Record::default())
}

/// The journal, and in five of six seeds something that ends it badly.
fn troubled() -> Scenario {
    let body = |sim: Sim| async move {
        let trouble = sim.seed().0 % 6;
        if trouble > 0 {
            // Fifty milliseconds in, everything is under way.
            let fate = sim.node("trouble", move || cause(trouble));
            spawn(async move {
                fate.finished().await.map_err(|error| Error::check("planted", error))?;
                squall::Result::Ok(())
            });
        }
        let outcome = journal::run(sim).await;
        match trouble {
            0 => outcome,
            1 => Err(Error::check("planted", "the test itself says so")),
            _ => pending().await,
        }
    };
    Scenario::new("troubled", body)
        .bounds(Bounds { polls_at_one_instant: 3_000, ..Bounds::default() })
}

async fn cause(trouble: u64) {
    sleep(50.millis()).await;
    match trouble {
        2 => panic!("planted"),
        4 => loop {
            yield_now().await;
        },
        5 => always!(false, "planted"),
        _ => {}
    }
}

fn expected(trouble: u64) -> Option<FailureKind> {
    match trouble {
        0 => None,
        1 => Some(FailureKind::Check),
        2 => Some(FailureKind::Panic),
        3 => Some(FailureKind::Stall),
        4 => Some(FailureKind::Livelock),
        _ => Some(FailureKind::Always),
    }
}

fn kind(outcome: &Outcome) -> Option<FailureKind> {
    outcome.verdict.failure().map(|failure| failure.kind)
}

fn swarm(scenario: &Scenario, jobs: usize, reversed: bool) -> Summary {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    let swarm = Swarm::new(scenario).seeds(SEEDS).jobs(jobs).keep_going().keep_hashes();
    let swarm = swarm.profile(Preset::Stormy);
    let swarm = if reversed { swarm.reversed() } else { swarm };
    swarm.run(|_| {}).unwrap()
}

/// Everything that a swarm comes to, but for the time it took and the order in which it went.
fn comes_to(summary: &Summary) -> impl PartialEq + std::fmt::Debug + use<> {
    let ledger: Vec<_> = summary.ledger.iter().map(|(kind, total)| (*kind, *total)).collect();
    let figures = (summary.seeds, summary.failures, summary.events, summary.virtual_time);
    (figures, summary.fingerprints.clone(), ledger, summary.digest, summary.hashes.clone())
}

#[test]
fn threads_and_order_do_not_matter() {
    for scenario in [journal::journal(), troubled()] {
        let reference = swarm(&scenario, 1, false);
        assert_eq!(reference.hashes.len() as u64, SEEDS);
        for (jobs, reversed) in [(1, true), (2, false), (2, true), (3, false)] {
            let other = swarm(&scenario, jobs, reversed);
            assert_eq!(comes_to(&reference), comes_to(&other), "{jobs} threads, {reversed}");
        }
        // Each seed alone, on a thread that has run nothing yet.
        for (seed, hash) in reference.hashes.iter().take(30) {
            let case = Case { profile: Preset::Stormy.into(), ..Case::from_seed(&scenario, *seed) };
            let alone =
                guard::on_clean_thread(|| run(&scenario, &case, Record::default()).trace_hash);
            assert_eq!(alone, *hash, "seed {seed}");
        }
    }
}

#[test]
fn seeds_differ_and_faults_strike() {
    let summary = swarm(&journal::journal(), 2, false);
    assert_eq!(summary.failures, 0, "{:?}", summary.fingerprints);
    let different: std::collections::BTreeSet<u64> = summary.hashes.values().copied().collect();
    assert_eq!(different.len() as u64, SEEDS, "two seeds ran alike");
    for kind in ["kill", "power_off", "loss", "duplicate", "partition"] {
        let total = summary.ledger[kind];
        assert!(total.cases >= 20 && total.observed > 0, "{kind}: {total:?}");
    }
    assert!(summary.unreached("determinism::journal").is_empty());
}

#[test]
fn what_failed_before_does_not_matter() {
    let (journal, troubled) = (journal::journal(), troubled());
    for seed in [3, 8] {
        guard::on_clean_thread(|| {
            let alone = run_seed(&journal, seed).trace_hash;
            for trouble in 0..6 {
                let outcome = run_seed(&troubled, 60 + trouble);
                assert_eq!(kind(&outcome), expected(trouble), "{}", outcome.verdict);
                assert_eq!(run_seed(&journal, seed).trace_hash, alone, "after {trouble}");
            }
            assert!(guard::is_clean(), "all of it ran on this thread");
        });
    }
}

#[test]
fn what_is_kept_does_not_matter() {
    let scenario = troubled();
    for seed in 60..78 {
        let case = Case::from_seed(&scenario, Seed(seed));
        let bare = run(&scenario, &case, Record::default());
        assert!(bare.lines.is_empty() && bare.records.is_empty() && bare.choices.is_empty());
        for (keep, choices) in [
            (Keep::Hash, true),
            (Keep::Records, false),
            (Keep::Text, false),
            (Keep::Text, true),
            (Keep::Records, true),
        ] {
            let kept = run(&scenario, &case, Record { keep, choices });
            assert_eq!(kept.trace_hash, bare.trace_hash, "seed {seed}, {keep:?}, {choices}");
            assert_eq!(kept.checkpoints, bare.checkpoints);
            assert_eq!(kept.verdict, bare.verdict);
            assert_eq!((kept.figures.events, &kept.plan), (bare.figures.events, &bare.plan));
            assert_eq!(keep == Keep::Records, !kept.records.is_empty());
            assert_eq!(keep == Keep::Text, !kept.lines.is_empty());
            assert_eq!(choices, !kept.choices.is_empty());
        }
    }
}

#[test]
fn a_case_written_down_is_the_same_case() {
    let scenario = troubled();
    let mut faults = 0;
    for (profile, seed) in Preset::ALL.into_iter().flat_map(|p| (1..=60).map(move |seed| (p, seed)))
    {
        let drawn = Case { profile: profile.into(), ..Case::from_seed(&scenario, Seed(seed)) };
        let outcome = run(&scenario, &drawn, Record::default());
        let text = outcome.written_down(&drawn).to_toml();
        let written = Case::from_toml(&text).unwrap();
        faults += written.plan.as_ref().unwrap().faults.len();
        let again = run(&scenario, &written, Record::default());
        assert_eq!(again.trace_hash, outcome.trace_hash, "{profile}, seed {seed}:\n{text}");
        assert_eq!(again.verdict, outcome.verdict);
        assert_eq!(written.expected, again.fingerprint());
        assert!(again.unmatched.is_empty(), "{:?}", again.unmatched);
        // Writing it down once more adds nothing.
        assert_eq!(again.written_down(&written), written);
    }
    assert!(faults > 200, "{faults} faults are too few to show anything");
}

/// The recorded choices of a run, as edits over nothing but benign outcomes.
fn as_edits(outcome: &Outcome) -> Vec<Edit> {
    let choices = outcome.choices.iter();
    choices
        .map(|choice| Edit {
            path: choice.path.clone(),
            counter: choice.counter,
            outcome: choice.outcome,
        })
        .collect()
}

#[test]
fn choices_pasted_as_edits_are_the_run() {
    let scenario = journal::journal();
    for seed in 1..=8 {
        let drawn = Case::from_seed(&scenario, Seed(seed));
        let outcome = run(&scenario, &drawn, Record { keep: Keep::Hash, choices: true });
        let edits = as_edits(&outcome);
        let edited = Case { edits, fallback: Fallback::Benign, ..drawn.clone() };
        let again = run(&scenario, &Case::from_toml(&edited.to_toml()).unwrap(), Record::default());
        assert_eq!(again.trace_hash, outcome.trace_hash, "seed {seed}");
        assert!(again.unmatched.is_empty(), "{:?}", again.unmatched);
        // Without the edits all is benign: another run, in which nothing is lost.
        let benign = run(&scenario, &Case { edits: Vec::new(), ..edited }, Record::default());
        assert_ne!(benign.trace_hash, outcome.trace_hash);
        assert!(benign.plan.unwrap().faults.is_empty());
    }
}

#[test]
fn a_branch_leaves_what_was_before_it() {
    let scenario = journal::journal();
    let mut drawn = Case::from_seed(&scenario, Seed(4));
    // Long enough to be left after its first checkpoint.
    drawn.parameters = [("servers".into(), 3), ("clients".into(), 4)].into();
    let outcome = run(&scenario, &drawn, Record::default());
    assert!(outcome.checkpoints.len() >= 2, "{}", outcome.figures.events);
    let branches = vec![Branch { event: CHECKPOINT_EVERY, epoch: 1 }];
    let branched = run(&scenario, &Case { branches, ..drawn }, Record::default());
    assert_eq!(branched.checkpoints[0], outcome.checkpoints[0]);
    assert_ne!(branched.checkpoints[1], outcome.checkpoints[1]);
    assert_ne!(branched.trace_hash, outcome.trace_hash);
}

#[test]
fn the_check_is_content_with_what_is_deterministic() {
    let (journal, troubled) = (journal::journal(), troubled());
    for seed in 60..72 {
        for scenario in [&journal, &troubled] {
            let case = Case::from_seed(scenario, Seed(seed));
            assert_eq!(check_determinism(scenario, &case), Ok(None), "seed {seed}");
        }
    }
}
