//! The simulated network: datagrams between nodes over links that delay, lose, duplicate, reorder and part.

#![warn(missing_docs)]

mod address;
mod cause;
mod errno;
mod fabric;
mod fault;
mod kernel;
mod link;
mod packet;
mod partition;
mod ports;
mod waiters;

pub use address::ToSocketAddrs;
pub use cause::Cause;
pub use errno::Errno;
pub use fault::{Effect, FaultId, LinkFault, Links};
pub use link::LinkModel;
pub use partition::Partition;

pub use sim_runtime::NodeId;
