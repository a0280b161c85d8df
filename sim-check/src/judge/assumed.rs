//! Transactions over registers, when more is known of each key than the transactions themselves show: Elle's options
//! `sequential-keys`, `linearizable-keys` and `wfr-keys`, which a header lists as what it `assumes`.
//!
//! Each assumption orders versions of one key. From that order follow dependencies (who replaced what somebody wrote or
//! read), and a circle of dependencies that the level forbids is a violation (Kingsbury and Alvaro, "Elle", VLDB 2020, section
//! 4.3). No circle proves nothing: what is found here is certain, what is not found may be there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::history::Header;
use crate::txn::{
    ClientOrder, Cycle, INITIAL, IsolationLevel, KeyId, Kind, Op, Status, Step, TxnHistory, TxnId,
    VersionId,
};

/// What a header assumes of each key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Assumptions {
    /// It is sequentially consistent.
    sequential: bool,
    /// It is linearizable.
    linearizable: bool,
    /// What a transaction writes comes after what it read.
    writes_follow_reads: bool,
}

/// What contradicts the assumptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contradiction {
    /// The versions of a key would come before themselves.
    Versions { key: KeyId, cycle: Vec<VersionId> },
    /// Transactions would.
    Transactions(Cycle),
}

impl Assumptions {
    /// # Errors
    /// The name of an assumption that nobody knows: a verdict under it would be one about something else.
    pub(super) fn of(header: &Header) -> Result<Assumptions, String> {
        let mut assumptions = Assumptions::default();
        let Some(listed) = header.get("assumes") else { return Ok(assumptions) };
        for assumption in listed.as_list().unwrap_or(std::slice::from_ref(listed)) {
            match assumption.as_text().map(|name| name.trim_end_matches('?')) {
                Some("sequential-keys") => assumptions.sequential = true,
                Some("linearizable-keys") => assumptions.linearizable = true,
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

    pub(super) fn are_none(self) -> bool {
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
    fn orders(self, history: &TxnHistory) -> BTreeMap<KeyId, BTreeSet<(VersionId, VersionId)>> {
        let mut touches: BTreeMap<KeyId, Vec<(TxnId, Vec<VersionId>)>> = BTreeMap::new();
        for txn in committed(history) {
            for (key, versions) in Self::touched(history, txn) {
                touches.entry(key).or_default().push((txn, versions));
            }
        }
        let mut orders = BTreeMap::new();
        for (key, touches) in touches {
            let mut order: BTreeSet<(VersionId, VersionId)> = BTreeSet::new();
            for (at, (txn, versions)) in touches.iter().enumerate() {
                order.extend(versions.windows(2).map(|pair| (pair[0], pair[1])));
                let first = versions[0];
                for (earlier, before) in touches[..at].iter().rev().take(EARLIER_MAX) {
                    let (a, b) = (history.txn(*earlier), history.txn(*txn));
                    let same_process = a.process == b.process;
                    if self.sequential && same_process
                        || self.linearizable && (same_process || a.completed < b.invoked)
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
    pub(super) fn contradiction(
        self,
        history: &TxnHistory,
        level: IsolationLevel,
    ) -> Option<Contradiction> {
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
            let later = match closure(&order) {
                Ok(later) => later,
                Err(cycle) => return Some(Contradiction::Versions { key, cycle }),
            };
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
        let from = known.into_iter().filter_map(|start| forbidden_cycle(&steps, start, level));
        from.min_by_key(|cycle| cycle.steps.len()).map(Contradiction::Transactions)
    }

    /// Whether an order of commits makes the versions of each key as it is assumed.
    pub(super) fn hold_in(self, history: &TxnHistory, commits: &[TxnId]) -> bool {
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
    pub(super) fn verify(
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
    pub(super) fn why(
        self,
        history: &TxnHistory,
        level: IsolationLevel,
        contradiction: &Contradiction,
    ) -> String {
        let mut names = Vec::new();
        for (assumed, name) in [
            (self.sequential, "sequential-keys"),
            (self.linearizable, "linearizable-keys"),
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

type Order = BTreeSet<(VersionId, VersionId)>;

fn after(order: &Order, version: VersionId) -> impl Iterator<Item = VersionId> + '_ {
    order.range((version, 0)..=(version, VersionId::MAX)).map(|(_, later)| *later)
}

/// All that comes later, for each version; or a circle of versions.
fn closure(order: &Order) -> Result<Order, Vec<VersionId>> {
    let mut closed = Order::new();
    let starts: BTreeSet<VersionId> = order.iter().map(|(before, _)| *before).collect();
    for start in starts {
        let mut cause: BTreeMap<VersionId, VersionId> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(version) = queue.pop_front() {
            for later in after(order, version) {
                if later == start {
                    let mut cycle = vec![version];
                    while let Some(earlier) = cause.get(&cycle[cycle.len() - 1]) {
                        cycle.push(*earlier);
                    }
                    cycle.reverse();
                    return Err(cycle);
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = cause.entry(later) {
                    entry.insert(version);
                    queue.push_back(later);
                }
            }
        }
        closed.extend(cause.into_keys().map(|later| (start, later)));
    }
    Ok(closed)
}

fn leads_to(order: &Order, from: VersionId, to: VersionId) -> bool {
    let (mut known, mut queue) = (BTreeSet::from([from]), VecDeque::from([from]));
    while let Some(version) = queue.pop_front() {
        for later in after(order, version) {
            if later == to {
                return true;
            }
            if known.insert(later) {
                queue.push_back(later);
            }
        }
    }
    false
}

/// The shortest circle through `start` that the level forbids, of those without a knot. How many
/// anti-dependencies there were, and whether two met, is all that a level asks of a circle.
fn forbidden_cycle(
    steps: &BTreeMap<TxnId, Vec<Step>>,
    start: TxnId,
    level: IsolationLevel,
) -> Option<Cycle> {
    type Place = (TxnId, usize, bool, bool, bool);
    let mut cause: BTreeMap<Place, (Option<Place>, Step)> = BTreeMap::new();
    let mut queue: VecDeque<Place> = VecDeque::new();
    let path = |cause: &BTreeMap<Place, (Option<Place>, Step)>, end: Place| {
        let mut path = Vec::new();
        let mut at = Some(end);
        while let Some(place) = at {
            let (before, step) = cause[&place];
            path.push(step);
            at = before;
        }
        path.reverse();
        path
    };
    let reach = |from: Option<Place>,
                 step: Step,
                 cause: &mut BTreeMap<Place, (Option<Place>, Step)>|
     -> Option<Place> {
        let is_rw = step.kind == Kind::Rw;
        let (rws, last, began, met) = match from {
            Some((_, rws, last, began, met)) => (rws, last, began, met),
            None => (0, false, is_rw, false),
        };
        let place =
            (step.to, (rws + usize::from(is_rw)).min(2), is_rw, began, met || last && is_rw);
        if cause.contains_key(&place) {
            return None;
        }
        cause.insert(place, (from, step));
        Some(place)
    };
    for step in steps.get(&start).into_iter().flatten() {
        queue.extend(reach(None, *step, &mut cause));
    }
    while let Some(place) = queue.pop_front() {
        if place.0 == start {
            let cycle = Cycle { steps: path(&cause, place) };
            if cycle.is_simple() && cycle.violates(level) {
                return Some(cycle);
            }
            continue;
        }
        for step in steps.get(&place.0).into_iter().flatten() {
            queue.extend(reach(Some(place), *step, &mut cause));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Value;
    use crate::txn::{MicroOp, Model, TxnHistoryBuilder};

    fn found(
        assumes: &[&str],
        level: IsolationLevel,
        txns: &[(u32, Vec<MicroOp>)],
    ) -> Option<String> {
        let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
        for (process, ops) in txns {
            builder.ok(*process, ops.clone()).unwrap();
        }
        let history = builder.build();
        let assumptions = Assumptions::of(&header(assumes)).unwrap();
        let contradiction = assumptions.contradiction(&history, level)?;
        assert_eq!(assumptions.verify(&history, level, &contradiction), Ok(()));
        Some(assumptions.why(&history, level, &contradiction))
    }

    fn header(assumes: &[&str]) -> Header {
        let names = assumes.iter().map(|name| Value::text(name)).collect();
        Header::empty().with("assumes", Value::list(names))
    }

    const SERIALIZABLE: IsolationLevel = IsolationLevel::SERIALIZABLE;

    #[test]
    fn processes_that_see_versions_in_opposite_orders() {
        let txns = [
            (0, vec![MicroOp::write("x", 1)]),
            (1, vec![MicroOp::write("x", 2)]),
            (0, vec![MicroOp::read("x", 2)]),
            (1, vec![MicroOp::read("x", 1)]),
        ];
        let why = found(&["sequential-keys"], SERIALIZABLE, &txns).unwrap();
        assert!(
            why.contains("cyclic-versions") && why.contains("x held 1, then 2, then 1"),
            "{why}"
        );
        assert_eq!(found(&["wfr-keys"], SERIALIZABLE, &txns), None);
    }

    #[test]
    fn real_time_orders_versions_of_linearizable_keys() {
        let txns = [
            (0, vec![MicroOp::write("x", 1)]),
            (1, vec![MicroOp::write("x", 2), MicroOp::write("y", 2)]),
            (2, vec![MicroOp::read("y", 2), MicroOp::read("x", 1)]),
        ];
        let why = found(&["linearizable-keys"], SERIALIZABLE, &txns).unwrap();
        assert!(why.contains("G-single") || why.contains("cyclic-versions"), "{why}");
        assert_eq!(found(&["sequential-keys"], SERIALIZABLE, &txns), None);
    }

    #[test]
    fn a_level_that_allows_the_circle_is_not_violated() {
        // Write skew, whose anti-dependencies are known without any assumption.
        let txns = [
            (0, vec![MicroOp::read_initial("x"), MicroOp::write("y", 1)]),
            (1, vec![MicroOp::read_initial("y"), MicroOp::write("x", 1)]),
        ];
        assert!(found(&["wfr-keys"], SERIALIZABLE, &txns).unwrap().contains("write-skew"));
        assert_eq!(found(&["wfr-keys"], IsolationLevel::SNAPSHOT_ISOLATION, &txns), None);
    }

    #[test]
    fn unknown_assumptions_are_refused() {
        assert!(Assumptions::of(&header(&["magic-keys"])).unwrap_err().contains("magic-keys"));
        assert!(Assumptions::of(&header(&["wfr-keys?"])).is_ok());
        assert!(Assumptions::of(&Header::empty()).unwrap().are_none());
    }
}
