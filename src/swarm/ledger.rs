//! The ledger of a swarm.

use crate::fault::kind;
use crate::outcome::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// The counts of one fault kind over a swarm: of the faults of plans alone, not of what the test does itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotal {
    /// In how many cases the plan had one.
    pub planned: u64,
    /// In how many cases one was injected. Fewer: some come after the run has ended, or would never fit into the budget.
    pub cases: u64,
    /// How many were injected.
    pub injected: u64,
    /// How many of those code under test could notice: each counts once. What there is to notice is said by the kind
    /// ([`FaultKind::noticed`](crate::fault::FaultKind)).
    pub observed: u64,
}

/// The counts over a swarm of what faults and devices bring about: a message overtaken by another, bytes lost with the power.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectTotal {
    /// In how many cases it came about.
    pub cases: u64,
    /// How often it came about.
    pub times: u64,
    /// How often code under test met it.
    pub met: u64,
}

pub(super) type Faults = BTreeMap<&'static str, LedgerTotal>;
pub(super) type Effects = BTreeMap<&'static str, EffectTotal>;

/// Adds a run.
pub(super) fn add(faults: &mut Faults, effects: &mut Effects, outcome: &Outcome) {
    let planned: BTreeSet<&'static str> = outcome
        .plan
        .iter()
        .flat_map(|plan| &plan.faults)
        .filter_map(|fault| kind(&fault.kind).map(|kind| kind.name))
        .collect();
    for kind in planned {
        faults.entry(kind).or_default().planned += 1;
    }
    for line in outcome.ledger.lines() {
        if line.struck > 0 {
            let total = faults.entry(line.kind).or_default();
            total.cases += 1;
            total.injected += line.struck;
            total.observed += line.noticed;
        } else if kind(line.kind).is_none() {
            let total = effects.entry(line.kind).or_default();
            total.cases += 1;
            total.times += line.injected;
            total.met += line.observed;
        }
    }
}

pub(super) fn merge(faults: &mut Faults, more: Faults) {
    for (kind, more) in more {
        let total = faults.entry(kind).or_default();
        total.planned += more.planned;
        total.cases += more.cases;
        total.injected += more.injected;
        total.observed += more.observed;
    }
}

pub(super) fn merge_effects(effects: &mut Effects, more: Effects) {
    for (effect, more) in more {
        let total = effects.entry(effect).or_default();
        total.cases += more.cases;
        total.times += more.times;
        total.met += more.met;
    }
}
