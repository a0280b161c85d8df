//! Evidence for and against workloads. Each verifier goes through the input once and knows nothing of the judges.

mod bank;
mod counter;
mod long_fork;
mod queue;
mod set;
mod set_full;
mod unique_ids;

use super::claim;
use crate::history::{History, Operation, OperationId, Outcome};

/// The operation with this number, if it is one of the history.
fn operation<Op, Ret>(
    history: &History<Op, Ret>,
    id: OperationId,
) -> Result<&Operation<Op, Ret>, String> {
    history.operations().get(id.index()).ok_or_else(|| format!("there is no operation {}", id.0))
}

/// Whether an operation may have had an effect.
fn may_count<Op, Ret>(operation: &Operation<Op, Ret>) -> bool {
    !matches!(operation.outcome, Outcome::Fail)
}
