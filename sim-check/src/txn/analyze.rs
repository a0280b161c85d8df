//! All anomalies of a history.

use super::anomaly::Anomaly;
use super::check::check;
use super::client_order::ClientOrder;
use super::decide::local_findings;
use super::finding::{Finding, Findings, Witness};
use super::history::{KeyId, Model, TxnHistory, VersionId};
use super::level::IsolationLevel;
use super::list::{Lists, Reach};
use super::proof::named;
use super::register::find_cyclic_versions;
use super::violation::{Evidence, Violation};
use crate::verdict::{Budget, Verdict};
use std::collections::BTreeMap;

/// What is wrong with a history.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What was found, at most 16 of each anomaly. The transactions have the numbers of the
    /// history.
    pub findings: Vec<Finding>,
    /// How many of each anomaly were found. Of cycles only the worst of each knot is looked for.
    pub counts: BTreeMap<Anomaly, usize>,
    /// Whether the search for cycles was cut short.
    pub incomplete: bool,
}

impl Analysis {
    /// Whether an anomaly was found, or one that is a case of it.
    pub fn contains(&self, anomaly: Anomaly) -> bool {
        self.counts.keys().any(|found| found.and_implied().contains(&anomaly))
    }

    /// The anomalies found, without those of which a more specific one was found.
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let found: Vec<Anomaly> = self.counts.keys().copied().collect();
        let implied = |anomaly: &Anomaly| {
            found.iter().any(|other| other != anomaly && other.and_implied().contains(anomaly))
        };
        found.iter().copied().filter(|anomaly| !implied(anomaly)).collect()
    }
}

/// Looks for all anomalies, of cycles for those that need no more than `order`.
///
/// For lists the dependencies are known, and each knot of them is searched for its worst cycles.
/// For registers the levels from the weakest to the strongest are judged, each within `budget`,
/// and the violation of the first one that fails for a new reason is named.
pub fn analyze(history: &TxnHistory, order: ClientOrder, budget: Budget) -> Analysis {
    let mut findings = Findings::default();
    let incomplete = match history.model() {
        Model::ListAppend => {
            let lists = Lists::new(history, order, Reach::Next);
            findings = lists.findings.clone();
            lists.name_all(&mut findings)
        }
        Model::RwRegister => {
            for finding in local_findings(history).into_parts().0 {
                findings.push(finding);
            }
            find_cyclic_versions(history, &mut findings);
            let incomplete = name_registers(history, order, budget, &mut findings);
            incomplete | name_begun_late(history, order, budget, &mut findings)
        }
    };
    let (findings, counts) = findings.into_parts();
    Analysis { findings, counts, incomplete }
}

/// What would still be wrong if the recording had started late.
fn name_begun_late(
    history: &TxnHistory,
    order: ClientOrder,
    budget: Budget,
    findings: &mut Findings,
) -> bool {
    let Some(late) = begun_late(history, findings) else { return false };
    let mut more = Findings::default();
    for finding in local_findings(&late).into_parts().0 {
        more.push(finding);
    }
    let incomplete = name_registers(&late, order, budget, &mut more);
    for finding in more.into_parts().0 {
        if !findings.all().contains(&finding) {
            findings.push(finding);
        }
    }
    incomplete
}

fn name_registers(
    history: &TxnHistory,
    order: ClientOrder,
    budget: Budget,
    findings: &mut Findings,
) -> bool {
    let ladder = [
        IsolationLevel::READ_COMMITTED,
        IsolationLevel::READ_ATOMIC,
        IsolationLevel::CONSISTENT_VIEW,
        IsolationLevel::SNAPSHOT_ISOLATION,
        IsolationLevel::SERIALIZABLE,
        IsolationLevel::CAUSAL,
        IsolationLevel::STRONG_SESSION_SNAPSHOT_ISOLATION,
        IsolationLevel::STRONG_SESSION_SERIALIZABLE,
        IsolationLevel::STRONG_SNAPSHOT_ISOLATION,
        IsolationLevel::STRICT_SERIALIZABLE,
    ];
    let mut incomplete = false;
    for level in ladder.into_iter().filter(|level| level.order() <= order) {
        if findings.first(|anomaly| level.forbids(anomaly)).is_some() {
            continue;
        }
        match check(history, level, budget) {
            Verdict::Ok(_) => {}
            Verdict::Unknown(_) => incomplete = true,
            Verdict::Violation(violation) => match finding_of(&violation) {
                Some(finding) => findings.push(finding),
                None => incomplete = true,
            },
        }
    }
    incomplete
}

/// The named cycle of a violation, by the numbers of the whole history.
fn finding_of(violation: &Violation) -> Option<Finding> {
    let mut cycle = match &violation.evidence {
        Evidence::Proof(proof) => proof.mildest().clone(),
        Evidence::Finding(Finding { witness: Witness::Cycle(cycle), .. }) => cycle.clone(),
        Evidence::Finding(_) | Evidence::Search => return None,
    };
    let anomaly = named(&violation.history, cycle.clone()).anomaly;
    for step in &mut cycle.steps {
        step.from = violation.original[step.from as usize];
        step.to = violation.original[step.to as usize];
    }
    Some(Finding { anomaly, witness: Witness::Cycle(cycle) })
}

/// The history as if it had begun with what its reads show of keys before anybody wrote that: a
/// recording that started late. `None` if there is no such key, or a key has two such values.
fn begun_late(history: &TxnHistory, findings: &Findings) -> Option<TxnHistory> {
    let mut first: BTreeMap<KeyId, VersionId> = BTreeMap::new();
    for finding in findings.all() {
        if let (Anomaly::ThinAirRead, Witness::Local { key, versions, .. }) =
            (finding.anomaly, &finding.witness)
            && *first.entry(*key).or_insert(versions[0]) != versions[0]
        {
            return None;
        }
    }
    (!first.is_empty()).then(|| history.with_initial(&first))
}
