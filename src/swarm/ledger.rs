//! The ledger of a swarm.

use crate::Ledger;
use std::collections::BTreeMap;

/// The counts of one fault kind over a swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotal {
    /// In how many cases it was injected.
    pub cases: u64,
    /// How often it was injected.
    pub injected: u64,
    /// How often code under test could notice it.
    pub observed: u64,
}

pub(super) type Totals = BTreeMap<&'static str, LedgerTotal>;

pub(super) fn add(totals: &mut Totals, ledger: &Ledger) {
    for line in ledger.lines() {
        let total = totals.entry(line.kind).or_default();
        total.cases += u64::from(line.injected > 0);
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
