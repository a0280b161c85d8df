//! Datagram sockets, shaped like tokio's.

use crate::address::ToSocketAddrs;
use crate::handle::{Handle, resolve, resolve_one};
use crate::kernel::Kernel;
use crate::packet::Packets;
use crate::{Errno, kernel::SocketId};
use sim_runtime::{NodeId, World};
use std::future::{pending, poll_fn};
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::task::{Context, Poll};

/// A UDP socket, with the methods of `tokio::net::UdpSocket`.
///
/// It belongs to the node on which it was bound. Dropping it closes it; when its process ends it is closed too. It can be shared
/// through an `Arc`; all tasks that wait for one socket are woken when a datagram arrives, and the first to run takes it.
///
/// # Errors
/// Its calls return an [`io::Error`] of the kind that tokio returns, with an [`Errno`] inside. Errors that are particular to datagrams:
/// a datagram of more than 65,507 bytes is `EMSGSIZE`; on a *connected* socket, a datagram that no socket took makes a later call
/// return `ConnectionRefused` once, unless the word of it got lost.
///
/// # Panics
/// Outside of a simulation, or in one without a [`Net`](crate::Net).
///
/// # Examples
///
/// An echo server on a node, and a client on the test's own:
///
/// ```
/// use sim_net::{Net, UdpSocket};
/// use sim_runtime::{Config, Simulation, World, node::NodeSpec};
///
/// async fn echo() -> std::io::Result<()> {
///     let socket = UdpSocket::bind("0.0.0.0:7").await?;
///     let mut buffer = [0; 1024];
///     loop {
///         let (bytes, from) = socket.recv_from(&mut buffer).await?;
///         socket.send_to(&buffer[..bytes], from).await?;
///     }
/// }
///
/// let outcome = Simulation::new(Config::default()).device(Net::default()).run(async {
///     World::current(|world| {
///         let server = world.add_node(NodeSpec::new("server", echo));
///         world.start(server);
///     });
///     let socket = UdpSocket::bind("0.0.0.0:0").await?;
///     socket.connect("server:7").await?;
///     sim_runtime::task::yield_now().await; // The server binds its port.
///     socket.send(b"hello").await?;
///     let mut buffer = [0; 16];
///     let bytes = socket.recv(&mut buffer).await?;
///     assert_eq!(&buffer[..bytes], b"hello");
///     std::io::Result::Ok(())
/// });
/// outcome.result.unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    handle: Handle,
}

impl UdpSocket {
    /// A socket bound to an address of the current node; port 0 picks a free one.
    ///
    /// # Errors
    /// `AddrInUse`, `AddrNotAvailable`, and what the resolution of the address returns.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        Ok(UdpSocket { handle: Handle::bind(&addr)? })
    }

    /// Fixes the peer: [`send`](UdpSocket::send) goes there, and datagrams of others are refused.
    ///
    /// # Errors
    /// What the resolution returns, and `InvalidInput` or `NetworkUnreachable` for what no node can be.
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let addresses = World::current(|world| resolve(world, &addr))?;
        let mut result = Ok(());
        for address in addresses {
            result = self.handle.with_kernel(|kernel, _, id| kernel.connect(id, address));
            if result.is_ok() {
                break;
            }
        }
        Ok(result?)
    }

    /// The local address.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.handle.with_kernel(|kernel, _, id| kernel.local_address(id))?;
        Ok(SocketAddr::V4(address))
    }

    /// The peer.
    ///
    /// # Errors
    /// `NotConnected` without one.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        let address = self.handle.with_kernel(|kernel, _, id| kernel.peer_address(id))?;
        Ok(SocketAddr::V4(address))
    }

    /// The node to which the socket belongs.
    pub fn node(&self) -> NodeId {
        self.handle.node()
    }

    /// Sends a datagram to the peer.
    ///
    /// # Errors
    /// Without a peer, of a datagram that is too long, and `ConnectionRefused` of an earlier one.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        let sent = self.try_send(buf);
        goes_on().await;
        sent
    }

    /// The same. Sending never blocks: there is room on the way at any time.
    ///
    /// # Errors
    /// Those of [`send`](UdpSocket::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.send_somewhere(buf, None)?)
    }

    /// The same. It is always ready.
    ///
    /// # Errors
    /// Those of [`send`](UdpSocket::send).
    pub fn poll_send(&self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.try_send(buf))
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// What the resolution returns, of a datagram that is too long, and `ConnectionRefused` of an earlier one.
    #[inline]
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let sent = self.try_send_to(buf, resolve_one(&target)?);
        goes_on().await;
        sent
    }

    /// The same. Sending never blocks.
    ///
    /// # Errors
    /// Those of [`send_to`](UdpSocket::send_to).
    #[inline]
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        Ok(self.send_somewhere(buf, Some(target))?)
    }

    /// The same. It is always ready.
    ///
    /// # Errors
    /// Those of [`send_to`](UdpSocket::send_to).
    pub fn poll_send_to(
        &self,
        _: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.try_send_to(buf, target))
    }

    #[inline]
    fn send_somewhere(&self, buf: &[u8], to: Option<SocketAddr>) -> Result<usize, Errno> {
        self.handle.with(|world, net, node, socket| net.send(world, node, socket, to, buf))
    }

    /// Receives a datagram. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` of an earlier send.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.recv_from(buf).await?.0)
    }

    /// Receives a datagram if one has arrived.
    ///
    /// # Errors
    /// `WouldBlock` if none has, and those of [`recv`](UdpSocket::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_recv_from(buf)?.0)
    }

    /// Receives a datagram, and tells who sent it. What does not fit into `buf` is lost.
    ///
    /// # Errors
    /// `ConnectionRefused` of an earlier send.
    #[inline]
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        poll_fn(|cx| {
            let poll = self.handle.poll(cx, |kernel, packets, id| take(kernel, packets, id, buf));
            found(poll)
        })
        .await
    }

    /// Receives a datagram if one has arrived, and tells who sent it.
    ///
    /// # Errors
    /// `WouldBlock` if none has, and those of [`recv_from`](UdpSocket::recv_from).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (bytes, from) =
            self.handle.with_kernel(|kernel, packets, id| take(kernel, packets, id, buf))?;
        Ok((bytes, SocketAddr::V4(from)))
    }

    /// Reads the next datagram without taking it.
    ///
    /// # Errors
    /// Those of [`recv`](UdpSocket::recv).
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.peek_from(buf).await?.0)
    }

    /// Reads the next datagram without taking it, if one has arrived.
    ///
    /// # Errors
    /// Those of [`try_recv`](UdpSocket::try_recv).
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.try_peek_from(buf)?.0)
    }

    /// Reads the next datagram without taking it, and tells who sent it.
    ///
    /// # Errors
    /// Those of [`recv_from`](UdpSocket::recv_from).
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        poll_fn(|cx| {
            let poll = self.handle.poll(cx, |kernel, packets, id| look(kernel, packets, id, buf));
            found(poll)
        })
        .await
    }

    /// Reads the next datagram without taking it, if one has arrived, and tells who sent it.
    ///
    /// # Errors
    /// Those of [`try_recv_from`](UdpSocket::try_recv_from).
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (bytes, from) =
            self.handle.with_kernel(|kernel, packets, id| look(kernel, packets, id, buf))?;
        Ok((bytes, SocketAddr::V4(from)))
    }

    /// Who sent the next datagram.
    ///
    /// # Errors
    /// Those of [`recv_from`](UdpSocket::recv_from).
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        Ok(self.peek_from(&mut []).await?.1)
    }

    /// Who sent the next datagram, if one has arrived.
    ///
    /// # Errors
    /// Those of [`try_recv_from`](UdpSocket::try_recv_from).
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        Ok(self.try_peek_from(&mut [])?.1)
    }

    /// Waits until a receive would not block.
    ///
    /// # Errors
    /// If the process has ended.
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_recv_ready(cx)).await
    }

    /// The same as a poll.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = self.handle.poll(cx, |kernel, packets, id| {
            if kernel.is_readable(packets, id)? { Ok(()) } else { Err(Errno::WouldBlock) }
        });
        poll.map(|result| Ok(result?))
    }

    /// Waits until a send would not block: it never does.
    ///
    /// # Errors
    /// If the process has ended.
    pub async fn writable(&self) -> io::Result<()> {
        self.local_addr().map(drop)
    }

    /// The same as a poll.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn poll_send_ready(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.local_addr().map(drop))
    }

    /// Takes the pending error (`SO_ERROR`): `ConnectionRefused` of an earlier send.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let error = self.handle.with_kernel(|kernel, _, id| kernel.take_error(id))?;
        Ok(error.map(io::Error::from))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

#[inline]
fn found(
    poll: Poll<Result<(usize, SocketAddrV4), Errno>>,
) -> Poll<io::Result<(usize, SocketAddr)>> {
    poll.map(|result| {
        let (bytes, from) = result?;
        Ok((bytes, SocketAddr::V4(from)))
    })
}

#[inline]
fn take(
    kernel: &mut Kernel,
    packets: &mut Packets,
    id: SocketId,
    buf: &mut [u8],
) -> Result<(usize, SocketAddrV4), Errno> {
    let index = kernel.receive(packets, id)?;
    let read = copy(packets, index, buf);
    packets.remove(index);
    Ok(read)
}

fn look(
    kernel: &mut Kernel,
    packets: &mut Packets,
    id: SocketId,
    buf: &mut [u8],
) -> Result<(usize, SocketAddrV4), Errno> {
    let index = kernel.peek(packets, id)?;
    Ok(copy(packets, index, buf))
}

#[inline]
fn copy(packets: &Packets, index: u32, buf: &mut [u8]) -> (usize, SocketAddrV4) {
    let payload = packets.payload(index);
    let bytes = buf.len().min(payload.len());
    buf[..bytes].copy_from_slice(&payload[..bytes]);
    (bytes, packets.header(index).from)
}

/// Waits for ever in a process that was ended by what it just did: a fault may strike at a message.
#[inline]
async fn goes_on() {
    if !World::current(World::current_process_lives) {
        pending::<()>().await;
    }
}
