//! What the network writes into the trace.

use crate::{Cause, FaultId, Net};
use sim_runtime::trace::{Record, TraceKind};
use sim_runtime::{NodeId, World};
use std::fmt;

/// A node and a port in one number.
#[inline]
pub(crate) fn end(node: NodeId, port: u16) -> u32 {
    u32::from(node.0) << 16 | u32::from(port)
}

fn show(f: &mut fmt::Formatter<'_>, world: &World, end: u32) -> fmt::Result {
    let node = NodeId((end >> 16) as u16);
    match node.index() < world.node_count() {
        true => write!(f, "{}:{}", world.node_name(node), end as u16),
        false => write!(f, "nowhere:{}", end as u16),
    }
}

fn arrives(f: &mut fmt::Formatter<'_>, world: &World, record: &Record) -> fmt::Result {
    f.write_str("to ")?;
    show(f, world, record.a)?;
    write!(f, ", takes {:.3} ms", record.b.saturating_sub(record.at) as f64 / 1e6)
}

/// A datagram left: to whom, when it arrives, and a digest of what it carries.
pub(crate) static SENT: TraceKind = TraceKind::new("net", "send", arrives);
/// A fault holds back the next datagram, and no other: to whom, and for how long.
pub(crate) static HELD: TraceKind = TraceKind::new("net", "hold", |f, world, record| {
    f.write_str("to ")?;
    show(f, world, record.a)?;
    write!(f, ", {:.3} ms later", record.b as f64 / 1e6)
});
/// A copy of the datagram before: to whom and when it arrives.
pub(crate) static COPIED: TraceKind = TraceKind::new("net", "duplicate", arrives);
/// Word that nobody took a datagram is on its way.
pub(crate) static REFUSED: TraceKind = TraceKind::new("net", "refuse", arrives);
/// A datagram will not arrive: to whom, and why.
pub(crate) static DROPPED: TraceKind = TraceKind::new("net", "drop", |f, world, record| {
    f.write_str("to ")?;
    show(f, world, record.a)?;
    match Cause::from_number(record.b) {
        Some(cause) => write!(f, ", {cause}"),
        None => Ok(()),
    }
});
/// A datagram reached a socket: from whom, its number on the link, and the port it came to.
pub(crate) static DELIVERED: TraceKind = TraceKind::new("net", "deliver", |f, world, record| {
    f.write_str("from ")?;
    show(f, world, record.a)?;
    write!(f, " to port {}, number {}", record.c, record.b)
});
/// Word that nobody took its datagram reached a socket.
pub(crate) static HEARD: TraceKind = TraceKind::new("net", "refused", |f, world, record| {
    f.write_str("by ")?;
    show(f, world, record.a)
});

fn fault(f: &mut fmt::Formatter<'_>, world: &World, record: &Record) -> fmt::Result {
    let fault = world.with_device(|net: &Net| net.fault(FaultId::new(record.a as usize)));
    write!(f, "{}: {fault}", fault.name)
}

/// A fault came in force.
pub(crate) static INJECTED: TraceKind = TraceKind::new("net", "fault", fault);
/// A fault was lifted.
pub(crate) static LIFTED: TraceKind = TraceKind::new("net", "lift", fault);
