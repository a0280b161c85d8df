//! Simulated hardware: how networks, disks and a stranger's own device plug into the runtime.

use crate::node::{End, NodeId};
use crate::world::World;
use std::any::Any;

/// The position of a device in its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceId(pub(crate) u8);

/// Simulated hardware that the runtime drives.
///
/// A device keeps its state in a cell of its own, draws its choices from [`World::choices`], schedules tokens with
/// [`World::schedule`] and wakes tasks through the wakers that its futures stored. It is told when nodes come
/// and go. It never polls and never calls user code. Payloads stay in the device's own slab: a token is just a number.
///
/// A complete device, a bell that rings some time after it was pressed:
///
/// ```
#[doc = include_str!("../examples/bell.rs")]
/// ```
pub trait Device: Any {
    /// A node was added. Told once, before its first start.
    fn node_created(&self, world: &World, node: NodeId) {
        let (_, _) = (world, node);
    }

    /// A process starts on the node: incarnation 0 first, then 1, ...
    fn node_started(&self, world: &World, node: NodeId, incarnation: u32) {
        let (_, _, _) = (world, node, incarnation);
    }

    /// The process of the node ended. Its tasks were dropped before.
    fn node_ended(&self, world: &World, node: NodeId, end: End) {
        let (_, _, _) = (world, node, end);
    }

    /// A token that the device scheduled fell due.
    fn due(&self, world: &World, token: u64) {
        let (_, _) = (world, token);
    }

    /// Faults stop among the nodes of `core`, for good: the device is perfect there from now on. What it does
    /// to other nodes, and between them and the core, stays as it is.
    fn healed(&self, world: &World, core: &[NodeId]) {
        let (_, _) = (world, core);
    }

    /// Roughly how many bytes the device holds, for the bound on memory.
    fn memory(&self) -> usize {
        0
    }
}
