//! Who the processes are, where they listen, and what is known about them outside of their disks.

use super::action::{Peer, Role};
use super::cluster::{Boot, Cluster};
use super::pace::Pace;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// Where each process listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    addresses: BTreeMap<Peer, SocketAddr>,
    peers: BTreeMap<SocketAddr, Peer>,
}

impl Members {
    /// Adds a process.
    ///
    /// # Panics
    /// If the process or the address is there already.
    pub fn add(&mut self, peer: Peer, address: SocketAddr) {
        assert!(self.addresses.insert(peer, address).is_none(), "{peer} has one address");
        assert!(self.peers.insert(address, peer).is_none(), "{address} belongs to one process");
    }

    /// Where a process listens; `None` if there is no such process.
    pub fn address(&self, peer: Peer) -> Option<SocketAddr> {
        self.addresses.get(&peer).copied()
    }

    /// Which process listens there; `None` for a stranger.
    pub fn at(&self, address: SocketAddr) -> Option<Peer> {
        self.peers.get(&address).copied()
    }

    /// The processes of a role, in the order of their indices.
    pub fn of(&self, role: Role) -> impl Iterator<Item = (Peer, SocketAddr)> + '_ {
        let all = Peer { role, index: 0 }..=Peer { role, index: u16::MAX };
        self.addresses.range(all).map(|(&peer, &address)| (peer, address))
    }

    /// How many processes have this role.
    pub fn count(&self, role: Role) -> u16 {
        self.of(role).count() as u16
    }
}

/// What every process of a cluster is given when it starts.
#[derive(Debug)]
pub struct Deployment {
    /// The cluster as the roles know it.
    pub cluster: Cluster,
    /// Who listens where.
    pub members: Members,
    /// How long to wait for answers.
    pub pace: Pace,
    /// Which identities exist: the operator's list, which no disk failure touches.
    pub initialised: RefCell<BTreeSet<Peer>>,
}

impl Deployment {
    /// Whether this identity has been initialised in an earlier life.
    pub fn boot(&self, peer: Peer) -> Boot {
        if self.initialised.borrow().contains(&peer) { Boot::Again } else { Boot::First }
    }

    /// From now on the identity exists.
    pub fn mark_initialised(&self, peer: Peer) {
        self.initialised.borrow_mut().insert(peer);
    }
}
