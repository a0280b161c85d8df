//! Proofs that no order of the transactions is of a level.

use super::anomaly::Anomaly;
use super::client_order::ClientOrder;
use super::cycle::{Cycle, Step};
use super::finding::{Finding, Witness};
use super::graph::{GraphBuilder, Kind};
use super::history::{INITIAL, Op, TxnHistory, TxnId, VersionId};
use super::level::{Guarantee, IsolationLevel};
use super::order::{add_client_order, precedes_in_process};
use super::register::{Facts, NOBODY};
use super::search::{Form, Found, knots};

/// Why no order works: a cycle, or two proofs, one for each order of a pair of transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// What is known and assumed so far goes round in a circle.
    Cycle(Cycle),
    /// Both transactions write a key, so one of them comes first; neither may.
    Split {
        /// One of them.
        first: TxnId,
        /// The other.
        second: TxnId,
        /// Why `first` does not come first.
        if_first: Box<Proof>,
        /// Why `second` does not come first.
        if_second: Box<Proof>,
    },
}

impl Proof {
    /// The cycle in which most anti-dependencies, then most steps, are needed.
    pub fn mildest(&self) -> &Cycle {
        match self {
            Self::Cycle(cycle) => cycle,
            Self::Split { if_first, if_second, .. } => {
                let (a, b) = (if_first.mildest(), if_second.mildest());
                if weight(b) > weight(a) { b } else { a }
            }
        }
    }

    /// All cycles.
    pub fn cycles(&self) -> Vec<&Cycle> {
        match self {
            Self::Cycle(cycle) => vec![cycle],
            Self::Split { if_first, if_second, .. } => {
                let mut cycles = if_first.cycles();
                cycles.extend(if_second.cycles());
                cycles
            }
        }
    }
}

/// A finding for a cycle, by the most specific name.
pub(super) fn named(history: &TxnHistory, cycle: Cycle) -> Finding {
    let steps = &cycle.steps;
    let key = |step: &Step| history.key_of(step.next);
    let anomaly = match cycle.anomaly() {
        // Both replaced what both had read, and nobody saw in which order.
        Anomaly::WriteSkew if key(&steps[0]) == key(&steps[1]) => Anomaly::LostUpdate,
        Anomaly::FracturedRead => {
            let rw = steps.iter().find(|step| step.kind == Kind::Rw).expect("it has one");
            let level = IsolationLevel::MONOTONIC_ATOMIC_VIEW;
            match sees(history, level, rw.to, rw.from, (rw.seen, rw.next)) {
                Some(_) => Anomaly::NonMonotonicView,
                None => Anomaly::FracturedRead,
            }
        }
        anomaly => anomaly,
    };
    Finding { anomaly, witness: Witness::Cycle(cycle) }
}

fn weight(cycle: &Cycle) -> (usize, usize) {
    let rws = cycle.steps.iter().filter(|step| step.kind == Kind::Rw).count();
    (rws, cycle.steps.len())
}

/// Proves that a history of registers is not of `level`, if that takes at most `splits` case
/// distinctions. The history should be small.
pub(super) fn prove_registers(
    facts: &Facts<'_>,
    level: IsolationLevel,
    splits: u32,
) -> Option<Proof> {
    let mut pairs = Vec::new();
    for writers in facts.writers_by_key() {
        for (place, first) in writers.iter().enumerate() {
            pairs.extend(writers[place + 1..].iter().map(|second| (*first, *second)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    prove(pairs, splits, &|assumed| find_cycle(facts, level, assumed))
}

/// A forbidden cycle, where these transactions come before those.
type FindCycle<'a> = dyn Fn(&[(TxnId, TxnId)]) -> Option<Cycle> + 'a;

/// Proves that no order of the `pairs` goes without a forbidden cycle, if that takes at most `splits` case distinctions.
pub(super) fn prove(
    pairs: Vec<(TxnId, TxnId)>,
    splits: u32,
    find_cycle: &FindCycle<'_>,
) -> Option<Proof> {
    Prover { pairs, splits, find_cycle }.prove(&mut Vec::new())
}

struct Prover<'a> {
    pairs: Vec<(TxnId, TxnId)>,
    splits: u32,
    find_cycle: &'a FindCycle<'a>,
}

impl Prover<'_> {
    /// A proof from what is known and the assumed orders, earlier transaction first.
    fn prove(&mut self, assumed: &mut Vec<(TxnId, TxnId)>) -> Option<Proof> {
        if let Some(cycle) = (self.find_cycle)(assumed) {
            return Some(Proof::Cycle(cycle));
        }
        let is_open =
            |(a, b): &(TxnId, TxnId)| !assumed.contains(&(*a, *b)) && !assumed.contains(&(*b, *a));
        let open: Vec<(TxnId, TxnId)> = self.pairs.iter().copied().filter(is_open).collect();
        self.splits = self.splits.checked_sub(1)?;
        // Prefer a pair of which one order fails at once.
        for (first, second) in &open {
            for (wrong, right) in
                [((*first, *second), (*second, *first)), ((*second, *first), (*first, *second))]
            {
                assumed.push(wrong);
                let cycle = (self.find_cycle)(assumed);
                assumed.pop();
                if let Some(cycle) = cycle {
                    assumed.push(right);
                    let rest = self.prove(assumed);
                    assumed.pop();
                    return Some(Proof::Split {
                        first: wrong.0,
                        second: wrong.1,
                        if_first: Box::new(Proof::Cycle(cycle)),
                        if_second: Box::new(rest?),
                    });
                }
            }
        }
        let (first, second) = *open.first()?;
        assumed.push((first, second));
        let if_first = self.prove(assumed);
        assumed.pop();
        let if_first = Box::new(if_first?);
        assumed.push((second, first));
        let if_second = self.prove(assumed);
        assumed.pop();
        Some(Proof::Split { first, second, if_first, if_second: Box::new(if_second?) })
    }
}

/// A cycle that the level forbids, of known dependencies and those that the assumed orders bring.
fn find_cycle(
    facts: &Facts<'_>,
    level: IsolationLevel,
    assumed: &[(TxnId, TxnId)],
) -> Option<Cycle> {
    let history = facts.history;
    let mut graph = GraphBuilder::new(history.len() as u32);
    add_client_order(&mut graph, history, |txn| facts.committed[txn as usize], level.order());
    for txn in facts.txns() {
        for read in facts.reads(txn) {
            if read.writer != NOBODY {
                graph.add(read.writer, txn, Kind::Wr, read.version, read.version);
            } else if read.version == INITIAL {
                for writer in facts.txns() {
                    if let Some(next) = facts.written(writer, read.key) {
                        graph.add(txn, writer, Kind::Rw, INITIAL, next);
                    }
                }
            }
        }
    }
    for (first, second) in assumed {
        for (key, seen) in facts.writes(*first) {
            let Some(next) = facts.written(*second, *key) else { continue };
            graph.add(*first, *second, Kind::Ww, *seen, next);
            for reader in facts.txns() {
                if facts.reads(reader).iter().any(|read| read.key == *key && read.writer == *first)
                {
                    graph.add(reader, *second, Kind::Rw, *seen, next);
                }
            }
        }
    }
    let graph = graph.build();
    let knots = knots(&graph);
    for form in Form::forbidden_by(level) {
        for knot in &knots {
            if let Found::Cycle(cycle) = knot.find(form) {
                return Some(cycle);
            }
        }
    }
    let fractured = matches!(
        level.guarantee(),
        Guarantee::MonotonicAtomicView | Guarantee::ReadAtomic | Guarantee::UpdateAtomic
    );
    if !fractured {
        return None;
    }
    for reader in facts.txns() {
        for rw in graph.edges(reader).iter().filter(|edge| edge.kind == Kind::Rw) {
            if let Some(first) = sees(history, level, rw.to, reader, (rw.seen, rw.next)) {
                let rw =
                    Step { from: reader, to: rw.to, kind: Kind::Rw, seen: rw.seen, next: rw.next };
                return Some(Cycle::new(vec![first, rw]));
            }
        }
    }
    None
}

/// How `reader` sees `seen` at once, in the sense of `level`, and before it reads the version
/// `overtaken.0` in place of `overtaken.1`.
pub(super) fn sees(
    history: &TxnHistory,
    level: IsolationLevel,
    seen: TxnId,
    reader: TxnId,
    overtaken: (VersionId, VersionId),
) -> Option<Step> {
    let monotonic = level.guarantee() == Guarantee::MonotonicAtomicView;
    let missing = history.key_of(overtaken.1);
    let written: Vec<VersionId> = history
        .ops(seen)
        .iter()
        .filter_map(|op| match *op {
            Op::Write { version, .. } => Some(version),
            Op::Read { .. } | Op::ReadList { .. } => None,
        })
        .collect();
    let mut found = None;
    for (place, op) in history.ops(reader).iter().enumerate() {
        let last = match *op {
            Op::Write { .. } => continue,
            Op::Read { version, .. } => Some(version),
            Op::ReadList { key, start, len } => {
                let ops = history.ops(reader)[..place].iter();
                let own = ops.filter(|op| matches!(op, Op::Write { key: k, .. } if *k == key));
                let others = (len as usize).checked_sub(own.count() + 1);
                others.map(|at| history.list(start, len)[at])
            }
        };
        let here = op.key() == missing && last.unwrap_or(INITIAL) == overtaken.0;
        if here && monotonic && found.is_some() {
            return found;
        }
        if let Some(version) = last.filter(|version| written.contains(version)) {
            found.get_or_insert(Step {
                from: seen,
                to: reader,
                kind: Kind::Wr,
                seen: version,
                next: version,
            });
        }
    }
    if monotonic {
        return None;
    }
    let session =
        level.order() >= ClientOrder::Session && precedes_in_process(history, seen, reader);
    found.or_else(|| {
        session.then_some(Step { from: seen, to: reader, kind: Kind::Process, seen: 0, next: 0 })
    })
}
