//! The order of polls.

use crate::{fifo, ms, now_ms, run, value};
use sim_runtime::choice::Choice;
use sim_runtime::node;
use sim_runtime::task::{Builder, Policy, spawn, yield_now};
use sim_runtime::time::sleep;
use sim_runtime::{Bounds, Config, RunOutcome};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

fn config(policy: Policy, seed: u64) -> Config {
    Config { policy, seed, ..Config::default() }
}

/// Four tasks take four turns each; the order of the turns.
async fn turns() -> Vec<u32> {
    let order = Rc::new(RefCell::new(Vec::new()));
    let tasks = [0, 1, 2, 3].map(|i| {
        let order = order.clone();
        spawn(async move {
            for _ in 0..4 {
                order.borrow_mut().push(i);
                sleep(ms(1)).await;
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    order.take()
}

const FIRST_IN_FIRST_OUT: [u32; 16] = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];

#[test]
fn fifo_is_first_in_first_out() {
    for seed in 0..5 {
        assert_eq!(value(config(Policy::Fifo, seed), turns()), FIRST_IN_FIRST_OUT);
    }
}

#[test]
fn a_seed_decides_the_order_and_seeds_differ() {
    for policy in [Policy::Random, Policy::Pct(2), Policy::Pct(3), Policy::Portfolio] {
        let mut orders: Vec<_> = (0..20)
            .map(|seed| {
                let order = value(config(policy, seed), turns());
                assert_eq!(order, value(config(policy, seed), turns()), "{policy} {seed}");
                order
            })
            .collect();
        orders.sort();
        orders.dedup();
        assert!(orders.len() >= 10, "{policy}: {} orders", orders.len());
    }
}

#[test]
fn a_portfolio_rotates_over_all_its_policies() {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..500 {
        *seen.entry(Policy::Portfolio.resolve(seed).to_string()).or_default() += 1;
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["fifo", "pct:2", "pct:3", "random"]);
    assert!(seen["random"] > 150 && seen["random"] < 250, "{seen:?}");
    assert!(seen["fifo"] > 60 && seen["pct:2"] > 60 && seen["pct:3"] > 60, "{seen:?}");
}

/// PCT draws one priority for the life of a task, so but for the changes one order of tasks holds all the time.
#[test]
fn pct_keeps_its_priorities() {
    for seed in 0..20 {
        let order = value(config(Policy::Pct(1), seed), turns());
        assert_eq!(order[..4], order[4..8]);
        assert_eq!(order[..4], order[8..12]);
        assert_eq!(order[..4], order[12..]);
    }
}

/// A task that spins until another sets a flag, with timers beside: nobody is kept from running for ever, and time passes.
#[test]
fn no_policy_starves_others_or_time() {
    for policy in [Policy::Fifo, Policy::Random, Policy::Pct(1), Policy::Pct(2), Policy::Pct(9)] {
        for seed in 0..30 {
            let spins = value(config(policy, seed), async {
                let flag = Rc::new(Cell::new(false));
                let spinners = [0, 1].map(|_| {
                    let flag = flag.clone();
                    spawn(async move {
                        let mut spins = 0;
                        while !flag.get() {
                            yield_now().await;
                            spins += 1;
                        }
                        spins
                    })
                });
                let sets = spawn(async move { flag.set(true) });
                let ticks = spawn(async {
                    for _ in 0..10 {
                        sleep(ms(1)).await;
                    }
                    now_ms()
                });
                sets.await.unwrap();
                assert_eq!(ticks.await.unwrap(), 10);
                let mut spins = 0;
                for spinner in spinners {
                    spins += spinner.await.unwrap();
                }
                spins
            });
            assert!(spins <= 200, "{policy} {seed}: {spins}");
        }
    }
}

/// A task of a low priority is not starved for ever by many that spin until it has run: they come to an end within the bound.
#[test]
fn many_spinners_are_no_livelock() {
    for seed in 0..3_000 {
        let bounds = Bounds { polls_at_one_instant: 600, ..Bounds::default() };
        value(Config { bounds, ..config(Policy::Random, seed) }, async {
            let flag = Rc::new(Cell::new(false));
            let spinners = [(); 4].map(|()| {
                let flag = flag.clone();
                spawn(async move {
                    while !flag.get() {
                        yield_now().await;
                    }
                })
            });
            spawn(async move { flag.set(true) }).await.unwrap();
            for spinner in spinners {
                spinner.await.unwrap();
            }
        });
    }
}

/// No policy fires a timer early or late.
#[test]
fn policies_respect_time() {
    for policy in [Policy::Random, Policy::Pct(3)] {
        for seed in 0..20 {
            value(config(policy, seed), async {
                let tasks: Vec<_> = (0..30_u64)
                    .map(|i| {
                        spawn(async move {
                            sleep(ms(i % 7)).await;
                            (now_ms(), i % 7)
                        })
                    })
                    .collect();
                for task in tasks {
                    let (at, planned) = task.await.unwrap();
                    assert_eq!(at, planned);
                }
            });
        }
    }
}

fn by_label(outcome: &RunOutcome<()>) -> BTreeMap<(String, u32), u64> {
    let made = outcome.choices.iter();
    made.map(|Choice { path, counter, outcome, .. }| ((path.clone(), *counter), *outcome)).collect()
}

/// One more task draws its own priorities and leaves those of all others as they are.
#[test]
fn another_task_changes_no_priority() {
    for policy in [Policy::Random, Policy::Pct(3)] {
        let run = |extra: bool| {
            let config = Config { record_choices: true, ..config(policy, 5) };
            run(config, async move {
                if extra {
                    Builder::new().name("extra").spawn(async {
                        for _ in 0..9 {
                            sleep(ms(1)).await;
                        }
                    });
                }
                let tasks = ["a", "b", "c"].map(|name| Builder::new().name(name).spawn(turns()));
                for task in tasks {
                    task.await.unwrap();
                }
            })
        };
        let (without, with) = (by_label(&run(false)), by_label(&run(true)));
        let mut common = 0;
        for (label, outcome) in &without {
            if let Some(other) = with.get(label) {
                assert_eq!(outcome, other, "{label:?}");
                common += 1;
            }
        }
        assert!(common > without.len() / 2 && common >= 3, "{common} of {}", without.len());
        assert!(with.keys().any(|(path, _)| path == "task/test.0/extra"));
    }
}

#[test]
fn paths_follow_names_and_numbers() {
    let config = Config { record_choices: true, ..config(Policy::Random, 1) };
    let outcome = run(config, async {
        let node = crate::start("db", || async {
            for _ in 0..2 {
                spawn(yield_now());
                Builder::new().name("log").spawn(async {
                    spawn(yield_now()).await.unwrap();
                });
            }
            sleep(ms(1)).await;
        });
        let (one, two) = (spawn(yield_now()), spawn(yield_now()));
        one.await.unwrap();
        two.await.unwrap();
        sim_runtime::World::exited(node).await.unwrap();
    });
    let paths: Vec<_> = outcome.choices.iter().map(|choice| choice.path.as_str()).collect();
    for path in [
        "task/test.0",
        "task/test.0/0",
        "task/test.0/1",
        "task/db.0",
        "task/db.0/0",
        "task/db.0/1",
        "task/db.0/log",
        "task/db.0/log/1",
        "task/db.0/log/0",
        "task/db.0/log/1/0",
    ] {
        assert!(paths.contains(&path), "{path} is not in {paths:?}");
    }
}

/// A task that is alone draws nothing: there is no choice to make.
#[test]
fn one_task_alone_makes_no_choice() {
    let config = Config { record_choices: true, ..config(Policy::Random, 1) };
    let outcome = run(config, async {
        for _ in 0..5 {
            yield_now().await;
            sleep(ms(1)).await;
        }
        assert_eq!(&*node::name(), "test");
    });
    assert_eq!(outcome.choices, []);
}

#[test]
fn policies_are_read_and_written() {
    for text in ["fifo", "random", "portfolio", "pct:1", "pct:99"] {
        assert_eq!(text.parse::<Policy>().unwrap().to_string(), text);
    }
    for text in ["", "FIFO", "pct", "pct:", "pct:0", "pct:100", "pct:-1", "pct:two"] {
        let error = text.parse::<Policy>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is not a policy: write ")), "{error}");
    }
}

/// Memory of tasks that ended is used again, and their ids are told apart.
#[test]
fn many_short_tasks() {
    let outcome = run(fifo(), async {
        let mut last = None;
        for _ in 0..10_000 {
            let task = spawn(async { sim_runtime::task::id() });
            let id = task.id();
            assert_eq!(task.await.unwrap(), id);
            assert_ne!(last.replace(id), Some(id));
        }
    });
    outcome.result.unwrap();
    assert!(outcome.figures.memory < 4_096, "{}", outcome.figures.memory);
}
