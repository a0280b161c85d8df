//! Choices within a run: edits, the benign fallback, branches, and random numbers of tasks.

use crate::{fifo, ms, run, value};
use rand::{Rng, RngExt};
use sim_runtime::choice::{Edit, Edits, Fallback, Unmatched};
use sim_runtime::task::{Builder, Policy, spawn, yield_now};
use sim_runtime::time::sleep;
use sim_runtime::trace::{CHECKPOINT_EVERY, Keep};
use sim_runtime::{Config, RunOutcome};
use std::cell::RefCell;
use std::rc::Rc;

fn config(policy: Policy, seed: u64) -> Config {
    Config { policy, seed, record_choices: true, ..Config::default() }
}

/// Three named tasks take one turn each.
fn turns(config: Config) -> RunOutcome<Vec<&'static str>> {
    run(config, async {
        let order = Rc::new(RefCell::new(Vec::new()));
        let tasks = ["a", "b", "c"].map(|name| {
            let order = order.clone();
            Builder::new().name(name).spawn(async move { order.borrow_mut().push(name) })
        });
        for task in tasks {
            task.await.unwrap();
        }
        order.take()
    })
}

fn edits(edits: &[&str], fallback: Fallback) -> Edits {
    Edits { edits: edits.iter().map(|text| text.parse().unwrap()).collect(), fallback }
}

#[test]
fn edits_of_tasks_change_the_schedule() {
    for seed in 0..10 {
        let with = |texts: &[&str]| {
            let edits = edits(texts, Fallback::Drawn);
            turns(Config { edits, ..config(Policy::Random, seed) }).result.unwrap()
        };
        let (low, high) = (0, u32::MAX);
        let first = |name: &str| format!("task/test.0/{name}#0 = {high}");
        let last = |name: &str| format!("task/test.0/{name}#0 = {low}");
        let order = with(&[&first("c"), &last("a")]);
        assert_eq!(order, ["c", "b", "a"]);
        let order = with(&[&first("b"), &last("c")]);
        assert_eq!(order, ["b", "a", "c"]);
    }
}

#[test]
fn edits_that_meet_no_choice_are_told() {
    let unknown = ["task/test.0/a#99 = 1", "task/test.0/nobody#0 = 1"];
    let all = [unknown[0], unknown[1], "task/test.0/a#0 = 5"];
    let outcome =
        turns(Config { edits: edits(&all, Fallback::Drawn), ..config(Policy::Random, 1) });
    let mut expected = unknown.map(|text| Unmatched(text.parse::<Edit>().unwrap())).to_vec();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(outcome.unmatched, expected);
}

/// The benign fallback makes any policy first in, first out; edits then name the only exceptions.
#[test]
fn benign_is_first_in_first_out() {
    for policy in [Policy::Random, Policy::Pct(1), Policy::Pct(3)] {
        for seed in 0..20 {
            let benign = |texts: &[&str]| {
                let edits = edits(texts, Fallback::Benign);
                turns(Config { edits, ..config(policy, seed) }).result.unwrap()
            };
            assert_eq!(benign(&[]), ["a", "b", "c"]);
            let first = format!("task/test.0/c#0 = {}", u32::MAX);
            assert_eq!(benign(&[&first]), ["c", "a", "b"], "{policy}");
        }
    }
}

/// The same in a longer run with yields and timers: not only the order of the tasks, every event is that of `fifo`.
#[test]
fn benign_equals_fifo_event_by_event() {
    let busy = |config| {
        run(config, async {
            let tasks: Vec<_> = (0..5_u64)
                .map(|i| {
                    spawn(async move {
                        for turn in 0..6 {
                            if (i + turn) % 2 == 0 {
                                yield_now().await;
                            } else {
                                sleep(ms(1)).await;
                            }
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        })
        .trace_hash
    };
    let plain = busy(fifo());
    for policy in [Policy::Random, Policy::Pct(2), Policy::Pct(5)] {
        for seed in 0..10 {
            let edits = edits(&[], Fallback::Benign);
            assert_eq!(busy(Config { edits, ..config(policy, seed) }), plain, "{policy} {seed}");
            assert_ne!(busy(config(policy, seed)), plain, "{policy} {seed}");
        }
    }
}

/// A recording, taken as edits under another seed, is the same run again.
#[test]
fn a_recording_replays_under_another_seed() {
    let recorded = turns(config(Policy::Random, 11));
    let taken = recorded.choices.iter().map(|choice| Edit {
        path: choice.path.clone(),
        counter: choice.counter,
        outcome: choice.outcome,
    });
    let edits = Edits { edits: taken.collect(), fallback: Fallback::Benign };
    let again = turns(Config { edits, ..config(Policy::Random, 12) });
    assert_eq!(again.trace_hash, recorded.trace_hash);
    assert_eq!(again.unmatched, []);
}

fn long(branches: Vec<(u64, u64)>) -> RunOutcome<Vec<u64>> {
    let config = Config { branches, keep: Keep::Records, ..config(Policy::Random, 4) };
    run(config, async {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                spawn(async {
                    let mut rng = sim_runtime::rand::rng();
                    for _ in 0..1_000 {
                        sleep(ms(rng.random_range(0..4))).await;
                    }
                    rng.next_u64()
                })
            })
            .collect();
        let mut last = Vec::new();
        for task in tasks {
            last.push(task.await.unwrap());
        }
        last
    })
}

#[test]
fn a_branch_keeps_what_was_before_it() {
    let plain = long(vec![]);
    let at = 4 * CHECKPOINT_EVERY + 9;
    let (one, two) = (long(vec![(at, 1)]), long(vec![(at, 2)]));
    for (x, y) in [(&plain, &one), (&plain, &two), (&one, &two)] {
        assert_eq!(x.checkpoints[..4], y.checkpoints[..4]);
        assert!(x.checkpoints[5..].iter().zip(&y.checkpoints[5..]).all(|(x, y)| x != y));
        let difference = sim_runtime::trace::first_difference(&x.records, &y.records).unwrap();
        assert!(difference.index as u64 >= at, "{difference}");
        assert!((difference.index as u64) < at + 40, "{difference}");
        assert_ne!(x.result, y.result);
    }
    assert_eq!(one.trace_hash, long(vec![(at, 1)]).trace_hash);
    // A branch of a branch, in any order of writing.
    let nested = long(vec![(2 * at, 7), (at, 1)]);
    assert_eq!(nested.checkpoints[..8], one.checkpoints[..8]);
    assert_ne!(nested.trace_hash, one.trace_hash);
    assert_eq!(nested.trace_hash, long(vec![(at, 1), (2 * at, 7)]).trace_hash);
    // One beyond the end changes nothing.
    assert_eq!(long(vec![(1_000_000, 1)]).trace_hash, plain.trace_hash);
}

/// Each task has random numbers of its own, through all the traits of `rand`.
#[test]
fn a_draw_in_one_task_changes_no_other() {
    let draws = |seed, extra: bool| {
        value(Config { seed, ..fifo() }, async move {
            let tasks = [0, 1, 2].map(|i| {
                spawn(async move {
                    let mut rng = sim_runtime::rand::rng();
                    if extra && i == 1 {
                        rng.next_u32();
                    }
                    yield_now().await;
                    let mut bytes = [0; 5];
                    rng.fill_bytes(&mut bytes);
                    (rng.next_u64(), rng.next_u32(), rng.random_range(0..1_000), bytes)
                })
            });
            let mut all = Vec::new();
            for task in tasks {
                all.push(task.await.unwrap());
            }
            all
        })
    };
    let (plain, extra) = (draws(1, false), draws(1, true));
    assert_eq!((plain[0], plain[2]), (extra[0], extra[2]));
    assert_ne!(plain[1], extra[1]);
    assert!(plain[0] != plain[1] && plain[1] != plain[2]);
    assert_eq!(plain, draws(1, false));
    assert_ne!(plain, draws(2, false));
}

/// A generator that is passed on draws from the task that uses it, and a new life of a process draws anew.
#[test]
fn numbers_belong_to_the_task_and_the_life() {
    value(fifo(), async {
        let passed = sim_runtime::rand::rng();
        let mut kept = passed.clone();
        let (theirs, own) = spawn(async move {
            let mut passed = passed;
            let theirs = passed.next_u64();
            (theirs, sim_runtime::rand::rng().next_u64())
        })
        .await
        .unwrap();
        assert_ne!(theirs, own, "one stream: the second draw goes on after the first");
        assert_ne!(kept.next_u64(), theirs);
        let drawn: Rc<RefCell<Vec<u64>>> = Rc::default();
        let inner = drawn.clone();
        let id = crate::start("n", move || {
            let drawn = inner.clone();
            async move { drawn.borrow_mut().push(sim_runtime::rand::rng().next_u64()) }
        });
        for _ in 0..3 {
            sim_runtime::World::exited(id).await.unwrap();
            sim_runtime::World::current(|world| world.start(id));
        }
        sim_runtime::World::exited(id).await.unwrap();
        let mut drawn = drawn.take();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 4);
    });
}
