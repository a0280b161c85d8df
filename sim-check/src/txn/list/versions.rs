//! The order of the elements of each list, inferred from the reads.

use crate::txn::anomaly::Anomaly;
use crate::txn::finding::{Finding, Findings};
use crate::txn::history::{INITIAL, Op, Status, TxnHistory, TxnId, VersionId};

/// A version that nobody appended.
pub(super) const NOBODY: TxnId = u32::MAX;
/// A version at no known position.
const UNPLACED: u32 = u32::MAX;

/// What is known of the versions of all keys.
pub(in crate::txn) struct VersionOrders {
    /// The transaction that appended each version, or [`NOBODY`].
    pub writer: Vec<TxnId>,
    /// Whether each version was followed by another append of its transaction to the key.
    pub replaced: Vec<bool>,
    /// The observed order of each key.
    observed: Vec<(u32, u32)>,
    /// Where each version is in the observed order of its key.
    position: Vec<u32>,
    /// For each key the transaction whose read shows the observed order.
    pub shown_by: Vec<TxnId>,
    /// Whether each transaction took effect, as far as anybody saw.
    pub committed: Vec<bool>,
    /// For each key the first position of an element that no committed transaction appended.
    pub first_bad: Vec<u32>,
    /// Appends of committed transactions that no read shows: the first of each transaction and
    /// key, in the order of invocation.
    pub unobserved: Vec<VersionId>,
}

impl VersionOrders {
    /// Collects them, and reports what contradicts itself.
    pub fn infer(history: &TxnHistory, findings: &mut Findings) -> Self {
        let versions = history.version_count();
        let keys = history.key_count();
        let mut orders = Self {
            writer: vec![NOBODY; versions],
            replaced: vec![false; versions],
            observed: vec![(0, 0); keys],
            position: vec![UNPLACED; versions],
            shown_by: vec![NOBODY; keys],
            committed: history.txns().iter().map(|txn| txn.status == Status::Ok).collect(),
            first_bad: vec![u32::MAX; keys],
            unobserved: Vec::new(),
        };
        orders.collect(history, findings);
        orders.place(history, findings);
        orders.find_aborted(history, findings);
        orders.find_unobserved(history);
        orders.find_reordered(history, findings);
        orders
    }

    /// The observed order of a key.
    pub fn order<'h>(&self, history: &'h TxnHistory, key: u32) -> &'h [VersionId] {
        let (start, len) = self.observed[key as usize];
        history.list(start, len)
    }

    /// Where a version is in the observed order of its key, if a read shows it.
    pub fn position(&self, version: VersionId) -> Option<u32> {
        let position = self.position[version as usize];
        (position != UNPLACED).then_some(position)
    }

    /// The last observed version of a key.
    pub fn last(&self, history: &TxnHistory, key: u32) -> VersionId {
        self.order(history, key).last().copied().unwrap_or(INITIAL)
    }

    fn collect(&mut self, history: &TxnHistory, findings: &mut Findings) {
        let mut last_append: Vec<(TxnId, VersionId)> = vec![(NOBODY, 0); history.key_count()];
        for txn in 0..history.len() as TxnId {
            for op in history.ops(txn) {
                match *op {
                    Op::Write { key, version } => {
                        let writer = &mut self.writer[version as usize];
                        if *writer == NOBODY {
                            *writer = txn;
                        } else {
                            // Elements must be unique, or a read does not tell who appended.
                            let pair = [*writer, txn];
                            findings.push(Finding::local(
                                Anomaly::DuplicateElements,
                                &pair,
                                key,
                                &[version],
                            ));
                        }
                        let last = &mut last_append[key as usize];
                        if last.0 == txn {
                            self.replaced[last.1 as usize] = true;
                        }
                        *last = (txn, version);
                    }
                    Op::ReadList { key, start, len } => {
                        let best = &mut self.observed[key as usize];
                        if len > best.1 || self.shown_by[key as usize] == NOBODY {
                            *best = (start, len);
                            self.shown_by[key as usize] = txn;
                        }
                    }
                    Op::Read { .. } => unreachable!("a register in a history of lists"),
                }
            }
        }
    }

    fn place(&mut self, history: &TxnHistory, findings: &mut Findings) {
        for key in 0..history.key_count() as u32 {
            let shown_by = self.shown_by[key as usize];
            for (position, version) in self.order(history, key).iter().enumerate() {
                let place = &mut self.position[*version as usize];
                if *place == UNPLACED {
                    *place = position as u32;
                } else {
                    findings.push(Finding::local(
                        Anomaly::DuplicateElements,
                        &[shown_by],
                        key,
                        &[*version],
                    ));
                }
                let writer = self.writer[*version as usize];
                if writer != NOBODY && history.txn(writer).status == Status::Info {
                    self.committed[writer as usize] = true;
                }
            }
        }
    }

    fn find_aborted(&mut self, history: &TxnHistory, findings: &mut Findings) {
        for key in 0..history.key_count() as u32 {
            let mut aborted = None;
            for (position, version) in self.order(history, key).iter().enumerate() {
                let writer = self.writer[*version as usize];
                let committed = writer != NOBODY && self.committed[writer as usize];
                if !committed {
                    let first = &mut self.first_bad[key as usize];
                    *first = (*first).min(position as u32);
                }
                if writer != NOBODY && !committed {
                    aborted = Some((writer, *version));
                } else if let (true, Some((aborted_writer, aborted_version))) = (committed, aborted)
                {
                    findings.push(Finding::local(
                        Anomaly::DirtyUpdate,
                        &[writer, aborted_writer, self.shown_by[key as usize]],
                        key,
                        &[aborted_version, *version],
                    ));
                    aborted = None;
                }
            }
        }
    }

    /// Appends of one transaction to a key must be seen in the order in which it made them.
    fn find_reordered(&self, history: &TxnHistory, findings: &mut Findings) {
        let mut last: Vec<(TxnId, VersionId)> = vec![(NOBODY, 0); history.key_count()];
        for txn in (0..history.len() as TxnId).filter(|txn| self.committed[*txn as usize]) {
            for op in history.ops(txn) {
                let Op::Write { key, version } = *op else { continue };
                let (owner, earlier) = std::mem::replace(&mut last[key as usize], (txn, version));
                // What nobody saw has the highest number as its position.
                let place = self.position[version as usize];
                if owner == txn && place < self.position[earlier as usize] {
                    let txns = [self.shown_by[key as usize], txn];
                    let versions = [version, earlier];
                    findings.push(Finding::local(
                        Anomaly::IncompatibleOrder,
                        &txns,
                        key,
                        &versions,
                    ));
                }
            }
        }
    }

    fn find_unobserved(&mut self, history: &TxnHistory) {
        let mut last: Vec<TxnId> = vec![NOBODY; history.key_count()];
        for txn in 0..history.len() as TxnId {
            if !self.committed[txn as usize] {
                continue;
            }
            for op in history.ops(txn) {
                if let Op::Write { key, version } = *op
                    && self.position[version as usize] == UNPLACED
                    && last[key as usize] != txn
                {
                    last[key as usize] = txn;
                    self.unobserved.push(version);
                }
            }
        }
    }
}
