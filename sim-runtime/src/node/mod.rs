//! Nodes: simulated machines, and the lives of the processes on them.

mod life;
mod local;
mod registry;
mod signal;

use crate::world::World;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;

pub use local::NodeLocal;
pub(crate) use registry::Nodes;
pub use registry::{ExitStatus, Factory, NodeSpec};
pub use signal::shutdown_requested;

/// Names a node within its run: dense, in the order of creation. 0 is the machine on which the test itself runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

impl NodeId {
    /// The machine on which the test itself runs. It never fails.
    pub const TEST: NodeId = NodeId(0);

    /// The position among the nodes.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// It was told to end and did, or returned by itself: connections are closed in order, the disk is kept.
    Shutdown,
    /// It was killed (`SIGKILL`): peers see resets, the page cache outlives it.
    Kill,
    /// The machine lost power: peers see silence, what was not synced is at risk.
    PowerOff,
    /// The machine was replaced by an empty one.
    Wipe,
}

impl End {
    /// The verb of this end.
    pub fn name(self) -> &'static str {
        match self {
            End::Shutdown => "shutdown",
            End::Kill => "kill",
            End::PowerOff => "power_off",
            End::Wipe => "wipe",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The node on which the current task runs.
///
/// # Panics
/// Outside of a simulation.
pub fn current() -> NodeId {
    World::current(World::current_node)
}

/// The name of the current node.
///
/// # Panics
/// Outside of a simulation.
pub fn name() -> Rc<str> {
    World::current(|world| world.node_name(world.current_node()))
}

/// The address of the current node.
///
/// # Panics
/// Outside of a simulation.
pub fn address() -> IpAddr {
    World::current(|world| world.node_address(world.current_node()))
}

/// Which life of its node the current process is: 0 first, one more at each restart.
///
/// # Panics
/// Outside of a simulation.
pub fn incarnation() -> u32 {
    World::current(|world| world.incarnation(world.current_node()))
}
