//! The workloads, written against the public API as a user would.

mod disk;
mod echo;
mod fan_out;
mod start_up;
mod timers;
mod yields;

use super::deliveries::Totals;
use super::params::Params;
use sim_net::{LinkModel, Net, NetConfig};
use sim_runtime::choice::{Distribution, Ratio};
use sim_runtime::node::{ExitStatus, NodeSpec};
use sim_runtime::time::Nanos;
use sim_runtime::{Bounds, Config, NodeId, RunOutcome, World};

/// A workload. The peers run the same under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// `n` tasks sleep `m` times each. An event is a timer that fired.
    W1,
    /// `n` tasks yield `k` times each. An event is a yield.
    W2,
    /// `c` clients, each on a node of its own or with `h=1` all on one, ask a server `r` times each. An event is a datagram
    /// that arrived.
    W3Udp,
    /// A proposer and four followers for `r` rounds, with loss. An event is a datagram that arrived.
    W4,
    /// `s` simulations of five nodes and one virtual second, set-up and tear-down included. An event is a simulation.
    W5,
    /// `r` times a write of 4 KiB and a sync, which take time with `lat=1`. An event is one of each.
    W6,
}

/// What a workload did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    /// Logical events, counted the same way for every peer.
    pub events: u64,
    /// Virtual time that passed.
    pub virtual_time: Nanos,
    /// Whether it did all that it was asked to do.
    pub ok: bool,
    /// What was received.
    pub deliveries: Totals,
    /// The hash of the run, or of all runs.
    pub trace_hash: u64,
}

/// A measured run goes on to its end.
pub const UNBOUNDED: Bounds = Bounds {
    events: u64::MAX,
    polls_at_one_instant: u64::MAX,
    virtual_time: Nanos::MAX,
    memory: usize::MAX,
};

/// A workload with its parameters, ready to be timed.
pub type Prepared = Box<dyn FnOnce() -> Done>;

impl Workload {
    pub const ALL: [Workload; 6] =
        [Workload::W1, Workload::W2, Workload::W3Udp, Workload::W4, Workload::W5, Workload::W6];

    /// # Errors
    /// When there is no such workload.
    pub fn named(name: &str) -> Result<Workload, String> {
        let found = Workload::ALL.into_iter().find(|workload| workload.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Workload::ALL.iter().map(|workload| workload.name()).collect();
            format!("`{name}` is not a workload: write one of {} or micro", names.join(", "))
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Workload::W1 => "w1",
            Workload::W2 => "w2",
            Workload::W3Udp => "w3udp",
            Workload::W4 => "w4",
            Workload::W5 => "w5",
            Workload::W6 => "w6",
        }
    }

    /// Parameters for a measurement of a fraction of a second.
    pub fn usual_size(self) -> &'static [(&'static str, u64)] {
        match self {
            Workload::W1 => &[("n", 1_000), ("m", 500)],
            Workload::W2 => &[("n", 100), ("k", 5_000)],
            Workload::W3Udp => &[("c", 10), ("r", 2_000)],
            Workload::W4 => &[("r", 5_000)],
            Workload::W5 => &[("s", 10_000)],
            Workload::W6 => &[("r", 20_000)],
        }
    }

    /// Parameters that it can do without.
    fn switches(self) -> &'static [&'static str] {
        match self {
            Workload::W3Udp => &["h"],
            Workload::W4 => &["map"],
            Workload::W6 => &["lat"],
            Workload::W1 | Workload::W2 | Workload::W5 => &[],
        }
    }

    /// # Errors
    /// When a parameter is wrong.
    pub fn prepare(self, params: &Params) -> Result<Prepared, String> {
        let sizes = self.usual_size().iter().map(|(key, _)| *key);
        let keys: Vec<&str> = sizes.chain(self.switches().iter().copied()).collect();
        params.only(&keys)?;
        match self {
            Workload::W1 => timers::prepare(params),
            Workload::W2 => yields::prepare(params),
            Workload::W3Udp => echo::prepare(params),
            Workload::W4 => fan_out::prepare(params),
            Workload::W5 => start_up::prepare(params),
            Workload::W6 => disk::prepare(params),
        }
    }
}

/// The configuration of a measured run: all as usual, except that no bound ends it.
fn config(params: &Params) -> Result<Config, String> {
    Ok(Config {
        seed: params.seed()?,
        policy: params.policy()?,
        guard: params.switch_or("guard", true)?,
        bounds: UNBOUNDED,
        ..Config::default()
    })
}

/// The payload of every message.
const MESSAGE: usize = 64;

/// The network of all peers: 1 to 10 ms, uniformly, and so many messages in a million lost.
fn network(loss: u32) -> Net {
    let latency = Distribution::uniform(1_000_000, 9_999_999);
    let link = LinkModel { loss: Ratio::per_million(loss), ..LinkModel::with_latency(latency) };
    Net::new(NetConfig { link, ..NetConfig::default() })
}

/// Adds a node and starts it.
fn start<F, Fut>(name: &str, program: F) -> NodeId
where
    F: Fn() -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: ExitStatus,
{
    World::current(|world| {
        let node = world.add_node(NodeSpec::new(name, program));
        world.start(node);
        node
    })
}

/// What a single run did, given how many events it should have counted.
fn done(outcome: &RunOutcome<u64>, wanted: u64) -> Done {
    let events = *outcome.result.as_ref().unwrap_or(&0);
    Done {
        events,
        virtual_time: outcome.figures.virtual_time,
        ok: events == wanted,
        deliveries: Totals::default(),
        trace_hash: outcome.trace_hash,
    }
}
