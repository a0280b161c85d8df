//! What tests and fault plans do to the network of the current run.
//!
//! ```
//! use sim_net::{Net, Partition, UdpSocket, control};
//! use sim_runtime::time::{Duration, timeout};
//! use sim_runtime::{Config, Simulation, World, node::NodeSpec};
//!
//! let outcome = Simulation::new(Config::default()).device(Net::default()).run(async {
//!     let peer = World::current(|world| world.add_node(NodeSpec::new("peer", || async {
//!         let socket = UdpSocket::bind("0.0.0.0:1").await?;
//!         socket.send_to(b"hello", "test:1").await
//!     })));
//!     let socket = UdpSocket::bind("0.0.0.0:1").await.unwrap();
//!     let cut = control::partition(Partition::isolate(peer));
//!     World::current(|world| world.start(peer));
//!     let mut buffer = [0; 8];
//!     assert!(timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.is_err());
//!     cut.lift();
//!     World::current(|world| world.start(peer));
//!     assert!(timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.is_ok());
//! });
//! outcome.result.unwrap();
//! let line = outcome.ledger.lines().iter().find(|line| line.kind == "partition").unwrap();
//! assert_eq!((line.injected, line.observed), (1, 1));
//! ```

use crate::messages::{variant_in, variants_of};
use crate::{FaultId, LinkFault, LinkModel, Links, Net, NodeId, Partition};
use serde::de::DeserializeOwned;
use sim_runtime::World;
use sim_runtime::choice::Ratio;
use std::any::type_name;

/// A fault in force. It is lifted by [`lift`](InForce::lift) or when this is dropped, and stays with [`keep`](InForce::keep).
#[derive(Debug)]
#[must_use = "a fault is lifted when its guard is dropped: keep the guard, or call `keep` to leave the fault in force"]
pub struct InForce {
    net: u32,
    id: FaultId,
}

impl InForce {
    /// Lifts the fault.
    pub fn lift(self) {}

    /// Leaves the fault in force, until [`Net::lift`] or the end of the run.
    pub fn keep(self) -> FaultId {
        let id = self.id;
        std::mem::forget(self);
        id
    }

    /// The fault.
    pub fn id(&self) -> FaultId {
        self.id
    }
}

impl Drop for InForce {
    fn drop(&mut self) {
        World::try_current(|world| {
            // What the end of the run drops changes nothing any more.
            if world.current_process_lives() && world.has_device::<Net>() {
                world.with_device(|net: &Net| net.number == self.net && net.lift(world, self.id));
            }
        });
    }
}

/// Puts a fault in force in the network of the current run.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn inject(fault: LinkFault) -> InForce {
    with(|world, net| InForce { net: net.number, id: net.inject(world, fault) })
}

/// Parts the network. A datagram that is under way when a partition begins is lost if it would arrive while its link is still blocked.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn partition(partition: Partition) -> InForce {
    inject(LinkFault::partition(partition))
}

/// Blocks one direction between two nodes.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn block(from: NodeId, to: NodeId) -> InForce {
    inject(LinkFault::block(from, to))
}

/// Multiplies the delays of links.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn slow(links: Links, factor: u32) -> InForce {
    inject(LinkFault::slow(links, factor))
}

/// Has links lose messages.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn lose(links: Links, ratio: Ratio) -> InForce {
    inject(LinkFault::lose(links, ratio))
}

/// Has links duplicate messages.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn duplicate(links: Links, ratio: Ratio) -> InForce {
    inject(LinkFault::duplicate(links, ratio))
}

/// Gives links another model for the rest of the run.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn set_model(links: Links, model: LinkModel) {
    with(|world, net| net.set_model(world, links, model));
}

/// Says what kinds of messages there are, by which a fault plan can name a moment: `the second promise from acceptor-1 to
/// proposer-0`. `of` tells the kind of a message by its payload, `None` for what is none of them.
///
/// Only asked where a fault waits for a kind, and only about datagrams that are sent or delivered then. It should look at the payload and at nothing else.
///
/// ```
/// # use sim_net::Net;
/// # use sim_runtime::{Config, Simulation};
/// # Simulation::new(Config::default()).device(Net::default()).run(async {
/// sim_net::control::name_messages(&["ping", "pong"], |payload| match payload.first()? {
///     0 => Some("ping"),
///     1 => Some("pong"),
///     _ => None,
/// });
/// # });
/// ```
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`]. Later, if `of` returns a name that is not among `names`.
pub fn name_messages(
    names: &'static [&'static str],
    of: impl Fn(&[u8]) -> Option<&'static str> + 'static,
) {
    with(|_, net| net.name_messages(names, of));
}

/// The same for the variants of an enum that [`Mailbox`](crate::Mailbox)es send: their names are the kinds.
///
/// # Panics
/// If `T` is no enum, outside of a simulation, or in one without a [`Net`].
pub fn name_messages_of<T: DeserializeOwned>() {
    let names = variants_of::<T>();
    assert!(!names.is_empty(), "{} has no variants to name messages after", type_name::<T>());
    name_messages(names, move |payload| variant_in(payload, names));
}

/// Whether datagrams from one node to another are blocked now.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn is_blocked(from: NodeId, to: NodeId) -> bool {
    with(|_, net| net.is_blocked(from, to))
}

/// Lifts all faults of links.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`].
pub fn lift_all() {
    with(|world, net| {
        for id in net.in_force() {
            net.lift(world, id);
        }
    });
}

fn with<R>(f: impl FnOnce(&World, &Net) -> R) -> R {
    World::current(|world| world.with_device(|net: &Net| f(world, net)))
}
