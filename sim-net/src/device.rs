//! The network as a device of the runtime.

use crate::fabric::Fabric;
use crate::fault::{FaultId, LinkFault, Links};
use crate::kernel::Kernel;
use crate::link::LinkModel;
use crate::messages::MessageKinds;
use crate::packet::Packets;
use crate::trace;
use sim_runtime::time::Nanos;
use sim_runtime::{Device, DeviceId, End, NodeId, World};
use std::cell::{Cell, RefCell, RefMut};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// What a network is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetConfig {
    /// What links do while no fault is on.
    pub link: LinkModel,
    /// How long a datagram takes within a node, in nanoseconds. There it is never lost and keeps its order.
    pub loopback: Nanos,
    /// How much a socket buffers, in bytes, where each datagram counts for its payload and for
    /// [`DATAGRAM_OVERHEAD_BYTES`](crate::DATAGRAM_OVERHEAD_BYTES).
    pub receive_buffer_bytes: usize,
}

impl Default for NetConfig {
    /// The default [`LinkModel`], 20 us within a node, and the receive buffer of Linux (`net.core.rmem_default`).
    fn default() -> NetConfig {
        NetConfig { link: LinkModel::default(), loopback: 20_000, receive_buffer_bytes: 212_992 }
    }
}

/// The network of a run: the sockets of all nodes, the links between them, and what is under way.
///
/// ```
/// use sim_net::{Net, UdpSocket};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).device(Net::default()).run(async {
///     let one = UdpSocket::bind("127.0.0.1:7000").await?;
///     let two = UdpSocket::bind("127.0.0.1:0").await?;
///     two.send_to(b"hello", "127.0.0.1:7000").await?;
///     let mut buffer = [0; 16];
///     let (bytes, from) = one.recv_from(&mut buffer).await?;
///     assert_eq!((&buffer[..bytes], from), (&b"hello"[..], two.local_addr()?));
///     std::io::Result::Ok(())
/// });
/// outcome.result.unwrap().unwrap();
/// ```
pub struct Net {
    /// Tells the networks of a process apart. It never enters a run.
    pub(crate) number: u32,
    pub(crate) id: Cell<Option<DeviceId>>,
    pub(crate) loopback: Nanos,
    receive_buffer_bytes: usize,
    pub(crate) state: RefCell<State>,
}

pub(crate) struct State {
    pub(crate) fabric: Fabric,
    pub(crate) hosts: Vec<Host>,
    pub(crate) packets: Packets,
    pub(crate) messages: Option<MessageKinds>,
}

/// A node as the network sees it.
pub(crate) struct Host {
    pub(crate) kernel: Kernel,
    /// Whether the machine is on: it was started and has not lost power since. It need not run a process.
    pub(crate) on: bool,
    /// Which life its process is in, or was in last.
    pub(crate) life: u32,
}

impl Default for Net {
    fn default() -> Net {
        Net::new(NetConfig::default())
    }
}

impl Net {
    /// A network without nodes.
    pub fn new(config: NetConfig) -> Net {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Net {
            number: NEXT.fetch_add(1, Relaxed),
            id: Cell::new(None),
            loopback: config.loopback,
            receive_buffer_bytes: config.receive_buffer_bytes,
            state: RefCell::new(State {
                fabric: Fabric::new(config.link),
                hosts: Vec::new(),
                packets: Packets::default(),
                messages: None,
            }),
        }
    }

    #[inline]
    pub(crate) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Gives links another model, those that nobody has used yet too. Datagrams under way keep the delay they were given.
    pub fn set_model(&self, world: &World, links: Links, model: LinkModel) {
        self.state().fabric.set_model(world.choices(), links, model);
    }

    /// Puts a fault in force until it is lifted.
    ///
    /// The ledger counts it as injected here, and as observed for each datagram that a socket misses, gets later or gets twice.
    pub fn inject(&self, world: &World, fault: LinkFault) -> FaultId {
        world.injected(fault.name);
        let id = {
            let fabric = &mut self.state().fabric;
            let id = fabric.inject(world.choices(), fault);
            fabric.owe(id, world.strike());
            id
        };
        world.trace(&trace::INJECTED, NodeId::TEST, id.index() as u32, 0, 0);
        id
    }

    /// Lifts a fault, and says whether it was in force.
    pub fn lift(&self, world: &World, id: FaultId) -> bool {
        let lifted = self.state().fabric.lift(world.choices(), id);
        if lifted {
            world.trace(&trace::LIFTED, NodeId::TEST, id.index() as u32, 0, 0);
        }
        lifted
    }

    /// Lifts the oldest fault in force that equals `fault`, and says whether there was one.
    pub fn lift_like(&self, world: &World, fault: &LinkFault) -> bool {
        let id = self.state().fabric.in_force_like(fault);
        id.is_some_and(|id| self.lift(world, id))
    }

    /// The faults in force, oldest first.
    pub fn in_force(&self) -> Vec<FaultId> {
        self.state().fabric.in_force().to_vec()
    }

    /// A fault of this run, in force or not.
    ///
    /// # Panics
    /// If the fault is of another run and this one has had fewer.
    pub fn fault(&self, id: FaultId) -> LinkFault {
        self.state().fabric.fault(id).clone()
    }

    /// Whether datagrams from one node to another are blocked now.
    pub fn is_blocked(&self, from: NodeId, to: NodeId) -> bool {
        self.state().fabric.is_blocked(from, to)
    }
}

impl Device for Net {
    fn node_created(&self, world: &World, node: NodeId) {
        if self.id.get().is_none() {
            self.id.set(Some(world.device_id::<Net>()));
        }
        let IpAddr::V4(address) = world.node_address(node) else {
            unreachable!("nodes have IPv4 addresses")
        };
        let mut state = self.state();
        assert_eq!(state.hosts.len(), node.index(), "nodes come in order");
        let kernel = Kernel::new(address, self.receive_buffer_bytes);
        state.hosts.push(Host { kernel, on: false, life: 0 });
        state.fabric.add_node(world.node_name(node));
    }

    fn node_started(&self, _: &World, node: NodeId, incarnation: u32) {
        let host = &mut self.state().hosts[node.index()];
        host.on = true;
        host.life = incarnation;
    }

    fn node_ended(&self, _: &World, node: NodeId, end: End) {
        let mut state = self.state();
        let State { hosts, packets, .. } = &mut *state;
        let host = &mut hosts[node.index()];
        match end {
            End::Shutdown | End::Kill => host.kernel.reset(packets, false),
            End::PowerOff | End::Wipe => {
                host.kernel.reset(packets, true);
                host.on = false;
            }
        }
    }

    fn due(&self, world: &World, token: u64) {
        self.arrive(world, token);
    }

    fn healed(&self, world: &World, core: &[NodeId]) {
        self.state().fabric.heal(world.choices(), core);
    }

    fn memory(&self) -> usize {
        let state = self.state.borrow();
        let kernels: usize = state.hosts.iter().map(|host| host.kernel.memory()).sum();
        state.fabric.memory() + state.packets.memory() + kernels
    }
}
