//! The way of a datagram: from the socket that sends it onto a link, and from the link to the socket that takes it.
//!
//! A datagram is one event of the runtime. Its payload waits in the slab; what the event carries is the position there.

use crate::device::{Net, State};
use crate::fabric::LinkId;
use crate::fault::FaultId;
use crate::kernel::{Arrival, Route, SocketId};
use crate::link::Verdict;
use crate::packet::{Cargo, Header, digest};
use crate::{Cause, Errno, trace};
use sim_runtime::time::Nanos;
use sim_runtime::{NodeId, World};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Datagrams that a link loses or copies by itself, without any fault.
const MODEL_LOSS: &str = "model_loss";
const MODEL_COPY: &str = "model_copy";

/// The target in the trace of a datagram to an address that no node has.
const NOWHERE: NodeId = NodeId(u16::MAX);

impl Net {
    /// Sends a datagram once the node's kernel agreed. A process that has ended sends nothing.
    #[inline]
    pub(crate) fn send(
        &self,
        world: &World,
        node: NodeId,
        socket: SocketId,
        to: Option<SocketAddr>,
        payload: &[u8],
    ) -> Result<usize, Errno> {
        let target = {
            let state = &mut *self.state();
            let route = route(world, state, node, socket, to, payload.len())?;
            let fill = |buffer: &mut Vec<u8>| buffer.extend_from_slice(payload);
            let target = route.to;
            self.transmit(world, state, node, route, digest(payload), fill);
            target
        };
        if world.expects_points() {
            let peer = target_of(world, &self.state(), node, *target.ip());
            self.sent(world, node, peer, payload);
        }
        Ok(payload.len())
    }

    /// The same with a buffer of the pool, which goes back there.
    pub(crate) fn send_buffer(
        &self,
        world: &World,
        node: NodeId,
        socket: SocketId,
        to: Option<SocketAddr>,
        buffer: Vec<u8>,
    ) -> Result<usize, Errno> {
        let copy = world.expects_points().then(|| buffer.clone());
        let mut guard = self.state();
        let state = &mut *guard;
        let bytes = buffer.len();
        let mut buffer = Some(buffer);
        let target = route(world, state, node, socket, to, bytes).map(|route| {
            let content = digest(buffer.as_deref().unwrap_or_default());
            let fill = |slot: &mut Vec<u8>| *slot = buffer.take().unwrap_or_default();
            let target = route.to;
            self.transmit(world, state, node, route, content, fill);
            target
        });
        if let Some(buffer) = buffer {
            state.packets.give_back(buffer);
        }
        drop(guard);
        let target = target?;
        if let Some(payload) = copy {
            let peer = target_of(world, &self.state(), node, *target.ip());
            self.sent(world, node, peer, &payload);
        }
        Ok(bytes)
    }

    #[inline]
    fn transmit(
        &self,
        world: &World,
        state: &mut State,
        node: NodeId,
        route: Route,
        content: u64,
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        let port = route.to.port();
        let Some(target) = target_of(world, state, node, *route.to.ip()) else {
            let end = trace::end(NOWHERE, port);
            return world.trace(&trace::DROPPED, node, end, Cause::NoMachine as u64, content);
        };
        let mut header = Header {
            cargo: Cargo::Datagram,
            copy: false,
            source: node,
            target,
            source_life: state.hosts[usize::from(node.0)].life,
            target_life: state.hosts[usize::from(target.0)].life,
            link: None,
            sequence: 0,
            slowed: None,
            copied: None,
            from: route.from,
            to: route.to,
        };
        let end = trace::end(target, port);
        match self.decide(world, state, &mut header) {
            Verdict::Deliver { at } => {
                world.trace(&trace::SENT, node, end, at, content);
                let index = state.packets.insert(header, fill);
                self.put_on_the_way(world, index, at);
            }
            Verdict::DeliverTwice { at, again } => {
                world.trace(&trace::SENT, node, end, at, content);
                world.trace(&trace::COPIED, node, end, again, content);
                let index = state.packets.insert(header, fill);
                self.put_on_the_way(world, index, at);
                self.duplicate(world, state, index, again);
            }
            Verdict::Dropped(cause) => {
                world.trace(&trace::DROPPED, node, end, cause as u64, content);
                count_drop(world, state, &header, cause);
            }
        }
    }

    /// Asks the link of a packet, if it takes one.
    #[inline]
    fn decide(&self, world: &World, state: &mut State, header: &mut Header) -> Verdict {
        if header.source == header.target {
            return Verdict::Deliver { at: world.now() + self.loopback };
        }
        let id = state.fabric.link(world.choices(), header.source, header.target);
        let link = state.fabric.at(id);
        let verdict = link.send(world.choices(), world.now());
        header.link = Some(id);
        header.sequence = link.sequence();
        header.slowed = link.state().slowed;
        if link.state().holds_once && !matches!(verdict, Verdict::Dropped(_)) {
            let (held_by, delay) = (header.slowed, link.state().held);
            state.fabric.lift(world.choices(), held_by.expect("what holds back has a name"));
            let end = trace::end(header.target, header.to.port());
            world.trace(&trace::HELD, header.source, end, delay, 0);
        }
        verdict
    }

    #[cold]
    fn duplicate(&self, world: &World, state: &mut State, index: u32, at: Nanos) {
        let header = *state.packets.header(index);
        let copied = copying(state, header.link);
        if copied.is_none() {
            world.injected(MODEL_COPY);
        }
        let header = Header { copy: true, copied, ..header };
        let payload = state.packets.payload(index).to_vec();
        let copy = state.packets.insert(header, |buffer| buffer.extend_from_slice(&payload));
        self.put_on_the_way(world, copy, at);
    }

    #[inline]
    fn put_on_the_way(&self, world: &World, index: u32, at: Nanos) {
        let id = self.id.get().expect("a device with nodes has its place");
        world.schedule(id, at, u64::from(index));
    }

    /// A packet has come to the end of its way.
    #[inline]
    pub(crate) fn arrive(&self, world: &World, token: u64) {
        let index = token as u32;
        if world.expects_points() {
            self.delivered(world, index);
        }
        let mut guard = self.state();
        let state = &mut *guard;
        let header = state.packets.header(index);
        let (cargo, source, target) = (header.cargo, header.source, header.target);
        let (sequence, from, to) = (header.sequence, header.from.port(), header.to.port());
        let mut worth_counting = header.copy || header.slowed.is_some() || is_stale(state, header);
        let mut overtaken = false;
        if let Some(id) = header.link {
            let link = state.fabric.at(id);
            if link.state().blocked.is_some() {
                return drop_arrived(world, state, index, Cause::Blocked);
            }
            overtaken = link.arrives(sequence);
            worth_counting |= overtaken;
        }
        let host = &mut state.hosts[usize::from(target.0)];
        if !host.on {
            return drop_arrived(world, state, index, Cause::NoMachine);
        }
        if cargo == Cargo::Unreachable {
            drop(guard);
            return self.hear_refusal(world, index);
        }
        match host.kernel.arrive(&mut state.packets, index) {
            Arrival::Queued(socket) => {
                let waker = host.kernel.take_waker(socket);
                let from = trace::end(source, from);
                world.trace(&trace::DELIVERED, target, from, u64::from(sequence), u64::from(to));
                if worth_counting {
                    count_delivery(world, state, index, overtaken);
                }
                drop(guard);
                if let Some(waker) = waker {
                    waker.wake_by_ref();
                    self.state().hosts[usize::from(target.0)].kernel.keep_waker(socket, waker);
                }
            }
            Arrival::NoSocket => {
                self.refuse(world, state, index);
                drop_arrived(world, state, index, Cause::NoSocket);
            }
            Arrival::Full(_) => {
                world.injected("overflow");
                world.observed("overflow");
                drop_arrived(world, state, index, Cause::Full);
            }
        }
    }

    /// Sends word back that no socket took a datagram, if its sender can hear it.
    #[cold]
    fn refuse(&self, world: &World, state: &mut State, index: u32) {
        let refused = *state.packets.header(index);
        let (source, target) = (refused.source, refused.target);
        if !state.hosts[source.index()].kernel.hears_refusal(refused.from, refused.to) {
            return;
        }
        // The answer names the two ends of the datagram, and travels from its target to its source.
        let mut word = Header {
            cargo: Cargo::Unreachable,
            copy: false,
            source: target,
            target: source,
            source_life: state.hosts[target.index()].life,
            target_life: state.hosts[source.index()].life,
            link: None,
            sequence: 0,
            slowed: None,
            copied: None,
            from: refused.to,
            to: refused.from,
        };
        let end = trace::end(source, word.to.port());
        match self.decide(world, state, &mut word) {
            // A copy of such word changes nothing: the first one sets the error, so does the second.
            Verdict::Deliver { at } | Verdict::DeliverTwice { at, .. } => {
                world.trace(&trace::REFUSED, target, end, at, 0);
                let index = state.packets.insert(word, |_| {});
                self.put_on_the_way(world, index, at);
            }
            Verdict::Dropped(cause) => {
                world.trace(&trace::DROPPED, target, end, cause as u64, 0);
                count_drop(world, state, &word, cause);
            }
        }
    }

    #[cold]
    fn hear_refusal(&self, world: &World, index: u32) {
        let mut guard = self.state();
        let state = &mut *guard;
        let Header { source, target, from, to, .. } = *state.packets.header(index);
        state.packets.remove(index);
        let kernel = &mut state.hosts[target.index()].kernel;
        let Some(socket) = kernel.refused(to, from) else { return };
        let waker = kernel.take_waker(socket);
        world.trace(&trace::HEARD, target, trace::end(source, from.port()), 0, 0);
        drop(guard);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

#[inline]
fn route(
    world: &World,
    state: &mut State,
    node: NodeId,
    socket: SocketId,
    to: Option<SocketAddr>,
    bytes: usize,
) -> Result<Route, Errno> {
    if !world.current_process_lives() {
        return Err(Errno::BadDescriptor);
    }
    state.hosts[usize::from(node.0)].kernel.route(socket, to, bytes)
}

/// The node that a node reaches under an address.
#[inline]
fn target_of(world: &World, state: &State, node: NodeId, address: Ipv4Addr) -> Option<NodeId> {
    if address.is_loopback() {
        return Some(node);
    }
    // The first 254 nodes are where their last octet says.
    let guess = usize::from(address.octets()[3]).wrapping_sub(1);
    match state.hosts.get(guess) {
        Some(host) if host.kernel.address() == address => Some(NodeId(guess as u16)),
        Some(_) | None => world.node_at(IpAddr::V4(address)),
    }
}

/// Counts a datagram that faults kept from a socket, if a socket would have taken it.
#[cold]
fn count_drop(world: &World, state: &mut State, header: &Header, cause: Cause) {
    let Some(link) = header.link.map(|id| *state.fabric.at(id).state()) else { return };
    let (name, strike) = match cause {
        Cause::Loss => match link.lossy {
            Some(id) => state.fabric.owed(id),
            None => {
                world.injected(MODEL_LOSS);
                (MODEL_LOSS, None)
            }
        },
        Cause::Blocked => match link.blocked {
            Some(id) => state.fabric.owed(id),
            None => unreachable!("a link that blocks knows why"),
        },
        Cause::NoMachine | Cause::NoSocket | Cause::Full => return,
    };
    let host = &state.hosts[header.target.index()];
    if host.on && host.kernel.would_take(header.to, header.from) {
        world.observed_of(name, strike);
    }
}

#[cold]
fn drop_arrived(world: &World, state: &mut State, index: u32, cause: Cause) {
    let header = *state.packets.header(index);
    let end = trace::end(header.target, header.to.port());
    let sequence = u64::from(header.sequence);
    world.trace(&trace::DROPPED, header.source, end, cause as u64, sequence);
    count_drop(world, state, &header, cause);
    state.packets.remove(index);
}

/// Counts what a delivered datagram shows of faults.
#[cold]
fn count_delivery(world: &World, state: &mut State, index: u32, overtaken: bool) {
    let header = *state.packets.header(index);
    if header.copy {
        let copied_by = header.copied.map(|id| state.fabric.owed(id));
        let (name, strike) = copied_by.unwrap_or((MODEL_COPY, None));
        world.observed_of(name, strike);
    } else if overtaken {
        world.injected("reorder");
        world.observed("reorder");
    }
    if let Some(id) = header.slowed {
        let (name, strike) = state.fabric.owed(id);
        world.observed_of(name, strike);
    }
    if is_stale(state, &header) {
        world.injected("stale");
        world.observed("stale");
    }
}

/// The fault that copies what is sent on a link, unless its model does.
fn copying(state: &mut State, link: Option<LinkId>) -> Option<FaultId> {
    link.and_then(|id| state.fabric.at(id).state().copying)
}

/// Whether a datagram is of, or for, a process that has ended meanwhile.
#[inline]
fn is_stale(state: &State, header: &Header) -> bool {
    state.hosts[usize::from(header.source.0)].life != header.source_life
        || state.hosts[usize::from(header.target.0)].life != header.target_life
}
