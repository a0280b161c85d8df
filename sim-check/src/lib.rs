//! Judges of recorded histories: exact, fast, and able to explain themselves.
//!
//! This crate takes the history of a distributed system (who invoked what, and what it was told)
//! and says whether the system kept its promise. It knows nothing of simulation, uses no clock, no
//! thread and no `unsafe`, so it serves anybody's history: a simulated run's, Jepsen's, a
//! production log's. The same history always gets the same verdict, bytes of the report included.
//!
//! - [`history`]: operations with their outcomes, builders that validate, a recorder, JSON Lines and EDN.
//! - [`spec`]: what objects do when one client at a time uses them.
//! - [`linearizability`], [`sequential`], [`session`]: the judges of objects.
//! - [`certificate`], [`refutation`]: proofs of their verdicts, and verifiers that know nothing of the judges.
//! - [`explain`], [`render`]: why a history is bad, in words and pictures, on its smallest part.
//! - [`judge`]: all of that for a file.
//! - [`txn`]: isolation levels of transactions over lists and registers, and their anomalies.
//! - [`atomic_commitment`], [`consensus`], [`mutual_exclusion`], [`delivery`], [`convergence`]: properties
//!   of protocols, from the events of a run. [`model_oracle`]: comparison with a plain model.
//! - [`evidence`]: proofs of what those find, and their smallest runs in words and pictures.
//! - [`workload`]: invariants of well-known workloads.
//! - [`verdict`]: what a judge answers. "Could not decide" is a verdict of its own and never success.
//!
//! ```
//! use sim_check::linearizability::check_linearizability;
//! use sim_check::spec::{Register, RegisterOp, RegisterRet};
//! use sim_check::{Budget, HistoryBuilder, ProcessId};
//!
//! let mut builder = HistoryBuilder::new();
//! builder.invoke(ProcessId(0), RegisterOp::Write(1))?;
//! builder.invoke(ProcessId(1), RegisterOp::Read)?;
//! builder.ok(ProcessId(1), RegisterRet::Value(1))?; // the write is still open, but it may be seen
//! builder.info(ProcessId(0))?;
//! let history = builder.finish();
//! assert!(check_linearizability(&Register::new(0), &history, Budget::default()).is_ok());
//! # Ok::<(), sim_check::HistoryError>(())
//! ```
//!
//! # How far it can be trusted
//!
//! Every `Ok` carries an order that a short verifier replays, and a violation is proved by a table of all ways to
//! begin an explanation, which another one checks; the tests do both on each verdict. Where that would take too much, as
//! for long histories of collections without real time, a proof says step by step which operations must come before
//! which others: it then rests on what the specification says of that
//! ([`order_rules`](spec::SequentialSpec::order_rules)).
//!
//! The tests compare the judges with an exhaustive search on thousands of random small histories of each specification;
//! `cargo run --release -p sim-check --example agree` does so on a million each. `cargo bench -p sim-check` prints the
//! judges' speed.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod atomic_commitment;
pub mod certificate;
pub mod consensus;
pub mod convergence;
pub mod delivery;
pub mod evidence;
pub mod explain;
mod hash;
pub mod history;
pub mod judge;
pub mod linearizability;
mod minimize;
pub mod model_oracle;
pub mod mutual_exclusion;
pub mod refutation;
pub mod render;
pub mod sequential;
pub mod session;
pub mod spec;
mod special;
pub mod txn;
pub mod verdict;
pub mod workload;

pub use history::{
    Event, EventKind, History, HistoryBuilder, HistoryError, Operation, OperationId, Outcome,
    ProcessId,
};
pub use verdict::{Budget, Exhausted, Meter, Verdict};
