//! Sequential consistency (Lamport 1979): one order of all operations that agrees with the order of each process.
//!
//! Real time counts within a process alone, so that parts of an object cannot be judged one by one, and the search
//! stands at a position in each process. A history that is linearizable is sequentially consistent too, which is
//! often quicker to see, so that is tried first.
//!
//! The question is NP-complete, even if it is known which write each read saw (Gibbons and Korach, "Testing shared
//! memories", SIAM J. Comput. 26(4), 1997), so no short certificate of "there is no order" can be expected in general. Most
//! histories decide themselves, though: where one operation alone can have written what another one read, nothing
//! that disturbs it may come between them, and what follows from that often goes in a circle. The operations of such a
//! circle are the evidence, few of many. What is left is searched, within what was found, for an order, and each choice of
//! the search is a reason for more.
//!
//! That is for objects with few states. Collections have too many, but their operations tell the order where values are
//! different: see [`order_rules`](crate::spec::SequentialSpec::order_rules).

mod demands;
mod forced;
mod node;
mod precedence;
mod program;
mod rules;
mod search;

use crate::history::{History, OperationId, Outcome};
use crate::linearizability::check_linearizability;
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Meter, Verdict};
pub(crate) use forced::{Forced, Unordered};
pub(crate) use node::{Node, Shape};
pub use precedence::{Because, Precedence};
use search::{Found, search};

/// Proof that a history is sequentially consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequentialOrder {
    /// The operations in an order that explains the history; checked by
    /// [`verify_sequential_order`](crate::certificate::verify_sequential_order).
    pub order: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// A history without such an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSequential {
    /// Operations that have no such order by themselves: those that have to come one after the other in a circle, if there is
    /// one; else those that succeeded, and those of unknown outcome that may change the state.
    pub evidence: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// Judges whether `history` is sequentially consistent.
///
/// An operation of unknown outcome follows the earlier ones of its process and may take effect at any later time.
///
/// ```
/// use sim_check::sequential::check_sequential_consistency;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, HistoryBuilder, ProcessId};
///
/// let (writer, reader) = (ProcessId(0), ProcessId(1));
/// let mut builder = HistoryBuilder::new();
/// builder.invoke(writer, RegisterOp::Write(1))?;
/// builder.ok(writer, RegisterRet::Written)?;
/// builder.invoke(reader, RegisterOp::Read)?;
/// builder.ok(reader, RegisterRet::Value(0))?; // stale, but nobody's own order forbids it
/// let history = builder.finish();
/// assert!(check_sequential_consistency(&Register::new(0), &history, Budget::default()).is_ok());
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub fn check_sequential_consistency<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    budget: Budget,
) -> Verdict<SequentialOrder, NotSequential> {
    let mut meter = budget.meter();
    let attempt = Budget::configurations((meter.left() / 4).min(8 * history.len() as u64 + 64));
    let spent = match check_linearizability(spec, history, attempt) {
        Verdict::Ok(found) => {
            let (order, configurations) = (found.order, found.configurations);
            return Verdict::Ok(SequentialOrder { order, configurations });
        }
        Verdict::Violation(violation) => violation.configurations,
        Verdict::Unknown(exhausted) => exhausted.configurations,
    };
    if !meter.spend(spent) {
        return Verdict::Unknown(meter.exhausted());
    }
    let evidence: Vec<OperationId> = history
        .iter()
        .filter(|(_, operation)| match operation.outcome {
            Outcome::Ok(_) => true,
            Outcome::Fail => false,
            Outcome::Unknown => !spec.is_pure(&operation.op, None),
        })
        .map(|(id, _)| id)
        .collect();
    match search(spec, history, &evidence, &|_| false, &mut meter) {
        Found::Order(order) => {
            Verdict::Ok(SequentialOrder { order, configurations: meter.spent() })
        }
        Found::Nothing(circle) => Verdict::Violation(NotSequential {
            evidence: circle.unwrap_or(evidence),
            configurations: meter.spent(),
        }),
        Found::Exhausted => Verdict::Unknown(meter.exhausted()),
    }
}

/// Whether the operations `ids`, ascending, have such an order by themselves, where those that are `possible` may take
/// effect with their result at any later time, or never. `None`: the meter ran out.
pub(crate) fn has_sequential_order<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
    meter: &mut Meter,
) -> Option<bool> {
    match search(spec, history, ids, possible, meter) {
        Found::Order(_) => Some(true),
        Found::Nothing(_) => Some(false),
        Found::Exhausted => None,
    }
}
