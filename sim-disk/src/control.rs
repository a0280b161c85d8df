//! What tests do to the disks of the current run, and see of them.
//!
//! ```
//! use sim_disk::{DiskConfig, Disks, Latency, control, fs};
//! use sim_runtime::{Config, End, Simulation, World, node::NodeSpec, time};
//!
//! async fn write() -> std::io::Result<()> {
//!     fs::write("vote", b"term 3").await?;
//!     std::future::pending().await
//! }
//!
//! let outcome = Simulation::new(Config::default()).device(Disks::default()).run(async {
//!     let node = World::current(|world| {
//!         let node = world.add_node(NodeSpec::new("voter", write));
//!         world.start(node);
//!         node
//!     });
//!     time::sleep(time::Duration::from_secs(1)).await;
//!     World::current(|world| world.end(node, End::PowerOff));
//!     control::failures(node)
//! });
//! let failures = outcome.result.unwrap();
//! assert_eq!(failures[0].unsynced, 2); // the creation and the bytes
//! ```

use crate::device::{DiskId, Disks};
use crate::file_system::FileSystem;
use crate::latency::Latency;
use crate::report::CrashReport;
use crate::rules::Rules;
use sim_runtime::{NodeId, World};

/// What the power failures of a node did, oldest first.
///
/// # Panics
/// Outside of a simulation, in one without [`Disks`], or if it has no such node. So do all functions here.
pub fn failures(node: NodeId) -> Vec<CrashReport> {
    with(|disks| disks.failures(node))
}

/// The identity of the disk that is in a node now.
///
/// # Panics
/// See [`failures`].
pub fn identity(node: NodeId) -> DiskId {
    with(|disks| disks.identity(node))
}

/// Sets how long the calls of a node's disk take, from now on.
///
/// # Panics
/// See [`failures`].
pub fn set_latency(node: NodeId, latency: Latency) {
    with(|disks| disks.set_latency(node, latency));
}

/// Sets what power failures of a node may do, from now on.
///
/// # Panics
/// See [`failures`].
pub fn set_rules(node: NodeId, rules: Rules) {
    with(|disks| disks.set_rules(node, rules));
}

/// Calls `f` with the file system of a node, outside of any process: to look at what is there, or to prepare it.
/// Takes no time and is not traced.
///
/// # Panics
/// See [`failures`].
pub fn inspect<R>(node: NodeId, f: impl FnOnce(&mut FileSystem) -> R) -> R {
    with(|disks| disks.inspect(node, f))
}

fn with<R>(f: impl FnOnce(&Disks) -> R) -> R {
    World::current(|world| world.with_device(f))
}
