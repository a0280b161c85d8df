//! Transactions over registers, when more is known of each key than the transactions themselves show: Elle's options
//! `sequential-keys`, `linearizable-keys` and `wfr-keys`.
//!
//! Each assumption orders versions of one key. From that order follow dependencies (who replaced what somebody wrote or
//! read), and a circle of dependencies that the level forbids is a violation (Kingsbury and Alvaro, "Elle", VLDB 2020, section
//! 4.3). No circle proves nothing: what is found here is certain, what is not found may be there.

mod check;
mod circle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ClientOrder, Cycle, INITIAL, IsolationLevel, KeyId, Kind, Op, Status, Step, TxnHistory, TxnId,
    VersionId,
};
use crate::history::Header;
use crate::verdict::{Exhausted, Meter};
pub use check::{AssumedViolation, check_assuming};
use circle::{Order, closure, forbidden_cycle, leads_to};

/// What is assumed of each key besides what the transactions show. Nothing by default.
///
/// A verdict under an assumption is one about a system that keeps it: if the keys are not as assumed, a violation may be one of
/// that alone. See [`check_assuming`] for an example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// Each key is sequentially consistent: what a process saw or wrote first came first.
    pub sequential_keys: bool,
    /// Each key is linearizable: what was acknowledged before another transaction began came first.
    pub linearizable_keys: bool,
    /// What a transaction writes to a key comes after what it read there.
    pub writes_follow_reads: bool,
}

/// What contradicts the assumptions, or the level under them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The versions of a key would come before themselves.
    Versions {
        /// The key.
        key: KeyId,
        /// Its versions, each before the next one, and the last one before the first.
        cycle: Vec<VersionId>,
    },
    /// Transactions would come before themselves, and the level forbids that.
    Transactions(Cycle),
}

impl Assumptions {
    /// What the field `assumes` of a header lists.
    ///
    /// # Errors
    /// The name of an assumption that nobody knows: a verdict under it would be one about something else.
    pub fn of(header: &Header) -> Result<Assumptions, String> {
        let mut assumptions = Assumptions::default();
        let Some(listed) = header.get("assumes") else { return Ok(assumptions) };
        for assumption in listed.as_list().unwrap_or(std::slice::from_ref(listed)) {
            match assumption.as_text().map(|name| name.trim_end_matches('?')) {
                Some("sequential-keys") => assumptions.sequential_keys = true,
                Some("linearizable-keys") => assumptions.linearizable_keys = true,
                Some("wfr-keys") => assumptions.writes_follow_reads = true,
                _ => {
                    return Err(format!(
                        "the header assumes {assumption}; expected sequential-keys, linearizable-keys or wfr-keys"
                    ));
                }
            }
        }
        Ok(assumptions)
    }

    /// All that either assumes.
    pub fn and(self, other: Assumptions) -> Assumptions {
        Assumptions {
            sequential_keys: self.sequential_keys || other.sequential_keys,
            linearizable_keys: self.linearizable_keys || other.linearizable_keys,
            writes_follow_reads: self.writes_follow_reads || other.writes_follow_reads,
        }
    }

    /// Whether nothing is assumed.
    pub fn are_none(self) -> bool {
        self == Assumptions::default()
    }

    /// What one transaction did with one key, as the versions that it saw and made, in order.
    fn touched(history: &TxnHistory, txn: TxnId) -> BTreeMap<KeyId, Vec<VersionId>> {
        let mut touched: BTreeMap<KeyId, Vec<VersionId>> = BTreeMap::new();
        for op in history.ops(txn) {
            let version = match *op {
                Op::Read { version, .. } | Op::Write { version, .. } => version,
                Op::ReadList { .. } => continue,
            };
            let versions = touched.entry(op.key()).or_default();
            if versions.last() != Some(&version) {
                versions.push(version);
            }
        }
        touched
    }

    /// Which version comes before which, as far as the assumptions tell at once.
    fn orders(self, history: &TxnHistory) -> BTreeMap<KeyId, Order> {
        let mut touches: BTreeMap<KeyId, Vec<(TxnId, Vec<VersionId>)>> = BTreeMap::new();
        for txn in committed(history) {
            for (key, versions) in Self::touched(history, txn) {
                touches.entry(key).or_default().push((txn, versions));
            }
        }
        let mut orders = BTreeMap::new();
        for (key, touches) in touches {
            let mut order = Order::new();
            for (at, (txn, versions)) in touches.iter().enumerate() {
                order.extend(versions.windows(2).map(|pair| (pair[0], pair[1])));
                let first = versions[0];
                for (earlier, before) in touches[..at].iter().rev().take(EARLIER_MAX) {
                    let (a, b) = (history.txn(*earlier), history.txn(*txn));
                    let same_process = a.process == b.process;
                    if self.sequential_keys && same_process
                        || self.linearizable_keys && (same_process || a.completed < b.invoked)
                    {
                        order.insert((before[before.len() - 1], first));
                    }
                }
            }
            order.extend(touches.iter().flat_map(|(_, v)| v).map(|version| (INITIAL, *version)));
            order.retain(|(before, after)| before != after);
            orders.insert(key, order);
        }
        orders
    }

    /// What contradicts the level, or the assumptions themselves.
    fn contradiction(
        self,
        history: &TxnHistory,
        level: IsolationLevel,
        meter: &mut Meter,
    ) -> Result<Option<Contradiction>, Exhausted> {
        let mut steps: BTreeMap<TxnId, Vec<Step>> = BTreeMap::new();
        let mut add = |from: TxnId, to: TxnId, kind: Kind, (seen, next): (VersionId, VersionId)| {
            if from != to {
                steps.entry(from).or_default().push(Step { from, to, kind, seen, next });
            }
        };
        let known = committed(history);
        let mut writers: BTreeMap<VersionId, TxnId> = BTreeMap::new();
        let mut readers: BTreeMap<(KeyId, VersionId), Vec<TxnId>> = BTreeMap::new();
        for txn in &known {
            for op in history.ops(*txn) {
                match *op {
                    Op::Write { version, .. } => {
                        writers.insert(version, *txn);
                    }
                    Op::Read { key, version } => {
                        readers.entry((key, version)).or_default().push(*txn);
                    }
                    Op::ReadList { .. } => {}
                }
            }
        }
        for ((_, version), readers) in &readers {
            for reader in readers {
                if let Some(writer) = writers.get(version) {
                    add(*writer, *reader, Kind::Wr, (*version, *version));
                }
            }
        }
        for (key, order) in self.orders(history) {
            if !meter.spend(order.len() as u64) {
                return Err(meter.exhausted());
            }
            let later = match closure(&order) {
                Ok(later) => later,
                Err(cycle) => return Ok(Some(Contradiction::Versions { key, cycle })),
            };
            if !meter.spend(later.len() as u64) {
                return Err(meter.exhausted());
            }
            for (before, after) in later {
                let Some(writer) = writers.get(&after) else { continue };
                if let Some(earlier) = writers.get(&before) {
                    add(*earlier, *writer, Kind::Ww, (before, after));
                }
                for reader in readers.get(&(key, before)).into_iter().flatten() {
                    add(*reader, *writer, Kind::Rw, (before, after));
                }
            }
        }
        if level.order() > ClientOrder::Free {
            for (at, to) in known.iter().enumerate() {
                for from in known[..at].iter().rev().take(EARLIER_MAX) {
                    let (a, b) = (history.txn(*from), history.txn(*to));
                    if a.process == b.process {
                        add(*from, *to, Kind::Process, (INITIAL, INITIAL));
                    } else if level.order() == ClientOrder::RealTime && a.completed < b.invoked {
                        add(*from, *to, Kind::Realtime, (INITIAL, INITIAL));
                    }
                }
            }
        }
        // Each transaction may be where a circle starts, and all dependencies may be on the way.
        let dependencies: usize = steps.values().map(Vec::len).sum();
        if !meter.spend((known.len() * dependencies) as u64) {
            return Err(meter.exhausted());
        }
        let from = known.into_iter().filter_map(|start| forbidden_cycle(&steps, start, level));
        let shortest = from.min_by_key(|cycle| cycle.steps.len());
        Ok(shortest.map(Contradiction::Transactions))
    }

    /// Whether an order of commits makes the versions of each key as it is assumed.
    fn hold_in(self, history: &TxnHistory, commits: &[TxnId]) -> bool {
        let mut places: BTreeMap<VersionId, usize> = BTreeMap::new();
        for (place, txn) in commits.iter().enumerate() {
            for op in history.ops(*txn) {
                if let Op::Write { version, .. } = op {
                    places.insert(*version, place);
                }
            }
        }
        self.orders(history).values().flatten().all(|(before, after)| {
            match (places.get(before), places.get(after)) {
                (Some(before), Some(after)) => before <= after,
                (None, _) | (_, None) => true,
            }
        })
    }

    /// Checks a contradiction against what the history and the assumptions tell at once.
    ///
    /// # Errors
    /// If it is none.
    pub fn verify(
        self,
        history: &TxnHistory,
        level: IsolationLevel,
        contradiction: &Contradiction,
    ) -> Result<(), String> {
        let orders = self.orders(history);
        let before = |key: KeyId, a: VersionId, b: VersionId| {
            orders.get(&key).is_some_and(|order| leads_to(order, a, b))
        };
        match contradiction {
            Contradiction::Versions { key, cycle } => {
                let order = orders.get(key).ok_or("a key that nobody touched")?;
                let circle = cycle.iter().zip(cycle.iter().cycle().skip(1));
                let mut steps = circle.map(|(a, b)| order.contains(&(*a, *b)));
                if steps.all(|known| known) { Ok(()) } else { Err("no circle".to_string()) }
            }
            Contradiction::Transactions(cycle) => {
                if !cycle.is_simple() || !cycle.violates(level) {
                    return Err(format!("{level} does not forbid the circle"));
                }
                cycle.steps.iter().try_for_each(|step| {
                    let ops = |txn: TxnId| history.ops(txn).iter();
                    let wrote = |txn, v| {
                        ops(txn).any(|op| matches!(op, Op::Write { version, .. } if *version == v))
                    };
                    let read = |txn, v| {
                        ops(txn).any(|op| matches!(op, Op::Read { version, .. } if *version == v))
                    };
                    let (a, b) = (history.txn(step.from), history.txn(step.to));
                    let holds = match step.kind {
                        Kind::Wr => wrote(step.from, step.seen) && read(step.to, step.seen),
                        Kind::Ww | Kind::Rw => {
                            let key = history.key_of(step.next);
                            let starts = match step.kind {
                                Kind::Ww => wrote(step.from, step.seen),
                                _ => read(step.from, step.seen),
                            };
                            starts && wrote(step.to, step.next) && before(key, step.seen, step.next)
                        }
                        Kind::Process => a.process == b.process && step.from < step.to,
                        Kind::Realtime => a.completed < b.invoked,
                    };
                    if holds {
                        Ok(())
                    } else {
                        Err(format!("T{} < T{} is not so", step.from, step.to))
                    }
                })
            }
        }
    }

    /// The contradiction in words.
    pub fn why(
        self,
        history: &TxnHistory,
        level: IsolationLevel,
        contradiction: &Contradiction,
    ) -> String {
        let mut names = Vec::new();
        for (assumed, name) in [
            (self.sequential_keys, "sequential-keys"),
            (self.linearizable_keys, "linearizable-keys"),
            (self.writes_follow_reads, "wfr-keys"),
        ] {
            names.extend(assumed.then_some(name));
        }
        let value = |version| history.value(version).map_or("nil".to_string(), ToString::to_string);
        let assumed = names.join(" and ");
        match contradiction {
            Contradiction::Versions { key, cycle } => {
                let mut versions: Vec<String> = cycle.iter().map(|v| value(*v)).collect();
                versions.push(value(cycle[0]));
                let key = history.key_name(*key);
                format!(
                    "Not {level}: cyclic-versions.\nUnder {assumed}, {key} held {}: it cannot have.",
                    versions.join(", then ")
                )
            }
            Contradiction::Transactions(cycle) => {
                let mut why = format!("Not {level}, under {assumed}: {}.\n", cycle.anomaly());
                for Step { from, to, kind, seen, next } in &cycle.steps {
                    let because = match kind {
                        Kind::Process => "the same process ran it before".to_string(),
                        Kind::Realtime => "it was acknowledged before the other began".to_string(),
                        Kind::Wr | Kind::Ww | Kind::Rw => {
                            let key = history.key_name(history.key_of(*next));
                            let (seen, next) = (value(*seen), value(*next));
                            match kind {
                                Kind::Wr => format!("T{to} read {key} = {seen} of T{from}"),
                                Kind::Ww => {
                                    format!("{key} held {seen} of T{from} before {next} of T{to}")
                                }
                                _ => format!(
                                    "T{from} read {key} = {seen}, which {next} of T{to} replaced"
                                ),
                            }
                        }
                    };
                    why.push_str(&format!("T{from} < T{to} ({}): {because}.\n", kind.name()));
                }
                why.push_str(&format!("So T{} would come before itself.", cycle.steps[0].from));
                why
            }
        }
    }
}

/// Pairs that are looked at for each transaction and key.
const EARLIER_MAX: usize = 1_000;

/// Transactions that took effect: committed, or of unknown outcome and seen.
fn committed(history: &TxnHistory) -> Vec<TxnId> {
    let mut seen = BTreeSet::new();
    for txn in 0..history.len() as TxnId {
        for op in history.ops(txn) {
            if let (Status::Ok, Op::Read { version, .. }) = (history.txn(txn).status, op) {
                seen.insert(*version);
            }
        }
    }
    let took_effect = |txn: &TxnId| match history.txn(*txn).status {
        Status::Ok => true,
        Status::Fail => false,
        Status::Info => history
            .ops(*txn)
            .iter()
            .any(|op| matches!(op, Op::Write { version, .. } if seen.contains(version))),
    };
    (0..history.len() as TxnId).filter(took_effect).collect()
}
