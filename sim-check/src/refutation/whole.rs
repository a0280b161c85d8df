//! Refutations of whole histories.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::explore::{Exploration, Question, explore};
use super::reduce::reduce;
use super::{Order, Refutation};
use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId, Outcome};
use crate::linearizability::NotLinearizable;
use crate::linearizability::parts::split;
use crate::sequential::NotSequential;
use crate::spec::{Call, NondeterministicSpec};
use crate::verdict::{Budget, Meter};

/// Proves a violation that [`check_linearizability`](crate::linearizability::check_linearizability) found, for
/// [`verify_violation`](crate::certificate::verify_violation). `None`: that takes more than the budget.
///
/// ```
/// use sim_check::certificate::verify_violation;
/// use sim_check::linearizability::check_linearizability;
/// use sim_check::refutation::refute_linearizability;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, HistoryBuilder, ProcessId, Verdict};
///
/// let (writer, reader) = (ProcessId(0), ProcessId(1));
/// let mut builder = HistoryBuilder::new();
/// for value in [1, 2, 1, 3] {
///     builder.invoke(writer, RegisterOp::Write(value))?;
///     builder.ok(writer, RegisterRet::Written)?;
/// }
/// builder.invoke(reader, RegisterOp::Read)?;
/// builder.ok(reader, RegisterRet::Value(1))?;
/// let (spec, history, budget) = (Register::new(0), builder.finish(), Budget::default());
/// let Verdict::Violation(violation) = check_linearizability(&spec, &history, budget) else {
///     panic!("a stale read");
/// };
/// let refutation = refute_linearizability(&spec, &history, &violation, budget).expect("a short history");
/// assert_eq!(verify_violation(&spec, &history, &refutation), Ok(()));
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub fn refute_linearizability<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    violation: &NotLinearizable,
    budget: Budget,
) -> Option<Refutation<S::State>> {
    let mut parts = split(spec, history).into_iter();
    let part = parts.find(|part| part.contains(&violation.evidence[0]))?;
    let end = history.operation(violation.operation).last_position();
    let question = Whole { spec, history, part, order: Order::RealTime, end };
    question.refute(&violation.evidence, &mut budget.meter())
}

/// Proves a violation that
/// [`check_sequential_consistency`](crate::sequential::check_sequential_consistency) found, as
/// [`refute_linearizability`] does.
pub fn refute_sequential_consistency<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    violation: &NotSequential,
    budget: Budget,
) -> Option<Refutation<S::State>> {
    let part = split(spec, history).into_iter().flatten().collect();
    let mut question = Whole { spec, history, part, order: Order::Process, end: u32::MAX };
    question.part.sort_unstable();
    question.refute(&violation.evidence, &mut budget.meter())
}

/// A violation that is to be proved.
struct Whole<'w, S: NondeterministicSpec> {
    spec: &'w S,
    history: &'w History<S::Op, S::Ret>,
    /// The operations that matter, ascending.
    part: Vec<OperationId>,
    order: Order,
    /// What is invoked after this position does not matter, and what returns after it need not take effect.
    end: u32,
}

/// So many operations may be enough by themselves, whatever the others did and how often.
const ALONE: usize = 64;

/// How many times more a later attempt may cost.
const GROWTH: u64 = 8;

impl<S: NondeterministicSpec> Whole<'_, S> {
    /// Tries the evidence alone, and all that happened until it was complete, in turn and with growing budgets.
    fn refute(&self, evidence: &[OperationId], meter: &mut Meter) -> Option<Refutation<S::State>> {
        let succeeded =
            |id: &OperationId| matches!(self.history.operation(*id).outcome, Outcome::Ok(_));
        let mut core: Vec<OperationId> = evidence.iter().copied().filter(succeeded).collect();
        core.sort_unstable();
        let before = |id: &OperationId| self.history.operation(*id).invoked.position < self.end;
        let is_certain = |id: &OperationId| {
            succeeded(id) && self.history.operation(*id).last_position() <= self.end
        };
        let part = self.part.iter().copied().filter(before);
        let (certain, mut optional): (Vec<_>, Vec<_>) = part.partition(is_certain);
        optional.retain(|id| !self.is_pure(*id));
        let reduced = OnceCell::new();
        // The last one first: what takes the specification at its word for least.
        let mut open = Vec::new();
        if self.order == Order::Process && self.has_rules() {
            open.push(Question { by_rules: true, ..self.question(&certain, &optional, &[]) });
        }
        open.push(self.question(&certain, &optional, &[]));
        let (sharing, unlike);
        if let Some(found) = self.sharing(&core) {
            sharing = found.into_iter().partition::<Vec<_>, _>(is_certain);
            open.push(self.question(&sharing.0, &sharing.1, &[]));
        }
        if core.len() <= ALONE {
            unlike = self.unlike(&core);
            open.push(self.question(&core, &[], &unlike));
        }
        let mut later = Vec::new();
        let mut share = 1_024 + GROWTH * self.part.len() as u64;
        while meter.left() > 0 && !open.is_empty() {
            while let Some(question) = open.pop() {
                let mut attempt = Budget::configurations(meter.left().min(share)).meter();
                let found = explore(self.spec, self.history, &question, &mut attempt);
                meter.spend(attempt.spent());
                match found {
                    Exploration::Refuted(refutation, _) => return Some(refutation),
                    Exploration::Explained => {}
                    Exploration::TooLarge => later.push(question),
                }
            }
            open.extend(later.drain(..).rev());
            if self.order == Order::Process && reduced.get().is_none() {
                let (certain, optional) = reduced.get_or_init(|| {
                    // The larger part is for what is left.
                    let mut attempt = Budget::configurations(meter.left() / 8).meter();
                    let few = reduce(self.spec, self.history, &self.part, &mut attempt);
                    meter.spend(attempt.spent());
                    few.into_iter().partition::<Vec<_>, _>(is_certain)
                });
                open.push(self.question(certain, optional, &[]));
            }
            share = share.saturating_mul(GROWTH);
        }
        None
    }

    /// Whether the specification knows anything of every order.
    fn has_rules(&self) -> bool {
        let call = |id: &OperationId| {
            let operation = self.history.operation(*id);
            let ret = operation.outcome.ok();
            Call { op: &operation.op, ret, is_certain: ret.is_some() }
        };
        let mut rules = Vec::new();
        self.spec.order_rules(&self.part.iter().map(call).collect::<Vec<_>>(), &mut rules);
        !rules.is_empty()
    }

    fn question<'q>(
        &self,
        certain: &'q [OperationId],
        optional: &'q [OperationId],
        anytime: &'q [OperationId],
    ) -> Question<'q> {
        let order = self.order;
        Question { certain, optional, anytime, order, trusts_promises: true, by_rules: false }
    }

    /// The operations that share an element with one of `core`, with another one of these, and so on; ascending. What has
    /// no effect is left out. `None` if nothing else is.
    fn sharing(&self, core: &[OperationId]) -> Option<Vec<OperationId>> {
        let asked = |id: OperationId| {
            let operation = self.history.operation(id);
            (&operation.op, operation.outcome.ok())
        };
        let before = |id: &OperationId| self.history.operation(*id).invoked.position < self.end;
        let is_in_core = |id: &OperationId| core.binary_search(id).is_ok();
        let mut others: Vec<OperationId> = self.part.clone();
        others.retain(|id| before(id) && !is_in_core(id) && !self.is_pure(*id));
        let mut sharing = core.to_vec();
        let mut at = 0;
        while let Some(&member) = sharing.get(at) {
            let shares = |id: &OperationId| self.spec.shares_element(asked(member), asked(*id));
            let (found, rest) = others.into_iter().partition::<Vec<_>, _>(shares);
            sharing.extend(found);
            others = rest;
            at += 1;
        }
        sharing.sort_unstable();
        (!others.is_empty()).then_some(sharing)
    }

    fn is_pure(&self, id: OperationId) -> bool {
        let operation = self.history.operation(id);
        self.spec.is_pure(&operation.op, operation.outcome.ok())
    }

    /// One of each kind of operations that are not in `core`, which is ascending, touch a part of the object that it touches, and may
    /// change something.
    fn unlike(&self, core: &[OperationId]) -> Vec<OperationId> {
        let asked = |id: OperationId| {
            let operation = self.history.operation(id);
            (&operation.op, operation.outcome.ok())
        };
        let key = |id: OperationId| {
            let (op, ret) = asked(id);
            self.spec.key(op, ret)
        };
        let has_parts = self.part.iter().all(|id| key(*id).is_some());
        let keys: BTreeSet<Option<S::Key>> = core.iter().map(|id| key(*id)).collect();
        let mut numbers = NumberTable::default();
        let mut unlike: Vec<OperationId> = Vec::new();
        for &id in &self.part {
            let is_elsewhere = has_parts && !keys.contains(&key(id));
            if self.is_pure(id) || is_elsewhere || core.binary_search(&id).is_ok() {
                continue;
            }
            let hash = hash_of(&asked(id));
            if numbers.number(hash, |known| asked(unlike[known as usize]) == asked(id)).1 {
                unlike.push(id);
            }
        }
        unlike
    }
}
