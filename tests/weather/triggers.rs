//! When faults strike: at times, at points, after one another; as they were drawn, and as they are written by hand.

use super::chat::{case_with, chat};
use squall::fs::OpenOptions;
use squall::prelude::*;
use squall::trace::Keep;
use squall::{Case, Outcome, Record, Scenario, Seed, hint, run};
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// What two nodes have got done: the writer and the listener.
#[derive(Clone, Debug, Default)]
struct Done {
    prepared: Rc<Cell<u32>>,
    written: Rc<Cell<u32>>,
    synced: Rc<Cell<u32>>,
    sent: Rc<Cell<u32>>,
    heard: Rc<Cell<u32>>,
    hints: Rc<Cell<u32>>,
}

fn more(count: &Cell<u32>) {
    count.set(count.get() + 1);
}

/// A writer that writes, syncs and tells a listener, five times a second. At the end it is said what was done.
fn pair() -> Scenario {
    Scenario::new("pair", |sim| async move {
        let done = Done::default();
        let (writer, listener) = (done.clone(), done.clone());
        sim.node("writer", move || write(writer.clone()));
        sim.node("listener", move || listen(listener.clone()));
        sim.faults(FaultModel::crash_recovery().partitions().omission());
        sleep(4.seconds()).await;
        let Done { prepared, written, synced, sent, heard, hints } = done;
        let all = [prepared, written, synced, sent, heard, hints];
        squall::export(&all.map(|count| count.get()));
        Ok(())
    })
}

async fn write(done: Done) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).open("/log").await?;
    let socket = UdpSocket::bind("0.0.0.0:7").await?;
    loop {
        sleep(200.millis()).await;
        more(&done.hints);
        hint!("after-prepare");
        yield_now().await;
        more(&done.prepared);
        file.append(b"entry").await?;
        more(&done.written);
        file.sync_data().await?;
        more(&done.synced);
        socket.send_to(b"entry", "listener:7").await.unwrap_or(0);
        yield_now().await;
        more(&done.sent);
    }
}

async fn listen(done: Done) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:7").await?;
    let mut buffer = [0; 16];
    loop {
        socket.recv_from(&mut buffer).await?;
        more(&done.heard);
    }
}

fn with_plan(scenario: &Scenario, plan: &str) -> Result<Outcome, String> {
    let case = case_with(scenario, 1, plan).map_err(|error| error.to_string())?;
    run(scenario, &case, Record { keep: Keep::Text, choices: true })
        .map_err(|error| error.to_string())
}

/// What the pair has done at the end: prepared, written, synced, sent, heard, hints.
fn done(outcome: &Outcome) -> [u32; 6] {
    let line = outcome.lines.iter().rev().find(|line| line.text.starts_with("export ["));
    let line = line.expect("the pair says what it did");
    let numbers = line.text.trim_start_matches("export [").trim_end_matches(']').split(", ");
    let numbers: Vec<u32> = numbers.map(|number| number.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// When the process of a node ended, in milliseconds.
fn ended(outcome: &Outcome, node: &str) -> Vec<u64> {
    let told = |text: &str| text.starts_with("node end");
    let lines = outcome.lines.iter().filter(|line| &*line.node == node && told(&line.text));
    lines.map(|line| line.at / 1_000_000).collect()
}

fn drew_faults(outcome: &Outcome) -> bool {
    outcome.choices.iter().any(|choice| choice.path.starts_with("fault"))
}

#[test]
fn points_are_struck_at_their_nth_occurrence() {
    let scenario = pair();
    for (name, node, done_by_then) in [
        ("after-prepare", "writer", [2, 2, 2, 2, 2, 3]),
        ("before-write", "writer", [3, 2, 2, 2, 2, 3]),
        ("after-write", "writer", [3, 2, 2, 2, 2, 3]),
        ("before-sync", "writer", [3, 3, 2, 2, 2, 3]),
        ("after-sync", "writer", [3, 3, 2, 2, 2, 3]),
        ("after-send", "writer", [3, 3, 3, 2, 3, 3]),
    ] {
        let plan = format!(
            r#"
            [[plan.faults]]
            kind = "kill"
            on = ["{node}"]
            for = "3600s"
            [plan.faults.point]
            name = "{name}"
            on = "{node}"
            nth = 3
            "#
        );
        let outcome = with_plan(&scenario, &plan).unwrap();
        assert_eq!(done(&outcome), done_by_then, "{name}");
        assert_eq!(ended(&outcome, node).len(), 1, "{name}");
        assert!(!drew_faults(&outcome));
    }
    let plan = r#"
        [[plan.faults]]
        kind = "kill"
        on = ["listener"]
        for = "3600s"
        point = { name = "deliver", on = "listener", nth = 3 }
    "#;
    let outcome = with_plan(&scenario, plan).unwrap();
    assert_eq!(done(&outcome)[4], 2);
}

/// Prepared every fifth of a second: the second time since 1.1 s is at 1.4 s. Counted from the beginning it would be at 0.4 s.
#[test]
fn a_point_can_count_from_a_time_on() {
    let plan = r#"
        [[plan.faults]]
        kind = "kill"
        on = ["writer"]
        for = "3600s"
        at = "1100ms"
        point = { name = "after-prepare", on = "writer", nth = 2 }
    "#;
    let from_the_start = plan.replace("at = \"1100ms\"", "");
    let hints = |plan: &str| {
        let outcome = with_plan(&pair(), plan).unwrap();
        (done(&outcome)[5], ended(&outcome, "writer")[0] / 100)
    };
    assert_eq!(hints(&from_the_start), (2, 4));
    assert_eq!(hints(plan), (7, 14));
}

/// A point on any node counts everywhere, and the target need not be the node on which it lies.
#[test]
fn a_point_of_one_node_strikes_another() {
    let plan = r#"
        [[plan.faults]]
        kind = "power_off"
        on = ["listener"]
        for = "3600s"
        point = { name = "after-sync", nth = 5 }
    "#;
    let outcome = with_plan(&pair(), plan).unwrap();
    assert_eq!(done(&outcome)[4], 4);
    assert!(done(&outcome)[2] > 10);
}

#[test]
fn faults_come_at_times_and_after_one_another() {
    let plan = r#"
        [[plan.faults]]
        kind = "kill"
        on = ["writer"]
        for = "100ms"
        at = "1s"

        [[plan.faults]]
        kind = "kill"
        on = ["listener"]
        for = "100ms"
        after = { fault = 0, by = "250ms" }

        [[plan.faults]]
        kind = "power_off"
        on = ["writer"]
        for = "100ms"
        after = { fault = 1, by = "250ms" }
    "#;
    let outcome = with_plan(&pair(), plan).unwrap();
    assert_eq!(ended(&outcome, "writer"), [1_000, 1_500]);
    assert_eq!(ended(&outcome, "listener"), [1_250]);
    assert!(!drew_faults(&outcome));
    // What comes after a fault at a point waits for it.
    let plan = plan.replacen("at = \"1s\"", "point = { name = \"after-prepare\", nth = 2 }", 1);
    let outcome = with_plan(&pair(), &plan).unwrap();
    let writer = ended(&outcome, "writer");
    assert_eq!(ended(&outcome, "listener"), [writer[0] + 250]);
    assert_eq!(writer[1], writer[0] + 500);
    // One that never strikes has no followers.
    let never = plan.replace("after-prepare", "nowhere");
    let outcome = with_plan(&pair(), &never).unwrap();
    assert!(ended(&outcome, "writer").is_empty() && ended(&outcome, "listener").is_empty());
}

/// A drawn plan, written to a file and read again, is the same run without any draw of faults.
#[test]
fn a_drawn_plan_replays_from_its_file() {
    let scenario = chat(None);
    let record = Record { choices: true, ..Record::default() };
    let (mut points, mut after) = (0, 0);
    for seed in 1..=60 {
        let case = Case::from_seed(&scenario, Seed(seed));
        let drawn = run(&scenario, &case, record).unwrap();
        assert!(drew_faults(&drawn));
        let written = Case { plan: drawn.plan.clone(), ..case };
        let read = Case::from_toml(&written.to_toml()).unwrap();
        assert_eq!(read, written);
        let again = run(&scenario, &read, record).unwrap();
        assert_eq!(again.trace_hash, drawn.trace_hash, "seed {seed}");
        assert!(!drew_faults(&again), "seed {seed}");
        let faults = &read.plan.as_ref().unwrap().faults;
        points += faults.iter().filter(|fault| fault.point.is_some()).count();
        after += faults.iter().filter(|fault| fault.after.is_some()).count();
        if let Some(at) =
            faults.iter().position(|fault| fault.at.is_some() && fault.point.is_none())
        {
            let mut fewer = read.clone();
            fewer.plan.as_mut().unwrap().faults.truncate(at);
            assert_ne!(run(&scenario, &fewer, record).unwrap().trace_hash, drawn.trace_hash);
        }
    }
    assert!(points > 20 && after > 20, "{points} {after}");
}

#[test]
fn what_cannot_be_is_one_clear_line() {
    let plan = |when: &str| {
        format!("[[plan.faults]]\nkind = \"kill\"\non = [\"writer\"]\nfor = \"1s\"\n{when}\n")
    };
    for (when, says) in [
        ("point = { name = \"after-prepare\" }", "missing field `nth`"),
        ("point = { nth = 1 }", "missing field `name`"),
        ("point = { name = \"after-prepare\", nth = 0 }", "counted from 1"),
        ("point = { name = \"after-sync\", on = \"nobody\", nth = 1 }", "no node `nobody`"),
        ("after = { fault = 0, by = \"1s\" }", "only come after an earlier one"),
        ("after = { fault = 7, by = \"1s\" }", "only come after an earlier one"),
        ("at = \"soon\"", "`soon` is not a length"),
    ] {
        let error = with_plan(&pair(), &plan(when)).map(|_| ()).unwrap_err();
        assert!(error.contains(says) && !error.contains('\n'), "{when}: {error}");
    }
}
