//! What code under test holds of a socket: numbers, so that it is `Send` and `Sync`. All state is in the device.

use crate::Errno;
use crate::address::{Names, ToSocketAddrs, none};
use crate::device::{Net, State};
use crate::kernel::{Kernel, SocketId};
use crate::packet::Packets;
use sim_runtime::{NodeId, World};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

/// The names of a run: those of its nodes.
struct Nodes<'a>(&'a World);

impl Names for Nodes<'_> {
    fn address_of(&self, host: &str) -> Option<IpAddr> {
        self.0.node_named(host).map(|node| self.0.node_address(node))
    }
}

/// Resolves to one address or more.
///
/// # Errors
/// Of the resolution.
pub(crate) fn resolve(world: &World, what: &impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    let found = what.resolve(&Nodes(world))?;
    if found.as_slice().is_empty() {
        return Err(none());
    }
    Ok(found.as_slice().to_vec())
}

/// Resolves to the first address.
///
/// # Errors
/// Of the resolution.
#[inline]
pub(crate) fn resolve_one(what: &impl ToSocketAddrs) -> io::Result<SocketAddr> {
    match what.literal() {
        Some(address) => Ok(address),
        None => World::current(|world| what.resolve(&Nodes(world)))?.first(),
    }
}

/// A socket of a process. Dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct Handle {
    net: u32,
    node: NodeId,
    socket: SocketId,
}

impl Handle {
    /// A socket of the current process, bound to the first of the addresses that is free.
    ///
    /// # Errors
    /// Of the resolution and of [`Kernel::bind`].
    pub(crate) fn bind(to: &impl ToSocketAddrs) -> io::Result<Handle> {
        World::current(|world| {
            let addresses = resolve(world, to)?;
            if !world.current_process_lives() {
                return Err(Errno::BadDescriptor.into());
            }
            let node = world.current_node();
            world.with_device(|net: &Net| {
                let mut state = net.state();
                let State { hosts, packets, .. } = &mut *state;
                let kernel = &mut hosts[node.index()].kernel;
                let socket = kernel.socket();
                let mut result = Ok(());
                for address in addresses {
                    result = kernel.bind(socket, address);
                    if result.is_ok() {
                        return Ok(Handle { net: net.number, node, socket });
                    }
                }
                kernel.close(packets, socket);
                result?;
                Err(none())
            })
        })
    }

    /// Calls `f` with the network, the node and the socket.
    #[inline]
    pub(crate) fn with<R>(
        &self,
        f: impl FnOnce(&World, &Net, NodeId, SocketId) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        World::current(|world| {
            world.with_device(|net: &Net| {
                if net.number != self.net {
                    return Err(Errno::BadDescriptor);
                }
                f(world, net, self.node, self.socket)
            })
        })
    }

    /// Calls `f` with the node's kernel and the packets.
    #[inline]
    pub(crate) fn with_kernel<R>(
        &self,
        f: impl FnOnce(&mut Kernel, &mut Packets, SocketId) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.with(|_, net, node, socket| {
            let mut state = net.state();
            let State { hosts, packets, .. } = &mut *state;
            f(&mut hosts[node.index()].kernel, packets, socket)
        })
    }

    /// Calls `f` until it would not block: now, and whenever something has arrived.
    #[inline]
    pub(crate) fn poll<R>(
        &self,
        cx: &Context<'_>,
        mut f: impl FnMut(&mut Kernel, &mut Packets, SocketId) -> Result<R, Errno>,
    ) -> Poll<Result<R, Errno>> {
        // A process that was ended in the middle of a step goes no further, whatever it does about errors.
        if !World::current(World::current_process_lives) {
            return Poll::Pending;
        }
        let result = self.with(|world, net, node, socket| {
            let mut state = net.state();
            let State { hosts, packets, .. } = &mut *state;
            let kernel = &mut hosts[node.index()].kernel;
            let result = f(kernel, packets, socket);
            if let Err(Errno::WouldBlock) = result {
                kernel.wait(socket, cx.waker())?;
                world.waiting(|| match kernel.local_address(socket) {
                    Ok(local) => {
                        format!("a datagram on {}:{}", world.node_name(node), local.port())
                    }
                    Err(error) => error.to_string(),
                });
            }
            result
        });
        match result {
            Err(Errno::WouldBlock) => Poll::Pending,
            result => Poll::Ready(result),
        }
    }

    /// The node to which it belongs.
    pub(crate) fn node(&self) -> NodeId {
        self.node
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        World::try_current(|world| {
            if !world.has_device::<Net>() {
                return;
            }
            let closed = self.with_kernel(|kernel, packets, socket| {
                kernel.close(packets, socket);
                Ok(())
            });
            // A socket of another run is gone already.
            closed.unwrap_or(());
        });
    }
}
