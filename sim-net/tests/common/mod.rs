//! Shared by the tests: runs, nodes and constant delays.
#![allow(dead_code)]

use sim_net::{LinkModel, Net, NetConfig, NodeId};
use sim_runtime::choice::Distribution;
use sim_runtime::node::{ExitStatus, NodeSpec};
use sim_runtime::time::{Duration, sleep};
use sim_runtime::trace::Keep;
use sim_runtime::{Config, End, LedgerLine, RunOutcome, Simulation, World};
use std::future::Future;

pub const MS: u64 = 1_000_000;

/// A network whose links take exactly 10 ms.
pub fn steady() -> NetConfig {
    let link = LinkModel::with_latency(Distribution::constant(10 * MS));
    NetConfig { link, ..NetConfig::default() }
}

pub fn run_on<F>(net: NetConfig, seed: u64, main: F) -> RunOutcome<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    // With all its text, so that what each event says of itself is made too.
    let config = Config { seed, keep: Keep::Text, ..Config::default() };
    Simulation::new(config).device(Net::new(net)).run(main)
}

/// Runs `main` on the steady network and returns the ledger.
pub fn passes(main: impl Future<Output = ()> + 'static) -> Vec<LedgerLine> {
    let outcome = run_on(steady(), 1, main);
    if let Err(failure) = outcome.result {
        panic!("{failure}");
    }
    outcome.ledger.lines().to_vec()
}

/// What a ledger says of a kind: injected and observed.
pub fn counts(ledger: &[LedgerLine], kind: &str) -> (u64, u64) {
    let line = ledger.iter().find(|line| line.kind == kind);
    line.map_or((0, 0), |line| (line.injected, line.observed))
}

/// Adds a node and starts it.
pub fn node<F, Fut>(name: &str, program: F) -> NodeId
where
    F: Fn() -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: ExitStatus,
{
    World::current(|world| {
        let id = world.add_node(NodeSpec::new(name, program));
        world.start(id);
        id
    })
}

pub fn end(node: NodeId, how: End) {
    World::current(|world| world.end(node, how));
}

pub fn start(node: NodeId) {
    World::current(|world| world.start(node));
}

pub async fn ms(count: u64) {
    sleep(Duration::from_millis(count)).await;
}
