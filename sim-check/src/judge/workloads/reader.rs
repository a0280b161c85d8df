//! Reads the values of workloads.

use std::collections::BTreeMap;

use super::Workload;
use crate::history::{
    Call, Header, History, HistoryError, MicroOpKind, Operation, Outcome, Value, micro_ops,
};
use crate::judge::JudgeError;
use crate::workload::{Bank, ForkRead, QueueOp, SetOp};

/// Reads values of the operations of one file.
pub(super) struct Reader<'f> {
    pub(super) history: &'f History<Call, Value>,
    pub(super) lines: &'f [usize],
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

    pub(super) fn bank(&self, header: &Header) -> Result<Workload, JudgeError> {
        let total = match header.get("total").or(header.get("total-amount")) {
            None => None,
            Some(total) => Some(total.to_int().map(i128::from).ok_or_else(|| {
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
        let sum = |read: &Vec<(Value, i64)>| read.iter().map(|(_, b)| i128::from(*b)).sum();
        // Without a stated total the first read tells it.
        let total = total.or_else(|| reads.first().map(sum)).unwrap_or(0);
        Ok(Workload::Bank { bank: Bank { total, negative_allowed: negative }, reads, ids })
    }

    pub(super) fn counter(&self) -> Result<Workload, HistoryError> {
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

    pub(super) fn queue(&self, total: bool) -> Workload {
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

    pub(super) fn set(&self) -> Result<History<SetOp<Value>, Vec<Value>>, HistoryError> {
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

    pub(super) fn unique_ids(&self) -> Workload {
        let given = self.history.iter().filter_map(|(id, op)| Some((op.outcome.ok()?.clone(), id)));
        let (values, ids) = given.unzip();
        Workload::UniqueIds { values, ids }
    }

    /// Reads are transactions of reads alone; a key was seen written if it is not nil.
    pub(super) fn long_fork(&self) -> Result<Workload, HistoryError> {
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
