//! The hash of a run, its checkpoints, and its text.

use crate::{ms, run, start, value};
use rand::RngExt;
use sim_runtime::guard;
use sim_runtime::task::{Policy, spawn, yield_now};
use sim_runtime::time::sleep;
use sim_runtime::trace::{CHECKPOINT_EVERY, Keep, first_difference};
use sim_runtime::{Config, End, RunOutcome, World};

fn config(seed: u64) -> Config {
    Config { seed, policy: Policy::Random, ..Config::default() }
}

/// Nodes that live and die, with tasks that sleep for random times.
async fn busy() -> u64 {
    let ids = ["a", "b", "c"].map(|name| {
        start(name, || async {
            loop {
                let naps = [1, 2, 3].map(|_| {
                    spawn(async {
                        let nap = sim_runtime::rand::rng().random_range(0..2_000);
                        sleep(ms(1) * nap / 1_000).await;
                    })
                });
                for nap in naps {
                    nap.await.unwrap();
                }
            }
        })
    });
    for how in [End::Kill, End::PowerOff, End::Shutdown, End::Wipe] {
        for id in ids {
            sleep(ms(5)).await;
            World::current(|world| {
                world.end(id, how);
                world.start(id);
            });
        }
    }
    World::current(World::events)
}

fn same<T: PartialEq + std::fmt::Debug>(a: &RunOutcome<T>, b: &RunOutcome<T>) {
    assert_eq!(a.result, b.result);
    assert_eq!(a.figures, b.figures);
    assert_eq!(a.checkpoints, b.checkpoints);
    assert_eq!(a.trace_hash, b.trace_hash);
}

#[test]
fn a_case_has_one_hash_on_every_thread() {
    let here: Vec<_> = (0..10).map(|seed| run(config(seed), busy()).trace_hash).collect();
    let there = guard::on_clean_thread(|| {
        // In reverse order, on another thread.
        let hashes: Vec<_> =
            (0..10).rev().map(|seed| run(config(seed), busy()).trace_hash).collect();
        hashes.into_iter().rev().collect::<Vec<_>>()
    });
    assert_eq!(here, there);
    let mut distinct = here.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), here.len());
}

#[test]
fn what_is_kept_changes_nothing() {
    let plain = run(config(3), busy());
    assert!(plain.records.is_empty() && plain.lines.is_empty() && plain.choices.is_empty());
    let records = run(Config { keep: Keep::Records, ..config(3) }, busy());
    same(&plain, &records);
    assert_eq!(records.records.len() as u64, records.figures.events);
    let text = run(Config { keep: Keep::Text, ..config(3) }, busy());
    same(&plain, &text);
    assert_eq!(text.lines.len() as u64, text.figures.events);
    let choices = run(Config { record_choices: true, ..config(3) }, busy());
    same(&plain, &choices);
    assert!(!choices.choices.is_empty());
}

#[test]
fn checkpoints_stand_at_fixed_events() {
    let outcome = run(config(4), busy());
    assert_eq!(outcome.checkpoints.len() as u64, outcome.figures.events / CHECKPOINT_EVERY);
    assert!(outcome.checkpoints.len() > 2);
    assert_ne!(outcome.checkpoints, run(config(5), busy()).checkpoints);
}

#[test]
fn the_first_difference_is_named() {
    let records = |odd: bool| {
        let config = Config { keep: Keep::Records, ..config(6) };
        run(config, async move {
            start("n", move || async move {
                for round in 0..5 {
                    sleep(ms(2)).await;
                    if odd && round == 3 {
                        yield_now().await;
                    }
                }
            });
            sleep(ms(20)).await;
        })
        .records
    };
    let (plain, odd) = (records(false), records(true));
    assert_eq!(first_difference(&plain, &plain), None);
    let found = first_difference(&plain, &odd).unwrap();
    assert_eq!(found.first.as_deref(), Some("0.010000000 s on n: timer fire (1, 0, 0)"));
    assert_eq!(found.second.as_deref(), Some("0.008000000 s on n: task poll (1, 0, 0)"));
    assert_eq!(
        found.to_string(),
        format!(
            "after {} equal events, one run had 0.010000000 s on n: timer fire (1, 0, 0), the other \
             0.008000000 s on n: task poll (1, 0, 0)",
            found.index
        )
    );
    // One run that goes on where the other ended.
    let found = first_difference(&plain, &plain[..7]).unwrap();
    assert_eq!((found.index, found.first.is_some(), found.second), (7, true, None));
    let found = first_difference(&[], &plain).unwrap();
    assert_eq!((found.index, found.first, found.second.is_some()), (0, None, true));
}

#[test]
fn events_of_the_code_under_test_stand_in_the_text() {
    let main = async {
        let id = start("db", || async {
            sleep(ms(3)).await;
            let _span = tracing::info_span!("commit", term = 4).entered();
            tracing::info!(term = 4, leader = %"n2", "became leader");
            tracing::debug!("a detail");
        });
        World::exited(id).await
    };
    let text = run(Config { keep: Keep::Text, ..config(0) }, main);
    let said: Vec<_> =
        text.lines.iter().filter(|line| line.text.contains("runtime::traces")).collect();
    assert_eq!(said.len(), 2);
    assert_eq!((said[0].at, &*said[0].node), (3_000_000, "db"));
    assert_eq!(said[0].text, "INFO runtime::traces: became leader term=4 leader=n2");
    assert_eq!(said[1].text, "DEBUG runtime::traces: a detail");
    let at = |text: &str, lines: &[sim_runtime::trace::Line]| {
        lines.iter().position(|line| line.text.contains(text)).unwrap()
    };
    // In the place where it happened: after the poll that said it, before the end that followed.
    assert!(at("became leader", &text.lines) < at("node end shutdown", &text.lines));
    assert!(at("node start incarnation 0", &text.lines) < at("task poll db/main", &text.lines));
}

/// What stuck tasks do when they are asked what they await is no part of the trace.
#[test]
fn a_stall_leaves_the_trace_as_it_was() {
    let stalls = |keep| {
        run(Config { keep, ..config(1) }, async {
            sleep(ms(1)).await;
            tracing::info!("before");
            std::future::poll_fn::<(), _>(|_| {
                tracing::info!("asked");
                std::task::Poll::Pending
            })
            .await;
        })
    };
    let text = stalls(Keep::Text);
    assert_eq!(text.lines.len() as u64, text.figures.events + 2);
    let records = stalls(Keep::Records);
    assert_eq!(records.records.len() as u64, records.figures.events);
    same(&text, &records);
    same(&text, &stalls(Keep::Hash));
}

#[test]
fn nothing_of_a_run_is_left_for_the_next() {
    assert_eq!(value(config(8), busy()), value(config(8), busy()));
}
