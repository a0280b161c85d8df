//! Builds histories of transactions, and says what is wrong with their events.

use super::history::{INITIAL, MicroOp, Model, NEVER, Op, Seen, Status, Txn, TxnHistory, TxnId};
use super::intern::{Atom, Interner};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// What a register holds before anybody writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Initial {
    /// A nil that no client writes; lists start empty.
    #[default]
    Nil,
    /// This value in every key, besides nil.
    Everywhere(Atom),
    /// These values in these keys, besides nil.
    PerKey(Vec<(Atom, Atom)>),
    /// Nothing: each read must match a write of the history.
    Explicit,
}

/// What is wrong with a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxnHistoryError {
    /// A process invoked a transaction while another of its own was open.
    StillOpen {
        /// The process.
        process: u32,
    },
    /// A completion has no invocation.
    NotOpen {
        /// The process.
        process: u32,
    },
    /// An operation does not fit the model: an append to a register, a list read from one.
    WrongOperation {
        /// What the history holds.
        model: Model,
        /// What was given.
        given: &'static str,
    },
}

impl fmt::Display for TxnHistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StillOpen { process } => write!(
                f,
                "process {process} invoked a transaction while its previous one was open; \
                 complete that one first, or use another process"
            ),
            Self::NotOpen { process } => write!(
                f,
                "process {process} completed a transaction that it had not invoked; \
                 add the invocation before it"
            ),
            Self::WrongOperation { model: Model::ListAppend, given } => {
                write!(f, "a history of lists contains {given}; use appends and list reads")
            }
            Self::WrongOperation { model: Model::RwRegister, given } => {
                write!(f, "a history of registers contains {given}; use writes and value reads")
            }
        }
    }
}

impl std::error::Error for TxnHistoryError {}

/// Collects events into a [`TxnHistory`].
#[derive(Clone, Debug)]
pub struct TxnHistoryBuilder {
    initial: Initial,
    history: TxnHistory,
    /// For each process its open transaction.
    open: BTreeMap<u32, TxnId>,
    /// The operations of each transaction, as far as they are known.
    known: Vec<Vec<MicroOp>>,
    events: u32,
}

impl TxnHistoryBuilder {
    /// An empty history.
    pub fn new(model: Model) -> Self {
        Self {
            initial: Initial::Nil,
            history: TxnHistory {
                model,
                explicit: false,
                txns: Vec::new(),
                ops: Vec::new(),
                elements: Vec::new(),
                keys: Interner::default(),
                versions: Interner::default(),
                also_initial: Vec::new(),
            },
            open: BTreeMap::new(),
            known: Vec::new(),
            events: 0,
        }
    }

    /// Says what the registers hold at first.
    pub fn initial(mut self, initial: Initial) -> Self {
        self.history.explicit = initial == Initial::Explicit;
        self.initial = initial;
        self
    }

    /// Records that `process` asks for a transaction.
    ///
    /// # Errors
    ///
    /// If the process has an open transaction, or an operation does not fit the model.
    pub fn invoke(&mut self, process: u32, ops: Vec<MicroOp>) -> Result<TxnId, TxnHistoryError> {
        if self.open.contains_key(&process) {
            return Err(TxnHistoryError::StillOpen { process });
        }
        self.fits(&ops)?;
        let txn = self.known.len() as TxnId;
        self.open.insert(process, txn);
        self.known.push(ops);
        self.history.txns.push(Txn {
            process,
            status: Status::Info,
            invoked: self.events,
            completed: NEVER,
            ops: (0, 0),
        });
        self.events += 1;
        Ok(txn)
    }

    /// Records how the open transaction of `process` ended; `ops` are its operations with
    /// their results. What a failed or unknown transaction read is not used.
    ///
    /// # Errors
    ///
    /// If the process has no open transaction, or an operation does not fit the model.
    pub fn complete(
        &mut self,
        process: u32,
        status: Status,
        ops: Vec<MicroOp>,
    ) -> Result<TxnId, TxnHistoryError> {
        self.fits(&ops)?;
        let txn = self.open.remove(&process).ok_or(TxnHistoryError::NotOpen { process })?;
        let entry = &mut self.history.txns[txn as usize];
        entry.status = status;
        if status != Status::Info {
            entry.completed = self.events;
        }
        if status == Status::Ok {
            self.known[txn as usize] = ops;
        }
        self.events += 1;
        Ok(txn)
    }

    /// Records a transaction that commits before anything else happens.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub fn ok(&mut self, process: u32, ops: Vec<MicroOp>) -> Result<TxnId, TxnHistoryError> {
        self.invoke(process, ops.clone())?;
        self.complete(process, Status::Ok, ops)
    }

    /// Records a transaction that fails before anything else happens.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub fn fail(&mut self, process: u32, ops: Vec<MicroOp>) -> Result<TxnId, TxnHistoryError> {
        self.invoke(process, ops.clone())?;
        self.complete(process, Status::Fail, ops)
    }

    /// Records a transaction whose outcome nobody knows.
    ///
    /// # Errors
    ///
    /// As [`invoke`](Self::invoke).
    pub fn info(&mut self, process: u32, ops: Vec<MicroOp>) -> Result<TxnId, TxnHistoryError> {
        self.invoke(process, ops.clone())?;
        self.complete(process, Status::Info, ops)
    }

    /// The history; what is still open has an unknown outcome.
    pub fn build(mut self) -> TxnHistory {
        let written = self.written();
        for (txn, known) in std::mem::take(&mut self.known).into_iter().enumerate() {
            let first = self.history.ops.len() as u32;
            let committed = self.history.txns[txn].status == Status::Ok;
            for op in known {
                self.push(op, committed, &written);
            }
            self.history.txns[txn].ops = (first, self.history.ops.len() as u32);
        }
        self.history
    }

    /// Keys and values written, to tell an initial value from one that somebody also wrote.
    fn written(&mut self) -> Range<u32> {
        let (keys, versions) = (&mut self.history.keys, &mut self.history.versions);
        for op in self.known.iter().flatten() {
            if let MicroOp::Append(key, value) | MicroOp::Write(key, value) = op {
                let key = keys.intern(0, key);
                versions.intern(key, value);
            }
        }
        0..versions.len() as u32
    }

    fn push(&mut self, op: MicroOp, committed: bool, written: &Range<u32>) {
        let history = &mut self.history;
        match op {
            MicroOp::Append(key, value) | MicroOp::Write(key, value) => {
                let key = history.keys.intern(0, &key);
                let version = history.versions.intern(key, &value);
                history.ops.push(Op::Write { key, version });
            }
            MicroOp::Read(_, Seen::Unknown) => {}
            MicroOp::Read(..) if !committed => {}
            MicroOp::Read(name, seen) => {
                let key = history.keys.intern(0, &name);
                let list = match seen {
                    Seen::List(list) => list,
                    Seen::Value(value) => {
                        let known = history.versions.find(key, &value);
                        let somebody_wrote_it = known.is_some_and(|v| written.contains(&v));
                        let has_initial_value = match &self.initial {
                            Initial::Nil | Initial::Explicit => false,
                            Initial::Everywhere(initial) => *initial == value,
                            Initial::PerKey(all) => all.contains(&(name, value.clone())),
                        };
                        let is_initial = has_initial_value && !somebody_wrote_it;
                        if has_initial_value && somebody_wrote_it {
                            history.also_initial.extend(known);
                        }
                        let version =
                            if is_initial { INITIAL } else { history.versions.intern(key, &value) };
                        history.ops.push(Op::Read { key, version });
                        return;
                    }
                    Seen::Initial if history.model == Model::RwRegister => {
                        history.ops.push(Op::Read { key, version: INITIAL });
                        return;
                    }
                    Seen::Initial | Seen::Unknown => Vec::new(),
                };
                let start = history.elements.len() as u32;
                for element in &list {
                    let version = history.versions.intern(key, element);
                    history.elements.push(version);
                }
                history.ops.push(Op::ReadList { key, start, len: list.len() as u32 });
            }
        }
    }

    fn fits(&self, ops: &[MicroOp]) -> Result<(), TxnHistoryError> {
        let model = self.history.model;
        for op in ops {
            let given = match (model, op) {
                (Model::ListAppend, MicroOp::Write(..)) => "a write",
                (Model::ListAppend, MicroOp::Read(_, Seen::Value(_))) => "a read of one value",
                (Model::RwRegister, MicroOp::Append(..)) => "an append",
                (Model::RwRegister, MicroOp::Read(_, Seen::List(_))) => "a read of a list",
                _ => continue,
            };
            return Err(TxnHistoryError::WrongOperation { model, given });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::txn::{IsolationLevel, check};
    use crate::verdict::Budget;

    #[test]
    fn events_that_do_not_pair_up_are_refused() {
        let mut builder = TxnHistoryBuilder::new(Model::ListAppend);
        builder.invoke(3, vec![]).unwrap();
        let error = builder.invoke(3, vec![]).unwrap_err();
        assert_eq!(error, TxnHistoryError::StillOpen { process: 3 });
        let error = builder.complete(4, Status::Ok, vec![]).unwrap_err();
        assert!(error.to_string().starts_with("process 4 completed a transaction"));
        let error = builder.invoke(5, vec![MicroOp::write("x", 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a history of lists contains a write; use appends and list reads"
        );
    }

    #[test]
    fn an_initial_value_that_somebody_also_wrote_leaves_the_verdict_open() {
        let history = |initial| {
            let mut builder = TxnHistoryBuilder::new(Model::RwRegister).initial(initial);
            builder.ok(0, vec![MicroOp::write("x", 1), MicroOp::write("x", 0)]).unwrap();
            builder.ok(1, vec![MicroOp::read("x", 0)]).unwrap();
            builder.build()
        };
        let level = IsolationLevel::STRICT_SERIALIZABLE;
        assert!(check(&history(Initial::Nil), level, Budget::default()).is_ok());
        let open = history(Initial::Everywhere(0.into()));
        assert!(check(&open, level, Budget::default()).is_unknown());
    }

    #[test]
    fn initial_values_of_single_keys_are_known() {
        let initial = Initial::PerKey(vec![("x".into(), 7.into())]);
        let mut builder = TxnHistoryBuilder::new(Model::RwRegister).initial(initial);
        builder.ok(0, vec![MicroOp::read("x", 7), MicroOp::read_initial("y")]).unwrap();
        let history = builder.build();
        assert!(matches!(history.ops(0)[0], Op::Read { version: INITIAL, .. }));
        assert!(
            check(&history, IsolationLevel::SERIALIZABLE, Budget::default()).is_ok(),
            "both read what was there at first"
        );
    }
}
