//! Random small histories of transactions, and whether all judges of them agree.

use std::collections::BTreeMap;

use sim_check::txn::{
    Guarantee, IsolationLevel, MicroOp, Model, Op, Status, TxnHistory, TxnHistoryBuilder, TxnId,
    check, commit_test,
};
use sim_check::{Budget, Verdict};

use super::axioms::{Levels, read_uncommitted, satisfied};
use super::random::Random;

/// A random history of at most `txns_max` transactions. Reads come from a store that is sometimes stale, sometimes
/// wrong, so that all levels are met about as often as they are not.
pub fn draw_transactions(model: Model, random: &mut Random, txns_max: usize) -> TxnHistory {
    let txns = 2 + random.below(txns_max - 1);
    let keys = 1 + random.below(3);
    let processes = 1 + random.below(3);
    let staleness = random.below(6);
    let overlap = random.below(3);
    let mut builder = TxnHistoryBuilder::new(model);
    // For each key all values that it has had, the initial one being 0.
    let mut versions: Vec<Vec<i64>> = vec![vec![0]; keys];
    let mut next_value = 1;
    let mut open: Vec<(u32, Status, Vec<MicroOp>)> = Vec::new();
    for txn in 0..txns {
        let process = if overlap == 0 { random.below(processes) } else { txn % processes } as u32;
        if let Some(at) = open.iter().position(|(busy, ..)| *busy == process) {
            let (process, status, ops) = open.remove(at);
            builder.complete(process, status, ops).unwrap();
        }
        let mut ops = Vec::new();
        let mut own: Vec<(usize, i64)> = Vec::new();
        for _ in 0..1 + random.below(3) {
            let key = random.below(keys);
            if random.below(2) == 0 {
                ops.push(match model {
                    Model::ListAppend => MicroOp::append(key as i64, next_value),
                    Model::RwRegister => MicroOp::write(key as i64, next_value),
                });
                own.push((key, next_value));
                next_value += 1;
            } else {
                let history = &versions[key];
                let stale = random.below(1 + staleness).min(history.len() - 1);
                let mine = own.iter().filter(|(k, _)| *k == key).map(|(_, value)| *value);
                let mut mine: Vec<i64> = mine.collect();
                if random.below(40) == 0 {
                    mine.pop();
                }
                ops.push(read(model, key, &history[..history.len() - stale], &mine));
            }
        }
        let status = match random.below(16) {
            0 => Status::Fail,
            1 => Status::Info,
            _ => Status::Ok,
        };
        if status == Status::Ok || random.below(2) == 0 {
            // Lists sometimes grow in the middle of others, registers are overwritten.
            for (key, value) in own {
                let end = versions[key].len();
                let back = usize::from(end > 1 && random.below(6) == 0);
                versions[key].insert(end - back, value);
            }
        }
        builder.invoke(process, ops.clone()).unwrap();
        if overlap == 0 || random.below(2) == 0 {
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

/// The read of a key that holds the last of `seen`, the first being its initial value, with own writes after it.
fn read(model: Model, key: usize, seen: &[i64], own: &[i64]) -> MicroOp {
    let key = key as i64;
    match model {
        Model::ListAppend => MicroOp::read_list(key, [&seen[1..], own].concat()),
        Model::RwRegister => match own.last().or(seen.last()) {
            None | Some(0) => MicroOp::read_initial(key),
            Some(value) => MicroOp::read(key, *value),
        },
    }
}

/// How often each level held, and how often it did not.
pub type Met = BTreeMap<IsolationLevel, (u64, u64)>;

/// Judges a history at all levels, checks each certificate, and compares with the exhaustive judge and with the
/// commit tests.
///
/// # Panics
/// With the history, if they differ or a certificate does not hold.
pub fn transactions_agree(history: &TxnHistory, met: &mut Met) {
    let satisfied = satisfied(history);
    let wrong_own = reads_wrong_own(history);
    for (i, level) in IsolationLevel::ALL.iter().copied().enumerate() {
        let context = || format!("{level}:\n{}", describe(history));
        let verdict = check(history, level, Budget::default());
        match &verdict {
            Verdict::Ok(execution) => {
                if let Err(error) = execution.verify(history, level) {
                    panic!("{error} in {execution:?}, {}", context());
                }
            }
            Verdict::Violation(violation) => {
                if let Err(error) = violation.verify(history) {
                    panic!("{error}, {}{violation}", context());
                }
            }
            Verdict::Unknown(why) => panic!("{why}, {}", context()),
        }
        let expected = match axioms_apply(level, wrong_own) {
            true => satisfied & (1 as Levels) << i != 0,
            false if level != IsolationLevel::READ_UNCOMMITTED => continue,
            false => match read_uncommitted(history) {
                Some(expected) => expected,
                None => continue,
            },
        };
        assert_eq!(verdict.is_ok(), expected, "the judge differs, {}", context());
        if level != IsolationLevel::READ_UNCOMMITTED
            && let Some(opinion) = commit_test(history, level)
        {
            assert_eq!(opinion, expected, "the commit tests differ, {}", context());
        }
        let (good, bad) = met.entry(level).or_default();
        *(if expected { good } else { bad }) += 1;
    }
}

/// At read uncommitted reads count only as far as they show an order, so it has an exhaustive judge of its own; and
/// the weakest levels do not care about own writes, whereas the axioms do.
fn axioms_apply(level: IsolationLevel, wrong_own: bool) -> bool {
    match level.guarantee() {
        Guarantee::ReadUncommitted => false,
        Guarantee::ReadCommitted | Guarantee::CursorStability => !wrong_own,
        Guarantee::MonotonicAtomicView
        | Guarantee::ItemCutIsolation
        | Guarantee::ReadAtomic
        | Guarantee::UpdateAtomic
        | Guarantee::Causal
        | Guarantee::ConsistentView
        | Guarantee::ParallelSnapshotIsolation
        | Guarantee::Prefix
        | Guarantee::SnapshotIsolation
        | Guarantee::RepeatableRead
        | Guarantee::Serializable => true,
    }
}

fn reads_wrong_own(history: &TxnHistory) -> bool {
    let own = |ops: &[Op], key: u32| -> Vec<u32> {
        let writes = ops.iter().filter_map(|op| match *op {
            Op::Write { key: k, version } if k == key => Some(version),
            Op::Write { .. } | Op::Read { .. } | Op::ReadList { .. } => None,
        });
        writes.collect()
    };
    (0..history.len() as TxnId).any(|txn| {
        let ops = history.ops(txn);
        ops.iter().enumerate().any(|(place, op)| match *op {
            Op::Write { .. } => false,
            Op::Read { key, version } => {
                own(&ops[..place], key).last().is_some_and(|last| *last != version)
            }
            Op::ReadList { key, start, len } => {
                !history.list(start, len).ends_with(&own(&ops[..place], key))
            }
        })
    })
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
