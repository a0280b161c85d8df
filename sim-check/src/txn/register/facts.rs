//! Who reads from whom, and what is wrong before any order is considered.

use crate::txn::anomaly::Anomaly;
use crate::txn::finding::{Finding, Findings};
use crate::txn::history::{INITIAL, KeyId, Op, Status, TxnHistory, TxnId, VersionId};

/// No transaction: the writer of an initial version, or of one that nobody wrote.
pub(in crate::txn) const NOBODY: TxnId = u32::MAX;

/// A read of what another transaction wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::txn) struct ReadFrom {
    pub key: KeyId,
    pub version: VersionId,
    /// The committed writer, or [`NOBODY`] for the initial version and for thin air.
    pub writer: TxnId,
}

/// A history of registers, resolved.
pub(in crate::txn) struct Facts<'h> {
    pub history: &'h TxnHistory,
    /// Whether each transaction took effect, as far as anybody saw.
    pub committed: Vec<bool>,
    pub findings: Findings,
    /// A version that was read, and that two transactions wrote or that was there at first too:
    /// nobody can tell from whom.
    pub ambiguous: Option<VersionId>,
    /// The external reads of each transaction, in program order.
    reads: Vec<ReadFrom>,
    read_heads: Vec<u32>,
    /// The last write of each transaction to each key, sorted by key.
    writes: Vec<(KeyId, VersionId)>,
    write_heads: Vec<u32>,
}

impl<'h> Facts<'h> {
    pub fn new(history: &'h TxnHistory) -> Self {
        let mut facts = Self {
            history,
            committed: history.txns().iter().map(|txn| txn.status == Status::Ok).collect(),
            findings: Findings::default(),
            ambiguous: None,
            reads: Vec::with_capacity(history.len() * 4),
            read_heads: vec![0],
            writes: Vec::with_capacity(history.len() * 4),
            write_heads: vec![0],
        };
        let writers = Writers::new(history);
        facts.resolve(&writers);
        facts.collect_writes();
        facts.find_lost_updates();
        facts
    }

    pub fn reads(&self, txn: TxnId) -> &[ReadFrom] {
        let txn = txn as usize;
        &self.reads[self.read_heads[txn] as usize..self.read_heads[txn + 1] as usize]
    }

    pub fn writes(&self, txn: TxnId) -> &[(KeyId, VersionId)] {
        let txn = txn as usize;
        &self.writes[self.write_heads[txn] as usize..self.write_heads[txn + 1] as usize]
    }

    /// The version that `txn` left in `key`.
    pub fn written(&self, txn: TxnId, key: KeyId) -> Option<VersionId> {
        let writes = self.writes(txn);
        writes.binary_search_by_key(&key, |(key, _)| *key).ok().map(|at| writes[at].1)
    }

    /// The committed transactions.
    pub fn txns(&self) -> impl Iterator<Item = TxnId> + '_ {
        (0..self.history.len() as TxnId).filter(|txn| self.committed[*txn as usize])
    }

    /// For each key its committed writers.
    pub fn writers_by_key(&self) -> Vec<Vec<TxnId>> {
        let mut writers = vec![Vec::new(); self.history.key_count()];
        for txn in self.txns() {
            for (key, _) in self.writes(txn) {
                writers[*key as usize].push(txn);
            }
        }
        writers
    }

    fn resolve(&mut self, writers: &Writers) {
        let history = self.history;
        let mut own: Vec<(TxnId, VersionId)> = vec![(NOBODY, 0); history.key_count()];
        let mut first_seen: Vec<(TxnId, VersionId)> = vec![(NOBODY, 0); history.key_count()];
        for txn in 0..history.len() as TxnId {
            if history.txn(txn).status == Status::Ok {
                for op in history.ops(txn) {
                    match *op {
                        Op::Write { key, version } => own[key as usize] = (txn, version),
                        Op::Read { key, version } => {
                            let (writer, last) = own[key as usize];
                            let seen = &mut first_seen[key as usize];
                            if writer == txn {
                                self.read_own(writers, txn, key, version, last);
                            } else {
                                if seen.0 == txn && seen.1 != version {
                                    self.findings.push(Finding::local(
                                        Anomaly::NonRepeatableRead,
                                        &[txn],
                                        key,
                                        &[seen.1, version],
                                    ));
                                }
                                *seen = (txn, version);
                                self.read_other(writers, txn, key, version);
                            }
                        }
                        Op::ReadList { .. } => unreachable!("a list in a history of registers"),
                    }
                }
            }
            self.read_heads.push(self.reads.len() as u32);
        }
    }

    fn read_own(
        &mut self,
        writers: &Writers,
        txn: TxnId,
        key: KeyId,
        version: VersionId,
        last: VersionId,
    ) {
        if version != last {
            let versions = [last, version];
            self.findings.push(Finding::local(Anomaly::Internal, &[txn], key, &versions));
            self.check_source(writers, txn, key, version);
        }
    }

    fn read_other(&mut self, writers: &Writers, txn: TxnId, key: KeyId, version: VersionId) {
        let writer = self.check_source(writers, txn, key, version);
        if writer == txn {
            self.findings.push(Finding::local(Anomaly::FutureRead, &[txn], key, &[version]));
            return;
        }
        if writer != NOBODY {
            self.committed[writer as usize] = true;
            if writers.replaced[version as usize] {
                let pair = [txn, writer];
                self.findings.push(Finding::local(Anomaly::G1b, &pair, key, &[version]));
            }
        }
        self.reads.push(ReadFrom { key, version, writer });
    }

    /// Who may have written what was read; reports what nobody committed.
    fn check_source(
        &mut self,
        writers: &Writers,
        txn: TxnId,
        key: KeyId,
        version: VersionId,
    ) -> TxnId {
        if version == INITIAL {
            if self.history.is_explicit() {
                self.findings.push(Finding::local(Anomaly::ThinAirRead, &[txn], key, &[version]));
            }
            return NOBODY;
        }
        let also_initial = self.history.also_initial.contains(&version);
        if writers.several[version as usize] || also_initial {
            self.ambiguous = Some(version);
        }
        let writer = writers.of[version as usize];
        if writer == NOBODY {
            self.findings.push(Finding::local(Anomaly::ThinAirRead, &[txn], key, &[version]));
            return NOBODY;
        }
        if self.history.txn(writer).status == Status::Fail {
            self.findings.push(Finding::local(Anomaly::G1a, &[txn, writer], key, &[version]));
            return NOBODY;
        }
        writer
    }

    fn collect_writes(&mut self) {
        for txn in 0..self.history.len() as TxnId {
            if self.committed[txn as usize] {
                let first = self.writes.len();
                for op in self.history.ops(txn) {
                    if let Op::Write { key, version } = *op {
                        match self.writes[first..].iter_mut().find(|(other, _)| *other == key) {
                            Some(write) => write.1 = version,
                            None => self.writes.push((key, version)),
                        }
                    }
                }
                self.writes[first..].sort_unstable();
            }
            self.write_heads.push(self.writes.len() as u32);
        }
    }

    fn find_lost_updates(&mut self) {
        let mut of_version = vec![NOBODY; self.history.version_count()];
        let mut of_initial = vec![NOBODY; self.history.key_count()];
        let mut findings = std::mem::take(&mut self.findings);
        for txn in 0..self.history.len() as TxnId {
            for read in self.reads(txn) {
                if self.written(txn, read.key).is_none() {
                    continue;
                }
                let slot = match read.version {
                    INITIAL => &mut of_initial[read.key as usize],
                    version => &mut of_version[version as usize],
                };
                if *slot == NOBODY {
                    *slot = txn;
                } else if *slot != txn {
                    findings.push(Finding::local(
                        Anomaly::LostUpdate,
                        &[txn, *slot],
                        read.key,
                        &[read.version],
                    ));
                }
            }
        }
        self.findings = findings;
    }
}

/// Who wrote each version.
struct Writers {
    of: Vec<TxnId>,
    /// More than one transaction that may have committed wrote it.
    several: Vec<bool>,
    /// Its transaction wrote the key again later.
    replaced: Vec<bool>,
}

impl Writers {
    fn new(history: &TxnHistory) -> Self {
        let versions = history.version_count();
        let mut writers = Self {
            of: vec![NOBODY; versions],
            several: vec![false; versions],
            replaced: vec![false; versions],
        };
        let mut last: Vec<(TxnId, VersionId)> = vec![(NOBODY, 0); history.key_count()];
        for txn in 0..history.len() as TxnId {
            for op in history.ops(txn) {
                let Op::Write { key, version } = *op else { continue };
                let before = &mut last[key as usize];
                if before.0 == txn {
                    writers.replaced[before.1 as usize] = true;
                }
                *before = (txn, version);
                writers.replaced[version as usize] = false;
                let of = &mut writers.of[version as usize];
                if *of == NOBODY || history.txn(*of).status == Status::Fail {
                    *of = txn;
                } else if *of != txn && history.txn(txn).status != Status::Fail {
                    writers.several[version as usize] = true;
                }
            }
        }
        writers
    }
}
