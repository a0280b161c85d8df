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

use super::{Case, JudgeError, Ruling, forget};
use crate::history::{Call, Header, History, Operation, OperationId, Value};
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
    UniqueIds(Vec<Value>),
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

struct WorkloadRuling<'c> {
    case: &'c WorkloadCase,
    verdict: Verdict<String, Shown>,
}

impl Case for WorkloadCase {
    fn operations(&self) -> usize {
        self.history.len()
    }

    fn decide(&self, _budget: Budget) -> Box<dyn Ruling + '_> {
        Box::new(WorkloadRuling { case: self, verdict: self.judge() })
    }
}

impl WorkloadCase {
    fn judge(&self) -> Verdict<String, Shown> {
        let count = |count: usize, what: &str| format!("{count} {what}");
        match &self.workload {
            Workload::Bank { bank, reads, ids } => check_bank(reads, *bank)
                .map_ok(|reads| count(reads, &format!("reads saw {} in all", bank.total)))
                .map_violation(|violation| {
                    let read = match &violation {
                        BankViolation::WrongTotal { read, .. }
                        | BankViolation::Negative { read, .. } => *read,
                    };
                    Shown { why: violation.to_string(), involved: vec![ids[read]] }
                }),
            Workload::Counter(history) => check_counter(history)
                .map_ok(|reads| count(reads.len(), "reads lie within their bounds"))
                .map_violation(|violation| {
                    let outside = |(_, op): &(OperationId, &Operation<Option<i64>, i64>)| {
                        let seen = |value| violation.reads.iter().any(|read| read.value == value);
                        op.op.is_none() && op.outcome.ok().is_some_and(|value| seen(*value))
                    };
                    let involved = history.iter().filter(outside).map(|(id, _)| id).collect();
                    Shown { why: violation.to_string(), involved }
                }),
            Workload::Queue { history, total } => check_queue(history, *total)
                .map_ok(|report| count(report.recovered.len(), "recovered, nothing amiss"))
                .map_violation(|report| {
                    let groups = [&report.lost, &report.unexpected, &report.duplicated];
                    let values: Vec<&Value> =
                        groups.iter().flat_map(|group| group.keys()).collect();
                    Shown { why: report.to_string(), involved: self.about(&values) }
                }),
            Workload::Set(history) => match check_set(history) {
                Some(verdict) => verdict
                    .map_ok(|report| count(report.recovered.len(), "recovered, nothing amiss"))
                    .map_violation(|report| {
                        let values: Vec<&Value> =
                            report.lost.iter().chain(&report.unexpected).collect();
                        Shown { why: report.to_string(), involved: self.about(&values) }
                    }),
                None => Verdict::Unknown(Exhausted {
                    configurations: 0,
                    reason: "the set was never read".to_owned(),
                }),
            },
            Workload::SetFull(history) => check_set_full(history)
                .map_ok(|report| count(report.stable.len(), "elements are stable"))
                .map_violation(|report| {
                    let values: Vec<&Value> =
                        report.lost.iter().chain(&report.unexpected).collect();
                    Shown { why: report.to_string(), involved: self.about(&values) }
                }),
            Workload::UniqueIds(ids) => check_unique_ids(ids)
                .map_ok(|ids| count(ids, "ids, all different"))
                .map_violation(|violation| {
                    let values: Vec<&Value> = violation.counts.keys().collect();
                    Shown { why: violation.to_string(), involved: self.about(&values) }
                }),
            Workload::LongFork { reads, ids } => check_long_fork(reads)
                .map_ok(|groups| count(groups, "groups of reads, each in one order"))
                .map_violation(|fork| Shown {
                    why: fork.to_string(),
                    involved: vec![ids[fork.first], ids[fork.second]],
                }),
        }
    }

    /// The operations that name one of the values, as argument or in a result, and the last read.
    fn about(&self, values: &[&Value]) -> Vec<OperationId> {
        let names = |value: &Value| {
            values.contains(&value)
                || value.as_list().is_some_and(|items| items.iter().any(|v| values.contains(&v)))
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

    /// Such a judge takes one pass and searches nothing.
    fn configurations(&self) -> u64 {
        0
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

    /// A violation must show in the operations that it names alone, as far as the invariant looks at single operations.
    fn verify(&self) -> Result<(), String> {
        let Verdict::Violation(shown) = &self.verdict else { return Ok(()) };
        let alone = self.case.restricted_to(&shown.involved);
        match alone.map(|case| case.judge().is_violation()) {
            Some(false) => Err("the operations that are shown violate nothing".to_string()),
            Some(true) | None => Ok(()),
        }
    }
}

impl WorkloadCase {
    /// The same question about these operations alone. `None` where a sub-history says nothing: the bounds of a counter
    /// depend on everything that was added.
    fn restricted_to(&self, ids: &[OperationId]) -> Option<WorkloadCase> {
        let pick = |all: &[OperationId]| -> (Vec<usize>, Vec<OperationId>) {
            let places = (0..all.len()).filter(|place| ids.contains(&all[*place]));
            places.map(|place| (place, all[place])).unzip()
        };
        let workload = match &self.workload {
            Workload::Bank { bank, reads, ids: all } => {
                let (places, ids) = pick(all);
                let reads = places.into_iter().map(|place| reads[place].clone()).collect();
                Workload::Bank { bank: *bank, reads, ids }
            }
            Workload::Counter(_) => return None,
            Workload::Queue { history, total } => {
                Workload::Queue { history: history.restricted_to(ids), total: *total }
            }
            Workload::Set(history) => Workload::Set(history.restricted_to(ids)),
            Workload::SetFull(history) => Workload::SetFull(history.restricted_to(ids)),
            Workload::UniqueIds(_) => Workload::UniqueIds(
                ids.iter()
                    .filter_map(|id| self.history.operation(*id).outcome.ok().cloned())
                    .collect(),
            ),
            Workload::LongFork { reads, ids: all } => {
                let (places, ids) = pick(all);
                let reads = places.into_iter().map(|place| reads[place].clone()).collect();
                Workload::LongFork { reads, ids }
            }
        };
        let history = self.history.restricted_to(ids);
        Some(WorkloadCase { property: self.property.clone(), history, workload })
    }
}
