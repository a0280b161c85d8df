//! Linearizability (Herlihy and Wing 1990): every operation seems to take effect at one moment between its
//! invocation and its return.
//!
//! The judge searches for an order of the operations that respects real time and that the specification
//! allows. It works on windowed configurations (the state, which of the *open* operations have taken effect,
//! how many of each class of unknown outcome were used), so that the width of the search is the
//! concurrency and not the length of the history. Four reductions keep the answer exact:
//!
//! 1. an operation that changes nothing takes effect as soon as it can;
//! 2. operations of unknown outcome are counted by class, the earliest used first, only where they change the
//!    state, and a configuration that used no more of them stands for one that used more;
//! 3. states that no later operation can tell apart are merged;
//! 4. states and transitions are numbered and computed once.
//!
//! Two drivers share the work in turn, and independent parts of an object (keys, elements) are judged one by one.
//! Most histories are decided by a short search that goes straight, so a history is read only as far as the search
//! gets, and states are merged only once there are many of them.

mod config;
mod counts;
mod depth_first;
mod expand;
mod frontier;
mod machine;
mod mask;
mod observers;
pub(crate) mod parts;
mod problem;
mod replay;
mod search;
mod step;
mod streaming;

use crate::history::{History, OperationId};
use crate::spec::{Decision, NondeterministicSpec, Part};
use crate::verdict::{Budget, Exhausted, Meter, Verdict};
pub(crate) use machine::{Machine, Next};
use search::Found;
pub use streaming::{Live, StreamSummary, StreamViolation, StreamingChecker};

/// Proof that a history is linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linearization {
    /// The operations in an order that explains the history. Those of unknown outcome that are not in it
    /// need not have taken effect. [`verify_linearization`](crate::certificate::verify_linearization) checks it.
    pub order: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// Why a history is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotLinearizable {
    /// The operation whose return cannot be explained.
    pub operation: OperationId,
    /// Operations that have no explanation by themselves, whatever all others did. Not minimal:
    /// [`explain`](crate::explain::explain_linearizability) makes it so.
    pub evidence: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// Judges whether `history` is linearizable.
///
/// ```
/// use sim_check::linearizability::check_linearizability;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, HistoryBuilder, ProcessId, Verdict};
///
/// let (writer, reader) = (ProcessId(0), ProcessId(1));
/// let mut builder = HistoryBuilder::new();
/// builder.invoke(writer, RegisterOp::Write(1))?;
/// builder.ok(writer, RegisterRet::Written)?;
/// builder.invoke(reader, RegisterOp::Read)?;
/// builder.ok(reader, RegisterRet::Value(0))?;
/// let verdict = check_linearizability(&Register::new(0), &builder.finish(), Budget::default());
/// assert!(matches!(verdict, Verdict::Violation(violation) if violation.operation.0 == 1));
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub fn check_linearizability<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    budget: Budget,
) -> Verdict<Linearization, NotLinearizable> {
    let mut meter = budget.meter();
    let mut parts = parts::split(spec, history);
    // Smallest first: a violation in a small part is found before a large part is searched.
    parts.sort_by_key(Vec::len);
    let mut orders = Vec::with_capacity(parts.len());
    let mut undecided: Option<Exhausted> = None;
    for part in &parts {
        match judge_part(spec, history, part, &mut meter) {
            Found::Order(order) => orders.push(order),
            Found::Stuck { operation, evidence } => {
                let configurations = meter.spent();
                return Verdict::Violation(NotLinearizable { operation, evidence, configurations });
            }
            Found::Exhausted(exhausted) => undecided = Some(exhausted),
        }
    }
    match undecided {
        Some(exhausted) => Verdict::Unknown(exhausted),
        None => Verdict::Ok(Linearization {
            order: match orders.len() {
                1 => orders.swap_remove(0),
                _ => parts::merge(history, &orders),
            },
            configurations: meter.spent(),
        }),
    }
}

/// Whether the operations `ids` of one part, ascending, have a linearization by themselves. `None`: the meter ran
/// out.
pub(crate) fn has_linearization<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    meter: &mut Meter,
) -> Option<bool> {
    match judge_part(spec, history, ids, meter) {
        Found::Order(_) => Some(true),
        Found::Stuck { .. } => Some(false),
        Found::Exhausted(_) => None,
    }
}

/// As [`has_linearization`], where those operations that are `possible` may take effect with their result at any time
/// after their invocation, or never.
pub(crate) fn has_relaxed_linearization<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
    meter: &mut Meter,
) -> Option<bool> {
    match search::search(spec, history, ids, Some(possible), meter) {
        Found::Order(_) => Some(true),
        Found::Stuck { .. } => Some(false),
        Found::Exhausted(_) => None,
    }
}

fn judge_part<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    meter: &mut Meter,
) -> Found {
    match spec.decide(&Part::new(history, ids)) {
        // The judge looks at each operation a fixed number of times.
        Some(_) if !meter.spend(ids.len() as u64) => Found::Exhausted(meter.exhausted()),
        Some(Decision::Linearizable(order)) => Found::Order(order),
        Some(Decision::Violation(evidence)) => {
            let returns = |id: &OperationId| history.operation(*id).last_position();
            let operation = *evidence.iter().max_by_key(|id| returns(id)).expect("evidence");
            Found::Stuck { operation, evidence }
        }
        None => search::search(spec, history, ids, None, meter),
    }
}
