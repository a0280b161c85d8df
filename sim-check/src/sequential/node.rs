//! Operations by process and place.

/// An operation: a process, and its place there; or, after all processes, one of the possible operations alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Node {
    pub(super) process: usize,
    pub(super) place: u32,
}
