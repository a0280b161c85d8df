//! Sentences about what is wrong.

use crate::txn::anomaly::Anomaly;
use crate::txn::cycle::Step;
use crate::txn::finding::{Finding, Witness};
use crate::txn::graph::Kind;
use crate::txn::history::{MicroOp, Model, Seen, TxnHistory, TxnId, VersionId};
use std::fmt::Write;

/// One history with the names of its transactions.
pub(super) struct Narrator<'a> {
    pub history: &'a TxnHistory,
    pub names: &'a [TxnId],
}

impl Narrator<'_> {
    /// The name of a transaction.
    pub fn txn(&self, txn: TxnId) -> String {
        format!("T{}", self.names[txn as usize])
    }

    fn key(&self, version: VersionId) -> String {
        self.history.key_name(self.history.key_of(version)).to_string()
    }

    fn value(&self, version: VersionId) -> String {
        self.history.value(version).map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }

    /// What a transaction did, in one line.
    pub fn ops(&self, txn: TxnId) -> String {
        let mut line = String::new();
        for (place, op) in self.history.micro_ops(txn).iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(line, "{comma}{}", micro_op(op)).expect("writing to a string");
        }
        line
    }

    /// Why one transaction comes before another.
    pub fn step(&self, step: Step) -> String {
        let (from, to) = (self.txn(step.from), self.txn(step.to));
        let (verb, past, noun) = match self.history.model() {
            Model::ListAppend => ("append", "appended", "append"),
            Model::RwRegister => ("write", "wrote", "write"),
        };
        let because = match step.kind {
            Kind::Wr => {
                let (key, value) = (self.key(step.next), self.value(step.next));
                format!("{to} read {key} with the {value} that {from} {past}")
            }
            Kind::Ww => {
                let (key, seen) = (self.key(step.next), self.value(step.seen));
                let next = self.value(step.next);
                format!("{to}'s {noun} of {next} to {key} came after {from}'s {verb} of {seen}")
            }
            Kind::Rw => {
                let (key, seen) = (self.key(step.next), self.value(step.seen));
                let next = self.value(step.next);
                format!("{from} read {key} up to {seen}, without the {next} that {to} {past} later")
            }
            Kind::Process => {
                let process = self.history.txn(step.from).process;
                format!("process {process} ran {from} before {to}")
            }
            Kind::Realtime => {
                let completed = self.history.txn(step.from).completed;
                let invoked = self.history.txn(step.to).invoked;
                format!(
                    "{from} was acknowledged at event {completed}, before {to} began at {invoked}"
                )
            }
        };
        format!("{from} < {to} ({}): {because}.", step.kind.name())
    }

    /// What a finding without a cycle means.
    pub fn finding(&self, finding: &Finding) -> String {
        let Witness::Local { txns, key, versions } = &finding.witness else {
            return "Whichever order the writes that nobody saw are put in, there is a cycle."
                .to_owned();
        };
        let key = self.history.key_name(*key);
        let txn = |place: usize| {
            txns.get(place).map_or_else(|| "nobody".to_owned(), |txn| self.txn(*txn))
        };
        let value = |place: usize| {
            versions.get(place).map_or_else(|| "nothing".to_owned(), |v| self.value(*v))
        };
        let (reader, other) = (txn(0), txn(1));
        match finding.anomaly {
            Anomaly::DuplicateElements if txns.len() > 1 => {
                format!("{reader} and {other} both appended {} to {key}.", value(0))
            }
            Anomaly::DuplicateElements => {
                format!("{reader} read {key} with {} in it twice.", value(0))
            }
            Anomaly::IncompatibleOrder => format!(
                "{reader} read {key} with {} where {other} has {}: the orders contradict each other.",
                value(0),
                value(1)
            ),
            Anomaly::ThinAirRead => {
                format!("{reader} read {} from {key}, which nobody wrote.", value(0))
            }
            Anomaly::G1a => {
                format!("{reader} read {} from {key}, which {other} wrote and took back.", value(0))
            }
            Anomaly::G1b => format!(
                "{reader} read {} from {key}, which {other} replaced before it committed.",
                value(0)
            ),
            Anomaly::DirtyUpdate => format!(
                "{reader} committed {} to {key} on top of the {} that {other} took back.",
                value(1),
                value(0)
            ),
            Anomaly::Internal => {
                format!("{reader} read from {key} something else than its own operations imply.")
            }
            Anomaly::NonRepeatableRead => {
                format!("{reader} read {key} twice, with different results.")
            }
            Anomaly::FutureRead => {
                format!("{reader} read {} from {key} before it wrote it.", value(0))
            }
            Anomaly::LostUpdate => format!(
                "{reader} and {other} both read {key} up to {} and then wrote it: one update is lost.",
                value(0)
            ),
            Anomaly::CyclicVersions
            | Anomaly::NonMonotonicView
            | Anomaly::FracturedRead
            | Anomaly::CausalityViolation
            | Anomaly::G0 { .. }
            | Anomaly::G1c { .. }
            | Anomaly::GSingle { .. }
            | Anomaly::LongFork
            | Anomaly::GNonadjacent { .. }
            | Anomaly::WriteSkew
            | Anomaly::G2Item { .. } => format!("{} on {key}.", finding.anomaly),
        }
    }
}

fn micro_op(op: &MicroOp) -> String {
    match op {
        MicroOp::Append(key, value) => format!("append {key} {value}"),
        MicroOp::Write(key, value) => format!("w {key} {value}"),
        MicroOp::Read(key, Seen::Unknown) => format!("r {key} ?"),
        MicroOp::Read(key, Seen::Initial) => format!("r {key} nil"),
        MicroOp::Read(key, Seen::Value(value)) => format!("r {key} {value}"),
        MicroOp::Read(key, Seen::List(list)) => {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("r {key} [{}]", list.join(" "))
        }
    }
}
