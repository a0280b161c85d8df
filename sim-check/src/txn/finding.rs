//! What was found to be wrong, with the evidence.

use super::anomaly::Anomaly;
use super::cycle::Cycle;
use super::history::{KeyId, TxnId, VersionId};

/// How many findings of one anomaly are kept: enough to see a pattern.
const KEPT_PER_ANOMALY: usize = 16;

/// One anomaly, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub anomaly: Anomaly,
    /// Where it is.
    pub witness: Witness,
}

/// The transactions that show an anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Witness {
    /// Something that shows in the operations of a few transactions on one key.
    Local {
        /// The transaction that saw it comes first; then the others.
        txns: Vec<TxnId>,
        /// The key.
        key: KeyId,
        /// The versions concerned.
        versions: Vec<VersionId>,
    },
    /// A cycle of dependencies.
    Cycle(Cycle),
    /// Whichever order the writes that nobody saw are put in, there is a cycle. Verified as
    /// [`Evidence::Search`](super::Evidence::Search) is: there may be a cycle for each of very many orders.
    Unordered,
}

impl Finding {
    pub(super) fn local(
        anomaly: Anomaly,
        txns: &[TxnId],
        key: KeyId,
        versions: &[VersionId],
    ) -> Self {
        let witness = Witness::Local { txns: txns.to_vec(), key, versions: versions.to_vec() };
        Self { anomaly, witness }
    }
}

/// Findings in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    counts: std::collections::BTreeMap<Anomaly, usize>,
}

impl Findings {
    pub fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.anomaly).or_default();
        *count += 1;
        if *count <= KEPT_PER_ANOMALY {
            self.all.push(finding);
        }
    }

    pub fn into_parts(self) -> (Vec<Finding>, std::collections::BTreeMap<Anomaly, usize>) {
        (self.all, self.counts)
    }

    /// The findings that were kept.
    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    /// The first finding of a wanted kind.
    pub fn first(&self, mut wanted: impl FnMut(Anomaly) -> bool) -> Option<&Finding> {
        self.all.iter().find(|finding| wanted(finding.anomaly))
    }
}
