//! The errors of socket calls.

use std::fmt;
use std::io;

/// Why a socket call failed, with the names and numbers of POSIX.
///
/// The calls return it inside an [`io::Error`] of the kind that tokio would show:
///
/// ```
/// use sim_net::Errno;
///
/// let error = std::io::Error::from(Errno::ConnectionRefused);
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// assert_eq!(Errno::of(&error), Some(Errno::ConnectionRefused));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Errno {
    /// `EADDRINUSE`
    AddressInUse,
    /// `EADDRNOTAVAIL`
    AddressNotAvailable,
    /// `EAFNOSUPPORT`
    FamilyNotSupported,
    /// `EBADF`
    BadDescriptor,
    /// `ECONNREFUSED`
    ConnectionRefused,
    /// `EDESTADDRREQ`
    DestinationRequired,
    /// `EACCES`
    PermissionDenied,
    /// `EINVAL`
    InvalidArgument,
    /// `EMSGSIZE`
    MessageTooLong,
    /// `ENETUNREACH`
    NetworkUnreachable,
    /// `ENOTCONN`
    NotConnected,
    /// `EAGAIN`
    WouldBlock,
}

impl Errno {
    /// The error inside an [`io::Error`] that a socket call of this crate returned.
    pub fn of(error: &io::Error) -> Option<Errno> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// The number on Linux.
    pub fn number(self) -> i32 {
        match self {
            Errno::AddressInUse => 98,
            Errno::AddressNotAvailable => 99,
            Errno::FamilyNotSupported => 97,
            Errno::BadDescriptor => 9,
            Errno::ConnectionRefused => 111,
            Errno::DestinationRequired => 89,
            Errno::PermissionDenied => 13,
            Errno::InvalidArgument => 22,
            Errno::MessageTooLong => 90,
            Errno::NetworkUnreachable => 101,
            Errno::NotConnected => 107,
            Errno::WouldBlock => 11,
        }
    }

    fn kind(self) -> io::ErrorKind {
        match self {
            Errno::AddressInUse => io::ErrorKind::AddrInUse,
            Errno::AddressNotAvailable => io::ErrorKind::AddrNotAvailable,
            Errno::ConnectionRefused => io::ErrorKind::ConnectionRefused,
            Errno::PermissionDenied => io::ErrorKind::PermissionDenied,
            Errno::NetworkUnreachable => io::ErrorKind::NetworkUnreachable,
            Errno::NotConnected => io::ErrorKind::NotConnected,
            Errno::WouldBlock => io::ErrorKind::WouldBlock,
            Errno::InvalidArgument => io::ErrorKind::InvalidInput,
            // The standard library has no stable kind for these.
            Errno::FamilyNotSupported
            | Errno::BadDescriptor
            | Errno::DestinationRequired
            | Errno::MessageTooLong => io::ErrorKind::Other,
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Errno::AddressInUse => {
                "address in use (EADDRINUSE): another socket of this node is bound to it; port 0 picks a free port"
            }
            Errno::AddressNotAvailable => {
                "address not available (EADDRNOTAVAIL): a node binds to 0.0.0.0, 127.0.0.1 or its own address"
            }
            Errno::FamilyNotSupported => {
                "address family not supported (EAFNOSUPPORT): simulated nodes have IPv4 addresses only"
            }
            Errno::BadDescriptor => {
                "bad descriptor (EBADF): the socket's process has ended"
            }
            Errno::ConnectionRefused => {
                "connection refused (ECONNREFUSED): no socket of the peer takes datagrams on that port"
            }
            Errno::DestinationRequired => {
                "destination required (EDESTADDRREQ): connect the socket first, or name the destination with send_to"
            }
            Errno::PermissionDenied => {
                "permission denied (EACCES): datagrams cannot be broadcast"
            }
            Errno::InvalidArgument => {
                "invalid argument (EINVAL): port 0, or a socket of 127.0.0.1 that sends to another node"
            }
            Errno::MessageTooLong => {
                "message too long (EMSGSIZE): a datagram carries at most 65,507 bytes"
            }
            Errno::NetworkUnreachable => {
                "network unreachable (ENETUNREACH): simulated nodes have addresses in 10.0.0.0/8"
            }
            Errno::NotConnected => "not connected (ENOTCONN): connect the socket first",
            Errno::WouldBlock => "would block (EAGAIN): nothing has arrived yet",
        })
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> io::Error {
        io::Error::new(errno.kind(), errno)
    }
}
