//! The boundaries of messages, as points at which a fault can strike.

use crate::Net;
use crate::packet::Header;
use sim_runtime::point::Moment;
use sim_runtime::{NodeId, World};

/// The point at which a datagram has just been sent.
pub const AFTER_SEND: &str = "after-send";
/// The point at which a datagram is about to come to its target's sockets.
pub const DELIVER: &str = "deliver";

impl Net {
    /// Marks that a datagram has just been sent.
    #[cold]
    pub(crate) fn sent(&self, world: &World, node: NodeId, peer: Option<NodeId>, payload: &[u8]) {
        let message = || self.kind_of_message(payload);
        world.moment(&Moment { name: AFTER_SEND, node, peer, message: &message });
    }

    /// Marks that a datagram is about to come to its target's sockets.
    #[cold]
    pub(crate) fn delivered(&self, world: &World, index: u32) {
        let Header { source, target, .. } = *self.state().packets.header(index);
        let message = || {
            let payload = self.state().packets.payload(index).to_vec();
            self.kind_of_message(&payload)
        };
        world.moment(&Moment {
            name: DELIVER,
            node: target,
            peer: Some(source),
            message: &message,
        });
    }
}
