//! Verifies violations, in one pass over the evidence and the part of the history it is about.

use super::{Decision, Evidence, Violation, decide, inner_budget};
use crate::txn::anomaly::Anomaly;
use crate::txn::commit_test::commit_test;
use crate::txn::cycle::{Cycle, Step};
use crate::txn::finding::{Finding, Witness};
use crate::txn::graph::Kind;
use crate::txn::history::{INITIAL, KeyId, Model, Op, Status, TxnHistory, TxnId, VersionId};
use crate::txn::level::{Guarantee, IsolationLevel};
use crate::txn::order::{precedes_in_process, precedes_in_real_time};
use crate::txn::proof::{Proof, sees};
use std::collections::BTreeSet;
use std::fmt;

/// Why a violation proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationError(String);

impl fmt::Display for ViolationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ViolationError {}

fn ensure(holds: bool, claim: impl FnOnce() -> String) -> Result<(), ViolationError> {
    if holds { Ok(()) } else { Err(ViolationError(claim())) }
}

impl Violation {
    /// Checks the evidence against the history that it is about.
    ///
    /// # Errors
    ///
    /// The first claim that is not true.
    pub fn verify(&self, whole: &TxnHistory) -> Result<(), ViolationError> {
        self.verify_part(whole)?;
        match &self.evidence {
            Evidence::Finding(finding) => match &finding.witness {
                Witness::Cycle(cycle) => self.verify_cycle(cycle, &[]),
                Witness::Local { .. } => self.verify_local(finding),
                Witness::Unordered => self.verify_without_order(),
            },
            Evidence::Proof(proof) => self.verify_proof(proof, &mut Vec::new()),
            Evidence::Search => self.verify_without_order(),
        }
    }

    /// No order of the part is of the level: all orders are tried, or, where they are too many or the level has no
    /// commit test, the part alone is judged once more.
    fn verify_without_order(&self) -> Result<(), ViolationError> {
        let holds = match commit_test(&self.history, self.level) {
            Some(holds) => holds,
            None => match decide(&self.history, self.level, &mut inner_budget()) {
                Decision::Violated(_) => false,
                Decision::Holds(_) => true,
                Decision::Unknown(exhausted) => return Err(ViolationError(exhausted.to_string())),
            },
        };
        ensure(!holds, || format!("an order of the transactions is {}", self.level))
    }

    /// The part consists of transactions of the whole, each with some of its operations. Of a version that is left out
    /// nothing is left: no read of it, and no element in a list.
    fn verify_part(&self, whole: &TxnHistory) -> Result<(), ViolationError> {
        let part = &self.history;
        ensure(part.len() == self.original.len(), || "a transaction has no number".to_owned())?;
        let (here, everywhere) = (writers(part), writers(whole));
        let is_gone =
            |version: VersionId| everywhere.contains(&version) && !here.contains(&version);
        for (txn, original) in self.original.iter().enumerate() {
            let claim = || format!("T{original} is not a transaction of the history");
            ensure((*original as usize) < whole.len(), claim)?;
            let (mine, theirs) = (part.txn(txn as TxnId), whole.txn(*original));
            let same = mine.process == theirs.process
                && mine.status == theirs.status
                && (mine.invoked, mine.completed) == (theirs.invoked, theirs.completed);
            ensure(same, claim)?;
            let mut rest = whole.ops(*original).iter();
            for op in part.ops(txn as TxnId) {
                let found = rest.any(|other| is_part(part, *op, whole, *other, is_gone));
                ensure(found, || format!("T{original} has an operation of its own"))?;
            }
        }
        let mut numbers = self.original.clone();
        numbers.sort_unstable();
        numbers.dedup();
        ensure(numbers.len() == part.len(), || "a transaction stands there twice".to_owned())
    }

    fn verify_proof(
        &self,
        proof: &Proof,
        assumed: &mut Vec<(TxnId, TxnId)>,
    ) -> Result<(), ViolationError> {
        match proof {
            Proof::Cycle(cycle) => self.verify_cycle(cycle, assumed),
            // One that never took effect does no harm: nothing but an assumed order leads away from it, so that
            // there is a case in which it is last, whose circle goes without it.
            Proof::Split { first, second, if_first, if_second } => {
                let (first, second) = (*first, *second);
                for (order, proof) in [((first, second), if_first), ((second, first), if_second)] {
                    assumed.push(order);
                    self.verify_proof(proof, assumed)?;
                    assumed.pop();
                }
                Ok(())
            }
        }
    }

    fn verify_cycle(
        &self,
        cycle: &Cycle,
        assumed: &[(TxnId, TxnId)],
    ) -> Result<(), ViolationError> {
        ensure(cycle.is_simple(), || "the steps do not form a cycle".to_owned())?;
        let violates = cycle.violates(self.level) || self.is_non_monotonic(cycle);
        ensure(violates, || format!("{} does not forbid the cycle", self.level))?;
        cycle.steps.iter().try_for_each(|step| self.verify_step(*step, assumed))
    }

    fn is_non_monotonic(&self, cycle: &Cycle) -> bool {
        let level: IsolationLevel = self.level;
        let rw = cycle.steps.iter().find(|step| step.kind == Kind::Rw);
        level.guarantee() == Guarantee::MonotonicAtomicView
            && cycle.steps.len() == 2
            && rw.is_some_and(|rw| {
                sees(&self.history, level, rw.to, rw.from, (rw.seen, rw.next)).is_some()
            })
    }

    fn verify_step(&self, step: Step, assumed: &[(TxnId, TxnId)]) -> Result<(), ViolationError> {
        let history = &self.history;
        let Step { from, to, seen, next, .. } = step;
        let holds = match step.kind {
            Kind::Process => precedes_in_process(history, from, to),
            Kind::Realtime => precedes_in_real_time(history, from, to),
            Kind::Wr => {
                seen == next && writes(history, from, seen) && reads_last(history, to, seen)
            }
            Kind::Ww => {
                writes(history, from, seen)
                    && writes(history, to, next)
                    && self.comes_before(seen, next, assumed)
            }
            Kind::Rw => {
                let reads = match seen {
                    INITIAL => reads_initial(history, from, history.key_of(next)),
                    seen => reads_last(history, from, seen),
                };
                reads && writes(history, to, next) && self.comes_before(seen, next, assumed)
            }
        };
        ensure(holds, || format!("T{from} does not come before T{to} by {}", step.kind.name()))
    }

    /// Whether one version of a key comes before another one of the same key.
    fn comes_before(&self, seen: VersionId, next: VersionId, assumed: &[(TxnId, TxnId)]) -> bool {
        if seen == INITIAL {
            return true;
        }
        let history = &self.history;
        let key = history.key_of(next);
        if history.key_of(seen) != key {
            return false;
        }
        let is_assumed =
            || assumed.iter().any(|(a, b)| writes(history, *a, seen) && writes(history, *b, next));
        if history.model() == Model::RwRegister {
            return is_assumed();
        }
        // The longest list shows both in this order, or only the first.
        let lists = (0..history.len() as TxnId)
            .filter(|txn| history.txn(*txn).status == Status::Ok)
            .flat_map(|txn| history.ops(txn))
            .filter_map(|op| match *op {
                Op::ReadList { key: k, start, len } if k == key => Some(history.list(start, len)),
                _ => None,
            });
        let longest = lists.max_by_key(|list| list.len()).unwrap_or(&[]);
        let place = |version: VersionId| longest.iter().position(|other| *other == version);
        match (place(seen), place(next)) {
            (Some(a), Some(b)) => a < b,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => is_assumed(),
        }
    }

    fn verify_local(&self, finding: &Finding) -> Result<(), ViolationError> {
        let Witness::Local { txns, key, versions } = &finding.witness else { return Ok(()) };
        let history = &self.history;
        let claim = || format!("{} does not show in T{}", finding.anomaly, txns[0]);
        ensure(self.level.forbids(finding.anomaly), || {
            format!("{} does not forbid {}", self.level, finding.anomaly)
        })?;
        let reader = txns[0];
        let other = txns.get(1).copied();
        let status = |txn: TxnId| history.txn(txn).status;
        let version = versions.first().copied().unwrap_or(INITIAL);
        let shows = |txn: TxnId| status(txn) == Status::Ok && reads(history, txn, version);
        let holds = match (finding.anomaly, other) {
            (Anomaly::ThinAirRead, _) if version == INITIAL => {
                history.is_explicit() && reads_initial(history, reader, *key)
            }
            (Anomaly::ThinAirRead, _) => {
                let mut all = 0..history.len() as TxnId;
                shows(reader) && !all.any(|txn| writes(history, txn, version))
            }
            (Anomaly::G1a, Some(writer)) => {
                shows(reader) && status(writer) == Status::Fail && writes(history, writer, version)
            }
            (Anomaly::G1b, Some(writer)) => {
                let last = written(history, writer, *key).last();
                shows(reader) && writes(history, writer, version) && last != Some(version)
            }
            (Anomaly::LostUpdate, Some(writer)) => [reader, writer].into_iter().all(|txn| {
                let sees = match version {
                    INITIAL => reads_initial(history, txn, *key),
                    version => reads_last(history, txn, version),
                };
                sees && written(history, txn, *key).next().is_some()
            }),
            (Anomaly::FutureRead, _) => shows(reader) && writes(history, reader, version),
            (Anomaly::NonRepeatableRead | Anomaly::Internal, _) => {
                history.ops(reader).iter().filter(|op| op.key() == *key).count() > 1
            }
            (Anomaly::DuplicateElements, Some(writer)) => {
                writes(history, reader, version) && writes(history, writer, version)
            }
            (Anomaly::DuplicateElements, None) => lists(history, reader, *key)
                .any(|list| list.iter().filter(|other| **other == version).count() > 1),
            (Anomaly::IncompatibleOrder, Some(other)) => lists(history, reader, *key).any(|a| {
                let own: Vec<VersionId> = written(history, other, *key).collect();
                let place = |list: &[VersionId], version| list.iter().position(|v| *v == version);
                // Another list, or the order in which the writer made its appends.
                lists(history, other, *key).any(|b| !a.starts_with(b) && !b.starts_with(a))
                    || versions.get(1).is_some_and(|earlier| {
                        place(&own, *earlier) < place(&own, version)
                            && place(&own, *earlier).is_some()
                            && place(a, version).is_some_and(|at| {
                                place(a, *earlier).is_none_or(|before| before > at)
                            })
                    })
            }),
            (Anomaly::DirtyUpdate, Some(aborted)) => {
                status(aborted) == Status::Fail
                    && writes(history, aborted, version)
                    && versions.get(1).is_some_and(|later| writes(history, reader, *later))
            }
            _ => false,
        };
        ensure(holds, claim)
    }
}

/// The versions that somebody writes.
fn writers(history: &TxnHistory) -> BTreeSet<VersionId> {
    let ops = (0..history.len() as TxnId).flat_map(|txn| history.ops(txn));
    let versions = ops.filter_map(|op| match *op {
        Op::Write { version, .. } => Some(version),
        Op::Read { .. } | Op::ReadList { .. } => None,
    });
    versions.collect()
}

fn is_part(
    mine: &TxnHistory,
    op: Op,
    whole: &TxnHistory,
    other: Op,
    is_gone: impl Fn(VersionId) -> bool,
) -> bool {
    match (op, other) {
        (Op::ReadList { key, start, len }, Op::ReadList { key: k, start: s, len: l }) => {
            let left = whole.list(s, l).iter().filter(|version| !is_gone(**version));
            key == k && mine.list(start, len).iter().eq(left)
        }
        (Op::Read { version, .. }, _) => op == other && !is_gone(version),
        _ => op == other,
    }
}

fn written(history: &TxnHistory, txn: TxnId, key: KeyId) -> impl Iterator<Item = VersionId> + '_ {
    history.ops(txn).iter().filter_map(move |op| match *op {
        Op::Write { key: k, version } if k == key => Some(version),
        _ => None,
    })
}

fn writes(history: &TxnHistory, txn: TxnId, version: VersionId) -> bool {
    version != INITIAL && written(history, txn, history.key_of(version)).any(|v| v == version)
}

fn lists(history: &TxnHistory, txn: TxnId, key: KeyId) -> impl Iterator<Item = &[VersionId]> {
    history.ops(txn).iter().filter_map(move |op| match *op {
        Op::ReadList { key: k, start, len } if k == key => Some(history.list(start, len)),
        _ => None,
    })
}

fn reads(history: &TxnHistory, txn: TxnId, version: VersionId) -> bool {
    history.ops(txn).iter().any(|op| match *op {
        Op::Read { version: seen, .. } => seen == version,
        Op::ReadList { start, len, .. } => history.list(start, len).contains(&version),
        Op::Write { .. } => false,
    })
}

/// Whether a read shows the version as the latest one.
fn reads_last(history: &TxnHistory, txn: TxnId, version: VersionId) -> bool {
    history.ops(txn).iter().any(|op| match *op {
        Op::Read { version: seen, .. } => seen == version,
        Op::ReadList { start, len, .. } => history.list(start, len).last() == Some(&version),
        Op::Write { .. } => false,
    })
}

fn reads_initial(history: &TxnHistory, txn: TxnId, key: KeyId) -> bool {
    history.ops(txn).iter().any(|op| match *op {
        Op::Read { key: k, version } => k == key && version == INITIAL,
        Op::ReadList { key: k, len, .. } => k == key && len == 0,
        Op::Write { .. } => false,
    })
}
