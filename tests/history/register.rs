//! A register on three replicas (Attiya, Bar-Noy and Dolev, 1995), as it should be and with two planted bugs.

use super::wire::{GaveUp, ask, below, serve};
use super::{fails, outcomes, passes};
use squall::check::EventKind;
use squall::check::spec::{Register, RegisterOp, RegisterRet};
use squall::prelude::*;
use squall::trace::Keep;
use squall::{Case, Record, Scenario, Seed, history, run};
use std::cell::Cell;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq)]
pub enum Bug {
    None,
    /// A read believes the first replica that answers.
    StaleReads,
    /// A read does not bring a majority up to what it returns.
    NoWriteBack,
}

/// A replica: the newest version that it was told of. It has no disk, so it must not be killed.
async fn replica() -> std::io::Result<()> {
    let newest = Rc::new(Cell::new((0, 0)));
    serve(move |question| {
        let newest = newest.clone();
        async move {
            if let [version, value] = question[..] {
                newest.set(newest.get().max((version, value)));
            }
            let (version, value) = newest.get();
            vec![version, value]
        }
    })
    .await
}

async fn newest(replicas: &[String], enough: usize) -> Result<(u64, u64), GaveUp> {
    let answers = ask(replicas, &[], enough).await?;
    Ok(answers.iter().map(|answer| (answer[0], answer[1])).max().expect("somebody answered"))
}

async fn write(replicas: &[String], writer: u64, value: u64) -> Result<(), GaveUp> {
    let (version, _) = newest(replicas, 2).await?;
    // Versions of two writers differ.
    ask(replicas, &[(version / 8 + 1) * 8 + writer, value], 2).await.map(|_| ())
}

async fn read(replicas: &[String], bug: Bug) -> Result<u64, GaveUp> {
    let enough = if bug == Bug::StaleReads { 1 } else { 2 };
    let (version, value) = newest(replicas, enough).await?;
    if bug == Bug::None {
        ask(replicas, &[version, value], 2).await?;
    }
    Ok(value)
}

/// A client's program: it was never handed the test's `Sim`.
async fn load(bug: Bug, recorded: bool) {
    let me = node::index();
    let replicas = ["replica-0", "replica-1", "replica-2"].map(str::to_owned);
    let mut client = history::of::<Register<u64>>().client();
    for step in 0..10 {
        sleep(below(60).millis()).await;
        let value = me * 100 + step + squall::node::incarnation() as u64 * 10;
        if below(3) == 0 {
            let op = RegisterOp::Write(value);
            let answer = async { write(&replicas, me, value).await.map(|()| RegisterRet::Written) };
            tell(&mut client, recorded, op, answer).await;
        } else {
            let answer = async { read(&replicas, bug).await.map(RegisterRet::Value) };
            tell(&mut client, recorded, RegisterOp::Read, answer).await;
        }
    }
}

async fn tell(
    client: &mut history::Client<Register<u64>>,
    recorded: bool,
    op: RegisterOp<u64>,
    answer: impl Future<Output = Result<RegisterRet<u64>, GaveUp>>,
) {
    // Who gives up goes on with the next operation.
    if recorded {
        client.call(op, answer).await.ok()
    } else {
        answer.await.ok()
    };
}

mod node {
    /// The number at the end of the node's name.
    pub fn index() -> u64 {
        let name = squall::node::name();
        name.rsplit('-').next().and_then(|number| number.parse().ok()).expect("client-3")
    }
}

pub fn scenario(bug: Bug, recorded: bool) -> Scenario {
    Scenario::new("register", move |sim| async move {
        sim.nodes("replica", 3, replica);
        let clients = sim.nodes("client", 4, move || load(bug, recorded));
        sim.faults(FaultModel::none().omission().partitions().and(&["kill"]).also(&clients));
        clients.finished().within(10.minutes()).await?;
        sim.history::<Register<u64>>().check(linearizable(Register::new(0)))
    })
}

#[test]
fn stale_reads_are_found_and_explained() {
    let messages = fails(&scenario(Bug::StaleReads, true), 60, "linearizable");
    for message in messages {
        assert!(
            message.contains("read() = ") && message.contains(" must come before "),
            "{message}"
        );
        assert!(message.contains(" of client-"), "{message}");
        assert!(message.ends_with("no explanation."), "{message}");
    }
}

#[test]
fn reads_without_a_write_back_are_found() {
    fails(&scenario(Bug::NoWriteBack, true), 1_200, "linearizable");
}

#[test]
fn the_register_as_it_should_be_passes() {
    let scenario = scenario(Bug::None, true);
    passes(&scenario, 150);
    // Not for want of hard cases: clients are killed and give up in the middle.
    let kept = Record { keep: Keep::Text, choices: false };
    let unknown = (1..=20).flat_map(|seed| {
        let outcome = run(&scenario, &Case::from_seed(&scenario, Seed(seed)), kept).unwrap();
        outcome.histories.into_iter().flat_map(|history| history.events)
    });
    let unknown = unknown.filter(|event| event.kind == EventKind::Info).count();
    assert!(unknown > 20, "only {unknown} operations of unknown outcome");
}

#[test]
fn recording_changes_nothing_of_a_run() {
    let hashes = |recorded: bool| -> Vec<u64> {
        let outcomes = outcomes(&scenario(Bug::StaleReads, recorded), 20);
        outcomes.into_iter().map(|outcome| outcome.trace_hash).collect()
    };
    assert_eq!(hashes(true), hashes(false));
}
