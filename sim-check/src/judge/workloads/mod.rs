//! Files of well-known workloads, judged by their invariants.
//!
//! | model | property |
//! |---|---|
//! | `bank` | `snapshot-reads-conserve-total` |
//! | `counter` | `bounds` |
//! | `queue`, `fifo-queue`, `unordered-queue` | `queue-no-phantom`, `total-queue` |
//! | `set` | `no-lost-no-unexpected`, `set-full` |
//! | `unique-ids` | `unique` |
//! | `long-fork`, `rw-register` | `no-long-fork` |

mod reader;

use std::collections::BTreeSet;
use std::fmt::Display;

use super::{Case, JudgeError, Ruling, forget};
use crate::history::{Call, Header, History, OperationId, Value};
use crate::render::{Bar, Picture};
use crate::verdict::{Budget, Exhausted, Verdict};
use crate::workload::{
    Bank, BankViolation, ForkRead, QueueOp, SetOp, check_bank, check_counter, check_long_fork,
    check_queue, check_set, check_set_full, check_unique_ids,
};
use reader::Reader;

/// The properties of a model that are invariants of a workload.
pub(super) fn is_workload(model: &str, property: &str) -> bool {
    matches!(
        (model, property),
        ("bank", "snapshot-reads-conserve-total")
            | ("counter", "bounds")
            | ("queue" | "fifo-queue" | "unordered-queue", "queue-no-phantom" | "total-queue")
            | ("set", "no-lost-no-unexpected" | "set-full")
            | ("unique-ids", "unique")
            | ("long-fork" | "rw-register", "no-long-fork")
    )
}

/// A file of a workload, read.
pub(super) struct WorkloadCase {
    property: String,
    history: History<Call, Value>,
    workload: Workload,
}

enum Workload {
    Bank { bank: Bank, reads: Vec<Vec<(Value, i64)>>, ids: Vec<OperationId> },
    Counter(History<Option<i64>, i64>),
    Queue { history: History<QueueOp<Value>, Vec<Value>>, total: bool },
    Set(History<SetOp<Value>, Vec<Value>>),
    SetFull(History<SetOp<Value>, Vec<Value>>),
    UniqueIds { values: Vec<Value>, ids: Vec<OperationId> },
    LongFork { reads: Vec<ForkRead<Value>>, ids: Vec<OperationId> },
}

impl WorkloadCase {
    /// # Errors
    /// If a value has the wrong form; the error names its line.
    pub(super) fn new(
        property: &str,
        header: &Header,
        history: History<Call, Value>,
        lines: &[usize],
    ) -> Result<WorkloadCase, JudgeError> {
        let reader = Reader { history: &history, lines };
        let workload = match property {
            "snapshot-reads-conserve-total" => reader.bank(header)?,
            "bounds" => reader.counter()?,
            "queue-no-phantom" => reader.queue(false),
            "total-queue" => reader.queue(true),
            "no-lost-no-unexpected" => Workload::Set(reader.set()?),
            "set-full" => Workload::SetFull(reader.set()?),
            "unique" => reader.unique_ids(),
            _ => reader.long_fork()?,
        };
        Ok(WorkloadCase { property: property.to_string(), history, workload })
    }
}

/// What shows a violation: a sentence, and the operations that it is about.
#[derive(Clone)]
struct Shown {
    why: String,
    involved: Vec<OperationId>,
}

/// Checks the certificate or the evidence behind a verdict.
type Proof<'c> = Box<dyn Fn() -> Result<(), String> + 'c>;

struct WorkloadRuling<'c> {
    case: &'c WorkloadCase,
    verdict: Verdict<String, Shown>,
    proof: Proof<'c>,
    steps: u64,
}

impl Case for WorkloadCase {
    fn operations(&self) -> usize {
        self.history.len()
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        // Such a judge goes through everything once, so that it is known before what that takes.
        let needed = self.workload.steps();
        let (steps, (verdict, proof)) = if needed <= budget.limit() {
            (needed, self.judge())
        } else {
            let limit = budget.limit();
            let reason = format!("{needed} steps are needed and the budget allows {limit}");
            (0, unknown(reason))
        };
        let verdict = match verdict {
            Verdict::Unknown(Exhausted { reason, .. }) => {
                Verdict::Unknown(Exhausted { configurations: steps, reason })
            }
            decided => decided,
        };
        Box::new(WorkloadRuling { case: self, verdict, proof, steps })
    }
}

impl Workload {
    /// How many steps the judge takes: one for each operation that it looks at.
    fn steps(&self) -> u64 {
        let steps = match self {
            Workload::Bank { reads, .. } => reads.len(),
            Workload::Counter(history) => history.len(),
            Workload::Queue { history, .. } => history.len(),
            Workload::Set(history) | Workload::SetFull(history) => history.len(),
            Workload::UniqueIds { values, .. } => values.len(),
            Workload::LongFork { reads, .. } => reads.len(),
        };
        steps as u64
    }
}

fn unknown<'c>(reason: String) -> (Verdict<String, Shown>, Proof<'c>) {
    let verdict = Verdict::Unknown(Exhausted { configurations: 0, reason });
    (verdict, Box::new(|| Ok(())))
}

/// Puts a verdict into words, and keeps it together with the verifiers of its certificate and of its violation.
fn ruled<'c, C: 'c, X: Display + 'c>(
    verdict: Verdict<C, X>,
    good: impl Fn(&C) -> String,
    involved: impl Fn(&X) -> Vec<OperationId>,
    verify: (impl Fn(&C) -> Result<(), String> + 'c, impl Fn(&X) -> Result<(), String> + 'c),
) -> (Verdict<String, Shown>, Proof<'c>) {
    let shown = match &verdict {
        Verdict::Ok(certificate) => Verdict::Ok(good(certificate)),
        Verdict::Violation(violation) => {
            let (why, involved) = (violation.to_string(), involved(violation));
            Verdict::Violation(Shown { why, involved })
        }
        Verdict::Unknown(exhausted) => Verdict::Unknown(exhausted.clone()),
    };
    let proof = move || match &verdict {
        Verdict::Ok(certificate) => verify.0(certificate),
        Verdict::Violation(violation) => verify.1(violation),
        Verdict::Unknown(_) => Ok(()),
    };
    (shown, Box::new(proof))
}

impl WorkloadCase {
    fn judge(&self) -> (Verdict<String, Shown>, Proof<'_>) {
        match &self.workload {
            Workload::Bank { bank, reads, ids } => ruled(
                check_bank(reads, *bank),
                move |audit| format!("{} reads saw {} in all", audit.reads.len(), bank.total),
                |violation| match violation {
                    BankViolation::WrongTotal { read, .. }
                    | BankViolation::Negative { read, .. } => vec![ids[*read]],
                },
                (|audit| audit.verify(reads, *bank), |bad| bad.verify(reads, *bank)),
            ),
            Workload::Counter(history) => ruled(
                check_counter(history),
                |bounds| format!("{} reads lie within their bounds", bounds.reads.len()),
                |violation| violation.reads.iter().map(|read| read.id).collect(),
                (|bounds| bounds.verify(history), |bad| bad.verify(history)),
            ),
            Workload::Queue { history, total } => ruled(
                check_queue(history, *total),
                |matching| format!("{} recovered, nothing amiss", matching.recovered.len()),
                |report| {
                    let groups = [&report.lost, &report.unexpected, &report.duplicated];
                    self.about(groups.iter().flat_map(|group| group.keys()))
                },
                (|found| found.verify(history, *total), |bad| bad.verify(history, *total)),
            ),
            Workload::Set(history) => match check_set(history) {
                Some(verdict) => ruled(
                    verdict,
                    |found| format!("all {} elements are in the last read", found.places.len()),
                    |report| self.about(report.lost.iter().chain(&report.unexpected)),
                    (|found| found.verify(history), |bad| bad.verify(history)),
                ),
                None => unknown("the set was never read".to_owned()),
            },
            Workload::SetFull(history) => ruled(
                check_set_full(history),
                |found| format!("{} elements are stable", found.stable()),
                |report| self.about(report.lost.keys().chain(report.unexpected.keys())),
                (|found| found.verify(history), |bad| bad.verify(history)),
            ),
            Workload::UniqueIds { values, ids } => ruled(
                check_unique_ids(values),
                |found| format!("{} ids, all different", found.ascending.len()),
                |duplicate| {
                    let places = duplicate.places.values().flatten();
                    let mut involved: Vec<OperationId> = places.map(|at| ids[*at]).collect();
                    involved.sort_unstable();
                    involved
                },
                (|found| found.verify(values), |bad| bad.verify(values)),
            ),
            Workload::LongFork { reads, ids } => ruled(
                check_long_fork(reads),
                |found| format!("{} groups of reads, each in one order", found.chains.len()),
                |fork| vec![ids[fork.first], ids[fork.second]],
                (|found| found.verify(reads), |fork| fork.verify(reads)),
            ),
        }
    }

    /// The operations that name one of the values, as argument or in a result, and the last read.
    fn about<'v>(&self, values: impl Iterator<Item = &'v Value>) -> Vec<OperationId> {
        let values: BTreeSet<&Value> = values.collect();
        let names = |value: &Value| {
            values.contains(value)
                || value.as_list().is_some_and(|items| items.iter().any(|v| values.contains(v)))
        };
        let mut involved: Vec<OperationId> = self
            .history
            .iter()
            .filter(|(_, op)| names(&op.op.argument) || op.outcome.ok().is_some_and(names))
            .map(|(id, _)| id)
            .collect();
        let reads = self.history.iter().filter(|(_, op)| {
            matches!(&*op.op.function, "read" | "r") && op.outcome.ok().is_some()
        });
        if let Some((last, _)) = reads.max_by_key(|(_, op)| op.last_position()) {
            involved.push(last);
        }
        involved.sort_unstable();
        involved.dedup();
        involved
    }
}

/// At most this many operations are shown.
const SHOWN_MAX: usize = 60;

impl Ruling for WorkloadRuling<'_> {
    fn verdict(&self) -> Verdict<(), ()> {
        forget(&self.verdict)
    }

    fn configurations(&self) -> u64 {
        self.steps
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(summary) => summary.clone(),
            Verdict::Violation(shown) => shown.why.clone(),
            Verdict::Unknown(exhausted) => exhausted.reason.clone(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let Verdict::Violation(shown) = &self.verdict else { return None };
        let bars = shown.involved.iter().take(SHOWN_MAX).map(|id| {
            let operation = self.case.history.operation(*id);
            Bar::of_call(operation, true)
        });
        Some(Picture {
            title: format!("{} violated", self.case.property),
            why: vec![shown.why.clone()],
            bars: bars.collect(),
            edges: Vec::new(),
        })
    }

    fn verify(&self) -> Result<(), String> {
        (self.proof)()
    }
}
