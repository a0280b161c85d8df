//! Makes a violating history smaller while it still violates.

use crate::txn::history::{TxnHistory, TxnId};

/// Leaves out transactions, then single operations, as long as the rest is still `bad` and at
/// most `work` operations have been looked at.
pub(super) fn shrink(
    start: (TxnHistory, Vec<TxnId>),
    work: u64,
    mut bad: impl FnMut(&TxnHistory) -> bool,
) -> (TxnHistory, Vec<TxnId>) {
    let mut shrinker = Shrinker { current: start, work, bad: &mut bad };
    shrinker.drop_txns();
    shrinker.drop_ops();
    shrinker.current
}

struct Shrinker<'b> {
    current: (TxnHistory, Vec<TxnId>),
    work: u64,
    bad: &'b mut dyn FnMut(&TxnHistory) -> bool,
}

impl Shrinker<'_> {
    /// Keeps the part for which `keep` holds, if it is still bad.
    fn attempt(&mut self, keep: impl FnMut(TxnId, usize) -> bool) -> bool {
        let (history, names) = &self.current;
        let size: usize = (0..history.len() as TxnId).map(|txn| history.ops(txn).len()).sum();
        self.work = self.work.saturating_sub(size as u64 + 1);
        if self.work == 0 {
            return false;
        }
        let (part, kept) = history.project(keep);
        if !(self.bad)(&part) {
            return false;
        }
        let names = kept.into_iter().map(|txn| names[txn as usize]).collect();
        self.current = (part, names);
        true
    }

    fn drop_txns(&mut self) {
        let mut chunk = self.current.0.len() / 2;
        while chunk > 0 {
            let mut start = 0;
            let mut dropped = false;
            while start < self.current.0.len() {
                let gone = start as TxnId..(start + chunk) as TxnId;
                if self.attempt(|txn, _| !gone.contains(&txn)) {
                    dropped = true;
                } else {
                    start += chunk;
                }
            }
            // With single transactions: again until none can go.
            if chunk > 1 || !dropped {
                chunk /= 2;
            }
        }
    }

    fn drop_ops(&mut self) {
        let mut again = true;
        while again {
            again = false;
            let mut txn = 0;
            while txn < self.current.0.len() as TxnId {
                let mut place = 0;
                let before = self.current.0.len();
                while (txn as usize) < self.current.0.len() && place < self.current.0.ops(txn).len()
                {
                    if self.attempt(|t, p| (t, p) != (txn, place)) {
                        again = true;
                        if self.current.0.len() < before {
                            break;
                        }
                    } else {
                        place += 1;
                    }
                }
                if self.current.0.len() == before {
                    txn += 1;
                }
            }
        }
    }
}
