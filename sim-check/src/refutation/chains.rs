//! Puts operations into rows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::Order;
use crate::history::{History, OperationId};

/// The operations `ids`, ascending, in rows in which each must stand before the next one: as few rows as operations
/// overlap, or one for each process.
pub(super) fn chains<Op, Ret>(
    history: &History<Op, Ret>,
    ids: &[OperationId],
    order: Order,
) -> Vec<Vec<OperationId>> {
    let mut rows: Vec<Vec<OperationId>> = Vec::new();
    let mut row_of_process = BTreeMap::new();
    // When the last operation of each row returned.
    let mut ends = BinaryHeap::new();
    for &id in ids {
        let operation = history.operation(id);
        let row = match order {
            Order::Process => {
                let fresh = rows.len();
                *row_of_process.entry(operation.process).or_insert(fresh)
            }
            Order::RealTime => match ends.peek() {
                Some(&Reverse((end, row))) if end < operation.invoked.position => {
                    ends.pop();
                    row
                }
                Some(_) | None => rows.len(),
            },
        };
        if row == rows.len() {
            rows.push(Vec::new());
        }
        rows[row].push(id);
        ends.push(Reverse((operation.last_position(), row)));
    }
    rows
}

/// The operations `ids`, ascending, in rows of operations that are alike: those of one row ask for the same thing, and
/// none has to wait longer than the next one. `class` tells what is alike.
pub(super) fn alike<Op, Ret>(
    history: &History<Op, Ret>,
    ids: &[OperationId],
    order: Order,
    mut class: impl FnMut(OperationId) -> u32,
) -> Vec<Vec<OperationId>> {
    let mut rows: Vec<Vec<OperationId>> = Vec::new();
    let mut row_of = BTreeMap::new();
    for &id in ids {
        // Later operations wait for more: of all processes, or of their own.
        let process = match order {
            Order::RealTime => None,
            Order::Process => Some(history.operation(id).process),
        };
        let fresh = rows.len();
        let row = *row_of.entry((class(id), process)).or_insert(fresh);
        if row == fresh {
            rows.push(Vec::new());
        }
        rows[row].push(id);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryBuilder, ProcessId};

    #[test]
    fn as_few_rows_as_operations_overlap() {
        let mut builder = HistoryBuilder::new();
        for round in 0..20 {
            // Each process comes and goes.
            let [a, b] = [2 * round, 2 * round + 1].map(ProcessId);
            builder.invoke(a, "a").unwrap();
            builder.invoke(b, "b").unwrap();
            builder.ok(a, ()).unwrap();
            builder.ok(b, ()).unwrap();
        }
        let history = builder.finish();
        let ids: Vec<OperationId> = (0..40).map(OperationId).collect();
        let real_time = chains(&history, &ids, Order::RealTime);
        assert_eq!(real_time.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20]);
        for row in &real_time {
            let mut pairs = row.windows(2);
            assert!(pairs.all(|pair| Order::RealTime.requires(&history, pair[0], pair[1])));
        }
        assert_eq!(chains(&history, &ids, Order::Process).len(), 40);
    }
}
