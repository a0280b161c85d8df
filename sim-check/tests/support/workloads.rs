//! The invariants of workloads, word by word, and random small histories of them.

use super::random::Random;
use sim_check::workload::{ForkRead, QueueOp, SetOp};
use sim_check::{History, HistoryBuilder, Operation, OperationId, Outcome, ProcessId};

/// A random history of these operations and results.
pub fn draw<Op: Clone, Ret>(
    random: &mut Random,
    operations: usize,
    op: impl Fn(&mut Random) -> Op,
    ret: impl Fn(&mut Random, &Op) -> Ret,
) -> History<Op, Ret> {
    let mut builder = HistoryBuilder::new();
    let mut open: Vec<Option<Op>> = vec![None; 3];
    let mut process: Vec<u64> = vec![0, 1, 2];
    let mut left = 1 + random.below(operations);
    while left > 0 || open.iter().any(Option::is_some) {
        let client = random.below(3);
        let id = ProcessId(process[client]);
        match open[client].take() {
            None if left > 0 => {
                let asked = op(random);
                builder.invoke(id, asked.clone()).unwrap();
                open[client] = Some(asked);
                left -= 1;
            }
            None => {}
            Some(asked) => match random.below(100) {
                0..75 => builder.ok(id, ret(random, &asked)).unwrap(),
                75..85 => builder.fail(id).unwrap(),
                _ => {
                    builder.info(id).unwrap();
                    process[client] += 3;
                }
            },
        }
    }
    builder.finish()
}

fn oks<Op, Ret>(history: &History<Op, Ret>) -> impl Iterator<Item = (&Operation<Op, Ret>, &Ret)> {
    history.operations().iter().filter_map(|of| Some((of, of.outcome.ok()?)))
}

/// Each value that a read may return at some moment, were it possible at all, lies between two: tries all moments
/// and all sets of additions.
pub fn counter_holds(history: &History<Option<i64>, i64>) -> bool {
    let adds: Vec<_> = history.operations().iter().filter(|of| of.op.is_some()).collect();
    oks(history).filter(|(of, _)| of.op.is_none()).all(|(read, value)| {
        let moments = read.invoked.position..read.last_position();
        let values: Vec<i64> = moments
            .flat_map(|moment| {
                let adds = &adds;
                (0..1_u32 << adds.len()).filter_map(move |set| {
                    let mut sum = 0;
                    for (i, add) in adds.iter().enumerate() {
                        let had = set & (1 << i) != 0;
                        let may = add.invoked.position <= moment && add.outcome != Outcome::Fail;
                        let must = add.outcome.ok().is_some() && add.last_position() <= moment;
                        if had && !may || must && !had {
                            return None;
                        }
                        sum += if had { add.op.unwrap() } else { 0 };
                    }
                    Some(sum)
                })
            })
            .collect();
        (*values.iter().min().unwrap()..=*values.iter().max().unwrap()).contains(value)
    })
}

/// Tries all ways to give each value that was taken out an enqueue of its own.
pub fn queue_holds(history: &History<QueueOp<u8>, Vec<u8>>, total: bool) -> bool {
    fn go(out: &[u8], enqueues: &[(u8, bool)], used: u32, total: bool) -> bool {
        let Some((value, rest)) = out.split_first() else {
            let left = |i: usize| enqueues[i].1 && used & (1 << i) == 0;
            return !total || !(0..enqueues.len()).any(left);
        };
        (0..enqueues.len()).any(|i| {
            enqueues[i].0 == *value
                && (!total || used & (1 << i) == 0)
                && go(rest, enqueues, used | 1 << i, total)
        })
    }
    let out: Vec<u8> = oks(history)
        .filter(|(of, _)| !matches!(of.op, QueueOp::Enqueue(_)))
        .flat_map(|(_, values)| values.iter().copied())
        .collect();
    let enqueues: Vec<(u8, bool)> = history
        .operations()
        .iter()
        .filter_map(|of| match of.op {
            QueueOp::Enqueue(value) if of.outcome != Outcome::Fail => {
                Some((value, of.outcome.ok().is_some()))
            }
            _ => None,
        })
        .collect();
    go(&out, &enqueues, 0, total)
}

type Set = History<SetOp<u8>, Vec<u8>>;
type OfSet = Operation<SetOp<u8>, Vec<u8>>;

fn added(history: &Set, value: u8) -> impl Iterator<Item = &OfSet> {
    history.operations().iter().filter(move |of| of.op == SetOp::Add(value))
}

fn reads(history: &Set) -> Vec<(&OfSet, &Vec<u8>)> {
    oks(history).filter(|(of, _)| of.op == SetOp::Read).collect()
}

/// `None`: nobody read it.
pub fn set_holds(history: &Set) -> Option<bool> {
    let reads = reads(history);
    let (_, last) = reads.iter().max_by_key(|(read, _)| read.last_position())?;
    Some((0..=u8::MAX).all(|value| {
        let certain = added(history, value).any(|add| add.outcome.ok().is_some());
        let tried = added(history, value).next().is_some();
        let there = last.contains(&value);
        (there || !certain) && (tried || !there)
    }))
}

/// `None`: no element is stable.
pub fn set_full_holds(history: &Set) -> Option<bool> {
    let reads = reads(history);
    let (mut good, mut stable) = (true, false);
    for value in 0..=u8::MAX {
        let tried = added(history, value).next().is_some();
        let seen = || reads.iter().filter(|(_, seen)| seen.contains(&value));
        good &= tried || seen().next().is_none();
        let acknowledged = added(history, value).filter(|add| add.outcome.ok().is_some());
        let known = acknowledged
            .map(|add| add.last_position())
            .chain(seen().map(|(read, _)| read.last_position()))
            .min();
        let Some(known) = known else { continue };
        let present = seen().map(|(read, _)| read.invoked.position).max();
        let absent = reads
            .iter()
            .filter(|(read, seen)| read.invoked.position > known && !seen.contains(&value))
            .map(|(read, _)| read.invoked.position)
            .max();
        good &= absent <= present;
        stable |= present.is_some() && absent <= present;
    }
    if !good {
        return Some(false);
    }
    stable.then_some(true)
}

/// Any two reads of the same keys are comparable.
pub fn has_no_long_fork(reads: &[ForkRead<u8>]) -> bool {
    let below =
        |a: &ForkRead<u8>, b: &ForkRead<u8>| a.seen.iter().all(|(k, seen)| !seen || b.seen[k]);
    reads.iter().all(|a| {
        let same = |b: &&ForkRead<u8>| a.seen.keys().eq(b.seen.keys());
        reads.iter().filter(same).all(|b| below(a, b) || below(b, a))
    })
}

/// An operation that is none.
pub const NOBODY: OperationId = OperationId(999);
