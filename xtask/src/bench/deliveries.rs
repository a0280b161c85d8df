//! What a workload received.

/// The totals of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many messages.
    pub count: u64,
    /// The hash of what they were, in order.
    pub order: u64,
    /// The hash of what they were and when.
    pub timed: u64,
}
