//! A kind of fault from another crate: one registration, and plans draw it, cases name it, the ledger counts it, the gate watches it.

use squall::choice::Ratio;
use squall::fault::{Aim, Cost, HALF, Preset, Selection, Target};
use squall::net::{LinkFault, Links, Net};
use squall::prelude::*;
use squall::{Case, Outcome, Record, Scenario, Seed, Summary, Swarm, World, run};
use std::io;

const MS: u64 = 1_000_000;

squall::fault_kind! {
    name: "deaf",
    summary: "a node gets no message",
    aim: Aim::Node,
    cost: Cost::Free,
    gap: (300 * MS, 30_000 * MS),
    duration: (10 * MS, 2_000 * MS),
    magnitude: None,
    coin: HALF,
    noticed: "a socket misses a datagram that it would have taken",
    canary: "an unanswered call",
    start: |world, target| world.with_device(|net: &Net| { net.inject(world, deaf(target)); }),
    stop: |world, target| world.with_device(|net: &Net| { net.lift_like(world, &deaf(target)); }),
}

fn deaf(target: &Target) -> LinkFault {
    let links = target.nodes.first().map_or(Links::All, |node| Links::To(*node));
    LinkFault::lose(links, Ratio::ONE).named("deaf")
}

squall::fault_kind! {
    name: "bounce",
    summary: "the process is killed, and starts again at once",
    aim: Aim::Node,
    cost: Cost::Free,
    gap: (300 * MS, 30_000 * MS),
    duration: (MS, MS),
    magnitude: None,
    coin: HALF,
    noticed: "the program runs again from its beginning",
    canary: "a counter in memory",
    start: bounce,
    stop: |_, _| {},
}

fn bounce(world: &World, target: &Target) {
    for node in target.nodes.iter().filter(|node| world.node_is_up(**node)) {
        world.injected("bounce");
        world.restart(*node);
        world.observed("bounce");
    }
}

const OWN: [&str; 2] = ["bounce", "deaf"];

/// Nodes that send to one another.
fn chat(muted: Option<&'static str>) -> Scenario {
    Scenario::new("chat", move |sim| async move {
        if let Some(kind) = muted {
            sim.mute(kind);
        }
        let nodes = sim.nodes("node", 3, || async {
            let socket = UdpSocket::bind("0.0.0.0:7").await?;
            let mut buffer = [0; 8];
            loop {
                for other in 0..3 {
                    socket.send_to(b"hello", format!("node-{other}:7")).await.unwrap_or(0);
                }
                let silence = timeout(30.millis(), async {
                    while socket.recv_from(&mut buffer).await.is_ok() {}
                });
                silence.await.unwrap_or(());
            }
            #[expect(unreachable_code, reason = "says what the errors are")]
            io::Result::Ok(())
        });
        sim.faults(FaultModel::crash_recovery().and(&OWN).also(&nodes).lasting(4.seconds()));
        sleep(4.seconds()).await;
        Ok(())
    })
}

fn swarm(scenario: &Scenario, preset: Preset, faults: Selection) -> Summary {
    let summary = Swarm::new(scenario).seeds(200).profile(preset).faults(faults);
    summary.run(|_| {}).unwrap()
}

#[test]
fn it_is_drawn_done_and_counted_like_any_other() {
    let summary = swarm(&chat(None), Preset::Realistic, Selection::All);
    assert_eq!(
        (summary.failures, summary.pairs_unmet(), summary.unobserved()),
        (0, vec![], vec![])
    );
    for kind in OWN {
        let total = summary.ledger[kind];
        assert!((80..=120).contains(&total.planned), "{kind}: {total:?}");
        assert!(total.cases > 60 && total.cases <= total.planned, "{kind}: {total:?}");
        assert!(0 < total.observed && total.observed <= total.injected, "{kind}: {total:?}");
    }
}

#[test]
fn it_is_enumerated_and_selected_like_any_other() {
    let summary = swarm(&chat(None), Preset::Directed, "deaf".parse().unwrap());
    assert_eq!(summary.ledger.keys().collect::<Vec<_>>(), [&"deaf"]);
    assert_eq!((summary.ledger["deaf"].cases, summary.unobserved()), (200, vec![]));
    assert!("deafer".parse::<Selection>().unwrap_err().contains("bounce,deaf,duplicate"));
}

#[test]
fn the_gate_watches_it() {
    for kind in OWN {
        let summary = swarm(&chat(Some(kind)), Preset::Realistic, Selection::All);
        assert!(summary.ledger[kind].injected > 0, "{:?}", summary.ledger);
        assert_eq!(summary.unobserved(), [kind], "{:?}", summary.ledger);
    }
}

fn by_hand(plan: &str) -> Result<Outcome, String> {
    let scenario = chat(None);
    let case = Case::from_seed(&scenario, Seed(1)).to_toml();
    let case: Vec<&str> = case.lines().filter(|line| !line.starts_with('#')).collect();
    let case = Case::from_toml(&format!("{}\n{plan}", case.join("\n"))).unwrap();
    run(&scenario, &case, Record::default()).map_err(|error| error.to_string())
}

#[test]
fn a_case_names_it() {
    let plan = "[[plan.faults]]\nat = \"1s\"\nkind = \"deaf\"\non = [\"node-1\"]\nfor = \"1s\"\n";
    let outcome = by_hand(plan).unwrap();
    let line = outcome.ledger.lines().iter().find(|line| line.kind == "deaf").unwrap();
    assert_eq!((line.struck, line.noticed), (1, 1));
    let error = by_hand(&plan.replace("node-1", "node-9")).unwrap_err();
    assert!(error.contains("there is no node `node-9`") && !error.contains('\n'), "{error}");
}
