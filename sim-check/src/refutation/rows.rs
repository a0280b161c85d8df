//! Operations in rows, and what each has to wait for.

use super::Order;
use crate::history::{History, OperationId};
use crate::spec::{Call, NondeterministicSpec, OrderRule};

/// Rows of operations: those that must take effect, then those that may.
pub(crate) struct Rows<'r> {
    rows: Vec<&'r [OperationId]>,
    /// How many rows there are of operations that must take effect.
    pub(crate) certain: usize,
    /// For each row where its needs begin.
    starts: Vec<usize>,
    /// For each operation how many of each row must have taken effect before.
    needs: Vec<u32>,
}

impl<'r> Rows<'r> {
    pub(crate) fn new<Op, Ret>(
        history: &History<Op, Ret>,
        order: Order,
        certain: &'r [Vec<OperationId>],
        optional: &'r [Vec<OperationId>],
    ) -> Self {
        let rows: Vec<&[OperationId]> = certain.iter().chain(optional).map(Vec::as_slice).collect();
        let (mut starts, mut needs) = (Vec::with_capacity(rows.len()), Vec::new());
        for (number, row) in rows.iter().enumerate() {
            starts.push(needs.len());
            for (place, id) in row.iter().enumerate() {
                for (other, others) in rows.iter().enumerate() {
                    needs.push(if other == number {
                        place as u32
                    } else if other < certain.len() {
                        // What must stand before is the beginning of a row.
                        others.partition_point(|first| order.requires(history, *first, *id)) as u32
                    } else {
                        0
                    });
                }
            }
        }
        Rows { rows, certain: certain.len(), starts, needs }
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, row: usize) -> &'r [OperationId] {
        self.rows[row]
    }

    /// How many of each row must have taken effect before this operation.
    pub(crate) fn needs(&self, row: usize, place: usize) -> &[u32] {
        &self.needs[self.starts[row] + place * self.count()..][..self.count()]
    }

    /// The next operation of this row, if all that it has to wait for took effect.
    pub(crate) fn next(&self, row: usize, done: &[u32]) -> Option<OperationId> {
        let place = done[row] as usize;
        let id = *self.rows[row].get(place)?;
        let waits = self.needs(row, place).iter().zip(done).any(|(needed, done)| needed > done);
        (!waits).then_some(id)
    }

    /// What the specification knows of every order of these operations, by their numbers: row after row.
    pub(crate) fn order_rules<S: NondeterministicSpec>(
        &self,
        spec: &S,
        history: &History<S::Op, S::Ret>,
    ) -> Vec<OrderRule> {
        let calls = self.rows.iter().enumerate().flat_map(|(row, ids)| {
            ids.iter().map(move |id| {
                let operation = history.operation(*id);
                let (op, ret) = (&operation.op, operation.outcome.ok());
                Call { op, ret, is_certain: row < self.certain }
            })
        });
        let mut rules = Vec::new();
        spec.order_rules(&calls.collect::<Vec<_>>(), &mut rules);
        rules
    }

    /// Whether all that must take effect has.
    pub(crate) fn is_complete(&self, done: &[u32]) -> bool {
        let mut certain = self.rows[..self.certain].iter().zip(done);
        certain.all(|(row, done)| *done as usize == row.len())
    }
}
