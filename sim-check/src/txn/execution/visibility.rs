//! Verifies executions of the levels that are about who sees whom.

use super::replay::timelines;
use super::{Execution, ExecutionError, wrong};
use crate::txn::client_order::ClientOrder;
use crate::txn::history::{INITIAL, KeyId, Model, Op, Status, TxnHistory, TxnId, VersionId};
use crate::txn::level::{Guarantee, IsolationLevel};
use std::cmp::Ordering;

/// A read of what others wrote, by places in the order: `source` is one more than the place of the writer,
/// or zero for the initial version.
struct Seen {
    key: KeyId,
    source: u32,
    /// Whether its transaction had not written the key yet.
    is_first: bool,
}

struct Verifier<'a> {
    history: &'a TxnHistory,
    level: IsolationLevel,
    execution: &'a Execution,
    timelines: Vec<Vec<(u32, VersionId)>>,
    /// Where each version is in the timeline of its key.
    place: Vec<Option<u32>>,
    /// The external reads of each transaction of the order. A list shows what others wrote even
    /// to a transaction that has appended to it.
    seen: Vec<Vec<Seen>>,
}

pub(super) fn verify(
    history: &TxnHistory,
    level: IsolationLevel,
    execution: &Execution,
    position: &[Option<u32>],
) -> Result<(), ExecutionError> {
    let timelines = timelines(history, execution);
    let mut place = vec![None; history.version_count()];
    for (at, (_, version)) in timelines.iter().flat_map(|t| t.iter().enumerate()) {
        place[*version as usize] = Some(at as u32);
    }
    let seen = Vec::with_capacity(execution.order.len());
    let mut verifier = Verifier { history, level, execution, timelines, place, seen };
    if level.guarantee() == Guarantee::ReadUncommitted {
        return verifier.verify_shown_orders();
    }
    for txn in &execution.order {
        let seen = if history.txn(*txn).status == Status::Ok {
            verifier.external_reads(*txn, position)?
        } else {
            Vec::new()
        };
        verifier.seen.push(seen);
    }
    match level.guarantee() {
        Guarantee::MonotonicAtomicView => verifier.verify_monotonic(),
        Guarantee::CursorStability => verifier.verify_updates(),
        Guarantee::ReadAtomic => verifier.verify_atomic(),
        Guarantee::UpdateAtomic => {
            verifier.verify_atomic()?;
            verifier.verify_updates()
        }
        Guarantee::Causal => verifier.verify_causal(false),
        Guarantee::ConsistentView | Guarantee::ParallelSnapshotIsolation => {
            verifier.verify_causal(true)
        }
        _ => Ok(()),
    }
}

impl Verifier<'_> {
    fn external_reads(
        &self,
        txn: TxnId,
        position: &[Option<u32>],
    ) -> Result<Vec<Seen>, ExecutionError> {
        let guarantee = self.level.guarantee();
        let at = position[txn as usize].expect("a transaction of the order");
        let mut seen: Vec<Seen> = Vec::new();
        let ops = self.history.ops(txn);
        for (place, op) in ops.iter().enumerate() {
            let key = op.key();
            let name = self.history.key_name(key);
            let own: Vec<VersionId> = ops[..place]
                .iter()
                .filter_map(|op| match *op {
                    Op::Write { key: written, version } if written == key => Some(version),
                    _ => None,
                })
                .collect();
            let (shown, own_shown) = match *op {
                Op::Write { .. } => continue,
                Op::Read { version, .. } => {
                    (version, own.last().is_none_or(|last| *last == version))
                }
                Op::ReadList { start, len, .. } => {
                    let list = self.history.list(start, len);
                    self.verify_prefix(txn, key, list)?;
                    let shown = list.len().checked_sub(own.len() + 1).map_or(INITIAL, |i| list[i]);
                    (shown, list.ends_with(&own))
                }
            };
            let lenient =
                matches!(guarantee, Guarantee::ReadCommitted | Guarantee::CursorStability);
            if !own_shown && !lenient {
                return wrong(format!("T{txn} does not read its own write of {name}"));
            }
            // A read that misses own writes is no read of what others wrote.
            if !own_shown || self.history.model() == Model::RwRegister && !own.is_empty() {
                continue;
            }
            let source = self.source(txn, key, shown)?;
            if source > at {
                return wrong(format!("T{txn} reads {name} from its future"));
            }
            let before = seen.iter().find(|other| other.key == key);
            let repeatable = !matches!(guarantee, Guarantee::MonotonicAtomicView) && !lenient;
            if repeatable && before.is_some_and(|other| other.source != source) {
                return wrong(format!("T{txn} reads {name} twice with different results"));
            }
            if own.is_empty() || self.history.model() == Model::ListAppend {
                seen.push(Seen { key, source, is_first: own.is_empty() });
            }
        }
        Ok(seen)
    }

    /// The writer of an external read must have committed the version as its last one.
    fn source(&self, txn: TxnId, key: KeyId, version: VersionId) -> Result<u32, ExecutionError> {
        let name = self.history.key_name(key);
        if version == INITIAL {
            return match self.history.is_explicit() {
                true => wrong(format!("T{txn} reads {name}, which has no initial version")),
                false => Ok(0),
            };
        }
        let Some(place) = self.place[version as usize] else {
            return wrong(format!("T{txn} reads a version of {name} that nobody committed"));
        };
        let timeline = &self.timelines[key as usize];
        let (writer, _) = timeline[place as usize];
        if timeline.get(place as usize + 1).is_some_and(|(next, _)| *next == writer) {
            return wrong(format!("T{txn} reads an intermediate version of {name}"));
        }
        Ok(writer + 1)
    }

    /// A list is a prefix of the final list, the transaction's own appends included.
    fn verify_prefix(
        &self,
        txn: TxnId,
        key: KeyId,
        list: &[VersionId],
    ) -> Result<(), ExecutionError> {
        let timeline = self.timelines[key as usize].iter().map(|(_, version)| *version);
        if timeline.take(list.len()).eq(list.iter().copied()) {
            return Ok(());
        }
        wrong(format!("T{txn} reads a list of {} in another order", self.history.key_name(key)))
    }

    /// Reads count for nothing, but one of the longest lists of each key shows the order of its writers.
    fn verify_shown_orders(&self) -> Result<(), ExecutionError> {
        let mut longest: Vec<(u32, bool)> = vec![(0, true); self.history.key_count()];
        for op in
            self.history.txns().iter().enumerate().flat_map(|(t, _)| self.history.ops(t as TxnId))
        {
            if let Op::ReadList { key, start, len } = *op {
                let (len_max, fits) = &mut longest[key as usize];
                let agrees = || self.writers_follow(key, self.history.list(start, len));
                match len.cmp(len_max) {
                    Ordering::Less => {}
                    Ordering::Equal => *fits = *fits || agrees(),
                    Ordering::Greater => (*len_max, *fits) = (len, agrees()),
                }
            }
        }
        match longest.iter().position(|(_, fits)| !fits) {
            None => Ok(()),
            Some(key) => {
                let name = self.history.key_name(key as KeyId);
                wrong(format!("the writers of {name} commit in another order than its lists show"))
            }
        }
    }

    /// Whether the committed writers of a list are in its order, and those of its other elements come after them.
    fn writers_follow(&self, key: KeyId, list: &[VersionId]) -> bool {
        let timeline = &self.timelines[key as usize];
        let shown = list.iter().filter_map(|version| self.place[*version as usize]);
        let writers: Vec<u32> = shown.map(|place| timeline[place as usize].0).collect();
        let last = writers.last().copied().unwrap_or(0);
        writers.is_sorted()
            && timeline.iter().all(|(writer, version)| *writer >= last || list.contains(version))
    }

    /// Whether the transaction at `writer` wrote `key`.
    fn wrote(&self, writer: u32, key: KeyId) -> bool {
        let txn = self.execution.order[writer as usize];
        self.history.ops(txn).iter().any(|op| matches!(op, Op::Write { key: k, .. } if *k == key))
    }

    fn misses<T>(&self, at: usize, writer: u32, key: KeyId) -> Result<T, ExecutionError> {
        let (reader, seen) = (self.execution.order[at], self.execution.order[writer as usize]);
        wrong(format!("T{reader} sees T{seen} but not its write of {}", self.history.key_name(key)))
    }

    /// No two transactions read the same version of a key and write that key.
    fn verify_updates(&self) -> Result<(), ExecutionError> {
        let mut updated = std::collections::BTreeMap::new();
        for (at, reads) in self.seen.iter().enumerate() {
            for read in reads.iter().filter(|read| read.is_first) {
                if self.wrote(at as u32, read.key)
                    && *updated.entry((read.key, read.source)).or_insert(at) != at
                {
                    let name = self.history.key_name(read.key);
                    return wrong(format!(
                        "T{} loses an update of {name}",
                        self.execution.order[at]
                    ));
                }
            }
        }
        Ok(())
    }

    fn verify_monotonic(&self) -> Result<(), ExecutionError> {
        for (at, reads) in self.seen.iter().enumerate() {
            for (place, read) in reads.iter().enumerate() {
                for earlier in &reads[..place] {
                    if let Some(seen) = earlier.source.checked_sub(1)
                        && seen >= read.source
                        && self.wrote(seen, read.key)
                    {
                        return self.misses(at, seen, read.key);
                    }
                }
            }
        }
        Ok(())
    }

    fn verify_atomic(&self) -> Result<(), ExecutionError> {
        let mut last = std::collections::BTreeMap::new();
        let mut by_invocation: Vec<(TxnId, usize)> =
            self.execution.order.iter().enumerate().map(|(at, txn)| (*txn, at)).collect();
        by_invocation.sort_unstable();
        for (txn, at) in by_invocation {
            let reads = &self.seen[at];
            for read in reads {
                for seen in reads.iter().filter_map(|other| other.source.checked_sub(1)) {
                    if seen >= read.source && self.wrote(seen, read.key) {
                        return self.misses(at, seen, read.key);
                    }
                }
                let own = last.get(&(self.history.txn(txn).process, read.key));
                if self.level.order() >= ClientOrder::Session
                    && let Some(writer) = own.copied().filter(|writer| *writer >= read.source)
                {
                    return self.misses(at, writer, read.key);
                }
            }
            let counts = self.history.txn(txn).status == Status::Ok;
            for op in self.history.ops(txn).iter().filter(|_| counts) {
                if let Op::Write { key, .. } = *op {
                    last.insert((self.history.txn(txn).process, key), at as u32);
                }
            }
        }
        Ok(())
    }

    /// Nobody misses what happened before. 64 readers at once are followed into their past.
    fn verify_causal(&self, writes_count: bool) -> Result<(), ExecutionError> {
        let count = self.execution.order.len();
        let mut before: Vec<Vec<u32>> = self
            .seen
            .iter()
            .map(|reads| reads.iter().filter_map(|read| read.source.checked_sub(1)).collect())
            .collect();
        if self.level.order() >= ClientOrder::Session {
            let mut last = std::collections::BTreeMap::new();
            let mut by_invocation: Vec<(TxnId, u32)> =
                self.execution.order.iter().zip(0..).map(|(txn, at)| (*txn, at)).collect();
            by_invocation.sort_unstable();
            for (txn, at) in by_invocation {
                let entry = self.history.txn(txn);
                if let Some(earlier) = last.get(&entry.process) {
                    before[at as usize].push(*earlier);
                }
                if entry.status == Status::Ok {
                    last.insert(entry.process, at);
                }
            }
        }
        if writes_count {
            for timeline in &self.timelines {
                for pair in timeline.windows(2).filter(|pair| pair[0].0 != pair[1].0) {
                    before[pair[1].0 as usize].push(pair[0].0);
                }
            }
        }
        let mut reached = vec![0u64; count];
        for block in 0..count.div_ceil(64) {
            reached.fill(0);
            let readers = block * 64..count.min(block * 64 + 64);
            for at in (0..readers.end).rev() {
                let own = if readers.contains(&at) { 1 << (at - readers.start) } else { 0 };
                let lanes = reached[at] | own;
                if lanes != 0 {
                    before[at].iter().for_each(|earlier| reached[*earlier as usize] |= lanes);
                }
            }
            for at in readers.clone() {
                for read in &self.seen[at] {
                    let timeline = &self.timelines[read.key as usize];
                    let later = timeline.partition_point(|(writer, _)| *writer < read.source);
                    for (writer, _) in &timeline[later..] {
                        if *writer as usize != at
                            && reached[*writer as usize] >> (at - readers.start) & 1 == 1
                        {
                            return self.misses(at, *writer, read.key);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
