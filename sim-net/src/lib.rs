//! The simulated network: datagrams between nodes over links that delay, lose, duplicate, reorder and part.

#![warn(missing_docs)]

mod address;
mod cause;
mod errno;
mod fabric;
mod kernel;
mod link;
mod packet;
mod partition;
mod ports;
mod waiters;

pub use address::ToSocketAddrs;
pub use cause::Cause;
pub use errno::Errno;
pub use fabric::{Links, PartitionId};
pub use link::LinkModel;
pub use partition::Partition;

/// TEMP
pub type Nanos = u64;
/// TEMP
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct NodeId(pub u16);
impl NodeId {
    /// TEMP
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}
