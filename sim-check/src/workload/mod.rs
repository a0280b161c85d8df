//! Invariants of well-known workloads, for systems whose operations are richer than reads and
//! writes of single keys.
//!
//! Each takes linear or nearly linear time and answers with a [`Verdict`]. The taxonomies are those of
//! Jepsen's checkers of the same names.

mod bank;
mod counter;
mod long_fork;
mod queue;
mod set;
mod set_full;
mod unique_ids;

pub use bank::{Bank, BankViolation, check_bank};
pub use counter::{CounterRead, CounterViolation, check_counter};
pub use long_fork::{ForkRead, LongFork, check_long_fork};
pub use queue::{QueueOp, QueueReport, check_queue};
pub use set::{SetReport, check_set};
pub use set_full::{SetFullReport, SetOp, check_set_full};
pub use unique_ids::{DuplicateId, check_unique_ids};

use crate::history::Outcome;
use crate::history::{Call, History, HistoryError, RawHistory, Value};
use crate::verdict::{Exhausted, Verdict};

type Judged = Result<Verdict<(), String>, String>;
type Judge = fn(&RawHistory, &History<Call, Value>) -> Judged;

/// Judges a file of one of these workloads by the property that its header names. `None` if it names
/// another one.
///
/// | model | property |
/// |---|---|
/// | `bank` | `snapshot-reads-conserve-total` |
/// | `counter` | `bounds` |
/// | `queue` | `queue-no-phantom`, `total-queue` |
/// | `set` | `no-lost-no-unexpected`, `set-full` |
/// | `unique-ids` | `unique` |
///
/// # Errors
///
/// If the events do not pair up, or a value has the wrong form.
pub fn judge_raw(raw: &RawHistory) -> Option<Result<Verdict<(), String>, HistoryError>> {
    let property = raw.header.property()?;
    let judge: Judge = match (raw.header.model()?, property) {
        ("bank", "snapshot-reads-conserve-total") => bank_file,
        ("counter", "bounds") => counter_file,
        ("queue", "queue-no-phantom") => |_, history| queue_file(history, false),
        ("queue", "total-queue") => |_, history| queue_file(history, true),
        ("set", "no-lost-no-unexpected") => set_file,
        ("set", "set-full") => set_full_file,
        ("unique-ids", "unique") => unique_ids_file,
        _ => return None,
    };
    let judged = raw.history().and_then(|history| {
        judge(raw, &history).map_err(|message| HistoryError::model(1, message))
    });
    Some(judged)
}

fn shown<C, X: std::fmt::Display>(verdict: Verdict<C, X>) -> Judged {
    Ok(verdict.map_ok(|_| ()).map_violation(|violation| violation.to_string()))
}

fn int(value: &Value) -> Result<i64, String> {
    value.as_int().ok_or_else(|| format!("{value} should be a number"))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value.as_list().ok_or_else(|| format!("{value} should be a list"))
}

fn bank_file(raw: &RawHistory, history: &History<Call, Value>) -> Judged {
    let total = raw.header.get("total").map(int).transpose()?;
    let negative = raw.header.get("negative-balances").is_some_and(|v| *v == Value::Bool(true));
    let mut reads = Vec::new();
    for operation in history.operations() {
        let Outcome::Ok(value) = &operation.outcome else { continue };
        if &*operation.op.function != "read" {
            continue;
        }
        let balances =
            value.as_map().ok_or_else(|| format!("{value} should map accounts to balances"))?;
        let balances: Result<Vec<(Value, i64)>, String> = balances
            .iter()
            .filter(|(_, balance)| !balance.is_nil())
            .map(|(account, balance)| Ok((account.clone(), int(balance)?)))
            .collect();
        reads.push(balances?);
    }
    let total = total
        .or_else(|| reads.first().map(|read| read.iter().map(|(_, balance)| balance).sum()))
        .unwrap_or(0);
    shown(check_bank(&reads, Bank { total, negative_allowed: negative }))
}

fn counter_file(_: &RawHistory, history: &History<Call, Value>) -> Judged {
    let operations = history.filter_map(|operation| {
        let read = &*operation.op.function == "read";
        let amount = if read { None } else { operation.op.argument.as_int() };
        let outcome = match &operation.outcome {
            Outcome::Ok(value) => match value.as_int() {
                Some(number) => Outcome::Ok(number),
                None if read => Outcome::Unknown,
                None => Outcome::Ok(0),
            },
            Outcome::Fail => Outcome::Fail,
            Outcome::Unknown => Outcome::Unknown,
        };
        Some((amount, outcome))
    });
    shown(check_counter(&operations))
}

fn queue_file(history: &History<Call, Value>, total: bool) -> Judged {
    let operations = history.filter_map(|operation| {
        let op = match &*operation.op.function {
            "enqueue" => QueueOp::Enqueue(operation.op.argument.clone()),
            "drain" => QueueOp::Drain,
            _ => QueueOp::Dequeue,
        };
        let outcome = match &operation.outcome {
            Outcome::Ok(value) => Outcome::Ok(match (&op, value.as_list()) {
                (QueueOp::Drain, Some(items)) => items.to_vec(),
                (QueueOp::Enqueue(_), _) => Vec::new(),
                _ => vec![value.clone()],
            }),
            Outcome::Fail => Outcome::Fail,
            Outcome::Unknown => Outcome::Unknown,
        };
        Some((op, outcome))
    });
    shown(check_queue(&operations, total))
}

fn set_file(_: &RawHistory, history: &History<Call, Value>) -> Judged {
    let operations = set_operations(history)?;
    match check_set(&operations) {
        Some(verdict) => shown(verdict),
        None => Ok(Verdict::Unknown(Exhausted {
            configurations: 0,
            reason: "the set was never read".to_owned(),
        })),
    }
}

fn set_full_file(_: &RawHistory, history: &History<Call, Value>) -> Judged {
    shown(check_set_full(&set_operations(history)?))
}

fn set_operations(
    history: &History<Call, Value>,
) -> Result<History<SetOp<Value>, Vec<Value>>, String> {
    for operation in history.operations() {
        if let (Outcome::Ok(value), "read") = (&operation.outcome, &*operation.op.function)
            && !value.is_nil()
        {
            list(value)?;
        }
    }
    Ok(history.filter_map(|operation| {
        let read = &*operation.op.function == "read";
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

fn unique_ids_file(_: &RawHistory, history: &History<Call, Value>) -> Judged {
    let ids: Vec<Value> = history
        .operations()
        .iter()
        .filter_map(|operation| operation.outcome.ok().cloned())
        .collect();
    shown(check_unique_ids(&ids))
}
