//! Violations: the smallest sub-history that still violates, and why it does.

mod render;
mod sentence;
mod shrink;
mod verify;

use super::anomaly::Anomaly;
use super::decide::{Decision, decide};
use super::finding::{Finding, Witness};
use super::history::{Op, TxnHistory, TxnId};
use super::level::IsolationLevel;
use super::list::{Lists, Reach};
use super::proof::{Proof, named, prove_registers};
use super::register::Facts;
use crate::verdict::{Budget, Meter};
pub use verify::ViolationError;

/// Why a history is not of a level.
#[derive(Clone, Debug)]
pub struct Violation {
    /// The level.
    pub level: IsolationLevel,
    /// A part of the history that still violates the level; as small as the budget allowed.
    pub history: TxnHistory,
    /// The numbers that its transactions have in the whole history.
    pub original: Vec<TxnId>,
    /// Why that part violates the level, by the numbers of the part.
    pub evidence: Evidence,
}

/// Why no execution is possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Something that shows at once.
    Finding(Finding),
    /// A proof by cases.
    Proof(Proof),
    /// All orders have been tried, in too many steps to write down.
    ///
    /// Whether an order exists is an NP-complete question from prefix consistency on (Papadimitriou 1979; Biswas and Enea,
    /// OOPSLA 2019), so that "there is none" has no short proof in general. Anything that shows at once and any proof of
    /// a few hundred cases is preferred to this: none of the tests' random histories comes to it. [`Violation::verify`] asks [`commit_test`](crate::txn::commit_test), which
    /// tries all orders of up to eight transactions and shares nothing with the judge; where there are more, or the level
    /// has no commit test, the same judge is asked about the part alone.
    Search,
}

impl Violation {
    /// What it is called.
    pub fn anomaly(&self) -> Option<Anomaly> {
        match &self.evidence {
            Evidence::Finding(finding) => Some(finding.anomaly),
            Evidence::Proof(proof) => Some(named(&self.history, proof.mildest().clone()).anomaly),
            Evidence::Search => None,
        }
    }
}

/// Work that goes into making an explanation small, in operations looked at.
const SHRINK_WORK: u64 = 400_000;
/// Case distinctions that a proof may have.
const SPLITS: u32 = 400;

/// Explains what is wrong with a history of lists.
pub(super) fn explain_list(
    history: &TxnHistory,
    level: IsolationLevel,
    finding: Finding,
    meter: &mut Meter,
) -> Violation {
    let involved = involved(history, &finding);
    let candidate = history.project(|txn, _| involved.binary_search(&txn).is_ok());
    let start = match bad(&candidate.0, level, meter) {
        true => candidate,
        false => history.project(|_, _| true),
    };
    let (history, original) = shrink::shrink(start, SHRINK_WORK, |part| bad(part, level, meter));
    let evidence = match decide(&history, level, &mut inner_budget()) {
        Decision::Violated(Some(finding)) => match &finding.witness {
            Witness::Cycle(_) | Witness::Local { .. } => Evidence::Finding(finding),
            Witness::Unordered => {
                let lists = Lists::new(&history, level.order(), Reach::Next);
                lists.prove(level, SPLITS).map_or(Evidence::Finding(finding), Evidence::Proof)
            }
        },
        Decision::Violated(None) | Decision::Holds(_) | Decision::Unknown(_) => Evidence::Search,
    };
    Violation { level, history, original, evidence }
}

/// Explains what is wrong with a history of registers.
pub(super) fn explain_register(
    history: &TxnHistory,
    level: IsolationLevel,
    finding: Option<Finding>,
    meter: &mut Meter,
) -> Violation {
    let mut start = history.project(|_, _| true);
    if let Some(finding) = finding {
        let involved = involved(history, &finding);
        let candidate = history.project(|txn, _| involved.binary_search(&txn).is_ok());
        if bad(&candidate.0, level, meter) {
            start = candidate;
        }
    }
    let (history, original) = shrink::shrink(start, SHRINK_WORK, |part| bad(part, level, meter));
    let facts = Facts::new(&history);
    let evidence = match facts.findings.first(|anomaly| level.forbids(anomaly)) {
        Some(finding) => Evidence::Finding(finding.clone()),
        None => prove_registers(&facts, level, SPLITS).map_or(Evidence::Search, Evidence::Proof),
    };
    Violation { level, history, original, evidence }
}

fn inner_budget() -> Meter {
    Budget::configurations(200_000).meter()
}

fn bad(part: &TxnHistory, level: IsolationLevel, meter: &mut Meter) -> bool {
    let mut inner = inner_budget();
    let decision = decide(part, level, &mut inner);
    // Without a budget the part is as small as it gets; the verdict stands.
    meter.spend(inner.spent()) && matches!(decision, Decision::Violated(_))
}

/// The transactions of a finding, and those that show the order of the versions in it; sorted.
fn involved(history: &TxnHistory, finding: &Finding) -> Vec<TxnId> {
    let mut keys = Vec::new();
    let mut txns = match &finding.witness {
        Witness::Local { txns, key, .. } => {
            keys.push(*key);
            txns.clone()
        }
        Witness::Cycle(cycle) => {
            for step in &cycle.steps {
                use super::graph::Kind;
                match step.kind {
                    Kind::Ww | Kind::Rw => keys.push(history.key_of(step.next)),
                    Kind::Wr | Kind::Process | Kind::Realtime => {}
                }
            }
            cycle.txns()
        }
        Witness::Unordered => (0..history.len() as TxnId).collect(),
    };
    keys.sort_unstable();
    keys.dedup();
    let mut longest: Vec<(u32, Option<TxnId>)> = vec![(0, None); keys.len()];
    for txn in 0..history.len() as TxnId {
        for op in history.ops(txn) {
            if let Op::ReadList { key, len, .. } = *op
                && let Ok(at) = keys.binary_search(&key)
                && (len > longest[at].0 || longest[at].1.is_none())
            {
                longest[at] = (len, Some(txn));
            }
        }
    }
    txns.extend(longest.into_iter().filter_map(|(_, txn)| txn));
    txns.sort_unstable();
    txns.dedup();
    txns
}
