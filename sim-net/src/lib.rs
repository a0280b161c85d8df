//! The simulated network: datagrams between nodes over links that delay, lose, duplicate, reorder and part.
//!
//! [`Net`] is the device to give to a [`Simulation`](sim_runtime::Simulation). Code under test uses [`UdpSocket`], which is
//! tokio's by name and behaviour, or [`Mailbox`], which sends typed messages. Tests and fault plans use [`control`] and [`LinkFault`].
//!
//! # How a datagram travels
//!
//! 1. The kernel of the sender's node checks it (`EMSGSIZE` above 65,507 bytes) and gives it a source address.
//! 2. The directed link between the two nodes decides: lost, delayed, delivered twice. A link that is blocked drops it. Within a
//!    node there is no link: the datagram arrives a little later, always and in order.
//! 3. When it arrives, the link must not be blocked: a datagram that is under way when a partition begins is lost unless the
//!    partition ends before it arrives.
//! 4. The kernel of the receiver's node looks for the socket, at this moment. So a datagram for a process that has ended can reach
//!    its successor, once that has bound the port: it is *stale*. A paused process does not run, but its sockets fill up.
//! 5. Nothing takes it: a machine that is on says so (ICMP port unreachable, which travels back like a datagram), and a
//!    connected sender then gets `ConnectionRefused` once. A machine that is off (it lost power, was wiped, or has never started)
//!    stays silent.
//!
//! A process that ends, by whatever end, takes nothing back that is on the way. What its `Drop`s send does not leave.
//!
//! # What the ledger counts
//!
//! | name | injected | observed |
//! |---|---|---|
//! | `partition`, `block_link` and other blocks | each fault | each datagram that was dropped although a socket would have taken it |
//! | `loss` | each fault | each datagram that was lost although a socket would have taken it |
//! | `slow_link`, `slow_node`, `hold` | each fault | each datagram that came late to a socket |
//! | `duplicate` | each fault | each copy that came to a socket |
//! | `model_loss` | each datagram that a link lost without a fault | those for which there was a socket |
//! | `model_copy` | each datagram that a link copied without a fault | each copy that came to a socket |
//! | `reorder` | each datagram that came to a socket after one that was sent after it | the same |
//! | `stale` | each datagram of or for an earlier process that came to a socket | the same |
//! | `overflow` | each datagram for which the receive buffer had no room | the same |
//!
//! # What is not simulated
//!
//! - Streams (TCP) and Unix sockets.
//! - IPv6, multicast, broadcast, routing tables and interfaces: a node has one address in 10.0.0.0/8, and 127.0.0.1.
//! - Bandwidth and queues on the way: a link delays each datagram by itself, whatever its size, and sending never blocks.
//! - Fragments and MTUs: a datagram of 65,507 bytes is as likely to arrive as a small one.
//! - Corruption: what arrives is what was sent. (UDP's checksum hides nearly all of it from real programs.)
//! - Socket options, and sharing a port between sockets (`SO_REUSEADDR`, `SO_REUSEPORT`).
//! - ICMP other than "port unreachable": a machine that is off, or an address that nobody has, is silence.
//! - Names that resolve late or wrong: the name of a node is its host name, and resolves at once.
//! - Errors carry an [`Errno`], but `io::Error::raw_os_error` returns `None`.

#![warn(missing_docs)]

mod address;
mod cause;
pub mod control;
mod device;
mod errno;
mod fabric;
mod fault;
mod handle;
mod kernel;
mod kinds;
mod link;
mod mailbox;
mod messages;
mod moment;
mod packet;
mod partition;
mod ports;
mod trace;
mod transmit;
mod udp;
mod waiters;

pub use address::ToSocketAddrs;
pub use cause::Cause;
pub use device::{Net, NetConfig};
pub use errno::Errno;
pub use fault::{Effect, FaultId, LinkFault, Links};
pub use kernel::{DATAGRAM_BYTES_MAX, DATAGRAM_OVERHEAD_BYTES};
pub use link::LinkModel;
pub use mailbox::{Mailbox, RecvError};
pub use moment::{AFTER_SEND, DELIVER};
pub use partition::Partition;
pub use sim_runtime::NodeId;
pub use udp::UdpSocket;
