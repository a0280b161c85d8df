//! Judges of recorded histories: exact, fast, and able to explain themselves.
//!
//! This crate takes the history of a distributed system (who invoked what, and what it was told)
//! and says whether the system kept its promise. It knows nothing of simulation, uses no clock, no
//! thread and no `unsafe`, so it serves anybody's history: a simulated run's, Jepsen's, a
//! production log's. The same history always gets the same verdict, bytes of the report included.
//!
//! - [`history`]: operations with their outcomes, builders that validate, JSON Lines.
//! - [`spec`]: what objects do when one client at a time uses them.
//! - [`verdict`]: what a judge answers. "Could not decide" is a verdict of its own and never success.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod certificate;
pub mod explain;
mod hash;
pub mod history;
pub mod judge;
pub mod linearizability;
mod minimize;
pub mod refutation;
pub mod render;
pub mod sequential;
pub mod session;
pub mod spec;
mod special;
pub mod verdict;

pub use history::{
    Event, EventKind, History, HistoryBuilder, HistoryError, Operation, OperationId, Outcome,
    ProcessId,
};
pub use verdict::{Budget, Exhausted, Meter, Verdict};
