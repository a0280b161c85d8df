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

mod config;
mod counts;
mod depth_first;
mod expand;
mod frontier;
mod machine;
mod mask;
mod parts;
mod problem;
mod search;

use crate::history::{History, OperationId};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Exhausted, Verdict};
use search::Found;

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
    /// The operation whose return cannot be explained: up to any moment before it there is a linearization.
    pub operation: OperationId,
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
    if let [part] = parts.as_slice() {
        return match search::search(spec, history, part, &mut meter) {
            Found::Order(order) => Verdict::Ok(Linearization {
                order: order.into_iter().map(OperationId).collect(),
                configurations: meter.spent(),
            }),
            Found::Stuck(operation) => Verdict::Violation(NotLinearizable {
                operation: OperationId(operation),
                configurations: meter.spent(),
            }),
            Found::Exhausted(exhausted) => Verdict::Unknown(exhausted),
        };
    }
    // Smallest first: a violation in a small part is found before a large part is searched.
    parts.sort_by_key(Vec::len);
    let mut orders = Vec::with_capacity(parts.len());
    let mut undecided: Option<Exhausted> = None;
    for part in &parts {
        match search::search(spec, history, part, &mut meter) {
            Found::Order(order) => orders.push(order),
            Found::Stuck(operation) => {
                return Verdict::Violation(NotLinearizable {
                    operation: OperationId(operation),
                    configurations: meter.spent(),
                });
            }
            Found::Exhausted(exhausted) => undecided = Some(exhausted),
        }
    }
    match undecided {
        Some(exhausted) => Verdict::Unknown(exhausted),
        None => Verdict::Ok(Linearization {
            order: parts::merge(history, &orders),
            configurations: meter.spent(),
        }),
    }
}
