//! Registers: reads show only the last version, so the order of the versions must be found.

mod axioms;
mod complete;
mod facts;
mod versions;

pub(super) use axioms::{Weak, weak_violation};
pub(super) use complete::{Complete, add_graph, complete, hint};
pub(super) use facts::{Facts, NOBODY};
pub(super) use versions::find_cyclic_versions;
