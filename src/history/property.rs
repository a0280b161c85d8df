//! What a history is asked to be.

use super::{ListAppend, Recorded, RwRegister};
use sim_check::explain::{explain_linearizability, explain_sequential_consistency};
use sim_check::history::{RawHistory, Value};
use sim_check::judge::prepare;
use sim_check::linearizability::check_linearizability;
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::NondeterministicSpec;
use sim_check::txn::IsolationLevel;
use sim_check::{Budget, Exhausted, History, Verdict};
use std::fmt::Display;
use std::marker::PhantomData;

/// The answer of a judge: a violation comes with sentences that say why.
pub type Ruling = Verdict<(), String>;

/// A property of histories of a subject, with its judge.
pub trait Property<S: Recorded> {
    /// The name: the same for all seeds, and the one by which a judge of files knows it.
    fn name(&self) -> String;

    /// What a judge of a file has to know besides: the fields of its header.
    fn header(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// Judges a history.
    fn judge(&self, history: &History<S::Op, S::Ret>) -> Ruling;
}

/// How many configurations an explanation may cost.
const EXPLANATION: Budget = Budget::configurations(500_000);

/// Each operation takes effect at one moment between its invocation and its completion, and returns what `spec` says.
pub fn linearizable<S: NondeterministicSpec>(spec: S) -> Linearizable<S> {
    Linearizable { spec, budget: Budget::default() }
}

/// See [`linearizable`].
#[derive(Clone, Debug)]
pub struct Linearizable<S> {
    spec: S,
    budget: Budget,
}

/// All operations take effect one after the other, those of each process in their order, whatever the time.
pub fn sequential<S: NondeterministicSpec>(spec: S) -> Sequential<S> {
    Sequential { spec, budget: Budget::default() }
}

/// See [`sequential`].
#[derive(Clone, Debug)]
pub struct Sequential<S> {
    spec: S,
    budget: Budget,
}

/// The transactions are isolated from each other at a level.
pub fn isolation(level: IsolationLevel) -> Isolation {
    Isolation { level, budget: Budget::default() }
}

/// See [`isolation`].
#[derive(Clone, Copy, Debug)]
pub struct Isolation {
    level: IsolationLevel,
    budget: Budget,
}

macro_rules! budget {
    ($($property:ty: $($subject:ident)?;)*) => {
        $(impl$(<$subject>)? $property {
            /// With another limit of configurations than ten million.
            #[must_use]
            pub fn budget(self, budget: Budget) -> Self {
                Self { budget, ..self }
            }
        })*
    };
}

budget! {
    Linearizable<S>: S;
    Sequential<S>: S;
    Isolation: ;
}

/// Any other property: `judge` looks at the history and answers with any verdict of [`check`](crate::check).
///
/// ```
/// use squall::check::Verdict;
/// use squall::check::spec::UniqueIds;
/// use squall::check::workload::check_unique_ids;
/// use squall::history::{Property, holds};
///
/// let unique = holds::<UniqueIds<u64>, _, _>("unique", |history| {
///     let ids: Vec<u64> =
///         history.operations().iter().filter_map(|op| op.outcome.ok().copied()).collect();
///     check_unique_ids(&ids).map_ok(|_| ())
/// });
/// assert_eq!(Property::<UniqueIds<u64>>::name(&unique), "unique");
/// ```
pub fn holds<S, X, F>(name: &'static str, judge: F) -> Holds<F, X>
where
    S: Recorded,
    X: Display,
    F: Fn(&History<S::Op, S::Ret>) -> Verdict<(), X>,
{
    Holds { name, judge, violation: PhantomData }
}

/// See [`holds`].
#[derive(Clone, Copy, Debug)]
pub struct Holds<F, X> {
    name: &'static str,
    judge: F,
    violation: PhantomData<fn() -> X>,
}

impl<S, X, F> Property<S> for Holds<F, X>
where
    S: Recorded,
    X: Display,
    F: Fn(&History<S::Op, S::Ret>) -> Verdict<(), X>,
{
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn judge(&self, history: &History<S::Op, S::Ret>) -> Ruling {
        (self.judge)(history).map_violation(|violation| violation.to_string())
    }
}

impl<S> Property<S> for Linearizable<S>
where
    S: NondeterministicSpec
        + Recorded<Op = <S as NondeterministicSpec>::Op, Ret = <S as NondeterministicSpec>::Ret>,
{
    fn name(&self) -> String {
        "linearizable".to_owned()
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        self.spec.header()
    }

    fn judge(&self, history: &History<<S as Recorded>::Op, <S as Recorded>::Ret>) -> Ruling {
        check_linearizability(&self.spec, history, self.budget).map_ok(|_| ()).map_violation(
            |violation| explain_linearizability(&self.spec, history, &violation, EXPLANATION).why,
        )
    }
}

impl<S> Property<S> for Sequential<S>
where
    S: NondeterministicSpec
        + Recorded<Op = <S as NondeterministicSpec>::Op, Ret = <S as NondeterministicSpec>::Ret>,
{
    fn name(&self) -> String {
        "sequential".to_owned()
    }

    fn header(&self) -> Vec<(&'static str, Value)> {
        self.spec.header()
    }

    fn judge(&self, history: &History<<S as Recorded>::Op, <S as Recorded>::Ret>) -> Ruling {
        check_sequential_consistency(&self.spec, history, self.budget).map_ok(|_| ()).map_violation(
            |violation| {
                explain_sequential_consistency(&self.spec, history, &violation, EXPLANATION).why
            },
        )
    }
}

impl Property<ListAppend> for Isolation {
    fn name(&self) -> String {
        self.level.name().to_owned()
    }

    fn judge(&self, history: &History<Steps, Steps>) -> Ruling {
        self.judge_transactions::<ListAppend>(history)
    }
}

impl Property<RwRegister> for Isolation {
    fn name(&self) -> String {
        self.level.name().to_owned()
    }

    fn judge(&self, history: &History<Steps, Steps>) -> Ruling {
        self.judge_transactions::<RwRegister>(history)
    }
}

type Steps = <ListAppend as Recorded>::Op;

impl Isolation {
    fn judge_transactions<S: Recorded>(&self, history: &History<S::Op, S::Ret>) -> Ruling {
        let header = sim_check::history::Header::empty().with("model", S::MODEL);
        let raw = RawHistory::of_history(header, history, S::call, S::result);
        match prepare(&raw, Some(self.level.name())) {
            Ok(prepared) => {
                let ruling = prepared.decide(self.budget);
                ruling.verdict().map_violation(|()| ruling.witness())
            }
            // A transaction whose steps do not belong to its model is a mistake of the test. It is not passed.
            Err(error) => {
                Verdict::Unknown(Exhausted { configurations: 0, reason: error.to_string() })
            }
        }
    }
}
