//! Replays executions whose transactions read from snapshots.

use super::{Execution, ExecutionError, wrong};
use crate::txn::history::{INITIAL, KeyId, Op, TxnHistory, VersionId};

/// For each key its versions, with the place in the order of the transaction that made each.
/// Registers keep the last write of each transaction only.
pub(super) fn timelines(history: &TxnHistory, execution: &Execution) -> Vec<Vec<(u32, VersionId)>> {
    let lists = history.model() == crate::txn::history::Model::ListAppend;
    let mut timelines: Vec<Vec<(u32, VersionId)>> = vec![Vec::new(); history.key_count()];
    for (at, txn) in execution.order.iter().enumerate() {
        for op in history.ops(*txn) {
            if let Op::Write { key, version } = *op {
                let timeline = &mut timelines[key as usize];
                match timeline.last_mut() {
                    Some(last) if last.0 == at as u32 && !lists => last.1 = version,
                    _ => timeline.push((at as u32, version)),
                }
            }
        }
    }
    timelines
}

/// Each read shows the snapshot of its transaction, changed by the transaction's own writes.
pub(super) fn verify_snapshots(
    history: &TxnHistory,
    execution: &Execution,
) -> Result<(), ExecutionError> {
    let timelines = timelines(history, execution);
    for (at, txn) in execution.order.iter().enumerate() {
        let snapshot = execution.snapshots[at];
        if snapshot > at as u32 {
            return wrong(format!("T{txn} reads from the future"));
        }
        if history.txn(*txn).status != crate::txn::history::Status::Ok {
            continue;
        }
        let ops = history.ops(*txn);
        for (place, op) in ops.iter().enumerate() {
            let own = |key: KeyId| {
                ops[..place].iter().filter_map(move |op| match *op {
                    Op::Write { key: written, version } if written == key => Some(version),
                    _ => None,
                })
            };
            let before = |key: KeyId| {
                let timeline = &timelines[key as usize];
                &timeline[..timeline.partition_point(|(writer, _)| *writer < snapshot)]
            };
            let agrees = match *op {
                Op::Write { .. } => true,
                Op::Read { key, version } => {
                    let last = before(key).last().map(|(_, version)| *version);
                    let expected = own(key).next_back().or(last).unwrap_or(INITIAL);
                    expected == version && (version != INITIAL || !history.is_explicit())
                }
                Op::ReadList { key, start, len } => {
                    let list = history.list(start, len);
                    let before = before(key);
                    list.len() >= before.len()
                        && list.iter().zip(before).all(|(seen, (_, version))| seen == version)
                        && list[before.len()..].iter().copied().eq(own(key))
                }
            };
            if !agrees {
                return wrong(format!(
                    "T{txn} does not read its snapshot of {}",
                    name(history, *op)
                ));
            }
        }
    }
    Ok(())
}

fn name(history: &TxnHistory, op: Op) -> String {
    history.key_name(op.key()).to_string()
}

/// Nobody else wrote a key of a transaction between its snapshot and its commit.
pub(super) fn verify_no_conflict(
    history: &TxnHistory,
    execution: &Execution,
) -> Result<(), ExecutionError> {
    for (key, timeline) in timelines(history, execution).iter().enumerate() {
        for pair in timeline.windows(2) {
            let (earlier, later) = (pair[0].0, pair[1].0);
            if earlier != later && execution.snapshots[later as usize] <= earlier {
                let (a, b) = (execution.order[earlier as usize], execution.order[later as usize]);
                let key = history.key_name(key as KeyId);
                return wrong(format!("T{a} and T{b} both write {key} and overlap"));
            }
        }
    }
    Ok(())
}
