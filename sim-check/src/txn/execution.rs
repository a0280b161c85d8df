//! Executions: certificates that a history is of a level, and their verifier.
//!
//! An execution is an order in which the transactions commit, and for each of them the snapshot
//! it reads from. The verifier replays it; it shares no code with the searches that find
//! executions. For snapshot isolation and serializable it is the commit test of Crooks et al.,
//! "Seeing is believing: a client-centric specification of database isolation" (PODC 2017).

mod replay;
mod visibility;

use super::client_order::ClientOrder;
use super::history::{Status, TxnHistory, TxnId};
use super::level::{Guarantee, IsolationLevel};
use super::solve::Layout;
use std::fmt;

/// An order of commits, and what each transaction reads from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The committed transactions, in the order of their commits.
    pub order: Vec<TxnId>,
    /// For each of them how many of `order` had committed in the snapshot that it reads from.
    /// Levels that know no snapshots ignore it.
    pub snapshots: Vec<u32>,
}

/// Why an execution proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionError(String);

impl fmt::Display for ExecutionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ExecutionError {}

fn wrong<T>(message: String) -> Result<T, ExecutionError> {
    Err(ExecutionError(message))
}

impl Execution {
    /// Each transaction reads the state that it finds when it commits.
    pub fn serial(order: Vec<TxnId>) -> Self {
        let snapshots = (0..order.len() as u32).collect();
        Self { order, snapshots }
    }

    pub(super) fn from_positions(
        layout: Layout,
        position: &[u32],
        txns: impl Iterator<Item = TxnId>,
    ) -> Self {
        let mut order: Vec<(u32, TxnId)> =
            txns.map(|txn| (position[layout.commit(txn) as usize], txn)).collect();
        order.sort_unstable();
        let snapshot = |txn: TxnId| {
            let begin = position[layout.begin(txn) as usize];
            order.partition_point(|(commit, _)| *commit < begin) as u32
        };
        let snapshots = order.iter().map(|(_, txn)| snapshot(*txn)).collect();
        Self { order: order.into_iter().map(|(_, txn)| txn).collect(), snapshots }
    }

    /// Checks that this execution shows `history` to be of `level`.
    ///
    /// Takes linear time, except for the levels between causal and parallel snapshot isolation.
    ///
    /// # Errors
    ///
    /// What does not fit.
    pub fn verify(
        &self,
        history: &TxnHistory,
        level: IsolationLevel,
    ) -> Result<(), ExecutionError> {
        let position = self.positions(history)?;
        self.verify_client_order(history, level, &position)?;
        match level.guarantee() {
            Guarantee::RepeatableRead | Guarantee::Serializable => {
                for (at, snapshot) in self.snapshots.iter().enumerate() {
                    if *snapshot != at as u32 {
                        return wrong(format!("T{} reads from the past", self.order[at]));
                    }
                }
                replay::verify_snapshots(history, self)
            }
            Guarantee::SnapshotIsolation => {
                replay::verify_snapshots(history, self)?;
                replay::verify_no_conflict(history, self)
            }
            Guarantee::Prefix => replay::verify_snapshots(history, self),
            _ => visibility::verify(history, level, self, &position),
        }
    }

    /// The place of each transaction in the order; `None` for those that did not commit.
    fn positions(&self, history: &TxnHistory) -> Result<Vec<Option<u32>>, ExecutionError> {
        let mut position = vec![None; history.len()];
        if self.snapshots.len() != self.order.len() {
            return wrong("the execution has more transactions than snapshots".to_owned());
        }
        for (at, txn) in self.order.iter().enumerate() {
            if *txn as usize >= history.len() || history.txn(*txn).status == Status::Fail {
                return wrong(format!("T{txn} did not commit"));
            }
            if position[*txn as usize].replace(at as u32).is_some() {
                return wrong(format!("T{txn} commits twice"));
            }
        }
        for (txn, entry) in history.txns().iter().enumerate() {
            if entry.status == Status::Ok && position[txn].is_none() {
                return wrong(format!("T{txn} is missing"));
            }
        }
        Ok(position)
    }

    fn verify_client_order(
        &self,
        history: &TxnHistory,
        level: IsolationLevel,
        position: &[Option<u32>],
    ) -> Result<(), ExecutionError> {
        // What a transaction must have in its past: a prefix of the order up to its snapshot, or
        // up to itself where there are no snapshots.
        let by_snapshot =
            matches!(level.guarantee(), Guarantee::Prefix | Guarantee::SnapshotIsolation);
        let past = |at: u32| if by_snapshot { self.snapshots[at as usize] } else { at };
        match level.order() {
            ClientOrder::Free => Ok(()),
            ClientOrder::Session => {
                let mut last = std::collections::BTreeMap::new();
                for (txn, at) in position.iter().enumerate() {
                    let Some(at) = *at else { continue };
                    let entry = history.txn(txn as TxnId);
                    let before = last.entry(entry.process).or_insert(0);
                    if *before > past(at) {
                        return wrong(format!("T{txn} does not follow its own process"));
                    }
                    if entry.status == Status::Ok {
                        *before = at + 1;
                    }
                }
                Ok(())
            }
            ClientOrder::RealTime => {
                // Events in time: false for a completion, which comes before invocations at the
                // same place (there are none), true for an invocation.
                let mut events: Vec<(u32, bool, u32)> = Vec::with_capacity(self.order.len() * 2);
                for (at, txn) in self.order.iter().enumerate() {
                    let entry = history.txn(*txn);
                    events.push((entry.invoked, true, at as u32));
                    if entry.status == Status::Ok {
                        events.push((entry.completed, false, at as u32));
                    }
                }
                events.sort_unstable();
                let mut acknowledged = 0;
                for (_, invoked, at) in events {
                    if !invoked {
                        acknowledged = acknowledged.max(at + 1);
                    } else if acknowledged > past(at) {
                        let txn = self.order[at as usize];
                        return wrong(format!("T{txn} does not follow what was acknowledged"));
                    }
                }
                Ok(())
            }
        }
    }
}
