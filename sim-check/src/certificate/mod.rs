//! Verifiers of certificates: short, linear, and written without a look at the judges.

mod contradiction;
mod refutation;

use crate::history::{History, OperationId, Outcome};
use crate::spec::NondeterministicSpec;
pub use refutation::{verify_refutation, verify_violation};

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// An operation stands in the order twice, or does not belong there because it failed.
    Unexpected(OperationId),
    /// An operation that succeeded is missing.
    Missing(OperationId),
    /// An operation stands after one that was invoked only after it had returned.
    RealTime(OperationId),
    /// An operation stands before an earlier one of the same process.
    ProcessOrder(OperationId),
    /// The specification does not allow this operation's result at its place.
    Result(OperationId),
    /// A refutation puts an operation into a row to which it does not belong.
    Row(OperationId),
    /// A refutation leaves out a beginning that this operation leads to.
    Open(OperationId),
    /// A refutation of a history leaves out an operation that may matter.
    LeftOut(OperationId),
    /// A refutation says without a reason that this operation comes before others.
    Precedence(OperationId),
    /// This beginning of a refutation has other rows, or a state, than there are.
    Beginning(usize),
    /// A refutation holds a complete explanation, or has no first beginning.
    Explained,
}

impl std::fmt::Display for CertificateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (id, what) = match self {
            CertificateError::Unexpected(id) => (id, "stands twice, or failed"),
            CertificateError::Missing(id) => (id, "is missing"),
            CertificateError::RealTime(id) => (id, "stands after one invoked after its return"),
            CertificateError::ProcessOrder(id) => {
                (id, "stands before an earlier one of its process")
            }
            CertificateError::Result(id) => (id, "cannot have its result at its place"),
            CertificateError::Row(id) => (id, "does not belong into its row"),
            CertificateError::Open(id) => (id, "leads to a beginning that was left out"),
            CertificateError::LeftOut(id) => (id, "was left out, and may matter"),
            CertificateError::Precedence(id) => (id, "comes before others without a reason"),
            CertificateError::Beginning(number) => {
                return write!(f, "no certificate: beginning {number} has no such rows or state");
            }
            CertificateError::Explained => {
                return f.write_str("no certificate: the operations have an explanation");
            }
        };
        write!(f, "no certificate: operation {} {what}", id.0)
    }
}

impl std::error::Error for CertificateError {}

/// Checks that `order` is a linearization of `history`: every operation that succeeded once, those of unknown
/// outcome at most once, none before one that had returned before it was invoked, and each result allowed
/// by the specification. Takes time linear in the order, if steps of the specification take constant time.
///
/// # Errors
/// If it is none.
pub fn verify_linearization<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
) -> Result<(), CertificateError> {
    verify_results(spec, history, order)?;
    let mut latest_invocation = 0;
    for id in order {
        let operation = history.operation(*id);
        latest_invocation = latest_invocation.max(operation.invoked.position);
        if operation.last_position() < latest_invocation {
            return Err(CertificateError::RealTime(*id));
        }
    }
    Ok(())
}

/// Checks that `order` explains a sequentially consistent `history`: as [`verify_linearization`], with the order
/// of each process in place of real time.
///
/// # Errors
/// If it does not.
pub fn verify_sequential_order<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
) -> Result<(), CertificateError> {
    verify_results(spec, history, order)?;
    let mut newest = std::collections::BTreeMap::new();
    for id in order {
        let operation = history.operation(*id);
        let newest = newest.entry(operation.process).or_insert(0);
        // An operation that returned is followed by all later ones of its process.
        if operation.last_position() < *newest {
            return Err(CertificateError::ProcessOrder(*id));
        }
        *newest = operation.invoked.position.max(*newest);
    }
    Ok(())
}

fn verify_results<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    order: &[OperationId],
) -> Result<(), CertificateError> {
    let mut placed = vec![false; history.len()];
    let mut states = vec![spec.initial()];
    let mut next = Vec::new();
    for id in order {
        let operation = history.operation(*id);
        let failed = matches!(operation.outcome, Outcome::Fail);
        if failed || std::mem::replace(&mut placed[id.index()], true) {
            return Err(CertificateError::Unexpected(*id));
        }
        for state in &states {
            spec.steps(state, &operation.op, operation.outcome.ok(), &mut next);
        }
        if next.is_empty() {
            return Err(CertificateError::Result(*id));
        }
        if next.len() > 1 {
            let mut distinct: Vec<S::State> = Vec::new();
            for state in next.drain(..) {
                if !distinct.contains(&state) {
                    distinct.push(state);
                }
            }
            next = distinct;
        }
        std::mem::swap(&mut states, &mut next);
        next.clear();
    }
    for (id, operation) in history.iter() {
        if matches!(operation.outcome, Outcome::Ok(_)) && !placed[id.index()] {
            return Err(CertificateError::Missing(id));
        }
    }
    Ok(())
}
