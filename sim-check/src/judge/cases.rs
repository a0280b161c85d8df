//! Histories of objects with a sequential specification, with their judges.

use std::cell::OnceCell;

use super::{Case, Ruling};
use crate::certificate::{
    verify_linearization, verify_refutation, verify_sequential_order, verify_violation,
};
use crate::explain::{Explanation, explain_linearizability, explain_sequential_consistency};
use crate::history::{History, OperationId};
use crate::linearizability::{Linearization, NotLinearizable, check_linearizability};
use crate::refutation::{Order, Refutation, refute_linearizability, refute_sequential_consistency};
use crate::render::Picture;
use crate::sequential::{NotSequential, SequentialOrder, check_sequential_consistency};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Verdict};

/// How many configurations an explanation may cost.
const EXPLANATION: Budget = Budget::configurations(2_000_000);

pub(super) struct LinearizableCase<S: NondeterministicSpec> {
    pub(super) spec: S,
    pub(super) history: History<S::Op, S::Ret>,
    pub(super) operations: usize,
}

struct LinearizableRuling<'c, S: NondeterministicSpec> {
    case: &'c LinearizableCase<S>,
    verdict: Verdict<Linearization, NotLinearizable>,
    explanation: OnceCell<Explanation<S::State>>,
}

impl<S: NondeterministicSpec> Case for LinearizableCase<S> {
    fn operations(&self) -> usize {
        self.operations
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let verdict = check_linearizability(&self.spec, &self.history, budget);
        Box::new(LinearizableRuling { case: self, verdict, explanation: OnceCell::new() })
    }
}

impl<S: NondeterministicSpec> LinearizableRuling<'_, S> {
    fn explanation(&self, violation: &NotLinearizable) -> &Explanation<S::State> {
        self.explanation.get_or_init(|| {
            let (spec, history) = (&self.case.spec, &self.case.history);
            explain_linearizability(spec, history, violation, EXPLANATION)
        })
    }
}

impl<S: NondeterministicSpec> Ruling for LinearizableRuling<'_, S> {
    fn verdict(&self) -> Verdict<(), ()> {
        self.verdict.clone().map_ok(|_| ()).map_violation(|_| ())
    }

    fn configurations(&self) -> u64 {
        match &self.verdict {
            Verdict::Ok(found) => found.configurations,
            Verdict::Violation(violation) => violation.configurations,
            Verdict::Unknown(exhausted) => exhausted.configurations,
        }
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(found) => order_in_words("linearization", &found.order),
            Verdict::Violation(violation) => self.explanation(violation).why.clone(),
            Verdict::Unknown(exhausted) => exhausted.to_string(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let Verdict::Violation(violation) = &self.verdict else { return None };
        let explanation = self.explanation(violation);
        let (spec, history) = (&self.case.spec, &self.case.history);
        let title = "not linearizable";
        Some(Picture::of_explanation(title, spec, history, explanation, Order::RealTime))
    }

    fn verify(&self) -> Result<(), String> {
        let (spec, history) = (&self.case.spec, &self.case.history);
        match &self.verdict {
            Verdict::Ok(found) => {
                verify_linearization(spec, history, &found.order).map_err(|error| error.to_string())
            }
            Verdict::Violation(violation) => {
                let budget = proof_budget(violation.configurations);
                let whole = refute_linearizability(spec, history, violation, budget);
                verify_refutations(spec, history, whole.as_ref(), self.explanation(violation))
            }
            Verdict::Unknown(_) => Ok(()),
        }
    }
}

pub(super) struct SequentialCase<S: NondeterministicSpec> {
    pub(super) spec: S,
    pub(super) history: History<S::Op, S::Ret>,
    pub(super) operations: usize,
}

struct SequentialRuling<'c, S: NondeterministicSpec> {
    case: &'c SequentialCase<S>,
    verdict: Verdict<SequentialOrder, NotSequential>,
    explanation: OnceCell<Explanation<S::State>>,
}

impl<S: NondeterministicSpec> Case for SequentialCase<S> {
    fn operations(&self) -> usize {
        self.operations
    }

    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        let verdict = check_sequential_consistency(&self.spec, &self.history, budget);
        Box::new(SequentialRuling { case: self, verdict, explanation: OnceCell::new() })
    }
}

impl<S: NondeterministicSpec> SequentialRuling<'_, S> {
    fn explanation(&self, violation: &NotSequential) -> &Explanation<S::State> {
        self.explanation.get_or_init(|| {
            let (spec, history) = (&self.case.spec, &self.case.history);
            explain_sequential_consistency(spec, history, violation, EXPLANATION)
        })
    }
}

impl<S: NondeterministicSpec> Ruling for SequentialRuling<'_, S> {
    fn verdict(&self) -> Verdict<(), ()> {
        self.verdict.clone().map_ok(|_| ()).map_violation(|_| ())
    }

    fn configurations(&self) -> u64 {
        match &self.verdict {
            Verdict::Ok(found) => found.configurations,
            Verdict::Violation(violation) => violation.configurations,
            Verdict::Unknown(exhausted) => exhausted.configurations,
        }
    }

    fn witness(&self) -> String {
        match &self.verdict {
            Verdict::Ok(found) => order_in_words("order", &found.order),
            Verdict::Violation(violation) => self.explanation(violation).why.clone(),
            Verdict::Unknown(exhausted) => exhausted.to_string(),
        }
    }

    fn picture(&self) -> Option<Picture> {
        let Verdict::Violation(violation) = &self.verdict else { return None };
        let explanation = self.explanation(violation);
        let (spec, history) = (&self.case.spec, &self.case.history);
        let title = "not sequentially consistent";
        Some(Picture::of_explanation(title, spec, history, explanation, Order::Process))
    }

    fn verify(&self) -> Result<(), String> {
        let (spec, history) = (&self.case.spec, &self.case.history);
        match &self.verdict {
            Verdict::Ok(found) => verify_sequential_order(spec, history, &found.order)
                .map_err(|error| error.to_string()),
            Verdict::Violation(violation) => {
                let budget = proof_budget(violation.configurations);
                let whole = refute_sequential_consistency(spec, history, violation, budget);
                verify_refutations(spec, history, whole.as_ref(), self.explanation(violation))
            }
            Verdict::Unknown(_) => Ok(()),
        }
    }
}

/// A proof may cost so many times what the judge spent.
const PROOF: u64 = 16;

/// A budget for the proof of a violation that took the judge so many configurations.
fn proof_budget(configurations: u64) -> Budget {
    Budget::configurations(EXPLANATION.meter().left().max(configurations.saturating_mul(PROOF)))
}

/// Checks the proof that the history is bad, and the one that its smallest sub-history is, unless that takes too much.
fn verify_refutations<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    whole: Option<&Refutation<S::State>>,
    explanation: &Explanation<S::State>,
) -> Result<(), String> {
    let whole = whole.ok_or("the proof of this violation takes too much")?;
    verify_violation(spec, history, whole).map_err(|error| error.to_string())?;
    let of_smallest = explanation.refutation.iter();
    let mut verified = of_smallest.map(|refutation| verify_refutation(spec, history, refutation));
    verified.try_for_each(|verified| verified.map_err(|error| error.to_string()))
}

/// Operations by their numbers, in the order of invocation.
fn order_in_words(what: &str, order: &[OperationId]) -> String {
    let numbers: Vec<String> = order.iter().map(|id| id.0.to_string()).collect();
    format!("{what}: {}", numbers.join(" "))
}
