//! Typed messages over datagrams.

use crate::address::ToSocketAddrs;
use crate::handle::resolve_one;
use crate::{Net, UdpSocket};
use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sim_runtime::World;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;

/// A datagram socket that sends and receives messages of type `T`, encoded with `postcard`.
///
/// It promises what UDP promises: a message arrives once, twice, late or never, but whole. Buffers for encoding come from the network's pool.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use sim_net::{Mailbox, Net};
/// use sim_runtime::{Config, Simulation};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// enum Message {
///     Ping(u64),
///     Pong { answer: String },
/// }
///
/// let outcome = Simulation::new(Config::default()).device(Net::default()).run(async {
///     let server = Mailbox::<Message>::bind("127.0.0.1:1").await?;
///     let client = Mailbox::<Message>::bind("127.0.0.1:0").await?;
///     client.send(&Message::Ping(7), "127.0.0.1:1")?;
///     let (message, from) = server.recv().await?;
///     assert_eq!(message, Message::Ping(7));
///     server.send(&Message::Pong { answer: "here".into() }, from)?;
///     assert_eq!(client.recv().await?.0, Message::Pong { answer: "here".into() });
///     Result::<(), sim_net::RecvError>::Ok(())
/// });
/// outcome.result.unwrap().unwrap();
/// ```
pub struct Mailbox<T> {
    socket: UdpSocket,
    message: PhantomData<fn(T) -> T>,
}

/// Why no message was received.
#[derive(Debug)]
pub enum RecvError {
    /// A datagram arrived that is no message of the type. The mailbox goes on: the next receive takes the next datagram.
    Malformed {
        /// Who sent it.
        from: SocketAddr,
        /// What is wrong with it.
        reason: String,
    },
    /// The socket reported an error.
    Io(io::Error),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Malformed { from, reason } => {
                write!(f, "a datagram from {from} is no message of the mailbox's type: {reason}")
            }
            RecvError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecvError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecvError::Malformed { .. } => None,
            RecvError::Io(error) => Some(error),
        }
    }
}

impl From<io::Error> for RecvError {
    fn from(error: io::Error) -> RecvError {
        RecvError::Io(error)
    }
}

impl<T: Serialize + DeserializeOwned> Mailbox<T> {
    /// A mailbox at an address of the current node; port 0 picks a free one.
    ///
    /// # Errors
    /// Those of [`UdpSocket::bind`].
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<Mailbox<T>> {
        Ok(Mailbox::from(UdpSocket::bind(addr).await?))
    }

    /// Sends a message. It does not wait: a datagram leaves at once or not at all.
    ///
    /// # Errors
    /// `InvalidData` when the message cannot be encoded, else those of [`UdpSocket::send_to`].
    pub fn send<A: ToSocketAddrs>(&self, message: &T, to: A) -> io::Result<()> {
        let to = resolve_one(&to)?;
        let handle = self.socket.handle();
        // The message's own code encodes it, so the network must not be borrowed meanwhile.
        let buffer = handle.with_kernel(|_, packets, _| Ok(packets.buffer()))?;
        let encoded = postcard::serialize_with_flavor(message, Buffer(buffer));
        let buffer = encoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        handle.with(|world, net, node, socket| {
            net.send_buffer(world, node, socket, Some(to), buffer)
        })?;
        Ok(())
    }

    /// Receives a message, and tells who sent it.
    ///
    /// # Errors
    /// [`RecvError::Malformed`] for a datagram that is no message of the type, and those of [`UdpSocket::recv_from`].
    pub async fn recv(&self) -> Result<(T, SocketAddr), RecvError> {
        let handle = self.socket.handle();
        let arrived = poll_fn(|cx| {
            handle.poll(cx, |kernel, packets, id| {
                let index = kernel.receive(packets, id)?;
                let from = packets.header(index).from;
                Ok((packets.take_payload(index), SocketAddr::V4(from)))
            })
        });
        let (payload, from) = arrived.await.map_err(io::Error::from)?;
        self.decode(payload, from)
    }

    /// Receives a message if one has arrived.
    ///
    /// # Errors
    /// `WouldBlock` inside of [`RecvError::Io`] if none has, and those of [`recv`](Mailbox::recv).
    pub fn try_recv(&self) -> Result<(T, SocketAddr), RecvError> {
        let (payload, from) = self
            .socket
            .handle()
            .with_kernel(|kernel, packets, id| {
                let index = kernel.receive(packets, id)?;
                let from = packets.header(index).from;
                Ok((packets.take_payload(index), SocketAddr::V4(from)))
            })
            .map_err(io::Error::from)?;
        self.decode(payload, from)
    }

    fn decode(&self, payload: Vec<u8>, from: SocketAddr) -> Result<(T, SocketAddr), RecvError> {
        let decoded = match postcard::take_from_bytes::<T>(&payload) {
            Ok((message, [])) => Ok((message, from)),
            Ok((_, rest)) => {
                let reason = format!("{} bytes too many", rest.len());
                Err(RecvError::Malformed { from, reason })
            }
            Err(error) => Err(RecvError::Malformed { from, reason: error.to_string() }),
        };
        World::current(|world| {
            world.with_device(|net: &Net| net.state().packets.give_back(payload));
        });
        decoded
    }

    /// The local address.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The socket beneath.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

impl<T> From<UdpSocket> for Mailbox<T> {
    fn from(socket: UdpSocket) -> Mailbox<T> {
        Mailbox { socket, message: PhantomData }
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("socket", &self.socket).finish()
    }
}

/// Where `postcard` writes.
struct Buffer(Vec<u8>);

impl Flavor for Buffer {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
