//! Why runs fail: each way with its kind, its site, its words, and a fingerprint that is the same for all seeds.

use crate::{fifo, ms, run, start};
use sim_runtime::guard;
use sim_runtime::task::{Builder, JoinSet, Policy, spawn, yield_now};
use sim_runtime::time::{Duration, sleep};
use sim_runtime::{Bounds, Config, Failure, FailureKind, World, node};
use std::future::pending;
use std::pin::Pin;

type Main = Pin<Box<dyn Future<Output = ()>>>;

/// A failing test under some seed, and how it fails.
fn failure(seed: u64, main: fn() -> Main) -> Failure {
    run(Config { seed, bounds: tight(), ..Config::default() }, main()).result.unwrap_err()
}

fn tight() -> Bounds {
    Bounds {
        events: 50_000,
        polls_at_one_instant: 3_000,
        virtual_time: 60_000_000_000,
        memory: 1 << 20,
    }
}

fn panics() -> Main {
    Box::pin(async {
        start("n", || async {
            sleep(ms(5)).await;
            let text = World::current(|world| format!("at {} ns", world.now()));
            panic!("{text}");
        });
        pending().await
    })
}

fn violates() -> Main {
    Box::pin(async {
        let (applied, committed) = (5, World::current(|world| world.now()));
        sim_runtime::always!(
            applied <= committed,
            "applied is committed",
            "{applied} > {committed}"
        );
        pending().await
    })
}

fn reaches() -> Main {
    Box::pin(async {
        sim_runtime::unreachable!("two leaders", "terms {} and {}", 3, 3);
        pending().await
    })
}

fn stalls() -> Main {
    Box::pin(async {
        let paused = start("frozen", pending::<()>);
        start("db", || async {
            Builder::new().name("joins").spawn(async { spawn(pending::<()>()).await.unwrap() });
            let (tx, rx) = tokio::sync::oneshot::channel::<()>();
            Builder::new().name("receives").spawn(async move {
                rx.await.unwrap();
            });
            Builder::new().name("gathers").spawn(async {
                let mut set = JoinSet::new();
                set.spawn(pending::<()>());
                set.join_next().await;
            });
            node::shutdown_requested().await;
            drop(tx);
        });
        sleep(ms(3)).await;
        World::current(|world| world.pause(paused));
        World::exited(paused).await.unwrap();
    })
}

fn spins() -> Main {
    Box::pin(async {
        Builder::new().name("sleeper").spawn(sleep(ms(1)));
        let spinner = Builder::new().name("spinner").spawn(async {
            loop {
                yield_now().await;
            }
        });
        spinner.await.unwrap();
    })
}

fn never_ends() -> Main {
    Box::pin(async {
        start("waits for long", || sleep(Duration::from_secs(1_000)));
        loop {
            sleep(ms(100)).await;
        }
    })
}

fn does_much() -> Main {
    Box::pin(async {
        loop {
            sleep(Duration::from_nanos(10)).await;
        }
    })
}

fn hoards() -> Main {
    Box::pin(async {
        loop {
            spawn(pending::<()>());
            sleep(Duration::from_nanos(10)).await;
        }
    })
}

const ALL: [fn() -> Main; 8] =
    [panics, violates, reaches, stalls, spins, never_ends, does_much, hoards];

#[test]
fn fingerprints_are_the_same_for_all_seeds() {
    let mut all: Vec<String> = ALL
        .into_iter()
        .map(|main| {
            let fingerprint = failure(0, main).fingerprint();
            for seed in 1..12 {
                assert_eq!(failure(seed, main).fingerprint(), fingerprint, "seed {seed}");
            }
            fingerprint
        })
        .collect();
    let before = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), before, "{all:?}");
}

#[test]
fn a_panic_is_told_with_its_place() {
    let failure = failure(0, panics);
    assert_eq!(failure.kind, FailureKind::Panic);
    assert!(failure.site.starts_with("sim-runtime/tests/runtime/verdicts.rs:"), "{}", failure.site);
    assert_eq!(failure.message, "at 5000000 ns");
    assert_eq!(failure.fingerprint(), format!("panic:{}", failure.site));
    assert_eq!(failure.to_string(), format!("panicked at {}: at 5000000 ns", failure.site));
}

#[test]
fn properties_are_told_by_name() {
    let always = failure(0, violates);
    assert_eq!(
        (always.kind, always.property.as_str()),
        (FailureKind::Always, "applied is committed")
    );
    assert_eq!(always.to_string(), "applied is committed: 5 > 0");
    let reached = failure(0, reaches);
    assert_eq!((reached.kind, reached.property.as_str()), (FailureKind::Always, "two leaders"));
    assert_eq!(reached.message, "terms 3 and 3");
    assert!(reached.site.contains("verdicts.rs:"));
}

#[test]
fn a_stall_names_each_task_and_what_it_awaits() {
    let failure = failure(3, stalls);
    assert_eq!(failure.kind, FailureKind::Stall);
    let told = &failure.message;
    for line in [
        "nothing can run and nothing is due, at 0.003000 s; these tasks are stuck:",
        "test/test: awaits the end of the process on frozen",
        "frozen/main: its node is paused",
        "db/main: awaits a request to shut down",
        "db/joins: awaits the end of db, spawned at sim-runtime/tests/runtime/verdicts.rs:",
        "db/receives: awaits something outside of squall, such as a channel or a lock",
        "db/gathers: awaits the end of any of a set of tasks: db, spawned at ",
    ] {
        assert!(told.contains(line), "`{line}` is not in: {told}");
    }
    assert!(failure.site.contains("verdicts.rs:"), "{}", failure.site);
}

/// Also the one that was polled last, and when it is the only one.
#[test]
fn a_stall_names_the_task_that_ran_last() {
    let failure = run(fifo(), pending::<()>()).result.unwrap_err();
    let told = "these tasks are stuck:\n    test/test: awaits something outside of squall";
    assert!(failure.message.contains(told), "{failure}");
}

#[test]
fn a_livelock_names_the_busiest_task() {
    for policy in [Policy::Fifo, Policy::Random, Policy::Pct(2)] {
        let config = Config { bounds: tight(), policy, ..Config::default() };
        let failure = run(config, spins()).result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Livelock);
        assert!(
            failure.message.starts_with("3000 polls and time stood still at 0.000000 s"),
            "{failure}"
        );
        let busiest = failure.message.lines().nth(1).unwrap();
        assert_eq!(busiest.trim(), "test/spinner: 1000 of the next 1000 polls");
        assert!(failure.site.contains("verdicts.rs:"), "{}", failure.site);
    }
}

/// A budget names the tasks and what each waits for.
#[test]
fn budgets_are_told_with_the_tasks() {
    let time = failure(0, never_ends);
    assert_eq!(time.fingerprint(), "budget:virtual time");
    assert!(time.message.starts_with("the run reached 60.1"), "{time}");
    assert!(time.message.contains("waits for long/main: awaits a timer at 1000s"), "{time}");
    let events = failure(0, does_much);
    assert_eq!(events.fingerprint(), "budget:events");
    assert!(events.message.starts_with("the run had 50000 events, with 1 tasks:"), "{events}");
    let memory = failure(0, hoards);
    assert_eq!(memory.fingerprint(), "budget:memory");
    assert!(memory.message.contains("\n    and "), "{memory}");
}

/// The first failure counts, and what a failing run leaves behind changes no later run on its thread.
#[test]
fn a_failing_run_changes_no_later_run() {
    fn good() -> u64 {
        run(Config { seed: 9, ..Config::default() }, async {
            let tasks = [3, 1, 2].map(|n| spawn(sleep(ms(n))));
            for task in tasks {
                task.await.unwrap();
            }
        })
        .trace_hash
    }
    let fresh = guard::on_clean_thread(good);
    for main in ALL {
        failure(1, main);
        assert_eq!(good(), fresh);
    }
    // And it fails alike itself.
    let again: Vec<_> = ALL.map(|main| failure(2, main)).to_vec();
    let elsewhere = guard::on_clean_thread(|| ALL.map(|main| failure(2, main)).to_vec());
    assert_eq!(again, elsewhere);
}

#[test]
fn the_first_failure_counts() {
    let failure = run(fifo(), async {
        World::current(|world| {
            world.fail(Failure::check("agreement", "2 values"));
            world.fail(Failure::check("validity", "7 was not proposed"));
        });
        panic!("as a consequence");
    })
    .result
    .unwrap_err() as Failure;
    assert_eq!(failure.to_string(), "agreement: 2 values");
}

/// A panic that the code under test catches itself is no failure, and lends its place to no other.
#[test]
fn a_caught_panic_is_forgotten() {
    run(fifo(), async {
        assert!(std::panic::catch_unwind(|| panic!("caught")).is_err());
    })
    .result
    .unwrap();
    let failure = run(fifo(), async {
        std::panic::resume_unwind(Box::new("resumed"));
    })
    .result
    .unwrap_err();
    assert_eq!((failure.message.as_str(), failure.site.as_str()), ("resumed", ""));
}

/// Panics inside a run print nothing; outside they print as ever. Told by a hook below ours, in a process of its own.
#[test]
fn panics_inside_a_run_are_quiet() {
    const INNER: &str = "SIM_RUNTIME_TEST_PANICS";
    if std::env::var_os(INNER).is_some() {
        failure(0, panics);
        let outside = std::panic::catch_unwind(|| panic!("a panic outside"));
        assert!(outside.is_err());
        return;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "verdicts::panics_inside_a_run_are_quiet", "--nocapture"])
        .env(INNER, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("a panic outside") && !printed.contains("5000000 ns"), "{printed}");
}
