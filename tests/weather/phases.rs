//! Two phases: what healing does and does not do, and what is found because some cases are not healed.

use super::chat::{case_with, with_more};
use squall::fault::{Budget, Class, Preset, Selection};
use squall::fs::{self, OpenOptions};
use squall::net::Net;
use squall::prelude::*;
use squall::trace::Keep;
use squall::{Case, Error, FailureKind, Outcome, Record, Scenario, Seed, Swarm, World, run};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

const MODES: u64 = 4;

fn in_mode(scenario: &Scenario, seed: u64, mode: u64, plan: &str) -> Outcome {
    let case = case_with(scenario, seed, &format!("[parameters]\nheal = {mode}\n{plan}")).unwrap();
    run(scenario, &case, Record::default()).unwrap()
}

fn blocked(a: Node, b: Node) -> bool {
    World::current(|world| world.with_device(|net: &Net| net.is_blocked(a.id(), b.id())))
}

#[test]
fn every_way_to_heal_does_what_it_says() {
    let scenario = Scenario::new("healed", |sim| async move {
        let nodes = sim.nodes("node", 5, std::future::pending::<()>);
        let (down, frozen, left_out) = (nodes.get(0), nodes.get(1), nodes.get(4));
        let budget = Budget { nodes: nodes.ids().collect(), down_max: 3 };
        sim.faults(FaultModel::crash_recovery().partitions().tolerates(budget));
        sleep(1.seconds()).await;
        assert!(!down.is_up() && !left_out.is_up() && blocked(nodes.get(2), nodes.get(3)));
        let paused = move || World::current(|world| world.node_is_paused(frozen.id()));
        assert!(paused());
        sim.heal(nodes.iter().filter(|node| *node != left_out));
        let mode = sim.parameter("heal", 0..=3);
        let (a, b) = (nodes.get(2), nodes.get(3));
        let state = move || (down.is_up(), paused(), blocked(a, b));
        let at_once = state();
        assert!(!left_out.is_up(), "the rest stays as it is");
        sleep(20.seconds()).await;
        let later = state();
        // Nothing new began at 5 s, and what is under way outside of the core ends as it will.
        assert_eq!(nodes.get(2).incarnation(), 0);
        assert!(left_out.is_up());
        let expected = match mode {
            0 | 1 => [(true, false, false), (true, false, false)],
            2 => [(false, false, false), (false, false, false)],
            _ => [(false, true, true), (true, false, false)],
        };
        assert_eq!([at_once, later], expected, "mode {mode}");
        Ok(())
    });
    let plan = r#"
        [[plan.faults]]
        at = "0s"
        kind = "kill"
        on = ["node-0"]
        for = "10s"
        [[plan.faults]]
        at = "0s"
        kind = "pause"
        on = ["node-1"]
        for = "10s"
        [[plan.faults]]
        at = "0s"
        kind = "partition"
        on = ["node-2"]
        against = ["node-3"]
        for = "10s"
        [[plan.faults]]
        at = "0s"
        kind = "kill"
        on = ["node-4"]
        for = "10s"
        [[plan.faults]]
        at = "5s"
        kind = "kill"
        on = ["node-2"]
        for = "1s"
    "#;
    for mode in 0..MODES {
        let outcome = in_mode(&scenario, 1, mode, plan);
        assert_eq!(outcome.fingerprint(), None, "mode {mode}: {}", outcome.verdict);
    }
}

/// Of three nodes one may be down. One is left out of the core, so no other may stay down.
#[test]
fn a_core_and_its_dead_together_stay_within_the_budget() {
    let scenario = Scenario::new("healed", |sim| async move {
        let nodes = sim.nodes("replica", 3, std::future::pending::<()>);
        sim.faults(FaultModel::crash_recovery().tolerates(minority(&nodes)));
        sleep(1.seconds()).await;
        assert!(!nodes.get(1).is_up());
        sim.heal([nodes.get(1), nodes.get(2)]);
        sleep(1.seconds()).await;
        assert!(nodes.get(1).is_up());
        Ok(())
    });
    let plan = r#"
        [[plan.faults]]
        at = "0s"
        kind = "kill"
        on = ["replica-1"]
        for = "60s"
    "#;
    let outcome = in_mode(&scenario, 1, 2, plan);
    assert_eq!(outcome.fingerprint(), None, "{}", outcome.verdict);
}

/// Nodes left out, damaged ones first, and those that stay dead in the core: all together as many as tolerated.
#[test]
fn a_core_stays_within_the_budget() {
    const DOWN_MAX: usize = 2;
    let sizes: Rc<RefCell<BTreeSet<usize>>> = Rc::default();
    let scenario = Scenario::new("core", |sim| async move {
        let nodes = sim.nodes("node", 5, std::future::pending::<()>);
        let others = sim.nodes("other", 2, std::future::pending::<()>);
        let budget = Budget { nodes: nodes.ids().collect(), down_max: DOWN_MAX };
        sim.faults(
            FaultModel::crash_recovery()
                .wipes()
                .tolerates(budget)
                .also(&others)
                .lasting(3.seconds()),
        );
        sleep(3.seconds()).await;
        let core = sim.core();
        let out: Vec<Node> = nodes.iter().filter(|node| !core.contains(node)).collect();
        let damaged = sim.damaged();
        assert!(out.len() <= DOWN_MAX, "{out:?}");
        assert!(others.iter().all(|node| core.contains(&node)));
        let of_group = damaged.iter().filter(|node| nodes.iter().any(|known| known == **node));
        assert!(of_group.copied().all(|node| out.contains(&node)), "{damaged:?} {out:?}");
        sim.heal(core.clone());
        sleep(10.seconds()).await;
        let dead = core.iter().filter(|node| !node.is_up()).count();
        assert!(out.len() + dead <= DOWN_MAX, "{out:?} and {dead} more");
        squall::export(&(out.len(), dead));
        Ok(())
    });
    for seed in 1..=600 {
        let case =
            Case { profile: Preset::Stormy.into(), ..Case::from_seed(&scenario, Seed(seed)) };
        let record = Record { keep: Keep::Text, choices: false };
        let outcome = run(&scenario, &case, record).unwrap();
        assert_eq!(outcome.fingerprint(), None, "seed {seed}: {}", outcome.verdict);
        let said = outcome.lines.iter().rev().find_map(|line| line.text.strip_prefix("export ("));
        let numbers: Vec<usize> =
            said.unwrap().trim_end_matches(')').split(", ").map(|n| n.parse().unwrap()).collect();
        sizes.borrow_mut().insert(numbers[0]);
        if numbers[1] > 0 {
            sizes.borrow_mut().insert(10 + numbers[1]);
        }
    }
    // None, one and two left out, and in some cases one or two that stayed dead.
    assert_eq!(*sizes.borrow(), BTreeSet::from([0, 1, 2, 11, 12]));
}

/// A client gives up for ever after three seconds of silence, and then spins. Healing ends each silence before.
fn impatient() -> Scenario {
    Scenario::new("impatient", |sim| async move {
        let server = sim.nodes("server", 1, || async {
            let socket = UdpSocket::bind("0.0.0.0:7").await?;
            let mut buffer = [0; 8];
            loop {
                let (len, from) = socket.recv_from(&mut buffer).await?;
                socket.send_to(&buffer[..len], from).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        });
        let client = sim.nodes("client", 1, || async {
            let socket = UdpSocket::bind("0.0.0.0:7").await?;
            let (mut buffer, mut silent) = ([0; 8], 0);
            for request in 0..60_u8 {
                loop {
                    if silent >= 30 {
                        sleep(100.millis()).await;
                        continue;
                    }
                    socket.send_to(&[request], "server-0:7").await.unwrap_or(0);
                    match timeout(100.millis(), socket.recv_from(&mut buffer)).await {
                        Ok(_) => break,
                        Err(_) => silent += 1,
                    }
                }
                silent = 0;
                sleep(50.millis()).await;
            }
            io::Result::Ok(())
        });
        sim.faults(FaultModel::none().and(&["power_off", "isolate"]).also(&server));
        sleep(1500.millis()).await;
        sim.heal_all();
        client.finished().within(2.minutes()).await
    })
}

#[test]
fn a_livelock_that_healing_hides_is_found_where_nothing_is_healed() {
    let mut found = Vec::new();
    let scenario = impatient();
    for seed in 1..=400 {
        let outcome =
            run(&scenario, &Case::from_seed(&scenario, Seed(seed)), Record::default()).unwrap();
        if let Some(failure) = outcome.verdict.failure() {
            assert_eq!(outcome.parameters["heal"], 3, "seed {seed}: {failure}");
            assert_eq!(failure.kind, FailureKind::Liveness);
            // The node, its task and what it waits for.
            for part in ["client-0", "main", "a timer"] {
                assert!(failure.message.contains(part), "`{part}`: {}", failure.message);
            }
            found.push(seed);
        }
    }
    assert!(!found.is_empty() && found.len() < 100, "{found:?}");
}

/// A client that waits for each answer for ever: one lost message and it is stuck, until it is restarted.
fn trusting() -> Scenario {
    Scenario::new("trusting", |sim| async move {
        sim.node("server", || async {
            let socket = UdpSocket::bind("0.0.0.0:7").await?;
            let mut buffer = [0; 8];
            loop {
                let (len, from) = socket.recv_from(&mut buffer).await?;
                socket.send_to(&buffer[..len], from).await?;
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        });
        let done = Rc::new(Cell::new(0_u8));
        let clients = sim.nodes("client", 1, move || {
            let done = done.clone();
            async move {
                let socket = UdpSocket::bind("0.0.0.0:7").await?;
                let mut buffer = [0; 8];
                while done.get() < 50 {
                    socket.send_to(&[done.get()], "server:7").await.unwrap_or(0);
                    loop {
                        socket.recv_from(&mut buffer).await?;
                        if buffer[0] == done.get() {
                            break;
                        }
                    }
                    done.set(done.get() + 1);
                    sleep(50.millis()).await;
                }
                io::Result::Ok(())
            }
        });
        sim.faults(
            FaultModel::none().and(&["isolate", "kill"]).also(&clients).lasting(5.seconds()),
        );
        sleep(10.seconds()).await;
        clients.finished().within(1.minutes()).await
    })
}

#[test]
fn a_deadlock_that_a_restart_hides_is_found_by_cases_without_restarts() {
    let scenario = trusting();
    let mut found = Vec::new();
    for seed in 1..=300 {
        let case = Case::from_seed(&scenario, Seed(seed));
        let outcome = run(&scenario, &case, Record::default()).unwrap();
        if outcome.class != Class::SingleFault || outcome.fingerprint().is_none() {
            continue;
        }
        let failure = outcome.verdict.failure().unwrap();
        for part in ["client-0", "main", "datagram"] {
            assert!(failure.message.contains(part), "`{part}`: {}", failure.message);
        }
        // The same weather, and a restart afterwards: nothing is seen.
        let restart = r#"
            [[plan.faults]]
            at = "8s"
            kind = "kill"
            on = ["client-0"]
            for = "10ms"
        "#;
        let written = Case { plan: outcome.plan.clone(), ..case.clone() };
        let hidden = with_more(&written, restart).unwrap();
        // An isolation that lasts longer than that hides nothing.
        let lasts = outcome.plan.as_ref().unwrap().faults[0].lasts.0;
        let at = outcome.plan.as_ref().unwrap().faults[0].at.map_or(0, |at| at.0);
        let outcome = run(&scenario, &hidden, Record::default()).unwrap();
        assert!(outcome.fingerprint().is_none() || at + lasts > 7_900_000_000, "seed {seed}");
        found.push((seed, outcome.fingerprint().is_none()));
    }
    assert!(found.iter().any(|(_, hides)| *hides), "{found:?}");
}

/// A store that acknowledges what it wrote, synced or not; at the end the power fails for good measure.
fn store(syncs: bool) -> Scenario {
    Scenario::new("store", move |sim| async move {
        let acknowledged = Rc::new(Cell::new(0));
        let written = acknowledged.clone();
        let stores = sim.nodes("store", 1, move || {
            let written = written.clone();
            async move {
                let mut options = OpenOptions::new();
                let file = options.append(true).create(true).open("/log").await?;
                fs::sync_dir("/").await?;
                loop {
                    file.append(&[1]).await?;
                    if syncs {
                        file.sync_all().await?;
                    }
                    written.set(file.metadata().await?.len);
                    sleep(20.millis()).await;
                }
                #[expect(unreachable_code, reason = "says what the errors are")]
                io::Result::Ok(())
            }
        });
        sim.faults(FaultModel::none().and(&["pause"]).lasting(1.seconds()));
        sleep(1.seconds()).await;
        sim.heal_all();
        sleep(6.seconds()).await;
        let promised = acknowledged.get();
        sim.power_cycle(&stores);
        let kept = squall::disk::control::inspect(stores.get(0).id(), |disk| {
            disk.stat("/log").map_or(0, |metadata| metadata.len)
        });
        if kept < promised {
            let text = format!("{kept} of {promised} bytes");
            return Err(Error::check("what was acknowledged is there", text));
        }
        Ok(())
    })
}

#[test]
fn the_last_power_cycle_finds_what_was_never_synced() {
    let (careless, careful) = (store(false), store(true));
    for mode in 0..MODES {
        let failed = |scenario: &Scenario| {
            (1..=40)
                .filter(|seed| in_mode(scenario, *seed, mode, "").fingerprint().is_some())
                .count()
        };
        assert!(failed(&careless) > 10, "mode {mode}: {}", failed(&careless));
        assert_eq!(failed(&careful), 0, "mode {mode}");
    }
    let quiet = Swarm::new(&careless).faults(Selection::None).seeds(40).keep_going();
    assert!(quiet.run(|_| {}).unwrap().failures > 10);
}
