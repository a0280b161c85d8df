//! A program that notices every kind of fault.

use squall::fault::Budget;
use squall::fs::OpenOptions;
use squall::node::shutdown_requested;
use squall::prelude::*;
use squall::{Case, CaseError, Scenario, Seed, fault};
use std::io;
use std::rc::Rc;

/// How many nodes chat.
pub const NODES: usize = 4;

/// Nodes that send to one another and write, under everything there is, with one kind muted.
pub fn chat(muted: Option<&'static str>) -> Scenario {
    Scenario::new("chat", move |sim| async move {
        if let Some(kind) = muted {
            sim.mute(kind);
        }
        let nodes = sim.nodes("node", NODES, || async {
            spawn(talk());
            shutdown_requested().await;
        });
        sim.faults(everything(&nodes));
        sleep(8.seconds()).await;
        Ok(())
    })
}

/// Every kind that is registered, for nodes of which half may fail.
pub fn everything(nodes: &Nodes) -> FaultModel {
    let all: Vec<&'static str> = fault::kinds().iter().map(|kind| kind.name).collect();
    let budget = Budget { nodes: nodes.ids().collect(), down_max: nodes.len() / 2 };
    FaultModel::none().and(&all).tolerates(budget)
}

/// The case of a seed with some lines of TOML more.
pub fn case_with(scenario: &Scenario, seed: u64, more: &str) -> Result<Case, CaseError> {
    with_more(&Case::from_seed(scenario, Seed(seed)), more)
}

/// A case with some lines of TOML more at its end.
pub fn with_more(case: &Case, more: &str) -> Result<Case, CaseError> {
    let text = case.to_toml();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    Case::from_toml(&format!("{}\n{more}", lines.join("\n")))
}

async fn talk() -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).open("/said").await?;
    let socket = Rc::new(UdpSocket::bind("0.0.0.0:7").await?);
    let ear = socket.clone();
    spawn(async move {
        let mut buffer = [0; 16];
        while ear.recv_from(&mut buffer).await.is_ok() {}
    });
    loop {
        for other in 0..NODES {
            // A machine that is down refuses, which is an answer too.
            socket.send_to(b"hello", format!("node-{other}:7")).await.unwrap_or(0);
            sleep(15.millis()).await;
        }
        file.append(b"hello").await?;
        file.sync_data().await?;
    }
}
