//! What calls write into the trace.

use sim_runtime::trace::TraceKind;

pub(crate) static WROTE: TraceKind = TraceKind::new("disk", "write", |f, _, r| {
    write!(f, "{} bytes at {} of descriptor {}", r.c, r.b, r.a)
});
pub(crate) static CUT: TraceKind =
    TraceKind::new("disk", "set_len", |f, _, r| write!(f, "{} of descriptor {}", r.b, r.a));
pub(crate) static SYNCED: TraceKind =
    TraceKind::new("disk", "sync", |f, _, r| write!(f, "of descriptor {}", r.a));
pub(crate) static READ: TraceKind = TraceKind::new("disk", "read", |f, _, r| {
    write!(f, "{} bytes at {} of descriptor {}", r.c, r.b, r.a)
});
pub(crate) static OPENED: TraceKind =
    TraceKind::new("disk", "open", |f, _, r| write!(f, "as descriptor {}", r.a));
/// A call by path. What it was called with decides the run already, so the kind of call is enough.
pub(crate) static NAMED: TraceKind = TraceKind::new("disk", "call", |f, _, r| {
    f.write_str(NAME_CALLS.get(r.a as usize).unwrap_or(&"?"))
});

/// The calls by path, by their number in the trace.
pub(crate) const NAME_CALLS: [&str; 7] =
    ["create_dir", "remove_file", "remove_dir", "rename", "read_dir", "metadata", "sync_dir"];
