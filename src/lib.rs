//! Deterministic simulation testing for distributed systems, in the style of FoundationDB.
//!
//! Write one async test; `cargo test` runs it under many seeds. A whole cluster runs in one thread: time, network, disks and crashes
//! are simulated and hostile. A failing seed replays exactly and stays as a regression in `seeds/`.
//!
//! ```
//! use squall::prelude::*;
//!
//! #[squall::test(seeds = 50)]
//! async fn pings_are_answered(sim: Sim) -> squall::Result {
//!     sim.node("server", || async {
//!         let socket = UdpSocket::bind("0.0.0.0:7").await?;
//!         let mut buffer = [0; 64];
//!         while let Ok((len, from)) = socket.recv_from(&mut buffer).await {
//!             socket.send_to(&buffer[..len], from).await?;
//!         }
//!         std::io::Result::Ok(())
//!     });
//!     let clients = sim.nodes("client", 2, || async {
//!         let socket = UdpSocket::bind("0.0.0.0:0").await?;
//!         let mut buffer = [0; 64];
//!         loop {
//!             socket.send_to(b"ping", "server:7").await?;
//!             match timeout(100.millis(), socket.recv(&mut buffer)).await {
//!                 Ok(len) => return len.map(|_| ()),
//!                 Err(_) => continue, // lost: ask again
//!             }
//!         }
//!     });
//!     sim.faults(FaultModel::none().omission());
//!     clients.finished().within(2.minutes()).await
//! }
//! ```
//!
//! - [`Sim`] is what a test is given: nodes, faults, parameters, monitors.
//! - [`task`], [`time`], [`net`], [`fs`] and [`rand`](mod@rand) mirror tokio (and `rand`), so that code ports by changing its imports.
//! - [`always!`], [`sometimes!`], [`reachable!`], [`buggify!`] and [`knob!`] stand in the code under test.
//! - [`history`] records what clients asked for and were told, and has it judged by the checkers of [`check`].
//! - [`Case`] is everything that decides a run, [`run()`] runs one, [`Swarm`] runs many, [`Corpus`] keeps those that failed.
//!
//! # What is not simulated
//!
//! Each part says so for itself: [`sim_runtime`], [`net`], [`disk`], [`guard`].

#![warn(missing_docs)]

mod case;
mod context;
mod corpus;
mod determinism;
mod error;
pub mod fault;
mod harness;
pub mod history;
mod monitor;
pub mod node;
mod outcome;
mod report;
mod run;
mod scenario;
mod seed;
mod settings;
mod sim;
mod span;
mod swarm;
mod within;

pub use case::{Branch, Case, CaseError};
pub use corpus::{Corpus, target};
pub use determinism::{Divergence, check_determinism};
pub use error::{Error, Result};
pub use macros::test;
pub use monitor::export;
pub use outcome::{Outcome, Struck, Verdict};
pub use report::Report;
pub use run::{Record, run};
pub use scenario::{Mutant, Scenario};
pub use seed::{Seed, SeedError};
pub use settings::{Settings, Shard, parse_time};
pub use sim::Sim;
pub use span::{Span, SpanError, Units};
pub use swarm::{
    EffectTotal, Event, Found, LedgerTotal, Percentiles, ProbeTotal, Spread, Summary, Swarm,
};
pub use within::{Promise, Within};

pub use sim_check as check;
pub use sim_disk as disk;
pub use sim_disk::fs;
pub use sim_net as net;
pub use sim_runtime::{
    Bounds, Config, Device, DeviceId, End, Failure, FailureKind, Figures, Ledger, LedgerLine,
    NodeId, RunOutcome, Simulation, Strike, World, always, buggify, choice, fault_kind, guard,
    hint, knob, node_local, probe, rand, reachable, sometimes, task, time, trace, unreachable,
};
pub use task::{spawn, yield_now};

/// What a test needs, in one import.
pub mod prelude {
    pub use crate::fault::{FaultModel, majority, minority};
    pub use crate::history::{isolation, linearizable, sequential};
    pub use crate::net::UdpSocket;
    pub use crate::node::{Node, Nodes};
    pub use crate::task::{JoinHandle, JoinSet, spawn, yield_now};
    pub use crate::time::{Duration, Instant, interval, sleep, sleep_until, timeout};
    pub use crate::{Promise, Sim, Units};
}

#[doc(hidden)]
pub mod __private {
    pub use crate::harness::{IntoResult, Test, run_test};
}
