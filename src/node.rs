//! Handles to nodes.

use crate::within::Within;
use crate::{End, NodeId, World};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

pub use sim_runtime::node::{
    ExitStatus, NodeLocal, address, current, incarnation, name, shutdown_requested,
};

/// A simulated machine with a process on it. A handle: it can be copied and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub(crate) NodeId);

impl Node {
    /// The id.
    pub fn id(self) -> NodeId {
        self.0
    }

    /// The name.
    pub fn name(self) -> Rc<str> {
        World::current(|world| world.node_name(self.0))
    }

    /// The address.
    pub fn address(self) -> IpAddr {
        World::current(|world| world.node_address(self.0))
    }

    /// Whether a process runs on it, paused or not.
    pub fn is_up(self) -> bool {
        World::current(|world| world.node_is_up(self.0))
    }

    /// Which life its process is: 0 first, one more at each start.
    pub fn incarnation(self) -> u32 {
        World::current(|world| world.incarnation(self.0))
    }

    /// Starts its process anew if it is down.
    #[track_caller]
    pub fn start(self) {
        World::current(|world| world.start(self.0));
    }

    /// Tells its process to shut down, and kills it when it has not ended after `grace`.
    pub fn shutdown(self, grace: Duration) {
        World::current(|world| world.shutdown(self.0, grace));
    }

    /// Kills its process: peers see resets, the page cache outlives it.
    pub fn kill(self) {
        World::current(|world| world.end(self.0, End::Kill));
    }

    /// Cuts the power: peers see silence, what was not synced is at risk.
    pub fn power_off(self) {
        World::current(|world| world.end(self.0, End::PowerOff));
    }

    /// Replaces it by an empty machine.
    pub fn wipe(self) {
        World::current(|world| world.end(self.0, End::Wipe));
    }

    /// Kills its process and starts it again at once.
    #[track_caller]
    pub fn restart(self) {
        World::current(|world| world.restart(self.0));
    }

    /// Freezes its process.
    pub fn pause(self) {
        World::current(|world| world.pause(self.0));
    }

    /// Lets its frozen process go on.
    pub fn resume(self) {
        World::current(|world| world.resume(self.0));
    }

    /// Completes when its process has returned by itself; `Err` when it returned an error.
    ///
    /// # Errors
    /// The error that the process returned, in words.
    pub async fn finished(self) -> Result<(), String> {
        World::exited(self.0).await
    }
}

/// Several nodes that run the same program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes(pub(crate) Vec<Node>);

impl Nodes {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The node at a position.
    ///
    /// # Panics
    /// Beyond the last.
    pub fn get(&self, index: usize) -> Node {
        self.0[index]
    }

    /// The nodes, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Node> + use<'_> {
        self.0.iter().copied()
    }

    /// The ids, in the same order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<'_> {
        self.0.iter().map(|node| node.0)
    }

    /// Completes when the processes of all of them have returned by themselves.
    ///
    /// # Errors
    /// The first error that a process returned.
    pub fn finished(&self) -> Within<impl Future<Output = Result<(), String>> + use<>> {
        let nodes = self.0.clone();
        Within::new("all nodes finished", async move {
            for node in nodes {
                node.finished().await.map_err(|error| format!("{}: {error}", node.name()))?;
            }
            Ok(())
        })
    }
}

impl IntoIterator for Nodes {
    type Item = Node;
    type IntoIter = std::vec::IntoIter<Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Nodes {
    type Item = Node;
    type IntoIter = std::iter::Copied<std::slice::Iter<'a, Node>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().copied()
    }
}
