//! What is wrong within single transactions and reads of lists.

use super::versions::{NOBODY, VersionOrders};
use crate::txn::anomaly::Anomaly;
use crate::txn::finding::{Finding, Findings};
use crate::txn::history::{INITIAL, KeyId, Op, Status, TxnHistory, TxnId, VersionId};

/// A read of a list by a transaction that shows something new of what others appended.
#[derive(Clone, Copy)]
pub(in crate::txn) struct ExternalRead {
    pub txn: TxnId,
    pub key: KeyId,
    /// The last element by another transaction that it shows, or [`INITIAL`].
    pub last: VersionId,
}

/// What a transaction knows of one key while it runs.
#[derive(Clone, Copy)]
struct Local {
    txn: TxnId,
    /// The last list read and the appends made since.
    read: Option<(u32, u32)>,
    appended_since: u32,
    appended: u32,
    /// The last element by another transaction that the last read showed.
    last_seen: Option<VersionId>,
}

const FRESH: Local =
    Local { txn: NOBODY, read: None, appended_since: 0, appended: 0, last_seen: None };

/// Reports what is wrong within transactions and reads; returns the external reads.
pub(in crate::txn) fn scan(
    history: &TxnHistory,
    orders: &VersionOrders,
    findings: &mut Findings,
) -> Vec<ExternalRead> {
    let mut external = Vec::with_capacity(history.len());
    let mut locals = vec![FRESH; history.key_count()];
    let mut replaced_by = UpdateOf::new(history);
    for txn in 0..history.len() as TxnId {
        if history.txn(txn).status != Status::Ok {
            continue;
        }
        for (place, op) in history.ops(txn).iter().enumerate() {
            let local = &mut locals[op.key() as usize];
            if local.txn != txn {
                *local = Local { txn, ..FRESH };
            }
            match *op {
                Op::Write { key, .. } => {
                    local.appended_since += 1;
                    local.appended += 1;
                    if local.appended > 1 || local.last_seen.is_none() {
                        continue;
                    }
                    for seen in seen_before(history, txn, place, key) {
                        if let Some(other) = replaced_by.record(txn, key, seen) {
                            let pair = [txn, other];
                            findings.push(Finding::local(Anomaly::LostUpdate, &pair, key, &[seen]));
                        }
                    }
                }
                Op::ReadList { key, start, len } => {
                    let list = history.list(start, len);
                    let read = Read { txn, place, key, list };
                    read.check_order(history, orders, findings);
                    read.check_aborted(history, orders, findings);
                    let shows_own = read.check_own(history, orders, *local, findings);
                    let others = list.len().saturating_sub(local.appended as usize);
                    let last = others.checked_sub(1).map_or(INITIAL, |at| list[at]);
                    if shows_own && local.last_seen != Some(last) {
                        local.last_seen = Some(last);
                        external.push(ExternalRead { txn, key, last });
                        if last != INITIAL
                            && orders.replaced[last as usize]
                            && orders.writer[last as usize] != txn
                        {
                            let pair = [txn, orders.writer[last as usize]];
                            findings.push(Finding::local(Anomaly::G1b, &pair, key, &[last]));
                        }
                    }
                    local.read = Some((start, len));
                    local.appended_since = 0;
                }
                Op::Read { .. } => unreachable!("a register in a history of lists"),
            }
        }
    }
    external
}

/// The last elements of the reads of a key in the first operations of a transaction.
fn seen_before(history: &TxnHistory, txn: TxnId, place: usize, key: KeyId) -> Vec<VersionId> {
    let reads = history.ops(txn)[..place].iter().filter_map(|op| match *op {
        Op::ReadList { key: k, start, len } if k == key => {
            Some(history.list(start, len).last().copied().unwrap_or(INITIAL))
        }
        Op::ReadList { .. } | Op::Read { .. } | Op::Write { .. } => None,
    });
    reads.collect()
}

/// Who first read a version and replaced it.
struct UpdateOf {
    of_version: Vec<TxnId>,
    of_initial: Vec<TxnId>,
}

impl UpdateOf {
    fn new(history: &TxnHistory) -> Self {
        Self {
            of_version: vec![NOBODY; history.version_count()],
            of_initial: vec![NOBODY; history.key_count()],
        }
    }

    /// Records that `txn` read `seen` and replaced it; returns who did so before.
    fn record(&mut self, txn: TxnId, key: KeyId, seen: VersionId) -> Option<TxnId> {
        let slot = match seen {
            INITIAL => &mut self.of_initial[key as usize],
            version => &mut self.of_version[version as usize],
        };
        if *slot == NOBODY {
            *slot = txn;
        }
        (*slot != txn).then_some(*slot)
    }
}

#[derive(Clone, Copy)]
struct Read<'h> {
    txn: TxnId,
    place: usize,
    key: KeyId,
    list: &'h [VersionId],
}

impl Read<'_> {
    /// Each list must be a prefix of the longest one.
    fn check_order(self, history: &TxnHistory, orders: &VersionOrders, findings: &mut Findings) {
        let order = orders.order(history, self.key);
        if order.starts_with(self.list) {
            return;
        }
        let place = self.list.iter().zip(order).take_while(|(a, b)| a == b).count();
        let txns = [self.txn, orders.shown_by[self.key as usize]];
        let versions = [self.list[place], order[place]];
        findings.push(Finding::local(Anomaly::IncompatibleOrder, &txns, self.key, &versions));
        for (place, version) in self.list.iter().enumerate() {
            if self.list[..place].contains(version) {
                findings.push(Finding::local(
                    Anomaly::DuplicateElements,
                    &[self.txn],
                    self.key,
                    &[*version],
                ));
            }
        }
    }

    fn check_aborted(self, history: &TxnHistory, orders: &VersionOrders, findings: &mut Findings) {
        // All elements of a prefix of the longest list before `first_bad` are good.
        let is_prefix = orders.order(history, self.key).starts_with(self.list);
        if is_prefix && self.list.len() as u64 <= u64::from(orders.first_bad[self.key as usize]) {
            return;
        }
        for version in self.list {
            let writer = orders.writer[*version as usize];
            if writer == NOBODY {
                let txns = [self.txn];
                findings.push(Finding::local(Anomaly::ThinAirRead, &txns, self.key, &[*version]));
            } else if history.txn(writer).status == Status::Fail {
                let pair = [self.txn, writer];
                findings.push(Finding::local(Anomaly::G1a, &pair, self.key, &[*version]));
            }
        }
    }

    /// The list must end with the transaction's own appends, and begin with what it read before.
    /// Returns whether it does.
    fn check_own(
        self,
        history: &TxnHistory,
        orders: &VersionOrders,
        local: Local,
        findings: &mut Findings,
    ) -> bool {
        let own: Vec<VersionId> = history.ops(self.txn)[..self.place]
            .iter()
            .filter_map(|op| match *op {
                Op::Write { key, version } if key == self.key => Some(version),
                Op::Write { .. } | Op::Read { .. } | Op::ReadList { .. } => None,
            })
            .collect();
        let shows_own = self.list.ends_with(&own);
        let repeats = local.read.is_none_or(|(start, len)| {
            let before = history.list(start, len);
            let since = own.len() - local.appended_since as usize;
            self.list.starts_with(before) && self.list[before.len()..] == own[since..]
        });
        if !shows_own || !repeats {
            let anomaly = if shows_own { Anomaly::NonRepeatableRead } else { Anomaly::Internal };
            findings.push(Finding::local(anomaly, &[self.txn], self.key, self.list));
        }
        let later = &history.ops(self.txn)[self.place..];
        for op in later {
            if let Op::Write { key, version } = *op
                && key == self.key
                && orders.writer[version as usize] == self.txn
                && self.list.contains(&version)
            {
                let txns = [self.txn];
                findings.push(Finding::local(Anomaly::FutureRead, &txns, self.key, &[version]));
            }
        }
        shows_own
    }
}
