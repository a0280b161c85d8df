//! The ledger of a swarm.

use crate::{Ledger, LedgerLine};
use std::collections::BTreeMap;

/// The counts of one fault kind over a swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotal {
    /// In how many cases a fault of the kind began.
    pub cases: u64,
    /// How often it was done: a process ended, a link blocked, a message lost.
    pub injected: u64,
    /// How often code under test could notice it. One partition can cost many messages, and one that nobody sends through costs none.
    pub observed: u64,
}

pub(super) type Totals = BTreeMap<&'static str, LedgerTotal>;

/// Whether the kind is one of those of a case.
pub(super) fn has_begun(line: &LedgerLine) -> bool {
    line.begun > 0 || line.injected > 0
}

pub(super) fn add(totals: &mut Totals, ledger: &Ledger) {
    for line in ledger.lines() {
        let total = totals.entry(line.kind).or_default();
        total.cases += u64::from(has_begun(line));
        total.injected += line.injected;
        total.observed += line.observed;
    }
}

pub(super) fn merge(totals: &mut Totals, other: Totals) {
    for (kind, more) in other {
        let total = totals.entry(kind).or_default();
        total.cases += more.cases;
        total.injected += more.injected;
        total.observed += more.observed;
    }
}
