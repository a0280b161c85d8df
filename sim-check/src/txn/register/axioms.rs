//! Monotonic atomic view, read atomic and causal: decided by forced edges.
//!
//! A commit order must extend what is known (the order of clients, and who read from whom). And
//! where a transaction sees another one in the sense of the level, but reads a key from a third
//! one although the seen one wrote that key too, the seen one must commit before the third. The
//! level holds if and only if all these edges together have no cycle: Biswas and Enea (OOPSLA
//! 2019), with a minimal set of edges as in AWDIT (PLDI 2025).

use super::facts::{Facts, NOBODY, ReadFrom};
use crate::txn::client_order::ClientOrder;
use crate::txn::history::{KeyId, Status, TxnId};
use crate::txn::level::{Guarantee, IsolationLevel};
use crate::txn::order::process_pairs;

/// One transaction must commit before another.
type Before = (TxnId, TxnId);

/// What a level demands of the commit order.
pub(in crate::txn) enum Weak {
    /// It is impossible: the edges form a cycle, or a transaction reads the initial version of a
    /// key although it sees a writer of it.
    Impossible,
    /// This commit order satisfies the level.
    Order(Vec<TxnId>),
}

/// Decides a level between read committed and causal, once no local finding is forbidden.
pub(in crate::txn) fn weak_violation(facts: &Facts<'_>, level: IsolationLevel) -> Weak {
    let sessions = level.order() >= ClientOrder::Session;
    let mut edges = Vec::with_capacity(facts.history.len() * 4);
    if sessions {
        for (first, second) in process_pairs(facts.history, |txn| facts.committed[txn as usize]) {
            edges.push((first, second));
        }
    }
    for txn in facts.txns() {
        for read in facts.reads(txn) {
            if read.writer != NOBODY {
                edges.push((read.writer, txn));
            }
        }
    }
    let known = edges.len();
    let mut forced = Forced { edges, misses_initial: false };
    match level.guarantee() {
        Guarantee::MonotonicAtomicView => force_monotonic(facts, &mut forced),
        Guarantee::ReadAtomic | Guarantee::UpdateAtomic => {
            force_atomic(facts, sessions, &mut forced)
        }
        Guarantee::Causal if force_causal(facts, sessions, known, &mut forced).is_none() => {
            return Weak::Impossible;
        }
        _ => {}
    }
    if forced.misses_initial {
        return Weak::Impossible;
    }
    match order_of(facts.history.len(), &forced.edges) {
        Some(order) => {
            Weak::Order(order.into_iter().filter(|txn| facts.committed[*txn as usize]).collect())
        }
        None => Weak::Impossible,
    }
}

struct Forced {
    edges: Vec<Before>,
    /// Somebody reads the initial version of a key, and sees a writer of it.
    misses_initial: bool,
}

impl Forced {
    /// A transaction sees `seen`, which wrote the key of `read`, and reads from another one.
    fn add(&mut self, seen: TxnId, read: ReadFrom) {
        if read.writer == NOBODY {
            self.misses_initial = true;
        } else if read.writer != seen {
            self.edges.push((seen, read.writer));
        }
    }
}

/// Who has read from a transaction reads nothing older afterwards.
fn force_monotonic(facts: &Facts<'_>, forced: &mut Forced) {
    // For each key the first two different writers among the later reads.
    let nothing = (NOBODY, [None::<ReadFrom>; 2]);
    let mut later = vec![nothing; facts.history.key_count()];
    let mut last_seen_at: Vec<(TxnId, u32)> = vec![(NOBODY, 0); facts.history.len()];
    let mut keys: Vec<KeyId> = Vec::new();
    for txn in facts.txns() {
        let reads = facts.reads(txn);
        for (at, read) in reads.iter().enumerate().rev() {
            if read.writer != NOBODY {
                last_seen_at[read.writer as usize] = (txn, at as u32);
            }
        }
        keys.clear();
        for (at, read) in reads.iter().enumerate().rev() {
            let seen = read.writer;
            let is_first = seen != NOBODY && last_seen_at[seen as usize] == (txn, at as u32);
            if is_first {
                let mut consider = |key: KeyId| {
                    let (owner, candidates) = &later[key as usize];
                    if *owner == txn
                        && let Some(other) = candidates.iter().flatten().find(|r| r.writer != seen)
                    {
                        forced.add(seen, *other);
                    }
                };
                let writes = facts.writes(seen);
                if writes.len() <= keys.len() {
                    writes.iter().for_each(|(key, _)| consider(*key));
                } else {
                    let shared = keys.iter().filter(|key| facts.written(seen, **key).is_some());
                    shared.for_each(|key| consider(*key));
                }
            }
            let (owner, candidates) = &mut later[read.key as usize];
            if *owner != txn {
                (*owner, *candidates) = (txn, [None, None]);
                keys.push(read.key);
            }
            if candidates[0].is_none_or(|first| first.writer != seen) {
                *candidates = [Some(*read), candidates[0]];
            }
        }
    }
}

/// All or nothing of a transaction is seen.
fn force_atomic(facts: &Facts<'_>, sessions: bool, forced: &mut Forced) {
    let mut seen_by: Vec<TxnId> = vec![NOBODY; facts.history.len()];
    for txn in facts.txns() {
        let reads = facts.reads(txn);
        for read in reads {
            let seen = read.writer;
            if seen == NOBODY || seen_by[seen as usize] == txn {
                continue;
            }
            seen_by[seen as usize] = txn;
            add_shared(facts, seen, reads, forced);
        }
    }
    if !sessions {
        return;
    }
    // The last writer of each key in the session so far.
    let mut by_process: Vec<TxnId> = facts.txns().collect();
    by_process.sort_by_key(|txn| facts.history.txn(*txn).process);
    let mut last: Vec<(u32, TxnId)> = vec![(0, NOBODY); facts.history.key_count()];
    let mut session = 0;
    let mut process = None;
    for txn in by_process {
        if process != Some(facts.history.txn(txn).process) {
            process = Some(facts.history.txn(txn).process);
            session += 1;
        }
        for read in facts.reads(txn) {
            let (owner, writer) = last[read.key as usize];
            if owner == session {
                forced.add(writer, *read);
            }
        }
        if facts.history.txn(txn).status != Status::Ok {
            continue;
        }
        for (key, _) in facts.writes(txn) {
            last[*key as usize] = (session, txn);
        }
    }
}

/// Forces for each key that was read and that `seen` wrote.
fn add_shared(facts: &Facts<'_>, seen: TxnId, reads: &[ReadFrom], forced: &mut Forced) {
    for read in reads {
        if read.writer != seen && facts.written(seen, read.key).is_some() {
            forced.add(seen, *read);
        }
    }
}

/// Effects are seen with their causes; `None` if the causes themselves form a cycle.
fn force_causal(
    facts: &Facts<'_>,
    sessions: bool,
    known: usize,
    forced: &mut Forced,
) -> Option<()> {
    let order = order_of(facts.history.len(), &forced.edges[..known])?;
    let clocks = Clocks::new(facts, sessions, &order);
    let chains = clocks.chains;
    // For each key its writers by chain, in the order of the chain.
    let mut writers: Vec<Vec<(u32, u32, TxnId)>> = vec![Vec::new(); facts.history.key_count()];
    for txn in facts.txns() {
        for (key, _) in facts.writes(txn) {
            let (chain, place) = clocks.place[txn as usize];
            writers[*key as usize].push((chain, place, txn));
        }
    }
    for list in &mut writers {
        list.sort_unstable();
    }
    let mut clock = vec![0; chains];
    for txn in facts.txns() {
        if facts.reads(txn).is_empty() {
            continue;
        }
        clocks.before(txn, &mut clock);
        for read in facts.reads(txn) {
            for group in writers[read.key as usize].chunk_by(|a, b| a.0 == b.0) {
                let limit = clock[group[0].0 as usize];
                let visible = group.partition_point(|(_, place, _)| *place < limit);
                if visible > 0 {
                    forced.add(group[visible - 1].2, *read);
                }
            }
        }
    }
    Some(())
}

/// For each transaction how much of each chain happened before it.
///
/// A chain is a process, or without process order any path of reads.
struct Clocks {
    chains: usize,
    /// The chain of each transaction, and its place there.
    place: Vec<(u32, u32)>,
    /// For each transaction the number of transactions of each chain before it.
    clocks: Vec<u32>,
    row: Vec<u32>,
}

impl Clocks {
    fn new(facts: &Facts<'_>, sessions: bool, order: &[TxnId]) -> Self {
        let history = facts.history;
        let mut place = vec![(0, 0); history.len()];
        let mut lengths: Vec<u32> = Vec::new();
        let mut previous: Vec<TxnId> = vec![NOBODY; history.len()];
        if sessions {
            let mut chain_of = std::collections::BTreeMap::new();
            for txn in facts.txns() {
                let entry = history.txn(txn);
                let fresh = lengths.len() as u32;
                // Nothing follows a transaction of unknown outcome in its process.
                let chain = match entry.status {
                    Status::Ok => *chain_of.entry(entry.process).or_insert(fresh),
                    Status::Info | Status::Fail => fresh,
                };
                if chain == fresh {
                    lengths.push(0);
                }
                place[txn as usize] = (chain, lengths[chain as usize]);
                lengths[chain as usize] += 1;
            }
            for (before, after) in process_pairs(history, |txn| facts.committed[txn as usize]) {
                previous[after as usize] = before;
            }
        } else {
            // Each transaction continues the chain of one that it reads from, if nobody else did.
            let mut continued = vec![false; history.len()];
            for txn in order {
                let open = facts.reads(*txn).iter().map(|read| read.writer);
                let before = open.filter(|w| *w != NOBODY).find(|w| !continued[*w as usize]);
                let chain = match before {
                    Some(before) => {
                        continued[before as usize] = true;
                        place[before as usize].0
                    }
                    None => {
                        lengths.push(0);
                        lengths.len() as u32 - 1
                    }
                };
                place[*txn as usize] = (chain, lengths[chain as usize]);
                lengths[chain as usize] += 1;
            }
        }
        let chains = lengths.len();
        let mut clocks = Self { chains, place, clocks: Vec::new(), row: vec![0; history.len()] };
        clocks.clocks.reserve(chains * order.len());
        for (row, txn) in order.iter().enumerate() {
            clocks.row[*txn as usize] = row as u32;
            let start = clocks.clocks.len();
            clocks.clocks.resize(start + chains, 0);
            let before = facts.reads(*txn).iter().map(|read| read.writer);
            for source in before.chain([previous[*txn as usize]]) {
                if source != NOBODY {
                    clocks.join(start, source);
                }
            }
        }
        clocks
    }

    fn join(&mut self, start: usize, source: TxnId) {
        let (chain, place) = self.place[source as usize];
        if self.clocks[start + chain as usize] > place {
            // It has been joined already, with all that is before it.
            return;
        }
        let from = self.row[source as usize] as usize * self.chains;
        let (older, newer) = self.clocks.split_at_mut(start);
        for (mine, theirs) in newer.iter_mut().zip(&older[from..from + self.chains]) {
            *mine = (*mine).max(*theirs);
        }
        newer[chain as usize] = newer[chain as usize].max(place + 1);
    }

    fn before(&self, txn: TxnId, clock: &mut [u32]) {
        let start = self.row[txn as usize] as usize * self.chains;
        clock.copy_from_slice(&self.clocks[start..start + self.chains]);
    }
}

/// An order of all transactions that respects the edges, if they have no cycle.
fn order_of(txn_count: usize, edges: &[Before]) -> Option<Vec<TxnId>> {
    let mut heads = vec![0u32; txn_count + 2];
    let mut incoming = vec![0u32; txn_count];
    for (first, second) in edges {
        heads[*first as usize + 2] += 1;
        incoming[*second as usize] += 1;
    }
    for node in 1..heads.len() {
        heads[node] += heads[node - 1];
    }
    let mut ends = vec![0u32; edges.len()];
    for (first, second) in edges {
        let slot = &mut heads[*first as usize + 1];
        ends[*slot as usize] = *second;
        *slot += 1;
    }
    let mut order: Vec<TxnId> = Vec::with_capacity(txn_count);
    order.extend((0..txn_count as TxnId).filter(|txn| incoming[*txn as usize] == 0));
    let mut next = 0;
    while next < order.len() {
        let txn = order[next] as usize;
        for end in &ends[heads[txn] as usize..heads[txn + 1] as usize] {
            let count = &mut incoming[*end as usize];
            *count -= 1;
            if *count == 0 {
                order.push(*end);
            }
        }
        next += 1;
    }
    (order.len() == txn_count).then_some(order)
}
