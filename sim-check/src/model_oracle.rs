//! Model oracle: a step-by-step comparison with a plain model.
//!
//! Checkers of histories find contradictions between observations. An error on which all replicas
//! agree contradicts nothing: if each of them rounds an amount the wrong way, the history is
//! perfectly linearizable. Only a second, plain implementation knows better. Feed it the operations in
//! the order in which the system applied them, and compare each answer and, where it can be
//! seen, each state.

use crate::verdict::Verdict;
use std::fmt;

/// A plain implementation: the simplest program that gives the right answers.
pub trait Model {
    /// What is asked.
    type Op: fmt::Debug;
    /// What is answered.
    type Ret: PartialEq + fmt::Debug;
    /// What can be seen of the state, such as a digest or a sorted map.
    type View: PartialEq + fmt::Debug;

    /// Applies an operation.
    fn apply(&mut self, op: &Self::Op) -> Self::Ret;

    /// What can be seen of the state now.
    fn view(&self) -> Self::View;
}

/// What the system did in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<Op, Ret, View> {
    /// The operation, in the order in which the system applied them.
    pub op: Op,
    /// The answer that the client got; `None` if it never came.
    pub ret: Option<Ret>,
    /// The state afterwards, where somebody looked.
    pub view: Option<View>,
}

/// Where the system and the model part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// They answer differently.
    Answer {
        /// The number of the step, from 0.
        step: usize,
        /// The operation.
        op: String,
        /// What the model answers.
        expected: String,
        /// What the system answered.
        found: String,
    },
    /// They are in different states afterwards.
    State {
        /// The number of the step, from 0.
        step: usize,
        /// The operation.
        op: String,
        /// The state of the model.
        expected: String,
        /// The state of the system.
        found: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { step, op, expected, found } => {
                write!(f, "step {step}, {op}: answered {found}, but the model answers {expected}")
            }
            Self::State { step, op, expected, found } => write!(
                f,
                "step {step}, {op}: the state is {found} afterwards, but the model's is {expected}"
            ),
        }
    }
}

/// Runs the model beside a system. Useful while the system runs: the first difference is found at
/// the step that makes it.
#[derive(Clone, Debug)]
pub struct ModelOracle<M> {
    model: M,
    steps: usize,
}

impl<M: Model> ModelOracle<M> {
    /// Starts with a model in its initial state.
    pub fn new(model: M) -> Self {
        Self { model, steps: 0 }
    }

    /// How many steps were compared.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The model, as it is now.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// Compares one step.
    ///
    /// # Errors
    ///
    /// The first difference; the model has then applied the operation.
    pub fn step(&mut self, step: &Step<M::Op, M::Ret, M::View>) -> Result<(), Difference> {
        let number = self.steps;
        self.steps += 1;
        let expected = self.model.apply(&step.op);
        if let Some(found) = step.ret.as_ref().filter(|found| **found != expected) {
            return Err(Difference::Answer {
                step: number,
                op: format!("{:?}", step.op),
                expected: format!("{expected:?}"),
                found: format!("{found:?}"),
            });
        }
        let expected = self.model.view();
        match step.view.as_ref().filter(|found| **found != expected) {
            None => Ok(()),
            Some(found) => Err(Difference::State {
                step: number,
                op: format!("{:?}", step.op),
                expected: format!("{expected:?}"),
                found: format!("{found:?}"),
            }),
        }
    }
}

/// Compares a whole run. The certificate is the number of steps.
pub fn check<M: Model>(
    model: M,
    steps: &[Step<M::Op, M::Ret, M::View>],
) -> Verdict<usize, Difference> {
    let mut oracle = ModelOracle::new(model);
    for step in steps {
        if let Err(difference) = oracle.step(step) {
            return Verdict::Violation(difference);
        }
    }
    Verdict::Ok(oracle.steps())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interest at 10 percent, rounded down.
    struct Account(i64);

    impl Model for Account {
        type Op = i64;
        type Ret = i64;
        type View = i64;

        fn apply(&mut self, deposit: &i64) -> i64 {
            self.0 += deposit;
            self.0 += self.0 / 10;
            self.0
        }

        fn view(&self) -> i64 {
            self.0
        }
    }

    fn step(op: i64, ret: Option<i64>, view: Option<i64>) -> Step<i64, i64, i64> {
        Step { op, ret, view }
    }

    #[test]
    fn equal_answers_and_states_pass() {
        let steps =
            [step(10, Some(11), Some(11)), step(4, None, None), step(0, Some(17), Some(17))];
        assert_eq!(check(Account(0), &steps), Verdict::Ok(3));
    }

    #[test]
    fn an_error_on_which_all_agree_is_found_at_its_step() {
        let rounded_up = [step(10, Some(11), None), step(4, Some(17), None)];
        let Verdict::Violation(found) = check(Account(0), &rounded_up) else { panic!() };
        assert_eq!(found.to_string(), "step 1, 4: answered 17, but the model answers 16");
        let wrong_state = [step(10, None, Some(12))];
        assert!(matches!(
            check(Account(0), &wrong_state),
            Verdict::Violation(Difference::State { step: 0, .. })
        ));
    }
}
