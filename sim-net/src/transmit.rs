//! The way of a datagram: from the socket that sends it onto a link, and from the link to the socket that takes it.
//!
//! A datagram is one event of the runtime. Its payload waits in the slab; what the event carries is the position there.

use crate::device::{Net, State};
use crate::fabric::LinkId;
use crate::kernel::{Arrival, Route, SocketId};
use crate::link::Verdict;
use crate::packet::{Cargo, Packet, digest};
use crate::{Cause, Errno, trace};
use sim_runtime::time::Nanos;
use sim_runtime::{NodeId, World};
use std::net::{IpAddr, SocketAddr};

/// The target in the trace of a datagram to an address that no node has.
const NOWHERE: NodeId = NodeId(u16::MAX);

impl Net {
    /// Sends what `buffer` holds once the node's kernel agreed. A process that has ended sends nothing.
    #[inline]
    pub(crate) fn send(
        &self,
        world: &World,
        node: NodeId,
        socket: SocketId,
        to: Option<SocketAddr>,
        payload: &[u8],
    ) -> Result<usize, Errno> {
        let mut state = self.state();
        let route = self.route(world, &mut state, node, socket, to, payload.len())?;
        let mut buffer = state.packets.buffer();
        buffer.extend_from_slice(payload);
        self.transmit(world, &mut state, node, route, buffer);
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
        let mut state = self.state();
        let bytes = buffer.len();
        match self.route(world, &mut state, node, socket, to, bytes) {
            Ok(route) => self.transmit(world, &mut state, node, route, buffer),
            Err(error) => {
                state.packets.give_back(buffer);
                return Err(error);
            }
        }
        Ok(bytes)
    }

    #[inline]
    fn route(
        &self,
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
        state.hosts[node.index()].kernel.route(socket, to, bytes)
    }

    #[inline]
    fn transmit(
        &self,
        world: &World,
        state: &mut State,
        node: NodeId,
        route: Route,
        payload: Vec<u8>,
    ) {
        let content = digest(&payload);
        let target = match route.to.ip().is_loopback() {
            true => Some(node),
            false => world.node_at(IpAddr::V4(*route.to.ip())),
        };
        let Some(target) = target else {
            let end = trace::end(NOWHERE, route.to.port());
            world.trace(&trace::DROPPED, node, end, Cause::NoMachine as u64, content);
            return state.packets.give_back(payload);
        };
        let mut packet = Packet {
            cargo: Cargo::Datagram,
            copy: false,
            slowed: None,
            source: node,
            target,
            source_life: state.hosts[node.index()].life,
            target_life: state.hosts[target.index()].life,
            link: None,
            sequence: 0,
            from: route.from,
            to: route.to,
            payload,
        };
        let end = trace::end(target, route.to.port());
        let verdict = if target == node {
            Verdict::Deliver { at: world.now() + self.loopback }
        } else {
            let id = state.fabric.link(world.choices(), node, target);
            let link = state.fabric.at(id);
            let verdict = link.send(world.choices(), world.now());
            packet.link = Some(id);
            packet.sequence = link.sequence();
            packet.slowed = link.state().slowed;
            verdict
        };
        match verdict {
            Verdict::Deliver { at } => {
                world.trace(&trace::SENT, node, end, at, content);
                self.put_on_the_way(world, state, packet, at);
            }
            Verdict::DeliverTwice { at, again } => {
                world.trace(&trace::SENT, node, end, at, content);
                world.trace(&trace::COPIED, node, end, again, content);
                world.injected(copying(state, packet.link));
                let mut payload = state.packets.buffer();
                payload.extend_from_slice(&packet.payload);
                let copy = Packet { copy: true, payload, ..packet };
                self.put_on_the_way(world, state, packet, at);
                self.put_on_the_way(world, state, copy, again);
            }
            Verdict::Dropped(cause) => {
                world.trace(&trace::DROPPED, node, end, cause as u64, content);
                self.count_drop(world, state, &packet, cause);
                state.packets.give_back(packet.payload);
            }
        }
    }

    #[inline]
    fn put_on_the_way(&self, world: &World, state: &mut State, packet: Packet, at: Nanos) {
        let index = state.packets.insert(packet);
        let id = self.id.get().expect("a device with nodes has its place");
        world.schedule(id, at, u64::from(index));
    }

    /// Counts a datagram that faults kept from a socket, if a socket would have taken it.
    #[cold]
    fn count_drop(&self, world: &World, state: &mut State, packet: &Packet, cause: Cause) {
        let Some(link) = packet.link.map(|id| *state.fabric.at(id).state()) else { return };
        let name = match cause {
            Cause::Loss => {
                let name = link.lossy.map_or("loss", |id| state.fabric.fault(id).name);
                world.injected(name);
                name
            }
            Cause::Blocked => match link.blocked {
                Some(id) => state.fabric.fault(id).name,
                None => unreachable!("a link that blocks knows why"),
            },
            Cause::NoMachine | Cause::NoSocket | Cause::Full => return,
        };
        let host = &state.hosts[packet.target.index()];
        if host.on && host.kernel.would_take(packet.to, packet.from) {
            world.observed(name);
        }
    }

    /// A packet has come to the end of its way.
    #[inline]
    pub(crate) fn arrive(&self, world: &World, token: u64) {
        let index = u32::try_from(token).expect("a token is a position in the slab");
        let mut guard = self.state();
        let state = &mut *guard;
        let packet = state.packets.get(index);
        let (cargo, target, to) = (packet.cargo, packet.target, packet.to);
        let mut overtaken = false;
        if let Some(id) = packet.link {
            let link = state.fabric.at(id);
            if link.state().blocked.is_some() {
                return self.drop_arrived(world, state, index, Cause::Blocked);
            }
            overtaken = link.arrives(packet.sequence);
        }
        let host = &mut state.hosts[target.index()];
        if !host.on {
            return self.drop_arrived(world, state, index, Cause::NoMachine);
        }
        if cargo == Cargo::Unreachable {
            drop(guard);
            return self.hear_refusal(world, index);
        }
        match host.kernel.arrive(&mut state.packets, index) {
            Arrival::Queued(socket) => {
                let packet = state.packets.get(index);
                let from = trace::end(packet.source, packet.from.port());
                let (sequence, port) = (u64::from(packet.sequence), u64::from(to.port()));
                world.trace(&trace::DELIVERED, target, from, sequence, port);
                if overtaken || packet.copy || packet.slowed.is_some() || is_stale(state, packet) {
                    self.count_delivery(world, state, index, overtaken);
                }
                drop(guard);
                self.wake(target, socket);
            }
            Arrival::NoSocket => {
                self.refuse(world, state, index);
                self.drop_arrived(world, state, index, Cause::NoSocket);
            }
            Arrival::Full(_) => {
                world.injected("overflow");
                world.observed("overflow");
                self.drop_arrived(world, state, index, Cause::Full);
            }
        }
    }

    /// Wakes who waits for a socket, while nothing is borrowed.
    #[inline]
    fn wake(&self, node: NodeId, socket: SocketId) {
        let mut waiters = self.state().hosts[node.index()].kernel.take_waiters(socket);
        waiters.wake();
        self.state().hosts[node.index()].kernel.keep_waiters(socket, waiters);
    }

    #[cold]
    fn drop_arrived(&self, world: &World, state: &mut State, index: u32, cause: Cause) {
        let packet = state.packets.get(index);
        let end = trace::end(packet.target, packet.to.port());
        world.trace(&trace::DROPPED, packet.source, end, cause as u64, u64::from(packet.sequence));
        if let (Cause::Blocked, Some(link)) = (cause, packet.link) {
            let blocked = state.fabric.at(link).state().blocked;
            let host = &state.hosts[packet.target.index()];
            if let Some(id) = blocked
                && host.on
                && host.kernel.would_take(packet.to, packet.from)
            {
                world.observed(state.fabric.fault(id).name);
            }
        }
        state.packets.remove(index);
    }

    /// Counts what a delivered datagram shows of faults.
    #[cold]
    fn count_delivery(&self, world: &World, state: &mut State, index: u32, overtaken: bool) {
        let packet = state.packets.get(index);
        if packet.copy {
            world.observed(copying(state, packet.link));
        } else if overtaken {
            world.injected("reorder");
            world.observed("reorder");
        }
        let packet = state.packets.get(index);
        if let Some(id) = packet.slowed {
            world.observed(state.fabric.fault(id).name);
        }
        if is_stale(state, packet) {
            world.injected("stale");
            world.observed("stale");
        }
    }

    /// Sends word back that no socket took a datagram, if its sender can hear it.
    #[cold]
    fn refuse(&self, world: &World, state: &mut State, index: u32) {
        let packet = state.packets.get(index);
        let (source, target) = (packet.source, packet.target);
        if !state.hosts[source.index()].kernel.hears_refusal(packet.from, packet.to) {
            return;
        }
        // The answer names the two ends of the datagram, and travels from its target to its source.
        let mut word = Packet {
            cargo: Cargo::Unreachable,
            copy: false,
            slowed: None,
            source: target,
            target: source,
            source_life: state.hosts[target.index()].life,
            target_life: state.hosts[source.index()].life,
            link: None,
            sequence: 0,
            from: packet.to,
            to: packet.from,
            payload: Vec::new(),
        };
        let end = trace::end(source, word.to.port());
        let verdict = if source == target {
            Verdict::Deliver { at: world.now() + self.loopback }
        } else {
            let id = state.fabric.link(world.choices(), target, source);
            let link = state.fabric.at(id);
            let verdict = link.send(world.choices(), world.now());
            word.link = Some(id);
            word.sequence = link.sequence();
            verdict
        };
        match verdict {
            // A copy of such word changes nothing: the first one sets the error, so does the second.
            Verdict::Deliver { at } | Verdict::DeliverTwice { at, .. } => {
                world.trace(&trace::REFUSED, target, end, at, 0);
                self.put_on_the_way(world, state, word, at);
            }
            Verdict::Dropped(cause) => {
                world.trace(&trace::DROPPED, target, end, cause as u64, 0);
                self.count_drop(world, state, &word, cause);
            }
        }
    }

    #[cold]
    fn hear_refusal(&self, world: &World, index: u32) {
        let mut state = self.state();
        let packet = state.packets.get(index);
        let (source, target, from, to) = (packet.source, packet.target, packet.from, packet.to);
        state.packets.remove(index);
        let heard = state.hosts[target.index()].kernel.refused(to, from);
        drop(state);
        if let Some(socket) = heard {
            world.trace(&trace::HEARD, target, trace::end(source, from.port()), 0, 0);
            self.wake(target, socket);
        }
    }
}

/// The name under which duplication on a link is counted.
fn copying(state: &mut State, link: Option<LinkId>) -> &'static str {
    let fault = link.and_then(|id| state.fabric.at(id).state().copying);
    fault.map_or("duplicate", |id| state.fabric.fault(id).name)
}

/// Whether a datagram is of, or for, a process that has ended meanwhile.
#[inline]
fn is_stale(state: &State, packet: &Packet) -> bool {
    state.hosts[packet.source.index()].life != packet.source_life
        || state.hosts[packet.target.index()].life != packet.target_life
}
