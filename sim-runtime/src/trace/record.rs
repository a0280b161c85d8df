//! One event of the trace.

use crate::node::NodeId;
use crate::time::Nanos;
use crate::world::World;
use std::fmt;

/// A kind of event, declared once as a `static` by whoever records it.
///
/// ```
/// use sim_runtime::trace::TraceKind;
///
/// static SENT: TraceKind = TraceKind::new("radio", "sent", |f, _world, record| write!(f, "{} bytes", record.b));
/// ```
#[derive(Debug)]
pub struct TraceKind {
    device: &'static str,
    name: &'static str,
    hash: u32,
    describe: Describe,
}

/// Writes the details of a record in words.
pub type Describe = fn(&mut fmt::Formatter<'_>, &World, &Record) -> fmt::Result;

impl TraceKind {
    /// `device` and `name` identify the kind in the hash, so they must be unique together.
    pub const fn new(device: &'static str, name: &'static str, describe: Describe) -> TraceKind {
        let hash = crate::choice::hash_text(device).rotate_left(7) ^ crate::choice::hash_text(name);
        TraceKind { device, name, hash: (hash ^ (hash >> 32)) as u32, describe }
    }

    /// Which device records it.
    pub fn device(&self) -> &'static str {
        self.device
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// One event: when, what, on which node, and three numbers whose meaning the kind knows.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Virtual nanoseconds.
    pub at: Nanos,
    /// What kind of event.
    pub kind: &'static TraceKind,
    /// Where.
    pub node: NodeId,
    /// A small number, usually an identity.
    pub a: u32,
    /// A number.
    pub b: u64,
    /// A number.
    pub c: u64,
}

impl Record {
    /// The hash after this record, given the hash before it (two folded multiplications, as in wyhash's mum). The first
    /// knows nothing of the history, so only the second lies between one record and the next.
    #[inline]
    pub(crate) fn chain(&self, hash: u64) -> u64 {
        let what = u64::from(self.kind.hash) << 32 | u64::from(self.a);
        let place = u64::from(self.node.0).rotate_left(48);
        let first = mum(self.at ^ 0x2D35_8DCC_AA6C_78A5, what ^ place ^ 0xA076_1D64_78BD_642F);
        mum(hash ^ first ^ self.b, self.c ^ hash.rotate_left(32) ^ 0xE703_7ED1_A0B4_28DB)
    }

    /// Whether two records describe the same event.
    pub(crate) fn same(&self, other: &Record) -> bool {
        (self.at, self.kind.hash, self.node, self.a, self.b, self.c)
            == (other.at, other.kind.hash, other.node, other.a, other.b, other.c)
    }

    /// The event in words.
    pub fn text(&self, world: &World) -> String {
        struct Shown<'a>(&'a Record, &'a World);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {} ", self.0.kind.device, self.0.kind.name)?;
                (self.0.kind.describe)(f, self.1, self.0)
            }
        }
        Shown(self, world).to_string()
    }
}

#[inline]
fn mum(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // A factor of 0 must not erase the history, hence the sum.
    (product as u64 ^ (product >> 64) as u64).wrapping_add((a ^ b).rotate_left(29))
}
