//! Which socket of a node holds which port.

use crate::Errno;

/// The range from which ephemeral ports come: that of Linux (`net.ipv4.ip_local_port_range`).
pub const EPHEMERAL: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// The local address that a socket is bound to. Nodes have one interface and the loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// `0.0.0.0`: whatever reaches the node.
    Any,
    /// The node's own address.
    Interface,
    /// `127.0.0.1`
    Loopback,
}

impl Local {
    fn overlaps(self, other: Local) -> bool {
        self == other || self == Local::Any || other == Local::Any
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    port: u16,
    local: Local,
    socket: u32,
}

/// The bound ports of a node, sorted. A node has few, so a search beats a hash.
#[derive(Debug)]
pub struct Ports {
    entries: Vec<Entry>,
    ephemeral: u16,
}

impl Default for Ports {
    fn default() -> Ports {
        Ports { entries: Vec::new(), ephemeral: *EPHEMERAL.start() }
    }
}

impl Ports {
    /// Gives `port` of `local` to a socket; port 0 stands for the next free ephemeral one. Returns the port.
    ///
    /// # Errors
    /// [`Errno::AddressInUse`] when another socket has it, or no ephemeral port is free.
    pub fn bind(&mut self, local: Local, port: u16, socket: u32) -> Result<u16, Errno> {
        let port = if port == 0 { self.free_port(local)? } else { port };
        if self.taken(local, port) {
            return Err(Errno::AddressInUse);
        }
        let at = self.start(port);
        self.entries.insert(at, Entry { port, local, socket });
        Ok(port)
    }

    fn free_port(&mut self, local: Local) -> Result<u16, Errno> {
        for _ in EPHEMERAL {
            let port = self.ephemeral;
            self.ephemeral = if port == *EPHEMERAL.end() { *EPHEMERAL.start() } else { port + 1 };
            if !self.taken(local, port) {
                return Ok(port);
            }
        }
        Err(Errno::AddressInUse)
    }

    fn taken(&self, local: Local, port: u16) -> bool {
        self.of(port).iter().any(|entry| entry.local.overlaps(local))
    }

    /// The socket that takes what arrives for `port` at the node's own address, or at its loopback address.
    #[inline]
    pub fn find(&self, loopback: bool, port: u16) -> Option<u32> {
        let here = if loopback { Local::Loopback } else { Local::Interface };
        let from = self.entries.get(self.start(port)..)?;
        let mut of_port = from.iter().take_while(|entry| entry.port == port);
        Some(of_port.find(|entry| entry.local.overlaps(here))?.socket)
    }

    /// Moves a socket's port to another local address.
    pub fn rebind(&mut self, port: u16, socket: u32, local: Local) {
        let start = self.start(port);
        let entry = self.entries[start..].iter_mut().find(|entry| entry.socket == socket);
        entry.expect("a bound socket has an entry").local = local;
    }

    /// Frees a socket's port.
    pub fn release(&mut self, port: u16, socket: u32) {
        self.entries.retain(|entry| entry.port != port || entry.socket != socket);
    }

    #[inline]
    fn start(&self, port: u16) -> usize {
        self.entries.partition_point(|entry| entry.port < port)
    }

    #[inline]
    fn of(&self, port: u16) -> &[Entry] {
        let start = self.start(port);
        let rest = &self.entries[start..];
        let len = rest.iter().take_while(|entry| entry.port == port).count();
        &rest[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wildcard_conflicts_with_both_addresses_which_do_not_conflict() {
        let mut ports = Ports::default();
        assert_eq!(ports.bind(Local::Interface, 7, 1), Ok(7));
        assert_eq!(ports.bind(Local::Loopback, 7, 2), Ok(7));
        assert_eq!(ports.bind(Local::Any, 7, 3), Err(Errno::AddressInUse));
        assert_eq!(ports.bind(Local::Loopback, 7, 3), Err(Errno::AddressInUse));
        assert_eq!(ports.bind(Local::Any, 6, 3), Ok(6));
        assert_eq!(ports.bind(Local::Interface, 6, 4), Err(Errno::AddressInUse));
        assert_eq!((ports.find(false, 7), ports.find(true, 7)), (Some(1), Some(2)));
        assert_eq!((ports.find(false, 6), ports.find(true, 6)), (Some(3), Some(3)));
        assert_eq!((ports.find(false, 5), ports.find(false, 8)), (None, None));
        ports.release(7, 1);
        assert_eq!((ports.find(false, 7), ports.find(true, 7)), (None, Some(2)));
    }

    #[test]
    fn ephemeral_ports_skip_what_is_taken_and_run_out() {
        let mut ports = Ports::default();
        let first = *EPHEMERAL.start();
        assert_eq!(ports.bind(Local::Any, first + 1, 0), Ok(first + 1));
        assert_eq!(ports.bind(Local::Any, 0, 1), Ok(first));
        assert_eq!(ports.bind(Local::Any, 0, 2), Ok(first + 2));
        ports.release(first, 1);
        assert_eq!(
            ports.bind(Local::Any, 0, 3),
            Ok(first + 3),
            "a freed port is not reused at once"
        );
        for socket in 4..=EPHEMERAL.count() as u32 {
            ports.bind(Local::Any, 0, socket).unwrap();
        }
        assert_eq!(ports.bind(Local::Any, 0, 99), Err(Errno::AddressInUse));
    }
}
