//! Transactions: which isolation level a history of them shows.
//!
//! [`check`] judges one level: it answers with an [`Execution`] that proves it, or with a
//! [`Violation`] that names the anomaly, shows the smallest sub-history that has it, and says why no
//! order of the transactions works. [`analyze`] looks for all anomalies.

mod analyze;
mod anomaly;
mod assumed;
mod builder;
mod check;
mod client_order;
mod commit_test;
mod cycle;
mod decide;
mod execution;
mod finding;
mod graph;
mod history;
mod import;
mod intern;
mod level;
mod list;
mod order;
mod proof;
mod register;
mod search;
mod solve;
mod specimen;
mod violation;

pub use analyze::{Analysis, analyze};
pub use anomaly::Anomaly;
pub use assumed::{AssumedViolation, Assumptions, Contradiction, check_assuming};
pub use builder::{Initial, TxnHistoryBuilder, TxnHistoryError};
pub use check::{check, check_metered};
pub use client_order::ClientOrder;
pub use commit_test::commit_test;
pub use cycle::{Cycle, Step};
pub use execution::{Execution, ExecutionError};
pub use finding::{Finding, Witness};
pub use graph::Kind;
pub use history::{
    INITIAL, KeyId, MicroOp, Model, Op, Seen, Status, Txn, TxnHistory, TxnId, VersionId,
};
pub use import::{from_raw, level_of};
pub use intern::Atom;
pub use level::{Guarantee, IsolationLevel, UnknownLevel};
pub use proof::Proof;
pub use specimen::specimen;
pub use violation::{Evidence, Violation, ViolationError};
