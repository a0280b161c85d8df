//! Says why a history has no explanation: the smallest sub-history that has none, and what goes wrong in it.

use crate::history::{History, Moment, Operation, OperationId, Outcome};
use crate::linearizability::parts::split;
use crate::linearizability::{
    NotLinearizable, check_linearizability, has_linearization, has_relaxed_linearization,
};
use crate::minimize::minimize;
use crate::refutation::{DeadEnd, Exploration, Order, Question, Refutation, explore};
use crate::sequential::{NotSequential, has_sequential_order};
use crate::spec::{NondeterministicSpec, Part};
use crate::verdict::{Budget, Meter, Verdict};

/// Why a history is not linearizable, or not sequentially consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<State> {
    /// The smallest sub-history that was found to violate the property. Taken alone, with their
    /// results and in real time, these operations have no explanation; ascending. Where the history is short enough, all of them but the
    /// one whose return cannot be explained do have one.
    pub smallest: Vec<OperationId>,
    /// Operations that prove the violation of the whole history: even if each other one may have taken effect, with
    /// its result, at any time after its invocation or never, these have no explanation. Where values are written again and again these are more than
    /// [`smallest`](Self::smallest), as each other source of a value has to be excluded.
    pub core: Vec<OperationId>,
    /// The proof that [`smallest`](Self::smallest) has no explanation; `None` if that would take more than the
    /// budget.
    pub refutation: Option<Refutation<State>>,
    /// The longest attempts at an explanation, and what stops each.
    pub dead_ends: Vec<DeadEnd<State>>,
    /// The same in words.
    pub why: String,
}

/// Of so many operations at most a sub-history is sought in which all but the last one can be explained.
const READABLE_MAX: usize = 96;

/// So many beginnings may make up a refutation that trusts no promise of the specification, and as many again one that does.
const BEGINNINGS_MAX: u64 = 50_000;

/// Explains a violation that [`check_linearizability`]
/// found. Once `budget` is spent the sub-histories are made no smaller.
///
/// ```
/// use sim_check::explain::explain_linearizability;
/// use sim_check::linearizability::check_linearizability;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, HistoryBuilder, ProcessId, Verdict};
///
/// let (writer, reader) = (ProcessId(0), ProcessId(1));
/// let mut builder = HistoryBuilder::new();
/// for value in 1..=9 {
///     builder.invoke(writer, RegisterOp::Write(value))?;
///     builder.ok(writer, RegisterRet::Written)?;
/// }
/// builder.invoke(reader, RegisterOp::Read)?;
/// builder.ok(reader, RegisterRet::Value(3))?;
/// let (spec, history) = (Register::new(0), builder.finish());
/// let Verdict::Violation(violation) = check_linearizability(&spec, &history, Budget::default()) else {
///     panic!("a stale read");
/// };
/// let explanation = explain_linearizability(&spec, &history, &violation, Budget::default());
/// assert_eq!(explanation.smallest.len(), 3);
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub fn explain_linearizability<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    violation: &NotLinearizable,
    budget: Budget,
) -> Explanation<S::State> {
    let subject = Subject {
        spec,
        history,
        order: Order::RealTime,
        last: Some(violation.operation),
        end: history.operation(violation.operation).last_position(),
        explained: &|ids, meter| has_linearization(spec, history, ids, meter),
        explained_relaxed: &|ids, possible, meter| {
            has_relaxed_linearization(spec, history, ids, possible, meter)
        },
    };
    let parts = split(spec, history);
    let part = parts.into_iter().find(|part| part.contains(&violation.evidence[0]));
    let candidates = part.expect("evidence is part of the history");
    // What the polynomial judges found is a core already, and short; a search can only say where it got stuck.
    let part = Part::new(history, &violation.evidence);
    let is_core = violation.evidence.len() <= 16 && spec.decide(&part).is_some();
    subject.explain(&violation.evidence, is_core, &candidates, budget)
}

/// Explains a violation that
/// [`check_sequential_consistency`](crate::sequential::check_sequential_consistency) found, as
/// [`explain_linearizability`] does.
pub fn explain_sequential_consistency<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    violation: &NotSequential,
    budget: Budget,
) -> Explanation<S::State> {
    let subject = Subject {
        spec,
        history,
        order: Order::Process,
        last: None,
        end: u32::MAX,
        explained: &|ids, meter| has_sequential_order(spec, history, ids, &|_| false, meter),
        explained_relaxed: &|ids, possible, meter| {
            has_sequential_order(spec, history, ids, possible, meter)
        },
    };
    subject.explain(&violation.evidence, false, &violation.evidence, budget)
}

type Explained<'a> = dyn Fn(&[OperationId], &mut Meter) -> Option<bool> + 'a;
type ExplainedRelaxed<'a> =
    dyn Fn(&[OperationId], &dyn Fn(OperationId) -> bool, &mut Meter) -> Option<bool> + 'a;

/// What is explained, and by which judge.
struct Subject<'a, S: NondeterministicSpec> {
    spec: &'a S,
    history: &'a History<S::Op, S::Ret>,
    order: Order,
    /// The operation whose return cannot be explained, if that is known.
    last: Option<OperationId>,
    /// What returns after this position counts as open.
    end: u32,
    /// Whether these operations have an explanation by themselves; `None`: the meter ran out.
    explained: &'a Explained<'a>,
    /// The same, where some may take effect at any time after their invocation, or never.
    explained_relaxed: &'a ExplainedRelaxed<'a>,
}

impl<S: NondeterministicSpec> Subject<'_, S> {
    /// `candidates` are those operations that may help to make sense of the violation.
    fn explain(
        &self,
        evidence: &[OperationId],
        is_core: bool,
        candidates: &[OperationId],
        budget: Budget,
    ) -> Explanation<S::State> {
        let mut meter = budget.meter();
        let mut evidence = evidence.to_vec();
        evidence.sort_unstable();
        let mut core = evidence.clone();
        if !is_core {
            minimize(&mut core, |core| self.violates_relaxed(&evidence, core, &mut meter));
        }
        if let Some(smallest) = self.readable(&evidence, &mut meter) {
            return explained(self.spec, self.history, smallest, core, self.order);
        }
        let mut smallest = core.clone();
        let supporters = self.supporters(candidates, &core, &mut meter);
        smallest.extend(supporters.iter().flatten());
        smallest.sort_unstable();
        smallest.dedup();
        let possible_by_results = supporters.is_some();
        minimize(&mut smallest, |ids| {
            (self.explained)(ids, &mut meter) == Some(false)
                && (!possible_by_results || self.timeless(ids, &[], &mut meter).is_some())
        });
        if smallest.len() > READABLE_MAX && core.len() < smallest.len() {
            smallest = core.clone();
        }
        explained(self.spec, self.history, smallest, core, self.order)
    }

    /// A sub-history as a person would choose it: everything is well until the operation that cannot be explained, and it cannot be explained
    /// whatever the operations that were left out did. `None` where there are too many to find one.
    fn readable(&self, evidence: &[OperationId], meter: &mut Meter) -> Option<Vec<OperationId>> {
        let last = self.last.filter(|last| evidence.contains(last))?;
        if evidence.len() > READABLE_MAX {
            return None;
        }
        let mut holds = |ids: &[OperationId]| {
            let before: Vec<OperationId> = ids.iter().copied().filter(|id| *id != last).collect();
            before.len() < ids.len()
                && (self.explained)(ids, meter) == Some(false)
                && (self.explained)(&before, meter) == Some(true)
                && self.violates_relaxed(evidence, ids, meter)
        };
        let mut smallest = evidence.to_vec();
        holds(&smallest).then(|| minimize(&mut smallest, holds))?;
        Some(smallest)
    }

    /// Whether the operations of `core` have no explanation although all others of `evidence` may take effect at any
    /// time after their invocation, or never.
    fn violates_relaxed(
        &self,
        evidence: &[OperationId],
        core: &[OperationId],
        meter: &mut Meter,
    ) -> bool {
        let is_certain = |id: OperationId| {
            core.binary_search(&id).is_ok()
                && self.history.operation(id).last_position() <= self.end
        };
        let matters = |id: &OperationId| {
            let operation = self.history.operation(*id);
            is_certain(*id) || !self.spec.is_pure(&operation.op, operation.outcome.ok())
        };
        let ids: Vec<OperationId> = evidence.iter().copied().filter(matters).collect();
        // An attempt that takes long is given up: the operation stays.
        let mut attempt = Budget::configurations(meter.left().min(20_000)).meter();
        let found = (self.explained_relaxed)(&ids, &|id| !is_certain(id), &mut attempt);
        meter.spend(attempt.spent()) && found == Some(false)
    }

    /// Which of the other candidates are needed so that the results of `core` are possible in some order, were it not
    /// for time. `None`: they are not possible in any order.
    fn supporters(
        &self,
        candidates: &[OperationId],
        core: &[OperationId],
        meter: &mut Meter,
    ) -> Option<Vec<OperationId>> {
        let matters = |id: &OperationId| {
            let operation = self.history.operation(*id);
            core.binary_search(id).is_err()
                && !self.spec.is_pure(&operation.op, operation.outcome.ok())
        };
        let others: Vec<OperationId> = candidates.iter().copied().filter(matters).collect();
        let order = self.timeless(core, &others, meter)?;
        Some(order.into_iter().filter(|id| core.binary_search(id).is_err()).collect())
    }

    /// An order of the operations `certain`, and of some of `possible`, that the specification allows, whatever
    /// their times.
    fn timeless(
        &self,
        certain: &[OperationId],
        possible: &[OperationId],
        meter: &mut Meter,
    ) -> Option<Vec<OperationId>> {
        let all =
            certain.iter().map(|id| (*id, true)).chain(possible.iter().map(|id| (*id, false)));
        let count = certain.len() + possible.len();
        let mut ids = Vec::with_capacity(count);
        let mut operations = Vec::with_capacity(count);
        for (id, is_certain) in all {
            let operation = self.history.operation(id);
            let known = is_certain && matches!(operation.outcome, Outcome::Ok(_));
            let place = ids.len() as u32;
            ids.push(id);
            operations.push(Operation {
                process: operation.process,
                op: operation.op.clone(),
                outcome: if known { operation.outcome.clone() } else { Outcome::Unknown },
                invoked: Moment { position: place, time: None },
                completed: known.then_some(Moment { position: count as u32 + place, time: None }),
            });
        }
        let timeless = History::from_operations(operations);
        let attempt = Budget::configurations(meter.left().min(5_000));
        match check_linearizability(self.spec, &timeless, attempt) {
            Verdict::Ok(found) if meter.spend(found.configurations) => {
                Some(found.order.into_iter().map(|place| ids[place.index()]).collect())
            }
            Verdict::Ok(_) => None,
            Verdict::Violation(violation) => {
                meter.spend(violation.configurations);
                None
            }
            Verdict::Unknown(exhausted) => {
                meter.spend(exhausted.configurations);
                None
            }
        }
    }
}

/// Puts the explanation of `smallest` into words.
pub(crate) fn explained<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    smallest: Vec<OperationId>,
    core: Vec<OperationId>,
    order: Order,
) -> Explanation<S::State> {
    let (refutation, dead_ends) = refuted(spec, history, &smallest, order)
        .map_or((None, Vec::new()), |(refutation, ends)| (Some(refutation), ends));
    let why = words(spec, history, &smallest, &dead_ends, order);
    Explanation { smallest, core, refutation, dead_ends, why }
}

/// A proof, and the longest attempts.
type Refuted<State> = (Refutation<State>, Vec<DeadEnd<State>>);

/// The proof that these operations have no explanation, without trust in the specification's promises if that can be.
fn refuted<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    order: Order,
) -> Option<Refuted<S::State>> {
    let succeeded = |id: &OperationId| matches!(history.operation(*id).outcome, Outcome::Ok(_));
    let (certain, optional): (Vec<_>, Vec<_>) = ids.iter().copied().partition(succeeded);
    [false, true].into_iter().find_map(|trusts_promises| {
        let (certain, optional) = (&certain, &optional);
        let question =
            Question { certain, optional, anytime: &[], order, trusts_promises, by_rules: false };
        let mut meter = Budget::configurations(BEGINNINGS_MAX).meter();
        match explore(spec, history, &question, &mut meter) {
            Exploration::Refuted(refutation, dead_ends) => Some((refutation, dead_ends)),
            Exploration::Explained | Exploration::TooLarge => None,
        }
    })
}

/// `write(3) of p1 [10, 20]`.
pub(crate) fn name<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    id: OperationId,
) -> String {
    let operation = history.operation(id);
    let what = spec.describe(&operation.op, operation.outcome.ok());
    let end = match (&operation.outcome, operation.completed) {
        (Outcome::Ok(_) | Outcome::Fail, Some(moment)) => moment.to_string(),
        (Outcome::Ok(_) | Outcome::Fail | Outcome::Unknown, _) => "unknown".to_string(),
    };
    format!("{what} of {} [{}, {end}]", operation.process, operation.invoked)
}

fn words<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    smallest: &[OperationId],
    dead_ends: &[DeadEnd<S::State>],
    order: Order,
) -> String {
    let named = |id: OperationId| name(spec, history, id);
    let mut why = String::new();
    for second in smallest {
        // Only the latest that must come before: the rest follows.
        let before: Vec<OperationId> = smallest
            .iter()
            .copied()
            .filter(|first| order.requires(history, *first, *second))
            .collect();
        for first in before.iter().filter(|first| {
            !before.iter().any(|between| order.requires(history, **first, *between))
        }) {
            let (reason, at) = match order {
                Order::RealTime => ("it had returned at", history.operation(*first).completed),
                Order::Process => {
                    ("its process went on at", Some(history.operation(*second).invoked))
                }
            };
            let at = at.map_or(String::new(), |moment| moment.to_string());
            why.push_str(&format!(
                "{} must come before {}: {reason} {at}.\n",
                named(*first),
                named(*second)
            ));
        }
    }
    for dead_end in dead_ends {
        let state = spec.describe_state(&dead_end.state);
        let taken: Vec<String> = dead_end
            .order
            .iter()
            .map(|id| {
                let operation = history.operation(*id);
                spec.describe(&operation.op, operation.outcome.ok())
            })
            .collect();
        let after = if taken.is_empty() {
            format!("At first the state is {state}")
        } else {
            format!("After {} the state is {state}", taken.join(", then "))
        };
        let impossible: Vec<String> = dead_end.impossible.iter().map(|id| named(*id)).collect();
        why.push_str(&format!("{after}, where {} is not possible.\n", impossible.join(" or ")));
    }
    let count = smallest.len();
    let plural = if count == 1 { "This operation has" } else { "These operations have" };
    why.push_str(&format!("{plural} no explanation."));
    why
}
