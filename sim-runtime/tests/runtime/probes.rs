//! Probes, buggify sites and knobs.

use crate::{fifo, ms, run, start, value};
use sim_runtime::choice::Ratio;
use sim_runtime::probe::{Buggify, ProbeHits, ProbeKind, SITES, Site};
use sim_runtime::task::spawn;
use sim_runtime::time::sleep;
use sim_runtime::{Config, World};
use std::collections::BTreeMap;

fn seeded(seed: u64) -> Config {
    Config { seed, ..fifo() }
}

fn site(name: &str) -> &'static Site {
    SITES.iter().find(|site| site.name == name).unwrap_or_else(|| panic!("no site `{name}`"))
}

fn hits(probes: &[ProbeHits], name: &str) -> u64 {
    probes.iter().find(|probe| probe.site.name == name).map_or(0, |probe| probe.hits)
}

/// Probes on a loop, and one behind a condition that never holds.
async fn probed(never: bool) {
    for i in 0..10 {
        sim_runtime::always!(i < 10, "i is small");
        sim_runtime::sometimes!(i % 3 == 0, "i is a multiple of three");
        sim_runtime::sometimes!(i > 100, "i is large");
        sim_runtime::reachable!("the loop ran");
        if never {
            sim_runtime::reachable!("the moon");
            sim_runtime::unreachable!("a contradiction");
        }
    }
}

#[test]
fn hits_are_counted() {
    let probes = run(fifo(), probed(false)).probes;
    assert_eq!(hits(&probes, "i is small"), 10);
    assert_eq!(hits(&probes, "i is a multiple of three"), 4);
    assert_eq!(hits(&probes, "the loop ran"), 10);
    for never in ["i is large", "the moon", "a contradiction"] {
        assert_eq!(hits(&probes, never), 0);
    }
    // Each run counts from 0.
    assert_eq!(hits(&run(fifo(), probed(false)).probes, "the loop ran"), 10);
}

#[test]
fn sites_that_were_never_reached_are_known() {
    let moon = site("the moon");
    assert_eq!((moon.kind, moon.module), (ProbeKind::Reachable, "runtime::probes"));
    assert!(moon.file.ends_with("tests/runtime/probes.rs") && moon.line > 20);
    assert_eq!(moon.place(), format!("{}:{}", moon.file, moon.line));
    let kinds = [
        ("i is small", ProbeKind::Always),
        ("i is large", ProbeKind::Sometimes),
        ("a contradiction", ProbeKind::Unreachable),
        ("a site", ProbeKind::Buggify),
        ("a knob", ProbeKind::Knob),
    ];
    for (name, kind) in kinds {
        assert_eq!(site(name).kind, kind);
    }
}

#[test]
fn a_violation_is_told_once_and_the_task_goes_on_to_its_await() {
    let outcome = run(fifo(), async {
        let i = 3;
        sim_runtime::always!(i > 3, "i is large enough");
        World::current(|world| world.injected("went on"));
        sim_runtime::always!(i > 4, "i is larger still");
        sleep(ms(1)).await;
        World::current(|world| world.injected("came back"));
    });
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.to_string(), "i is large enough: i > 3 is false");
    assert_eq!(failure.fingerprint(), format!("always:i is large enough:{}", failure.site));
    let kinds: Vec<_> = outcome.ledger.lines().iter().map(|line| line.kind).collect();
    assert_eq!(kinds, ["went on"]);
}

fn sites() -> [bool; 4] {
    [
        sim_runtime::buggify!("a site"),
        sim_runtime::buggify!("another site"),
        sim_runtime::buggify!("often", on = Ratio::ONE, fires = Ratio::new(1, 2)),
        sim_runtime::buggify!("never", on = Ratio::ONE, fires = Ratio::ZERO),
    ]
}

/// How often each site fires in 100 calls, by seed.
fn fired(config: Config) -> [u32; 4] {
    value(config, async {
        let mut fired = [0; 4];
        for _ in 0..100 {
            for (count, fires) in fired.iter_mut().zip(sites()) {
                *count += u32::from(fires);
            }
        }
        fired
    })
}

#[test]
fn buggify_follows_its_rates() {
    let all: Vec<_> = (0..400).map(|seed| fired(seeded(seed))).collect();
    for which in [0, 1] {
        let on: Vec<_> = all.iter().map(|fired| fired[which]).filter(|fired| *fired > 0).collect();
        assert!((70..130).contains(&on.len()), "a quarter of the cases: {}", on.len());
        let mean = on.iter().sum::<u32>() as usize / on.len();
        assert!((22..29).contains(&mean), "a quarter of the calls: {mean}");
    }
    assert!(all.iter().any(|fired| (fired[0] > 0) != (fired[1] > 0)), "sites draw alone");
    assert!(all.iter().all(|fired| (25..75).contains(&fired[2]) && fired[3] == 0));
}

#[test]
fn buggify_is_adjusted_by_the_case() {
    let with = |on, fires| Config { buggify: Buggify { on, fires }, ..fifo() };
    assert_eq!(fired(with(Ratio::ONE, Ratio::ONE))[..2], [100, 100]);
    assert_eq!(fired(Config { buggify: Buggify::OFF, ..fifo() }), [0; 4]);
    let outcome = run(with(Ratio::ONE, Ratio::ONE), async { sites() });
    assert_eq!(hits(&outcome.probes, "a site"), 1);
    assert_eq!(hits(&outcome.probes, "never"), 0);
}

/// A case fires at the same calls each time, and neither other sites nor other tasks shift them.
#[test]
fn buggify_is_stable() {
    let calls = |seed, others: bool| {
        value(
            Config { seed, buggify: Buggify { on: Ratio::ONE, ..Buggify::default() }, ..fifo() },
            async move {
                let mut fired = Vec::new();
                for _ in 0..50 {
                    if others {
                        sim_runtime::buggify!("one more site");
                        spawn(sleep(ms(1)));
                    }
                    fired.push(sites()[0]);
                }
                fired
            },
        )
    };
    assert_eq!(calls(1, false), calls(1, false));
    assert_eq!(calls(1, false), calls(1, true));
    assert_ne!(calls(1, false), calls(2, false));
}

fn knob() -> u64 {
    sim_runtime::knob!("a knob", 64, 1..=4_096)
}

#[test]
fn a_knob_has_one_value_in_a_run() {
    let mut values: BTreeMap<u64, u32> = BTreeMap::new();
    for seed in 0..200 {
        let outcome = run(seeded(seed), async {
            let elsewhere = start("n", || async {
                knob();
            });
            World::exited(elsewhere).await.unwrap();
            assert_eq!(knob(), knob());
            knob()
        });
        let value = outcome.result.unwrap();
        assert!((1..=4_096).contains(&value));
        let [told] = outcome.knobs.as_slice() else { panic!("one knob was read") };
        assert_eq!((told.name, told.value, told.default), ("a knob", value, 64));
        *values.entry(value).or_default() += 1;
    }
    assert!((80..130).contains(&values[&64]), "half of the cases keep the default: {values:?}");
    assert!(values.range(..10).count() > 3, "every order of magnitude alike: {values:?}");
    assert!(values.range(1_000..).count() > 3, "{values:?}");
}

#[test]
fn a_case_fixes_knobs_by_name() {
    for seed in 0..5 {
        let knobs = BTreeMap::from([("a knob".to_owned(), 7)]);
        assert_eq!(value(Config { knobs, ..seeded(seed) }, async { knob() }), 7);
    }
}

/// Outside of a simulation the macros do next to nothing.
#[test]
fn outside_of_a_run_probes_are_inert() {
    let (i, mut asked) = (3, 0);
    sim_runtime::always!(i > 3, "outside: false and ignored");
    sim_runtime::sometimes!(
        {
            asked += 1;
            true
        },
        "outside: sometimes"
    );
    sim_runtime::reachable!("outside: reached");
    sim_runtime::unreachable!("outside: reached against the rule");
    assert_eq!((sites(), knob(), asked), ([false; 4], 64, 1));
    let after = run(fifo(), async {});
    assert!(after.result.is_ok() && after.probes.is_empty());
}
