//! The guard in a simulation: the operating system answers as the case says, or not at all.
#![cfg(all(
    feature = "guard",
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(target_feature = "crt-static"),
    not(miri)
))]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "leaks, on purpose")]

use crate::{fifo, ms, run, start, value};
use sim_runtime::time::{Duration, NodeClock, sleep};
use sim_runtime::{Config, FailureKind, World, guard};
use std::collections::HashMap;
use std::net::UdpSocket;
use std::time::{Instant, SystemTime};

#[test]
fn the_clocks_of_std_are_virtual() {
    value(fifo(), async {
        let (steady, wall) = (Instant::now(), SystemTime::now());
        let epoch = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(epoch, Duration::from_secs(1_767_225_600), "1 January 2026");
        let ours = sim_runtime::time::SystemTime::now();
        sleep(Duration::from_secs(3_600)).await;
        assert_eq!(steady.elapsed(), Duration::from_secs(3_600));
        assert_eq!(wall.elapsed().unwrap(), Duration::from_secs(3_600));
        assert_eq!(ours.elapsed().unwrap(), Duration::from_secs(3_600));
    });
}

/// Each node has a wall clock of its own, for std as for the runtime.
#[test]
fn the_wall_clock_is_the_nodes() {
    value(fifo(), async {
        let id = start("late", || async {
            sleep(ms(1)).await;
            let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let ours = sim_runtime::time::SystemTime::now();
            let ours = ours.duration_since(sim_runtime::time::UNIX_EPOCH).unwrap();
            assert_eq!(real, ours);
            assert_eq!(real, Duration::from_millis(1_767_225_600_001 - 2_000));
        });
        let clock = NodeClock { wall_offset: -2_000_000_000 };
        World::current(|world| world.set_clock(id, clock));
        World::exited(id).await.unwrap();
    });
}

/// The orders in which two maps with the default hasher give their keys back, in a run of their own.
fn orders(seed: u64) -> [Vec<u32>; 2] {
    guard::on_clean_thread(move || {
        value(Config { seed, ..fifo() }, async {
            [(), ()].map(|()| {
                let map: HashMap<u32, ()> = (0..100).map(|key| (key, ())).collect();
                map.into_keys().collect()
            })
        })
    })
}

#[test]
fn a_case_decides_the_order_of_hash_maps() {
    let first = orders(1);
    assert_eq!(first, orders(1));
    assert_ne!(first, orders(2));
    assert_ne!(first[0], first[1]);
}

#[test]
fn a_thread_is_a_leak() {
    // It panics where no thread can be had, yet the call is the cause.
    let failure = run(fifo(), async { drop(std::thread::spawn(|| ())) }).result.unwrap_err();
    assert_eq!((failure.kind, failure.property.as_str()), (FailureKind::Leak, "pthread_create"));
    assert_eq!(failure.fingerprint(), "leak:pthread_create");
    assert!(failure.message.starts_with("code inside the simulation called pthread_create: "));
    // Handled by the code under test, it still is one.
    let failure = run(fifo(), async {
        let tried = std::thread::Builder::new().spawn(|| ());
        assert!(tried.is_err());
    })
    .result
    .unwrap_err();
    assert_eq!(failure.fingerprint(), "leak:pthread_create");
}

#[test]
fn a_socket_is_a_leak() {
    let failure = run(fifo(), async { UdpSocket::bind("127.0.0.1:0").is_ok() }).result.unwrap_err();
    assert_eq!(failure.fingerprint(), "leak:socket");
}

/// A leak ends the run when the task yields, and the next run is clean.
#[test]
fn a_leak_ends_the_run() {
    let outcome = run(fifo(), async {
        drop(UdpSocket::bind("127.0.0.1:0"));
        World::current(|world| world.injected("went on"));
        sleep(ms(1)).await;
        World::current(|world| world.injected("came back"));
    });
    assert_eq!(outcome.result.unwrap_err().fingerprint(), "leak:socket");
    let kinds: Vec<_> = outcome.ledger.lines().iter().map(|line| line.kind).collect();
    assert_eq!(kinds, ["went on"]);
    assert!(run(fifo(), async {}).result.is_ok());
}

#[test]
fn the_guard_can_be_left_out() {
    let config = Config { guard: false, ..fifo() };
    value(config, async {
        let before = Instant::now();
        sleep(Duration::from_secs(3_600)).await;
        assert!(before.elapsed() < Duration::from_secs(3_600), "the real clock");
        drop(UdpSocket::bind("127.0.0.1:0").unwrap());
    });
    assert!(UdpSocket::bind("127.0.0.1:0").is_ok(), "outside of a run all is as ever");
}
