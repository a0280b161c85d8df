//! The datagram sockets of one node, in the shape of POSIX: socket, bind, connect, send, receive, readiness, close. Pure: no clock.
//!
//! What Linux does where POSIX leaves it open (`udp(7)`, `ip(7)`): a connected socket takes datagrams of its peer only; word that nobody
//! listens (ICMP port unreachable) becomes `ECONNREFUSED` of the next call on a *connected* socket, and is lost on others; a
//! receive buffer is bounded in bytes, and what does not fit is dropped without a word.

mod route;

use crate::Errno;
use crate::packet::{Packets, Queue};
use crate::ports::{Local, Ports};
use crate::waiters::Waiters;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::task::Waker;

pub use route::Route;

/// The most bytes that a datagram carries: 65,535 less the headers of IPv4 and UDP.
pub const DATAGRAM_BYTES_MAX: usize = 65_507;

/// What a datagram in a receive buffer counts for besides its payload, about what Linux charges for a small one.
pub const DATAGRAM_OVERHEAD_BYTES: usize = 768;

/// Names a socket of a node until it is closed; later it names nothing, as closing begins a new generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId {
    index: u32,
    generation: u32,
}

/// What became of a datagram that reached the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It waits in the receive buffer of a socket.
    Queued(SocketId),
    /// No socket takes it.
    NoSocket,
    /// The receive buffer is full.
    Full(SocketId),
}

#[derive(Debug)]
struct Socket {
    generation: u32,
    open: bool,
    local: Local,
    port: u16,
    peer: Option<SocketAddrV4>,
    error: Option<Errno>,
    queue: Queue,
    queued_bytes: usize,
    waiters: Waiters,
}

/// The sockets of one node.
#[derive(Debug)]
pub struct Kernel {
    address: Ipv4Addr,
    buffer_bytes: usize,
    sockets: Vec<Socket>,
    free: Vec<u32>,
    ports: Ports,
}

impl Kernel {
    /// The kernel of the node at `address`, whose sockets buffer up to `buffer_bytes` each.
    pub fn new(address: Ipv4Addr, buffer_bytes: usize) -> Kernel {
        Kernel {
            address,
            buffer_bytes,
            sockets: Vec::new(),
            free: Vec::new(),
            ports: Ports::default(),
        }
    }

    /// The node's own address.
    #[inline]
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// A new socket, neither bound nor connected.
    pub fn socket(&mut self) -> SocketId {
        if let Some(index) = self.free.pop() {
            let socket = &mut self.sockets[index as usize];
            socket.open = true;
            return SocketId { index, generation: socket.generation };
        }
        let index = u32::try_from(self.sockets.len()).expect("fewer than 2^32 sockets");
        self.sockets.push(Socket {
            generation: 0,
            open: true,
            local: Local::Any,
            port: 0,
            peer: None,
            error: None,
            queue: Queue::default(),
            queued_bytes: 0,
            waiters: Waiters::default(),
        });
        SocketId { index, generation: 0 }
    }

    /// Binds a socket to a local address; port 0 picks a free one.
    ///
    /// # Errors
    /// [`Errno::AddressInUse`], [`Errno::AddressNotAvailable`] when the node does not have the address,
    /// [`Errno::FamilyNotSupported`] for IPv6, [`Errno::InvalidArgument`] when it is bound already, [`Errno::BadDescriptor`].
    pub fn bind(&mut self, id: SocketId, to: SocketAddr) -> Result<(), Errno> {
        let SocketAddr::V4(to) = to else { return Err(Errno::FamilyNotSupported) };
        let local = match *to.ip() {
            Ipv4Addr::UNSPECIFIED => Local::Any,
            Ipv4Addr::LOCALHOST => Local::Loopback,
            ip if ip == self.address => Local::Interface,
            _ => return Err(Errno::AddressNotAvailable),
        };
        if self.get(id)?.port != 0 {
            return Err(Errno::InvalidArgument);
        }
        self.bind_local(id, local, to.port())
    }

    fn bind_local(&mut self, id: SocketId, local: Local, port: u16) -> Result<(), Errno> {
        let port = self.ports.bind(local, port, id.index)?;
        let socket = self.get_mut(id)?;
        socket.local = local;
        socket.port = port;
        Ok(())
    }

    /// Fixes the peer of a socket, binding the socket if it is not. What arrived before stays in the buffer.
    ///
    /// # Errors
    /// Those of [`Kernel::route`].
    pub fn connect(&mut self, id: SocketId, to: SocketAddr) -> Result<(), Errno> {
        let route = self.route(id, Some(to), 0)?;
        let local = if *route.from.ip() == Ipv4Addr::LOCALHOST {
            Local::Loopback
        } else {
            Local::Interface
        };
        let socket = self.get_mut(id)?;
        socket.peer = Some(route.to);
        socket.local = local;
        let port = socket.port;
        self.ports.rebind(port, id.index, local);
        Ok(())
    }

    /// The local address.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    pub fn local_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        let socket = self.get(id)?;
        let ip = match socket.local {
            Local::Any => Ipv4Addr::UNSPECIFIED,
            Local::Interface => self.address,
            Local::Loopback => Ipv4Addr::LOCALHOST,
        };
        Ok(SocketAddrV4::new(ip, socket.port))
    }

    /// The peer.
    ///
    /// # Errors
    /// [`Errno::NotConnected`], [`Errno::BadDescriptor`].
    pub fn peer_address(&self, id: SocketId) -> Result<SocketAddrV4, Errno> {
        self.get(id)?.peer.ok_or(Errno::NotConnected)
    }

    /// Puts a datagram that reached the node into the buffer of the socket that takes it. The caller then wakes the socket's waiters
    /// (see [`Kernel::take_waker`]), or forgets the packet when no socket took it.
    #[inline]
    pub fn arrive(&mut self, packets: &mut Packets, index: u32) -> Arrival {
        let header = packets.header(index);
        let Some(at) = self.takes(header.to, header.from) else { return Arrival::NoSocket };
        let charge = packets.payload(index).len() + DATAGRAM_OVERHEAD_BYTES;
        let socket = &mut self.sockets[at as usize];
        let id = SocketId { index: at, generation: socket.generation };
        if socket.queued_bytes >= self.buffer_bytes {
            return Arrival::Full(id);
        }
        socket.queued_bytes += charge;
        packets.push(&mut socket.queue, index);
        Arrival::Queued(id)
    }

    /// The socket that takes a datagram for `to` that comes from `from`.
    #[inline]
    fn takes(&self, to: SocketAddrV4, from: SocketAddrV4) -> Option<u32> {
        let at = self.ports.find(*to.ip() == Ipv4Addr::LOCALHOST, to.port())?;
        let peer = self.sockets[at as usize].peer;
        (peer.is_none() || peer == Some(from)).then_some(at)
    }

    /// Whether a socket would take a datagram for `to` that comes from `from`.
    pub fn would_take(&self, to: SocketAddrV4, from: SocketAddrV4) -> bool {
        self.takes(to, from).is_some()
    }

    /// Whether the sender of a datagram from `from` to `to` is a connected socket, which alone learns that nobody took it.
    pub fn hears_refusal(&self, from: SocketAddrV4, to: SocketAddrV4) -> bool {
        let at = self.ports.find(*from.ip() == Ipv4Addr::LOCALHOST, from.port());
        at.is_some_and(|at| self.sockets[at as usize].peer == Some(to))
    }

    /// Takes in word that nobody took a datagram from `from` to `to`. Says which socket learned it.
    pub fn refused(&mut self, from: SocketAddrV4, to: SocketAddrV4) -> Option<SocketId> {
        if !self.hears_refusal(from, to) {
            return None;
        }
        let index = self.ports.find(*from.ip() == Ipv4Addr::LOCALHOST, from.port())?;
        let socket = &mut self.sockets[index as usize];
        socket.error = Some(Errno::ConnectionRefused);
        Some(SocketId { index, generation: socket.generation })
    }

    /// Takes the next datagram out of a socket's buffer. It stays in the slab for the caller to read and to forget.
    ///
    /// # Errors
    /// A pending [`Errno::ConnectionRefused`], which comes before any datagram; [`Errno::WouldBlock`]; [`Errno::BadDescriptor`].
    #[inline]
    pub fn receive(&mut self, packets: &mut Packets, id: SocketId) -> Result<u32, Errno> {
        let socket = self.get_mut(id)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        let index = packets.pop(&mut socket.queue).ok_or(Errno::WouldBlock)?;
        socket.queued_bytes -= packets.payload(index).len() + DATAGRAM_OVERHEAD_BYTES;
        Ok(index)
    }

    /// Like [`Kernel::receive`], but the datagram stays in the buffer.
    ///
    /// # Errors
    /// Those of [`Kernel::receive`].
    pub fn peek(&mut self, packets: &Packets, id: SocketId) -> Result<u32, Errno> {
        let socket = self.get_mut(id)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        packets.first(&socket.queue).ok_or(Errno::WouldBlock)
    }

    /// Whether a receive would return at once, be it with an error.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    pub fn is_readable(&self, packets: &Packets, id: SocketId) -> Result<bool, Errno> {
        let socket = self.get(id)?;
        Ok(socket.error.is_some() || packets.first(&socket.queue).is_some())
    }

    /// Has a task woken when the socket becomes readable.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    #[inline]
    pub fn wait(&mut self, id: SocketId, waker: &Waker) -> Result<(), Errno> {
        self.get_mut(id)?.waiters.register(waker);
        Ok(())
    }

    /// What wakes whoever waits for a socket, to be used where the kernel is not borrowed.
    #[inline]
    pub fn take_waker(&mut self, id: SocketId) -> Option<Waker> {
        self.get_mut(id).ok()?.waiters.take()
    }

    /// Keeps what [`Kernel::take_waker`] took, after use, for the time when its task waits again.
    #[inline]
    pub fn keep_waker(&mut self, id: SocketId, waker: Waker) {
        if let Ok(socket) = self.get_mut(id) {
            socket.waiters.keep(waker);
        }
    }

    /// Takes the pending error (`SO_ERROR`).
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    pub fn take_error(&mut self, id: SocketId) -> Result<Option<Errno>, Errno> {
        Ok(self.get_mut(id)?.error.take())
    }

    /// Closes a socket: its port is free and its buffer gone. A socket that is closed already stays so.
    pub fn close(&mut self, packets: &mut Packets, id: SocketId) {
        let Ok(socket) = self.get_mut(id) else { return };
        let mut queue = std::mem::take(&mut socket.queue);
        socket.generation = socket.generation.wrapping_add(1);
        socket.open = false;
        socket.local = Local::Any;
        socket.peer = None;
        socket.error = None;
        socket.queued_bytes = 0;
        socket.waiters = Waiters::default();
        let port = std::mem::take(&mut socket.port);
        while let Some(index) = packets.pop(&mut queue) {
            packets.remove(index);
        }
        if port != 0 {
            self.ports.release(port, id.index);
        }
        self.free.push(id.index);
    }

    /// Closes all sockets, as when their process ends. `reboot` says whether the machine forgets which ephemeral port is next, too.
    pub fn reset(&mut self, packets: &mut Packets, reboot: bool) {
        // Backwards, so that the table fills up from the front again.
        for index in (0..self.sockets.len() as u32).rev() {
            let socket = &self.sockets[index as usize];
            if socket.open {
                self.close(packets, SocketId { index, generation: socket.generation });
            }
        }
        if reboot {
            self.ports = Ports::default();
        }
    }

    #[inline]
    fn get(&self, id: SocketId) -> Result<&Socket, Errno> {
        match self.sockets.get(id.index as usize) {
            Some(socket) if socket.generation == id.generation => Ok(socket),
            Some(_) | None => Err(Errno::BadDescriptor),
        }
    }

    #[inline]
    fn get_mut(&mut self, id: SocketId) -> Result<&mut Socket, Errno> {
        match self.sockets.get_mut(id.index as usize) {
            Some(socket) if socket.generation == id.generation => Ok(socket),
            Some(_) | None => Err(Errno::BadDescriptor),
        }
    }

    /// Roughly how many bytes it holds besides the packets.
    pub fn memory(&self) -> usize {
        self.sockets.capacity() * size_of::<Socket>()
    }
}

#[cfg(test)]
mod tests;
