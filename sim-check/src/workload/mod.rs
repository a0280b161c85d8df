//! Invariants of well-known workloads, for systems whose operations are richer than reads and
//! writes of single keys.
//!
//! Each takes linear or nearly linear time and answers with a [`Verdict`](crate::Verdict). The taxonomies are those of
//! Jepsen's checkers of the same names. Every certificate and every violation has a method `verify` that compares it with
//! the same input in linear time, without a look at the judge: see [`evidence`](crate::evidence).

mod bank;
mod counter;
mod long_fork;
mod queue;
mod set;
mod set_full;
mod unique_ids;

pub use bank::{Bank, BankAudit, BankViolation, check_bank};
pub use counter::{CounterBounds, CounterRead, CounterViolation, check_counter};
pub use long_fork::{ForkChains, ForkRead, LongFork, check_long_fork};
pub use queue::{QueueMatching, QueueOp, QueueReport, check_queue};
pub use set::{SetPlaces, SetReport, check_set};
pub use set_full::{Fate, SetFates, SetFullReport, SetOp, check_set_full};
pub use unique_ids::{DistinctIds, DuplicateId, check_unique_ids};
