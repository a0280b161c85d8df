//! Pictures of a violation: text for a terminal, a page with an SVG timeline, a DOT graph.
//!
//! A [`Picture`] is plain data, so that any judge can fill one; the same picture always gives the same bytes.

mod dot;
mod html;
mod text;

use crate::explain::Explanation;
use crate::history::{Call, History, Operation, OperationId, Outcome, Value};
use crate::refutation::Order;
use crate::spec::NondeterministicSpec;

/// What is shown of a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// One line: what is violated.
    pub title: String,
    /// Sentences that say why.
    pub why: Vec<String>,
    /// The operations, in the order of their invocations.
    pub bars: Vec<Bar>,
    /// Which must come before which.
    pub edges: Vec<Edge>,
}

/// An operation in its lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Whose lane.
    pub lane: String,
    /// What it did.
    pub label: String,
    /// When it was invoked, as a position among events.
    pub from: u32,
    /// When it returned; `None`: never, or nobody knows.
    pub to: Option<u32>,
    /// The same moments as they are written.
    pub times: (String, String),
    /// Whether it is part of the smallest violation, rather than shown for context.
    pub essential: bool,
}

impl Bar {
    /// An operation of a file.
    pub(crate) fn of_call(operation: &Operation<Call, Value>, essential: bool) -> Bar {
        let Call { function, argument } = &operation.op;
        let asked = if argument.is_nil() { String::new() } else { argument.to_string() };
        let (label, end) = match &operation.outcome {
            // Most files repeat the argument in an acknowledgement.
            Outcome::Ok(ret) if ret.is_nil() || ret == argument => {
                (format!("{function}({asked})"), operation.completed)
            }
            Outcome::Ok(ret) => (format!("{function}({asked}) = {ret}"), operation.completed),
            Outcome::Fail => (format!("{function}({asked}) failed"), operation.completed),
            Outcome::Unknown => (format!("{function}({asked})"), None),
        };
        Bar {
            lane: operation.process.to_string(),
            label,
            from: operation.invoked.position,
            to: end.map(|moment| moment.position),
            times: (
                operation.invoked.to_string(),
                end.map_or("unknown".to_string(), |moment| moment.to_string()),
            ),
            essential,
        }
    }
}

/// `from` must come before `to`; both are places in [`Picture::bars`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The earlier bar.
    pub from: usize,
    /// The later bar.
    pub to: usize,
    /// Why.
    pub label: String,
}

/// At most this many operations are shown for context.
const CONTEXT_MAX: usize = 60;

impl Picture {
    /// The picture of an explanation: the smallest violation, and around it the rest of what proves the violation.
    pub fn of_explanation<S: NondeterministicSpec>(
        title: &str,
        spec: &S,
        history: &History<S::Op, S::Ret>,
        explanation: &Explanation<S::State>,
        order: Order,
    ) -> Picture {
        let mut shown: Vec<OperationId> = explanation.smallest.clone();
        let context = explanation.core.iter().rev();
        let context = context.filter(|id| explanation.smallest.binary_search(id).is_err());
        shown.extend(context.take(CONTEXT_MAX));
        shown.sort_unstable();
        let bars: Vec<Bar> = shown
            .iter()
            .map(|id| {
                let operation = history.operation(*id);
                let end = match operation.outcome {
                    Outcome::Ok(_) | Outcome::Fail => operation.completed,
                    Outcome::Unknown => None,
                };
                Bar {
                    lane: operation.process.to_string(),
                    label: spec.describe(&operation.op, operation.outcome.ok()),
                    from: operation.invoked.position,
                    to: end.map(|moment| moment.position),
                    times: (
                        operation.invoked.to_string(),
                        end.map_or("unknown".to_string(), |moment| moment.to_string()),
                    ),
                    essential: explanation.smallest.binary_search(id).is_ok(),
                }
            })
            .collect();
        let before = |i: usize, j: usize| {
            bars[i].essential && bars[j].essential && order.requires(history, shown[i], shown[j])
        };
        let label = match order {
            Order::RealTime => "returned before",
            Order::Process => "same process",
        };
        let mut edges = Vec::new();
        for to in 0..bars.len() {
            for from in 0..bars.len() {
                // Only the edges that others do not imply.
                let implied = (0..bars.len()).any(|mid| before(from, mid) && before(mid, to));
                if before(from, to) && !implied {
                    edges.push(Edge { from, to, label: label.to_string() });
                }
            }
        }
        let why = explanation.why.lines().map(str::to_string).collect();
        Picture { title: title.to_string(), why, bars, edges }
    }

    /// The lanes, in the order of their first bars.
    fn lanes(&self) -> Vec<&str> {
        let mut lanes: Vec<&str> = Vec::new();
        for bar in &self.bars {
            if !lanes.contains(&bar.lane.as_str()) {
                lanes.push(&bar.lane);
            }
        }
        lanes
    }

    /// The moments of the picture, ascending: a moment's place here is its place on the axis.
    fn moments(&self) -> Vec<u32> {
        let mut moments: Vec<u32> =
            self.bars.iter().flat_map(|bar| [Some(bar.from), bar.to]).flatten().collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }
}
