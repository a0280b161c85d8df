//! Verifiers of certificates: short, linear, and written without a look at the judges.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use crate::hash::FastHasher;
use crate::history::{History, OperationId, Outcome};
use crate::refutation::Refutation;
use crate::spec::NondeterministicSpec;

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
    /// A refutation leaves out a beginning that this operation leads to.
    Open(OperationId),
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
            CertificateError::Open(id) => (id, "leads to a beginning that was left out"),
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

/// Checks that the operations of `refutation`, taken alone, have no explanation: the empty beginning is
/// in the set, each step from a beginning leads to another one of the set, and none is complete.
///
/// # Errors
/// If the refutation proves nothing.
pub fn verify_refutation<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    refutation: &Refutation<S::State>,
) -> Result<(), CertificateError> {
    let ids = &refutation.operations;
    let known: HashSet<&(u64, S::State), BuildHasherDefault<FastHasher>> =
        refutation.beginnings.iter().collect();
    if !known.contains(&(0, spec.initial())) {
        return Err(CertificateError::Explained);
    }
    let mut next = Vec::new();
    for (placed, state) in &refutation.beginnings {
        let holds = |i: usize| placed & (1 << i) != 0;
        let mut complete = true;
        for (i, id) in ids.iter().enumerate() {
            let operation = history.operation(*id);
            if holds(i) || matches!(operation.outcome, Outcome::Fail) {
                continue;
            }
            complete &= !matches!(operation.outcome, Outcome::Ok(_));
            let waits = ids.iter().enumerate().any(|(j, first)| {
                !holds(j) && j != i && refutation.order.requires(history, *first, *id)
            });
            if waits {
                continue;
            }
            spec.steps(state, &operation.op, operation.outcome.ok(), &mut next);
            for state in next.drain(..) {
                if !known.contains(&(placed | 1 << i, state)) {
                    return Err(CertificateError::Open(*id));
                }
            }
        }
        if complete {
            return Err(CertificateError::Explained);
        }
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
