//! Invariants of well-known workloads, for systems whose operations are richer than reads and
//! writes of single keys.
//!
//! Each takes linear or nearly linear time and answers with a [`Verdict`](crate::Verdict). The taxonomies are those of
//! Jepsen's checkers of the same names.

mod bank;
mod counter;
mod long_fork;
mod queue;
mod set;
mod set_full;
mod unique_ids;

pub use bank::{Bank, BankViolation, check_bank};
pub use counter::{CounterRead, CounterViolation, check_counter};
pub use long_fork::{ForkRead, LongFork, check_long_fork};
pub use queue::{QueueOp, QueueReport, check_queue};
pub use set::{SetReport, check_set};
pub use set_full::{SetFullReport, SetOp, check_set_full};
pub use unique_ids::{DuplicateId, check_unique_ids};
