//! Judges a file: reads it, finds its model and property, and asks the right judge.

mod models;

use std::fmt;

use crate::history::{History, HistoryError, RawHistory};
use crate::linearizability::check_linearizability;
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Verdict};
use models::Source;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The property that was judged.
    pub property: String,
    /// The answer, without certificate and explanation.
    pub verdict: Verdict<(), ()>,
    /// How many operations the clients invoked.
    pub operations: usize,
    /// How many configurations the judge examined.
    pub configurations: u64,
    /// The certificate or the explanation, in words.
    pub witness: String,
}

/// Why a file could not be judged at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeError {
    /// The text is no history.
    History(HistoryError),
    /// The model or the property is missing or not known.
    Unsupported(String),
}

impl fmt::Display for JudgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JudgeError::History(error) => error.fmt(f),
            JudgeError::Unsupported(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for JudgeError {}

impl From<HistoryError> for JudgeError {
    fn from(error: HistoryError) -> Self {
        JudgeError::History(error)
    }
}

/// Something that is done with a specification and a history of its types, whatever they are.
pub(crate) trait Uses {
    type Output;
    fn judge<S: NondeterministicSpec>(
        self,
        spec: &S,
        history: &History<S::Op, S::Ret>,
    ) -> Self::Output;
}

/// Judges the text of a JSON Lines file for `property`; without one, for the property that its header names.
///
/// # Errors
/// If the text is no history, or its model or property is not known.
pub fn judge_file(
    text: &str,
    property: Option<&str>,
    budget: Budget,
) -> Result<Judgement, JudgeError> {
    judge_history(&RawHistory::from_json_lines(text)?, property, budget)
}

/// Judges a history that was read from a file, as [`judge_file`] does.
///
/// # Errors
/// If the events are no history, or its model or property is not known.
pub fn judge_history(
    raw: &RawHistory,
    property: Option<&str>,
    budget: Budget,
) -> Result<Judgement, JudgeError> {
    let Some(model) = raw.header.model() else {
        let message = "the header names no \"model\"; expected one such as \"register\"";
        return Err(JudgeError::Unsupported(message.to_string()));
    };
    let property = property.or(raw.header.property()).unwrap_or("linearizable");
    let history = raw.history()?;
    let source = Source { header: &raw.header, history: &history, lines: &raw.lines() };
    let judged = match property {
        "linearizable" => source.with_model(model, Linearizable { budget })?,
        _ => None,
    };
    match judged {
        Some(judged) => Ok(judged),
        None => {
            let message = format!("no judge for the property {property:?} of the model {model:?}");
            Err(JudgeError::Unsupported(message))
        }
    }
}

struct Linearizable {
    budget: Budget,
}

impl Uses for Linearizable {
    type Output = Judgement;

    fn judge<S: NondeterministicSpec>(
        self,
        spec: &S,
        history: &History<S::Op, S::Ret>,
    ) -> Judgement {
        let verdict = check_linearizability(spec, history, self.budget);
        let (configurations, witness) = match &verdict {
            Verdict::Ok(linearization) => (linearization.configurations, String::new()),
            Verdict::Violation(violation) => (violation.configurations, String::new()),
            Verdict::Unknown(exhausted) => (exhausted.configurations, exhausted.to_string()),
        };
        Judgement {
            property: "linearizable".to_string(),
            verdict: verdict.map_ok(|_| ()).map_violation(|_| ()),
            operations: history.len(),
            configurations,
            witness,
        }
    }
}
