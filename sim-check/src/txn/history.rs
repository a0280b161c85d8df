//! Histories of transactions over lists or registers.

use super::intern::{Atom, Interner};
use std::collections::BTreeMap;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// A list, written by appending one element at its end; a read returns all of it.
    ListAppend,
    /// A register, written as a whole; a read returns the last value.
    RwRegister,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It committed.
    Ok,
    /// It certainly did not commit.
    Fail,
    /// Nobody knows; it may also commit later.
    Info,
}

/// One operation of a transaction, as clients give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MicroOp {
    /// Appends the second to the list at the first.
    Append(Atom, Atom),
    /// Writes the second to the register at the first.
    Write(Atom, Atom),
    /// Reads a key.
    Read(Atom, Seen),
}

/// What a read returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is known: the read was requested and its result never came.
    Unknown,
    /// The initial state: an empty list, a register that nobody wrote.
    Initial,
    /// The value of a register.
    Value(Atom),
    /// The elements of a list.
    List(Vec<Atom>),
}

impl MicroOp {
    /// Appends `element` to the list at `key`.
    pub fn append(key: impl Into<Atom>, element: impl Into<Atom>) -> Self {
        Self::Append(key.into(), element.into())
    }

    /// Writes `value` to the register at `key`.
    pub fn write(key: impl Into<Atom>, value: impl Into<Atom>) -> Self {
        Self::Write(key.into(), value.into())
    }

    /// Reads the initial state of `key`.
    pub fn read_initial(key: impl Into<Atom>) -> Self {
        Self::Read(key.into(), Seen::Initial)
    }

    /// Reads `value` from the register at `key`.
    pub fn read(key: impl Into<Atom>, value: impl Into<Atom>) -> Self {
        Self::Read(key.into(), Seen::Value(value.into()))
    }

    /// Reads the list at `key`.
    pub fn read_list<A: Into<Atom>>(
        key: impl Into<Atom>,
        elements: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::Read(key.into(), Seen::List(elements.into_iter().map(Into::into).collect()))
    }
}

/// The number of a transaction: its position in the order of invocations.
pub type TxnId = u32;
/// The number of a key.
pub type KeyId = u32;
/// The number of a version, which is a pair of a key and a value.
pub type VersionId = u32;

/// Stands for the initial version of any key.
pub const INITIAL: VersionId = u32::MAX;
/// A time after the end of the history.
pub(super) const NEVER: u32 = u32::MAX;

/// One operation in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Appends or writes a version.
    Write {
        /// The key.
        key: KeyId,
        /// The version that it makes.
        version: VersionId,
    },
    /// Reads a register.
    Read {
        /// The key.
        key: KeyId,
        /// The version seen, or [`INITIAL`].
        version: VersionId,
    },
    /// Reads a list; the elements are found with [`TxnHistory::list`].
    ReadList {
        /// The key.
        key: KeyId,
        /// The place of its first element.
        start: u32,
        /// How many elements it has.
        len: u32,
    },
}

impl Op {
    /// The key that it touches.
    pub fn key(self) -> KeyId {
        match self {
            Self::Write { key, .. } | Self::Read { key, .. } | Self::ReadList { key, .. } => key,
        }
    }
}

/// One transaction.
#[derive(Clone, Copy, Debug)]
pub struct Txn {
    /// The client that ran it.
    pub process: u32,
    /// What became of it.
    pub status: Status,
    /// The position of its invocation among the events.
    pub invoked: u32,
    /// The position of its completion, or `u32::MAX` if it may still take effect.
    pub completed: u32,
    pub(super) ops: (u32, u32),
}

/// Transactions, in the order of their invocations.
///
/// ```
/// use sim_check::txn::{MicroOp, Model, TxnHistoryBuilder};
///
/// let mut builder = TxnHistoryBuilder::new(Model::ListAppend);
/// builder.ok(0, vec![MicroOp::append("x", 1)]).unwrap();
/// builder.ok(1, vec![MicroOp::read_list("x", [1])]).unwrap();
/// assert_eq!(builder.build().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct TxnHistory {
    pub(super) model: Model,
    pub(super) explicit: bool,
    pub(super) txns: Vec<Txn>,
    pub(super) ops: Vec<Op>,
    pub(super) elements: Vec<VersionId>,
    pub(super) keys: Interner,
    pub(super) versions: Interner,
    /// Versions that were read and written, and have the value that the register held at first:
    /// nobody can tell which of both was read.
    pub(super) also_initial: Vec<VersionId>,
}

impl TxnHistory {
    /// What a key holds.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Whether there is no initial state: each read must match a write.
    pub fn is_explicit(&self) -> bool {
        self.explicit
    }

    /// The number of transactions.
    pub fn len(&self) -> usize {
        self.txns.len()
    }

    /// Whether there is no transaction.
    pub fn is_empty(&self) -> bool {
        self.txns.is_empty()
    }

    /// The number of keys.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// The number of versions that anybody wrote or read.
    pub fn version_count(&self) -> usize {
        self.versions.len()
    }

    /// One transaction.
    pub fn txn(&self, txn: TxnId) -> Txn {
        self.txns[txn as usize]
    }

    /// All transactions.
    pub fn txns(&self) -> &[Txn] {
        &self.txns
    }

    /// The operations of a transaction.
    pub fn ops(&self, txn: TxnId) -> &[Op] {
        let (start, end) = self.txns[txn as usize].ops;
        &self.ops[start as usize..end as usize]
    }

    /// The elements of a list read.
    pub fn list(&self, start: u32, len: u32) -> &[VersionId] {
        &self.elements[start as usize..(start + len) as usize]
    }

    /// The name of a key.
    pub fn key_name(&self, key: KeyId) -> &Atom {
        self.keys.atom(key)
    }

    /// The key of a version.
    pub fn key_of(&self, version: VersionId) -> KeyId {
        self.versions.scope(version)
    }

    /// The value of a version; `None` for [`INITIAL`].
    pub fn value(&self, version: VersionId) -> Option<&Atom> {
        (version != INITIAL).then(|| self.versions.atom(version))
    }

    /// The operations of a transaction, for people and for copying.
    pub fn micro_ops(&self, txn: TxnId) -> Vec<MicroOp> {
        self.ops(txn).iter().map(|op| self.micro_op(*op)).collect()
    }

    fn micro_op(&self, op: Op) -> MicroOp {
        let key = self.key_name(op.key()).clone();
        let atom = |version| self.versions.atom(version).clone();
        match op {
            Op::Write { version, .. } if self.model == Model::ListAppend => {
                MicroOp::Append(key, atom(version))
            }
            Op::Write { version, .. } => MicroOp::Write(key, atom(version)),
            Op::Read { version: INITIAL, .. } => MicroOp::Read(key, Seen::Initial),
            Op::Read { version, .. } => MicroOp::Read(key, Seen::Value(atom(version))),
            Op::ReadList { start, len, .. } => {
                let list = self.list(start, len).iter().map(|version| atom(*version));
                MicroOp::Read(key, Seen::List(list.collect()))
            }
        }
    }

    /// The same history, if it had begun with these versions.
    pub(super) fn with_initial(&self, first: &BTreeMap<KeyId, VersionId>) -> Self {
        let mut history = self.clone();
        for op in &mut history.ops {
            if let Op::Read { key, version } = op
                && first.get(key) == Some(version)
            {
                *version = INITIAL;
            }
        }
        history
    }

    /// The history of the kept transactions and operations alone. A read of something that is
    /// no longer written is left out too: each violation of the result is one of this history.
    /// Also returns the old number of each transaction.
    pub(super) fn project(&self, mut keep: impl FnMut(TxnId, usize) -> bool) -> (Self, Vec<TxnId>) {
        let mut names = Vec::new();
        let mut written = vec![false; self.versions.len()];
        let mut dropped = vec![false; self.versions.len()];
        let mut kept = Vec::with_capacity(self.txns.len());
        for txn in 0..self.txns.len() as TxnId {
            let flags: Vec<bool> = (0..self.ops(txn).len()).map(|op| keep(txn, op)).collect();
            for (op, keep) in self.ops(txn).iter().zip(&flags) {
                if let Op::Write { version, .. } = op {
                    let seen = if *keep { &mut written } else { &mut dropped };
                    seen[*version as usize] = true;
                }
            }
            kept.push(flags);
        }
        let gone = |version: VersionId| {
            version != INITIAL && dropped[version as usize] && !written[version as usize]
        };
        let mut result = Self {
            model: self.model,
            explicit: self.explicit,
            txns: Vec::new(),
            ops: Vec::new(),
            elements: Vec::new(),
            keys: self.keys.clone(),
            versions: self.versions.clone(),
            also_initial: self.also_initial.clone(),
        };
        for txn in 0..self.txns.len() as TxnId {
            let first = result.ops.len() as u32;
            for (op, keep) in self.ops(txn).iter().zip(&kept[txn as usize]) {
                match *op {
                    _ if !keep => {}
                    Op::Write { .. } => result.ops.push(*op),
                    Op::Read { version, .. } if gone(version) => {}
                    Op::Read { .. } => result.ops.push(*op),
                    Op::ReadList { key, start, len } => {
                        let at = result.elements.len() as u32;
                        let list = self.list(start, len).iter();
                        result.elements.extend(list.filter(|element| !gone(**element)));
                        let len = result.elements.len() as u32 - at;
                        result.ops.push(Op::ReadList { key, start: at, len });
                    }
                }
            }
            if result.ops.len() as u32 > first {
                let ops = (first, result.ops.len() as u32);
                result.txns.push(Txn { ops, ..self.txns[txn as usize] });
                names.push(txn);
            }
        }
        (result, names)
    }
}
