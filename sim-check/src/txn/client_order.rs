//! The order in which clients saw their transactions end.

/// What else the commit order must respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientOrder {
    /// Nothing.
    Free,
    /// The order of each process: what a client did before counts as seen by it.
    Session,
    /// Real time: what was acknowledged before a transaction began counts as seen by it.
    RealTime,
}
