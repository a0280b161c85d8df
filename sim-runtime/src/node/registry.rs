//! The table of nodes.

use super::{End, NodeId, local::Locals};
use crate::ledger::Strike;
use crate::task::Task;
use crate::time::NodeClock;
use std::fmt::Display;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Waker;

/// What the program of a process returns: nothing, or a result whose error ends the process as failed.
pub trait ExitStatus {
    /// The error in words, if there was one.
    fn into_result(self) -> Result<(), String>;
}

impl ExitStatus for () {
    fn into_result(self) -> Result<(), String> {
        Ok(())
    }
}

impl<T, E: Display> ExitStatus for Result<T, E> {
    fn into_result(self) -> Result<(), String> {
        self.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// The type `!`, by a detour: `loop {}` is a usual program, and `!` cannot be named on stable Rust yet.
type Never = <fn() -> ! as Returns>::Output;

/// What a function returns.
#[doc(hidden)]
pub trait Returns {
    /// The type.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

impl ExitStatus for Never {
    fn into_result(self) -> Result<(), String> {
        self
    }
}

type Program = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// Makes the program of a process, called at each start of its node.
pub type Factory = Rc<dyn Fn() -> Program>;

/// What a node is made from.
///
/// ```
/// use sim_runtime::node::NodeSpec;
/// use sim_runtime::time::{Duration, sleep};
/// use sim_runtime::{Config, End, Simulation, World};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let database = World::current(|world| {
///         let spec = NodeSpec::new("database", || async {
///             loop {
///                 sleep(Duration::from_millis(10)).await; // serves
///             }
///         });
///         let database = world.add_node(spec);
///         world.start(database);
///         database
///     });
///     sleep(Duration::from_secs(1)).await;
///     World::current(|world| {
///         world.end(database, End::PowerOff);
///         world.start(database);
///         world.incarnation(database)
///     })
/// });
/// assert_eq!(outcome.result, Ok(1));
/// ```
pub struct NodeSpec {
    /// The name, unique in the run.
    pub name: Rc<str>,
    /// The program.
    pub factory: Factory,
}

impl NodeSpec {
    /// A node called `name` that runs what `program` returns, anew at each start.
    pub fn new<F, Fut>(name: &str, program: F) -> NodeSpec
    where
        F: Fn() -> Fut + 'static,
        Fut: Future + 'static,
        Fut::Output: ExitStatus,
    {
        let factory: Factory = Rc::new(move || {
            let future = program();
            Box::pin(async move { future.await.into_result() })
        });
        NodeSpec { name: name.into(), factory }
    }
}

pub(crate) struct Node {
    pub(crate) name: Rc<str>,
    pub(crate) factory: Option<Factory>,
    pub(crate) up: bool,
    pub(crate) paused: bool,
    /// The fault of the plan that paused it.
    pub(crate) paused_by: Option<Strike>,
    /// How many processes have started.
    pub(crate) starts: u32,
    pub(crate) clock: NodeClock,
    pub(crate) locals: Locals,
    /// Tasks that were woken while the node was paused.
    pub(crate) frozen: Vec<Task>,
    pub(crate) shutdown: bool,
    /// The fault of the plan that told it to shut down.
    pub(crate) shutdown_by: Option<Strike>,
    /// Whether it starts again once the shutdown under way is over.
    pub(crate) again: bool,
    /// Whether its process is just being ended: its tasks are being dropped, its devices are not told yet.
    pub(crate) ending: bool,
    /// How the last process was ended from outside and by which fault of the plan, until the next one starts and can notice.
    pub(crate) ended: Option<(End, Option<Strike>)>,
    /// How the last process returned by itself, if it did.
    pub(crate) exit: Option<Result<(), String>>,
    /// Who waits for a change: a start, an end, a shutdown request.
    pub(crate) watchers: Vec<Waker>,
}

impl Node {
    /// Has `waker` woken at the next change. A loop that asks again and again is kept once.
    pub(crate) fn watch(&mut self, waker: &Waker) {
        if !self.watchers.iter().any(|known| known.will_wake(waker)) {
            self.watchers.push(waker.clone());
        }
    }
}

/// The nodes of a run.
#[derive(Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
}

impl Nodes {
    pub(crate) fn add(&mut self, name: Rc<str>, factory: Option<Factory>) -> NodeId {
        assert!(!name.is_empty(), "a node needs a name");
        assert!(
            self.named(&name).is_none(),
            "there is a node called `{name}` already: names of nodes are unique in a run"
        );
        let id = u16::try_from(self.nodes.len()).expect("fewer than 65,536 nodes");
        self.nodes.push(Node {
            name,
            factory,
            up: false,
            paused: false,
            paused_by: None,
            starts: 0,
            clock: NodeClock::default(),
            locals: Locals::default(),
            frozen: Vec::new(),
            shutdown: false,
            shutdown_by: None,
            again: false,
            ending: false,
            ended: None,
            exit: None,
            watchers: Vec::new(),
        });
        NodeId(id)
    }

    /// Forgets all nodes, keeping the memory.
    pub(crate) fn reset(&mut self) {
        self.nodes.clear();
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn get_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.index()]
    }

    pub(crate) fn named(&self, name: &str) -> Option<NodeId> {
        let at = self.nodes.iter().position(|node| &*node.name == name)?;
        Some(NodeId(at as u16))
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn take_all_locals(&mut self) -> Vec<Locals> {
        self.nodes.iter_mut().map(|node| std::mem::take(&mut node.locals)).collect()
    }
}

/// The address of a node: `10.0.0.1` for node 0, counting up, without `.0` and `.255`.
pub(crate) fn address(id: NodeId) -> IpAddr {
    let (high, low) = (id.0 / 254, id.0 % 254 + 1);
    IpAddr::V4(Ipv4Addr::new(10, (high >> 8) as u8, high as u8, low as u8))
}

/// The node that has an address, if it is of the form that [`address`] gives.
#[inline]
pub(crate) fn node_at(address: IpAddr) -> Option<NodeId> {
    let IpAddr::V4(v4) = address else { return None };
    let [10, a, b, low @ 1..=254] = v4.octets() else { return None };
    let high = u32::from(a) << 8 | u32::from(b);
    u16::try_from(high * 254 + u32::from(low) - 1).ok().map(NodeId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_nodes_are_one_to_one() {
        for id in (0..=u16::MAX).map(NodeId) {
            assert_eq!(node_at(address(id)), Some(id));
        }
        assert_eq!(node_at("10.0.0.0".parse().unwrap()), None);
        assert_eq!(node_at("192.168.0.1".parse().unwrap()), None);
    }
}
