//! The way out of a node: which source address a datagram gets, and what cannot be sent.

use super::{DATAGRAM_BYTES_MAX, Kernel, SocketId};
use crate::Errno;
use crate::ports::Local;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// The two ends of a datagram that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The address that the receiver will see.
    pub from: SocketAddrV4,
    /// Where it goes.
    pub to: SocketAddrV4,
}

impl Kernel {
    /// The part of a send that is the node's: checks it, binds the socket if it is not, and says which way the datagram goes.
    /// Without a destination it goes to the peer.
    ///
    /// # Errors
    /// A pending [`Errno::ConnectionRefused`]; [`Errno::DestinationRequired`] when there is neither destination nor peer;
    /// [`Errno::MessageTooLong`]; [`Errno::InvalidArgument`] for port 0 and for a socket of 127.0.0.1 that sends to another node;
    /// [`Errno::NetworkUnreachable`] for addresses that no simulated node can have; [`Errno::PermissionDenied`] for a broadcast;
    /// [`Errno::FamilyNotSupported`] for IPv6; [`Errno::BadDescriptor`].
    #[inline]
    pub fn route(
        &mut self,
        id: SocketId,
        to: Option<SocketAddr>,
        bytes: usize,
    ) -> Result<Route, Errno> {
        let address = self.address;
        let socket = self.get_mut(id)?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        if bytes > DATAGRAM_BYTES_MAX {
            return Err(Errno::MessageTooLong);
        }
        let to = match (to, socket.peer) {
            (Some(SocketAddr::V4(to)), _) | (None, Some(to)) => to,
            (Some(SocketAddr::V6(_)), _) => return Err(Errno::FamilyNotSupported),
            (None, None) => return Err(Errno::DestinationRequired),
        };
        if to.port() == 0 {
            return Err(Errno::InvalidArgument);
        }
        let from = match (to.ip().octets()[0], socket.local) {
            (10, Local::Any | Local::Interface) => address,
            (_, local) => return self.special_route(id, to, local),
        };
        match socket.port {
            0 => self.route_bound(id, from, to),
            port => Ok(Route { from: SocketAddrV4::new(from, port), to }),
        }
    }

    /// A destination besides other nodes, or a socket that is bound to 127.0.0.1.
    #[cold]
    fn special_route(
        &mut self,
        id: SocketId,
        mut to: SocketAddrV4,
        local: Local,
    ) -> Result<Route, Errno> {
        match *to.ip() {
            ip if ip == self.address => {}
            Ipv4Addr::UNSPECIFIED | Ipv4Addr::LOCALHOST => to.set_ip(Ipv4Addr::LOCALHOST),
            Ipv4Addr::BROADCAST => return Err(Errno::PermissionDenied),
            ip if ip.octets()[0] != 10 => return Err(Errno::NetworkUnreachable),
            _ => return Err(Errno::InvalidArgument),
        }
        let from = match local {
            Local::Interface => self.address,
            Local::Any | Local::Loopback => Ipv4Addr::LOCALHOST,
        };
        self.route_bound(id, from, to)
    }

    /// A route from a socket that is bound first if it is not.
    #[cold]
    fn route_bound(
        &mut self,
        id: SocketId,
        from: Ipv4Addr,
        to: SocketAddrV4,
    ) -> Result<Route, Errno> {
        if self.get(id)?.port == 0 {
            self.bind_local(id, Local::Any, 0)?;
        }
        Ok(Route { from: SocketAddrV4::new(from, self.get(id)?.port), to })
    }
}
