//! The judges of isolation levels.

use super::decide::{Decision, decide};
use super::execution::Execution;
use super::history::{Model, TxnHistory};
use super::level::IsolationLevel;
use super::violation::{Violation, explain_list, explain_register};
use crate::verdict::{Budget, Meter, Verdict};

/// Decides whether a history is of `level`.
///
/// The answer is exact: an execution that [`Execution::verify`] accepts, or a violation with a
/// minimal sub-history, or [`Verdict::Unknown`] if the budget ran out, or if a register got a value
/// twice that was read, so that nobody can tell from whom.
///
/// Transactions of unknown outcome count if somebody saw their effect.
///
/// ```
/// use sim_check::Budget;
/// use sim_check::txn::{IsolationLevel, MicroOp, Model, TxnHistoryBuilder, check};
///
/// // Write skew: each of two transactions reads what the other one writes.
/// let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
/// builder.ok(0, vec![MicroOp::read_initial("x"), MicroOp::write("y", 1)]).unwrap();
/// builder.ok(1, vec![MicroOp::read_initial("y"), MicroOp::write("x", 1)]).unwrap();
/// let history = builder.build();
/// let snapshot = check(&history, IsolationLevel::SNAPSHOT_ISOLATION, Budget::default());
/// assert!(snapshot.is_ok());
/// let serializable = check(&history, IsolationLevel::SERIALIZABLE, Budget::default());
/// assert!(serializable.is_violation());
/// ```
pub fn check(
    history: &TxnHistory,
    level: IsolationLevel,
    budget: Budget,
) -> Verdict<Execution, Violation> {
    check_metered(history, level, &mut budget.meter())
}

/// The same on a meter, which tells afterwards what it took: one step for each transaction, and one for each node of a
/// search. What an explanation takes is not counted.
pub fn check_metered(
    history: &TxnHistory,
    level: IsolationLevel,
    meter: &mut Meter,
) -> Verdict<Execution, Violation> {
    if !meter.spend(history.len() as u64) {
        return Verdict::Unknown(meter.exhausted());
    }
    let decision = decide(history, level, meter);
    let mut meter = meter.clone();
    match decision {
        Decision::Holds(execution) => Verdict::Ok(execution),
        Decision::Unknown(exhausted) => Verdict::Unknown(exhausted),
        Decision::Violated(finding) => Verdict::Violation(match history.model() {
            Model::ListAppend => {
                explain_list(history, level, finding.expect("lists say what is wrong"), &mut meter)
            }
            Model::RwRegister => explain_register(history, level, finding, &mut meter),
        }),
    }
}
