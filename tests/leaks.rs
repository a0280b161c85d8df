//! What leaks into runs is noticed, and the first event that shows it is named.

use squall::prelude::*;
use squall::{Case, Divergence, Event, Scenario, Seed, Swarm, check_determinism, guard};
use std::cell::Cell;
use std::hint::black_box;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A sender that sends `order()` to a sink, one datagram each, a millisecond apart.
fn sends(name: &str, order: fn() -> Vec<u8>) -> Scenario {
    Scenario::new(name, move |sim| async move {
        sim.node("sink", || async {
            let socket = UdpSocket::bind("0.0.0.0:9").await?;
            let mut buffer = [0; 8];
            loop {
                socket.recv(&mut buffer).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        });
        let senders = sim.nodes("sender", 1, move || async move {
            let socket = UdpSocket::bind("0.0.0.0:0").await?;
            sleep(1.millis()).await;
            for number in order() {
                socket.send_to(&[number], "sink:9").await?;
                sleep(1.millis()).await;
            }
            io::Result::Ok(())
        });
        senders.finished().within(1.minutes()).await
    })
}

#[expect(clippy::disallowed_types, reason = "a planted leak: the order is that of random keys")]
fn by_hash() -> Vec<u8> {
    (0..16)
        .map(|number| (number, ()))
        .collect::<std::collections::HashMap<u8, ()>>()
        .into_keys()
        .collect()
}

/// How many orders were asked for, in all runs of the process.
fn by_counter() -> Vec<u8> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    vec![ASKED.fetch_add(1, Relaxed) as u8]
}

/// How many orders were asked for on this thread.
fn by_thread() -> Vec<u8> {
    thread_local!(static ASKED: Cell<u8> = const { Cell::new(0) });
    vec![ASKED.replace(ASKED.get() + 1)]
}

/// The address of a value on the heap as a key; its low digits, as a hash table would take them.
fn by_address_on_the_heap() -> Vec<u8> {
    let value = black_box(Box::new([0_u8; 100]));
    vec![((&raw const *value).addr() >> 4) as u8]
}

fn by_address_on_the_stack() -> Vec<u8> {
    let value = black_box(0_u64);
    vec![((&raw const value).addr() >> 4) as u8]
}

fn divergence(scenario: &Scenario, seed: u64) -> Option<Divergence> {
    check_determinism(scenario, &Case::from_seed(scenario, Seed(seed))).unwrap()
}

/// The planted leak is noticed under each of several seeds, and what is named is what it decided.
fn is_caught(scenario: &Scenario) {
    for seed in 1..=5 {
        let found = divergence(scenario, seed)
            .unwrap_or_else(|| panic!("{}: seed {seed} passed for deterministic", scenario.name()));
        assert_ne!(found.hashes.0, found.hashes.1);
        assert!(!found.first.contains('\n'), "{found}");
        // Bound, a millisecond slept, and then sent, once a millisecond. Two random orders may begin with the same numbers.
        let (one, other) = found.first.split_once(", the other ").expect(&found.first);
        for side in [one, other] {
            assert!(side.contains("0.0") && side.contains("on sender-0: net send"), "{found}");
        }
    }
}

#[test]
fn the_order_of_a_hash_map_is_caught() {
    is_caught(&sends("hash map", by_hash).guard(false));
}

#[test]
fn the_guard_makes_the_order_of_a_hash_map_a_part_of_the_case() {
    if !guard::ACTIVE {
        eprintln!("skipped: there is no guard here");
        return;
    }
    let scenario = sends("hash map", by_hash);
    for seed in 1..=20 {
        assert_eq!(divergence(&scenario, seed), None, "seed {seed}");
    }
    let hashes = |jobs| {
        let jobs = NonZeroUsize::new(jobs).unwrap();
        Swarm::new(&scenario).seeds(60).jobs(jobs).keep_hashes().run(|_| {}).unwrap().hashes
    };
    assert_eq!(hashes(1), hashes(2));
}

#[test]
fn a_static_counter_is_caught() {
    is_caught(&sends("static", by_counter));
}

#[test]
fn a_counter_of_the_thread_is_caught() {
    is_caught(&sends("thread local", by_thread));
}

#[test]
fn an_address_on_the_heap_is_caught() {
    is_caught(&sends("heap", by_address_on_the_heap));
}

#[test]
fn an_address_on_the_stack_is_caught() {
    is_caught(&sends("stack", by_address_on_the_stack));
}

#[test]
fn a_swarm_tells_what_is_not_deterministic() {
    let scenario = sends("static", by_counter);
    let mut told = Vec::new();
    let swarm = Swarm::new(&scenario).seeds(40).determinism_every(10);
    let summary = swarm
        .run(|event| {
            if let Event::Divergence(seed, divergence) = event {
                told.push((seed, divergence));
            }
        })
        .unwrap();
    assert_eq!((summary.seeds, summary.failures, summary.nondeterministic), (40, 0, 4));
    told.sort_unstable_by_key(|(seed, _)| *seed);
    let seeds: Vec<Seed> = told.iter().map(|(seed, _)| *seed).collect();
    assert_eq!(seeds, [Seed(1), Seed(11), Seed(21), Seed(31)]);
    let text = told[0].1.to_string();
    assert!(text.starts_with("two runs of one case differ (trace hashes "), "{text}");
    assert!(text.contains("net send"), "{text}");
}
