//! The judge of isolation levels under assumptions.

use super::{Assumptions, Contradiction};
use crate::txn::{Execution, IsolationLevel, TxnHistory, Violation, check_metered};
use crate::verdict::{Exhausted, Meter, Verdict};

/// Why a history is not of a level under assumptions.
#[derive(Clone, Debug)]
pub enum AssumedViolation {
    /// It is not of the level, whatever is assumed; checked by [`Violation::verify`].
    Level(Box<Violation>),
    /// The assumptions forbid what the level alone allows; checked by [`Assumptions::verify`].
    Keys(Contradiction),
}

/// Decides whether a history is of `level`, and each key as it is assumed.
///
/// A violation is certain. The execution of an `Ok` is one in which the keys are as assumed. Without such an execution and
/// without a contradiction the verdict is unknown. Assumptions say nothing about lists, whose versions are known.
///
/// ```
/// use sim_check::Budget;
/// use sim_check::txn::{Assumptions, IsolationLevel, MicroOp, Model, TxnHistoryBuilder, check_assuming};
///
/// // The second transaction begins after the first one was acknowledged, and the third one sees both writes as if
/// // they had come in the other order.
/// let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
/// builder.ok(0, vec![MicroOp::write("x", 1)])?;
/// builder.ok(1, vec![MicroOp::write("x", 2), MicroOp::write("y", 2)])?;
/// builder.ok(2, vec![MicroOp::read("y", 2), MicroOp::read("x", 1)])?;
/// let history = builder.build();
/// let judged = |assumptions| {
///     let mut meter = Budget::default().meter();
///     check_assuming(&history, IsolationLevel::READ_COMMITTED, assumptions, &mut meter)
/// };
/// assert!(judged(Assumptions::default()).is_ok());
/// let linearizable_keys = Assumptions { linearizable_keys: true, ..Assumptions::default() };
/// assert!(judged(linearizable_keys).is_violation());
/// # Ok::<(), sim_check::txn::TxnHistoryError>(())
/// ```
pub fn check_assuming(
    history: &TxnHistory,
    level: IsolationLevel,
    assumptions: Assumptions,
    meter: &mut Meter,
) -> Verdict<Execution, AssumedViolation> {
    let verdict = check_metered(history, level, meter)
        .map_violation(|bad| AssumedViolation::Level(Box::new(bad)));
    if assumptions.are_none() || verdict.is_violation() {
        return verdict;
    }
    match assumptions.contradiction(history, level, meter) {
        Ok(Some(contradiction)) => Verdict::Violation(AssumedViolation::Keys(contradiction)),
        Err(exhausted) => Verdict::Unknown(exhausted),
        Ok(None) => match verdict {
            Verdict::Ok(execution) if !assumptions.hold_in(history, &execution.order) => {
                // The level holds, and nothing speaks against the keys: that is no proof.
                let reason =
                    "the level holds, but no order was found in which each key is as assumed";
                let (configurations, reason) = (meter.spent(), reason.to_string());
                Verdict::Unknown(Exhausted { configurations, reason })
            }
            decided => decided,
        },
    }
}
