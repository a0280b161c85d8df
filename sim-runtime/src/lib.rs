//! The machine room of squall: executor, virtual time, nodes and their lives, choices, trace, probes and ledger.
//!
//! One run is one [`Simulation`]: a single thread, a virtual clock that moves only when nothing can run, and choices that all
//! come from one seed. Networks and disks are [`Device`]s in crates of their own.
//!
//! # What is not simulated
//!
//! - Parallelism inside a process: tasks interleave only where they await.
//! - The cost of computing: code between two awaits takes no time.
//! - Memory: a process never runs out of it, and its end frees what its tasks own, not what a `static` holds.

#![warn(missing_docs)]

mod bounds;
pub mod choice;
mod device;
pub mod fault;
pub mod guard;
mod ledger;
pub mod node;
pub mod point;
pub mod probe;
pub mod rand;
mod simulation;
pub mod task;
pub mod time;
pub mod trace;
mod verdict;
mod world;

pub use bounds::Bounds;
pub use device::{Device, DeviceId};
pub use ledger::{Ledger, LedgerLine, Strike};
pub use node::{End, NodeId};
pub use simulation::{Config, Figures, RunOutcome, Simulation};
pub use verdict::{Failure, FailureKind};
pub use world::World;

#[doc(hidden)]
pub mod __private {
    pub use linkme;
}
