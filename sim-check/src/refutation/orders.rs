//! Beginnings that cannot go on, for what the specification knows of every order.

use super::rows::Rows;
use crate::history::{History, OperationId};
use crate::sequential::{Forced, Node, Precedence, Shape, Unordered};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Exhausted, Meter};

/// What is known of the orders of operations in rows.
pub(super) struct Orders<'o> {
    rows: &'o Rows<'o>,
    /// Or why there are none.
    forced: Result<Forced, Vec<Precedence<OperationId>>>,
}

impl<'o> Orders<'o> {
    pub(super) fn new<S: NondeterministicSpec>(
        spec: &S,
        history: &History<S::Op, S::Ret>,
        rows: &'o Rows<'o>,
        meter: &mut Meter,
    ) -> Result<Self, Exhausted> {
        let shape = shape(rows);
        let nodes = shape.nodes();
        let rules = rows.order_rules(spec, history).into_iter();
        let rules = rules.map(|rule| rule.map(|call: usize| nodes[call])).collect();
        let forced = match Forced::of(&shape, rules, meter) {
            Ok(forced) => Ok(forced),
            Err(Unordered::Contradiction(found)) => Err(of_operations(rows, found.steps)),
            Err(Unordered::Exhausted) => return Err(meter.exhausted()),
        };
        Ok(Orders { rows, forced })
    }

    /// Why an order that begins so cannot go on, as far as this is known.
    pub(super) fn contradiction(
        &mut self,
        done: &[u32],
        meter: &mut Meter,
    ) -> Result<Vec<Precedence<OperationId>>, Exhausted> {
        let rows = self.rows;
        let forced = match &mut self.forced {
            Ok(forced) => forced,
            Err(steps) => return Ok(steps.clone()),
        };
        // The last ones of each row, before the next ones of all.
        let (mut last, mut next) = (Vec::new(), Vec::new());
        let mut possible = rows.certain;
        for (row, done) in done.iter().copied().enumerate() {
            let length = rows.row(row).len();
            if row < rows.certain {
                last.extend(done.checked_sub(1).map(|place| Node { process: row, place }));
                next.extend(
                    ((done as usize) < length).then_some(Node { process: row, place: done }),
                );
                continue;
            }
            let (before, after) = (possible..possible + length)
                .partition::<Vec<_>, _>(|process| process - possible < done as usize);
            let node = |process| Node { process, place: 0 };
            last.extend(before.into_iter().map(node));
            next.extend(after.into_iter().map(node));
            possible += length;
        }
        let mark = forced.mark();
        let contradiction = forced.contradiction_of(&last, &next, meter);
        forced.return_to(mark);
        match contradiction {
            Some(found) => Ok(found.map_or(Vec::new(), |found| of_operations(rows, found.steps))),
            None => Err(meter.exhausted()),
        }
    }
}

/// The certain rows as processes, and the optional operations each by itself.
fn shape(rows: &Rows<'_>) -> Shape {
    let certain = 0..rows.certain;
    let processes = certain.clone().map(|row| rows.row(row).len()).collect();
    let possible = (rows.certain..rows.count()).flat_map(|row| {
        let certain = certain.clone();
        (0..rows.row(row).len()).map(move |place| {
            let needs = &rows.needs(row, place)[certain.clone()];
            let process = needs.iter().position(|needed| *needed > 0).unwrap_or(0);
            (process, needs.get(process).copied().unwrap_or(0))
        })
    });
    Shape { processes, possible: possible.collect() }
}

fn of_operations(rows: &Rows<'_>, steps: Vec<Precedence<Node>>) -> Vec<Precedence<OperationId>> {
    let possible: Vec<OperationId> =
        (rows.certain..rows.count()).flat_map(|row| rows.row(row)).copied().collect();
    let name = |node: Node| match node.process.checked_sub(rows.certain) {
        None => rows.row(node.process)[node.place as usize],
        Some(number) => possible[number],
    };
    steps.into_iter().map(|step| step.map(name)).collect()
}
