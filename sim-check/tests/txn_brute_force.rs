//! The judges of isolation agree with an exhaustive one on random small histories.
//!
//! Set `SQUALL_BRUTE_FORCE` to the number of histories to judge more than a few.

use sim_check::txn::{
    ClientOrder, Guarantee, INITIAL, IsolationLevel, MicroOp, Model, Op, Status, TxnHistory,
    TxnHistoryBuilder, TxnId, check, commit_test,
};
use sim_check::{Budget, Verdict};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) % sides
    }
}

/// A random history. Reads come from a store that is sometimes stale, sometimes wrong, so that
/// all levels are met about as often as they are not.
fn random_history(model: Model, dice: &mut Dice) -> TxnHistory {
    let txns = 2 + dice.roll(4);
    let keys = 1 + dice.roll(3);
    let processes = 1 + dice.roll(3) as u32;
    let staleness = dice.roll(4);
    let overlap = dice.roll(3);
    let mut builder = TxnHistoryBuilder::new(model);
    // For each key all values that it has had, the initial one being 0.
    let mut versions: Vec<Vec<i64>> = vec![vec![0]; keys as usize];
    let mut next_value = 1;
    let mut open: Vec<(u32, Status, Vec<MicroOp>)> = Vec::new();
    for txn in 0..txns as u32 {
        let process =
            if overlap == 0 { dice.roll(u64::from(processes)) as u32 } else { txn % processes };
        if let Some(at) = open.iter().position(|(busy, ..)| *busy == process) {
            let (process, status, ops) = open.remove(at);
            builder.complete(process, status, ops).unwrap();
        }
        let mut ops = Vec::new();
        let mut own: Vec<(usize, i64)> = Vec::new();
        for _ in 0..1 + dice.roll(3) {
            let key = dice.roll(keys) as usize;
            let name = ["x", "y", "z"][key];
            if dice.roll(2) == 0 {
                ops.push(match model {
                    Model::ListAppend => MicroOp::append(name, next_value),
                    Model::RwRegister => MicroOp::write(name, next_value),
                });
                own.push((key, next_value));
                next_value += 1;
            } else {
                let history = &versions[key];
                let stale = dice.roll(1 + staleness).min(history.len() as u64 - 1);
                let seen = history.len() - stale as usize;
                let mut mine: Vec<i64> =
                    own.iter().filter(|(k, _)| *k == key).map(|(_, value)| *value).collect();
                if dice.roll(40) == 0 {
                    mine.pop();
                }
                ops.push(match model {
                    Model::ListAppend => {
                        let mut list: Vec<i64> = history[1..seen].to_vec();
                        list.extend(mine);
                        MicroOp::read_list(name, list)
                    }
                    Model::RwRegister => match mine.last().copied().unwrap_or(history[seen - 1]) {
                        0 => MicroOp::read_initial(name),
                        value => MicroOp::read(name, value),
                    },
                });
            }
        }
        let status = match dice.roll(16) {
            0 => Status::Fail,
            1 => Status::Info,
            _ => Status::Ok,
        };
        if status == Status::Ok || dice.roll(2) == 0 {
            // Lists sometimes grow in the middle of others, registers are overwritten.
            for (key, value) in own {
                let end = versions[key].len();
                let back = if end > 1 && dice.roll(8) == 0 { 1 } else { 0 };
                versions[key].insert(end - back, value);
            }
        }
        builder.invoke(process, ops.clone()).unwrap();
        if overlap == 0 || dice.roll(2) == 0 {
            builder.complete(process, status, ops).unwrap();
        } else {
            open.push((process, status, ops));
        }
    }
    for (process, status, ops) in open {
        builder.complete(process, status, ops).unwrap();
    }
    builder.build()
}

/// Whether some total order of the commits satisfies the axioms of Biswas and Enea (OOPSLA 2019)
/// for the level, extended by the other levels in the same style.
fn exhaustive(history: &TxnHistory, level: IsolationLevel) -> bool {
    let of = |status| (0..history.len() as TxnId).filter(move |t| history.txn(*t).status == status);
    let open: Vec<TxnId> = of(Status::Info).collect();
    (0..1u32 << open.len()).any(|chosen| {
        let mut order: Vec<TxnId> = of(Status::Ok).collect();
        order
            .extend(open.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, t)| *t));
        permute(&mut order, 0, &mut |order| Axioms { history, level, order }.hold())
    })
}

fn permute(order: &mut [TxnId], fixed: usize, test: &mut impl FnMut(&[TxnId]) -> bool) -> bool {
    if fixed == order.len() {
        return test(order);
    }
    for next in fixed..order.len() {
        order.swap(fixed, next);
        let found = permute(order, fixed + 1, test);
        order.swap(fixed, next);
        if found {
            return true;
        }
    }
    false
}

struct Axioms<'a> {
    history: &'a TxnHistory,
    level: IsolationLevel,
    order: &'a [TxnId],
}

impl Axioms<'_> {
    fn hold(&self) -> bool {
        let count = self.order.len();
        let guarantee = self.level.guarantee();
        // Client order.
        let before = |a: usize, b: usize| {
            let (first, second) =
                (self.history.txn(self.order[a]), self.history.txn(self.order[b]));
            match self.level.order() {
                ClientOrder::Free => false,
                ClientOrder::Session => {
                    first.process == second.process
                        && first.status == Status::Ok
                        && self.order[a] < self.order[b]
                }
                ClientOrder::RealTime => {
                    first.status == Status::Ok && first.completed < second.invoked
                }
            }
        };
        if (0..count).any(|b| (b..count).any(|a| a != b && before(a, b))) {
            return false;
        }
        let mut reads = Vec::new();
        for at in 0..count {
            match self.reads(at) {
                Some(found) => reads.push(found),
                None => return false,
            }
        }
        // Direct visibility, and with the writes of a key.
        let mut direct = vec![vec![false; count]; count];
        let mut dependent = vec![vec![false; count]; count];
        for b in 0..count {
            for a in 0..b {
                direct[a][b] =
                    before(a, b) || reads[b].iter().any(|(_, _, source)| *source == a + 1);
                let shared = self.writes(a).iter().any(|key| self.writes(b).contains(key));
                dependent[a][b] = direct[a][b] || shared;
            }
        }
        let causal = closure(&direct);
        let happened = closure(&dependent);
        if matches!(guarantee, Guarantee::CursorStability | Guarantee::UpdateAtomic) {
            for b in 0..count {
                for a in 0..b {
                    let lost = reads[a].iter().any(|(place, key, source)| {
                        self.updates(a, *place, *key)
                            && reads[b].iter().any(|(p, k, s)| {
                                k == key && s == source && self.updates(b, *p, *key)
                            })
                    });
                    if lost {
                        return false;
                    }
                }
            }
        }
        (0..count).all(|reader| {
            reads[reader].iter().all(|(place, key, source)| {
                // Nobody who wrote the key after the source may be visible.
                (*source..count).filter(|t| *t != reader && self.writes(*t).contains(key)).all(
                    |t| {
                        let visible = match guarantee {
                            Guarantee::ReadUncommitted
                            | Guarantee::ReadCommitted
                            | Guarantee::CursorStability
                            | Guarantee::ItemCutIsolation => false,
                            Guarantee::MonotonicAtomicView => {
                                reads[reader].iter().any(|(p, _, s)| p < place && *s == t + 1)
                            }
                            Guarantee::ReadAtomic | Guarantee::UpdateAtomic => direct[t][reader],
                            Guarantee::Causal => causal[t][reader],
                            Guarantee::ConsistentView | Guarantee::ParallelSnapshotIsolation => {
                                happened[t][reader]
                            }
                            Guarantee::Prefix => (t..reader).any(|s| direct[s][reader]),
                            Guarantee::SnapshotIsolation => (t..reader).any(|s| {
                                let conflict = || {
                                    let mine = self.writes(reader);
                                    self.writes(s).iter().any(|key| mine.contains(key))
                                };
                                direct[s][reader] || conflict()
                            }),
                            Guarantee::RepeatableRead | Guarantee::Serializable => t < reader,
                        };
                        !visible
                    },
                )
            })
        })
    }

    /// Whether a transaction writes a key after its operation `place`, and not before.
    fn updates(&self, at: usize, place: usize, key: u32) -> bool {
        let ops = self.history.ops(self.order[at]);
        ops.iter().position(|op| written(*op, key).is_some()).is_some_and(|first| first > place)
    }

    fn writes(&self, at: usize) -> Vec<u32> {
        let ops = self.history.ops(self.order[at]).iter();
        ops.filter(|op| matches!(op, Op::Write { .. })).map(|op| op.key()).collect()
    }

    /// The external reads of a transaction: their place, key, and one more than the place of the
    /// writer. `None` if something is wrong with them.
    fn reads(&self, at: usize) -> Option<Vec<(usize, u32, usize)>> {
        let txn = self.order[at];
        let mut found: Vec<(usize, u32, usize)> = Vec::new();
        if self.history.txn(txn).status != Status::Ok {
            return Some(found);
        }
        let guarantee = self.level.guarantee();
        let lenient = matches!(guarantee, Guarantee::ReadCommitted | Guarantee::CursorStability);
        let ops = self.history.ops(txn);
        for (place, op) in ops.iter().enumerate() {
            let key = op.key();
            let own: Vec<u32> = ops[..place].iter().filter_map(|op| written(*op, key)).collect();
            let (list, is_list) = match *op {
                Op::Write { .. } => continue,
                Op::Read { version, .. } => {
                    if !own.is_empty() {
                        if own.last() != Some(&version) {
                            return None;
                        }
                        continue;
                    }
                    (if version == INITIAL { vec![] } else { vec![version] }, false)
                }
                Op::ReadList { start, len, .. } => {
                    let list = self.history.list(start, len).to_vec();
                    (list.strip_suffix(&own[..])?.to_vec(), true)
                }
            };
            // All states of the key, by number of transactions.
            let source = (0..=at).find(|state| self.value(*state, key, is_list) == list)?;
            let again = found.iter().find(|(_, k, _)| *k == key);
            if again.is_some_and(|(_, _, s)| *s != source)
                && !lenient
                && guarantee != Guarantee::MonotonicAtomicView
            {
                return None;
            }
            // A list with own appends in it is what the key holds after the transaction.
            if is_list && !own.is_empty() && self.value(at, key, true) != list {
                return None;
            }
            if own.is_empty() || is_list {
                found.push((place, key, source));
            } else if again.is_some_and(|(_, _, s)| *s != source) {
                return None;
            }
        }
        Some(found)
    }

    fn value(&self, state: usize, key: u32, is_list: bool) -> Vec<u32> {
        let mut value = Vec::new();
        for txn in &self.order[..state] {
            for version in self.history.ops(*txn).iter().filter_map(|op| written(*op, key)) {
                if !is_list {
                    value.clear();
                }
                value.push(version);
            }
        }
        value
    }
}

fn written(op: Op, key: u32) -> Option<u32> {
    match op {
        Op::Write { key: k, version } if k == key => Some(version),
        _ => None,
    }
}

fn closure(direct: &[Vec<bool>]) -> Vec<Vec<bool>> {
    let mut all = direct.to_vec();
    for middle in 0..all.len() {
        for a in 0..all.len() {
            for b in 0..all.len() {
                all[a][b] |= all[a][middle] && all[middle][b];
            }
        }
    }
    all
}

fn describe(history: &TxnHistory) -> String {
    let line = |txn: TxnId| {
        let entry = history.txn(txn);
        format!(
            "T{txn} p{} {:?} [{}, {}] {:?}\n",
            entry.process,
            entry.status,
            entry.invoked,
            entry.completed,
            history.micro_ops(txn)
        )
    };
    (0..history.len() as TxnId).map(line).collect()
}

fn compare(model: Model, seed: u64, count: u64) {
    let mut met = std::collections::BTreeMap::new();
    for number in 0..count {
        let history = random_history(model, &mut Dice(seed + number));
        for level in IsolationLevel::ALL.iter().copied() {
            // At read uncommitted reads do not count, so the axioms say nothing about lists.
            let lenient =
                matches!(level.guarantee(), Guarantee::ReadCommitted | Guarantee::CursorStability);
            if level.guarantee() == Guarantee::ReadUncommitted
                || lenient && reads_wrong_own(&history)
            {
                continue;
            }
            let expected = exhaustive(&history, level);
            let verdict = check(&history, level, Budget::default());
            let context = || format!("history {number}, {level}:\n{}", describe(&history));
            match &verdict {
                Verdict::Ok(execution) => {
                    assert!(expected, "wrongly accepted, {}", context());
                    if let Err(error) = execution.verify(&history, level) {
                        panic!("{error} in {execution:?}, {}", context());
                    }
                }
                Verdict::Violation(violation) => {
                    assert!(!expected, "wrongly rejected, {}{violation}", context());
                    if let Err(error) = violation.verify(&history) {
                        panic!("{error}, {}{violation}", context());
                    }
                }
                Verdict::Unknown(why) => panic!("{why}, {}", context()),
            }
            if let Some(opinion) = commit_test(&history, level) {
                assert_eq!(opinion, expected, "the commit tests differ, {}", context());
            }
            let (good, bad) = met.entry(level).or_insert((0, 0));
            *(if expected { good } else { bad }) += 1;
        }
    }
    for (level, (good, bad)) in met {
        println!("{model:?} {level}: {good} hold, {bad} do not");
        assert!(good.min(bad) * 50 > count, "{level} is nearly always the same");
    }
}

/// The weakest levels do not care about own writes; the axioms do.
fn reads_wrong_own(history: &TxnHistory) -> bool {
    (0..history.len() as TxnId).any(|txn| {
        let ops = history.ops(txn);
        ops.iter().enumerate().any(|(place, op)| {
            let own: Vec<u32> = ops[..place].iter().filter_map(|o| written(*o, op.key())).collect();
            match *op {
                Op::Write { .. } => false,
                Op::Read { version, .. } => own.last().is_some_and(|last| *last != version),
                Op::ReadList { start, len, .. } => !history.list(start, len).ends_with(&own),
            }
        })
    })
}

fn count(default: u64) -> u64 {
    std::env::var("SQUALL_BRUTE_FORCE").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn lists_agree() {
    compare(Model::ListAppend, 1, count(1_500));
}

#[test]
fn registers_agree() {
    compare(Model::RwRegister, 1 << 40, count(1_500));
}
