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

use std::collections::BTreeMap;

use super::{Case, JudgeError, Ruling, forget};
use crate::history::{
    Call, Header, History, HistoryError, MicroOpKind, Operation, OperationId, Outcome, Value,
    micro_ops,
};
use crate::render::{Bar, Picture};
use crate::verdict::{Budget, Exhausted, Verdict};
use crate::workload::{
    Bank, BankViolation, ForkRead, QueueOp, SetOp, check_bank, check_counter, check_long_fork,
    check_queue, check_set, check_set_full, check_unique_ids,
};

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

/// Reads values of the operations of one file.
struct Reader<'f> {
    history: &'f History<Call, Value>,
    lines: &'f [usize],
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

impl Reader<'_> {
    fn wrong<T>(
        &self,
        operation: &Operation<Call, Value>,
        value: &Value,
        expected: &str,
    ) -> Result<T, HistoryError> {
        let moment = operation.completed.unwrap_or(operation.invoked);
        let line = self.lines[moment.position as usize];
        let message = format!("{} of {value}; expected {expected}", operation.op.function);
        Err(HistoryError::model(line, message))
    }

    fn int(&self, operation: &Operation<Call, Value>, value: &Value) -> Result<i64, HistoryError> {
        match value.to_int() {
            Some(number) => Ok(number),
            None => self.wrong(operation, value, "a whole number"),
        }
    }

    fn bank(&self, header: &Header) -> Result<Workload, JudgeError> {
        let total = match header.get("total").or(header.get("total-amount")) {
            None => None,
            Some(total) => Some(total.to_int().ok_or_else(|| {
                JudgeError::Unsupported(format!("the header's total is {total}; expected a number"))
            })?),
        };
        let negative = ["negative-balances", "negative-balances?"]
            .iter()
            .any(|field| header.get(field) == Some(&Value::Bool(true)));
        let (mut reads, mut ids) = (Vec::new(), Vec::new());
        for (id, operation) in self.history.iter() {
            let Outcome::Ok(value) = &operation.outcome else { continue };
            if !matches!(&*operation.op.function, "read" | "r") {
                continue;
            }
            let Some(entries) = value.as_map() else {
                return Ok(self.wrong(operation, value, "a map of accounts to balances")?);
            };
            let mut balances = Vec::with_capacity(entries.len());
            for (account, balance) in entries.iter().filter(|(_, balance)| !balance.is_nil()) {
                balances.push((account.clone(), self.int(operation, balance)?));
            }
            reads.push(balances);
            ids.push(id);
        }
        let sum = |read: &Vec<(Value, i64)>| read.iter().map(|(_, balance)| balance).sum();
        // Without a stated total the first read tells it.
        let total = total.or_else(|| reads.first().map(sum)).unwrap_or(0);
        Ok(Workload::Bank { bank: Bank { total, negative_allowed: negative }, reads, ids })
    }

    fn counter(&self) -> Result<Workload, HistoryError> {
        let mut operations = Vec::with_capacity(self.history.len());
        for operation in self.history.operations() {
            let read = matches!(&*operation.op.function, "read" | "r");
            let amount = match (read, &operation.op.argument) {
                (true, _) => None,
                (false, argument) => Some(self.int(operation, argument)?),
            };
            let outcome = match &operation.outcome {
                Outcome::Ok(value) if read && value.is_nil() => Outcome::Unknown,
                Outcome::Ok(value) if read => Outcome::Ok(self.int(operation, value)?),
                Outcome::Ok(_) => Outcome::Ok(0),
                Outcome::Fail => Outcome::Fail,
                Outcome::Unknown => Outcome::Unknown,
            };
            operations.push(Operation {
                process: operation.process,
                op: amount,
                outcome,
                invoked: operation.invoked,
                completed: operation.completed,
            });
        }
        Ok(Workload::Counter(History::from_operations(operations)))
    }

    fn queue(&self, total: bool) -> Workload {
        let history = self.history.filter_map(|operation| {
            let op = match &*operation.op.function {
                "enqueue" | "push" | "send" => QueueOp::Enqueue(operation.op.argument.clone()),
                "drain" => QueueOp::Drain,
                _ => QueueOp::Dequeue,
            };
            let outcome = match &operation.outcome {
                Outcome::Ok(value) => Outcome::Ok(match (&op, value.as_list()) {
                    (QueueOp::Drain, Some(items)) => items.to_vec(),
                    (QueueOp::Enqueue(_), _) => Vec::new(),
                    // There was nothing.
                    _ if value.is_nil() => Vec::new(),
                    _ => vec![value.clone()],
                }),
                Outcome::Fail => Outcome::Fail,
                Outcome::Unknown => Outcome::Unknown,
            };
            Some((op, outcome))
        });
        Workload::Queue { history, total }
    }

    fn set(&self) -> Result<History<SetOp<Value>, Vec<Value>>, HistoryError> {
        for operation in self.history.operations() {
            if let (Outcome::Ok(value), "read" | "r") =
                (&operation.outcome, &*operation.op.function)
                && !value.is_nil()
                && value.as_list().is_none()
            {
                return self.wrong(operation, value, "a list of elements");
            }
        }
        Ok(self.history.filter_map(|operation| {
            let read = matches!(&*operation.op.function, "read" | "r");
            let op = if read { SetOp::Read } else { SetOp::Add(operation.op.argument.clone()) };
            let outcome = match &operation.outcome {
                Outcome::Ok(value) if read && value.is_nil() => Outcome::Unknown,
                Outcome::Ok(value) => Outcome::Ok(value.as_list().unwrap_or(&[]).to_vec()),
                Outcome::Fail => Outcome::Fail,
                Outcome::Unknown => Outcome::Unknown,
            };
            Some((op, outcome))
        }))
    }

    fn unique_ids(&self) -> Workload {
        let operations = self.history.operations().iter();
        Workload::UniqueIds(operations.filter_map(|op| op.outcome.ok().cloned()).collect())
    }

    /// Reads are transactions of reads alone; a key was seen written if it is not nil.
    fn long_fork(&self) -> Result<Workload, HistoryError> {
        let (mut reads, mut ids) = (Vec::new(), Vec::new());
        for (id, operation) in self.history.iter() {
            let Outcome::Ok(value) = &operation.outcome else { continue };
            let moment = operation.completed.unwrap_or(operation.invoked);
            let steps = micro_ops(self.lines[moment.position as usize], value)?;
            if steps.iter().any(|step| step.kind != MicroOpKind::Read) {
                continue;
            }
            let seen: BTreeMap<Value, bool> =
                steps.into_iter().map(|step| (step.key, !step.value.is_nil())).collect();
            reads.push(ForkRead { seen });
            ids.push(id);
        }
        Ok(Workload::LongFork { reads, ids })
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
