//! Judges a file: reads it, finds its model and property, and asks the right judge.
//!
//! [`judge_file`] does all at once. [`prepare`] stops before the judging, so that somebody with a clock can time
//! [`Prepared::decide`] alone, and asks for the report only where it is wanted.

mod cases;
mod models;
mod sessions;

use std::fmt;

use crate::history::{History, HistoryError, RawHistory};
use crate::render::Picture;
use crate::session::SessionGuarantee;
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Verdict};
use cases::{LinearizableCase, SequentialCase};
use models::Source;
use sessions::SessionCase;

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

/// A history with its judge, whatever their types.
pub trait Case {
    /// How many operations the clients invoked.
    fn operations(&self) -> usize;

    /// Judges the history.
    fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_>;
}

/// An answer of a [`Case`], and what it can tell of its reasons. Reasons are worked out when asked for.
pub trait Ruling {
    /// The answer.
    fn verdict(&self) -> Verdict<(), ()>;

    /// How many configurations were examined.
    fn configurations(&self) -> u64;

    /// The certificate or the explanation, in words.
    fn witness(&self) -> String;

    /// The picture of a violation.
    fn picture(&self) -> Option<Picture>;

    /// Checks the certificate with a verifier that knows nothing of the judge; the error says what is wrong with it.
    fn verify(&self) -> Result<(), String>;
}

/// A history that was read, with its property.
pub struct Prepared {
    property: String,
    case: Box<dyn Case>,
}

impl Prepared {
    /// The property that will be judged.
    pub fn property(&self) -> &str {
        &self.property
    }

    /// How many operations the clients invoked.
    pub fn operations(&self) -> usize {
        self.case.operations()
    }

    /// Judges the history. The same history and budget always get the same answer.
    pub fn decide(&self, budget: Budget) -> Box<dyn Ruling + '_> {
        self.case.decide(budget)
    }
}

/// Something that is done with a specification and a history of its types, whatever they are.
pub(crate) trait Uses {
    type Output;
    fn judge<S: NondeterministicSpec + 'static>(
        self,
        spec: S,
        history: History<S::Op, S::Ret>,
    ) -> Self::Output;
}

/// Judges the text of a JSON Lines file for `property`; without one, for the property that its header names.
///
/// ```
/// use sim_check::Budget;
/// use sim_check::judge::judge_file;
///
/// let text = r#"{"model":"register","initial":0}
/// {"process":0,"type":"invoke","f":"read","value":null}
/// {"process":0,"type":"ok","f":"read","value":7}
/// "#;
/// let judgement = judge_file(text, Some("linearizable"), Budget::default())?;
/// assert_eq!(judgement.verdict.word(), "violation");
/// assert!(judgement.witness.contains("read() = 7"));
/// # Ok::<(), sim_check::judge::JudgeError>(())
/// ```
///
/// # Errors
/// If the text is no history, or its model or property is not known.
pub fn judge_file(
    text: &str,
    property: Option<&str>,
    budget: Budget,
) -> Result<Judgement, JudgeError> {
    let prepared = prepare(&RawHistory::from_json_lines(text)?, property)?;
    let ruling = prepared.decide(budget);
    Ok(Judgement {
        property: prepared.property.clone(),
        verdict: ruling.verdict(),
        operations: prepared.operations(),
        configurations: ruling.configurations(),
        witness: ruling.witness(),
    })
}

/// Finds the judge of a history that was read from a file, without asking it yet.
///
/// # Errors
/// If the events are no history, or the model or property is not known.
pub fn prepare(raw: &RawHistory, property: Option<&str>) -> Result<Prepared, JudgeError> {
    let Some(model) = raw.header.model() else {
        let message = "the header names no \"model\"; expected one such as \"register\"";
        return Err(JudgeError::Unsupported(message.to_string()));
    };
    let property = property.or(raw.header.property()).unwrap_or("linearizable");
    let history = raw.history()?;
    let lines = raw.lines();
    if let Some(guarantee) = SessionGuarantee::named(property) {
        let case = SessionCase::new(guarantee, model, &raw.header, &history, &lines)?;
        return Ok(Prepared { property: property.to_string(), case: Box::new(case) });
    }
    let source = Source { header: &raw.header, history: &history, lines: &lines };
    let case = match property {
        "linearizable" => source.with_model(model, AsLinearizable { operations: history.len() })?,
        "sequential" => source.with_model(model, AsSequential { operations: history.len() })?,
        _ => None,
    };
    match case {
        Some(case) => Ok(Prepared { property: property.to_string(), case }),
        None => {
            let message = format!("no judge for the property {property:?} of the model {model:?}");
            Err(JudgeError::Unsupported(message))
        }
    }
}

struct AsLinearizable {
    operations: usize,
}

impl Uses for AsLinearizable {
    type Output = Box<dyn Case>;

    fn judge<S: NondeterministicSpec + 'static>(
        self,
        spec: S,
        history: History<S::Op, S::Ret>,
    ) -> Box<dyn Case> {
        Box::new(LinearizableCase { spec, history, operations: self.operations })
    }
}

struct AsSequential {
    operations: usize,
}

impl Uses for AsSequential {
    type Output = Box<dyn Case>;

    fn judge<S: NondeterministicSpec + 'static>(
        self,
        spec: S,
        history: History<S::Op, S::Ret>,
    ) -> Box<dyn Case> {
        Box::new(SequentialCase { spec, history, operations: self.operations })
    }
}
