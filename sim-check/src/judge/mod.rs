//! Judges a file: reads it, finds its model and property, and asks the right judge. This is the only door: whoever has
//! a recorded history comes in here, whatever it is about.
//!
//! [`judge_file`] does all at once. [`prepare`] stops before the judging, so that somebody with a clock can time
//! [`Prepared::decide`] alone, and asks for the report only where it is wanted.
//!
//! | models | properties, the usual one first |
//! |---|---|
//! | `register`, `cas-register`, `multi-register`, `kv`, `counter`, `mutex`, `queue`, `fifo-queue`, `unordered-queue`, `priority-queue`, `stack`, `set`, `grow-only-set`, `append-list`, `unique-ids` | `linearizable`, `sequential` |
//! | `register`, `kv` | `read-your-writes`, `monotonic-reads`, `monotonic-writes`, `writes-follow-reads` |
//! | `list-append`, `rw-register` | `serializable` and all other isolation levels, `no-internal-anomaly` |
//! | `bank` | `snapshot-reads-conserve-total` |
//! | `counter` | `bounds` |
//! | `queue` | `total-queue` (usual where something is drained), `queue-no-phantom` |
//! | `set` | `no-lost-no-unexpected`, `set-full` |
//! | `unique-ids` | `unique` |
//! | `long-fork` | `no-long-fork` |
//!
//! A header names the model and, if it likes, the property. Without a header the model is told by the functions. Where
//! each value is a pair of a key and a value, as jepsen.independent writes them, each key is an object of its own.

mod cases;
mod independent;
mod infer;
mod models;
mod property;
mod sessions;
mod transactions;
mod workloads;

use std::fmt;

use crate::history::{Call, Header, History, HistoryError, RawHistory, Value};
use crate::render::Picture;
use crate::session::SessionGuarantee;
use crate::spec::NondeterministicSpec;
use crate::txn::Assumptions;
use crate::verdict::{Budget, Verdict};
use cases::{LinearizableCase, SequentialCase};
use independent::IndependentCase;
use models::Source;
use sessions::SessionCase;
use workloads::WorkloadCase;

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

    /// How many configurations were examined; of a judge that searches nothing, how many operations it looked at.
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

/// Judges the text of a file, JSON Lines or EDN, for `property`; without one, for the property that its header names, else
/// for the usual one of its model.
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
    let prepared = prepare(&RawHistory::from_text(text)?, property)?;
    let ruling = prepared.decide(budget);
    Ok(Judgement {
        property: prepared.property.clone(),
        verdict: ruling.verdict(),
        operations: prepared.operations(),
        configurations: ruling.configurations(),
        witness: ruling.witness(),
    })
}

/// What is asked of a history besides what its header says.
///
/// ```
/// use sim_check::Budget;
/// use sim_check::history::RawHistory;
/// use sim_check::judge::{Options, prepare_with};
/// use sim_check::txn::Assumptions;
///
/// let text = r#"{"model":"rw-register"}
/// {"process":0,"type":"invoke","f":"txn","value":[["w","x",1]]}
/// {"process":0,"type":"ok","f":"txn","value":[["w","x",1]]}
/// {"process":1,"type":"invoke","f":"txn","value":[["r","x",null]]}
/// {"process":1,"type":"ok","f":"txn","value":[["r","x",null]]}
/// "#;
/// let raw = RawHistory::from_text(text)?;
/// let mut options = Options { property: Some("serializable".to_string()), ..Options::default() };
/// assert!(prepare_with(&raw, &options)?.decide(Budget::default()).verdict().is_ok());
/// // As Elle's option linearizable-keys?: a stale read of one key is not explained by another order.
/// options.assumptions = Assumptions { linearizable_keys: true, ..Assumptions::default() };
/// assert!(prepare_with(&raw, &options)?.decide(Budget::default()).verdict().is_violation());
/// # Ok::<(), sim_check::judge::JudgeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The property; without one, that of the header, else the usual one of the model.
    pub property: Option<String>,
    /// What is assumed of each key of transactions, besides what the header assumes. Other models know no assumptions.
    pub assumptions: Assumptions,
}

/// Finds the judge of a history that was read from a file, without asking it yet.
///
/// # Errors
/// If the events are no history, or the model or property is not known.
pub fn prepare(raw: &RawHistory, property: Option<&str>) -> Result<Prepared, JudgeError> {
    let property = property.map(str::to_string);
    prepare_with(raw, &Options { property, assumptions: Assumptions::default() })
}

/// As [`prepare`], with options.
///
/// # Errors
/// As [`prepare`], and if something is assumed of a history that is not one of transactions over registers.
pub fn prepare_with(raw: &RawHistory, options: &Options) -> Result<Prepared, JudgeError> {
    let property = options.property.as_deref();
    let told;
    let raw = match (raw.header.model(), infer::model_of(raw)) {
        (None, Some(model)) => {
            let header = raw.header.clone().with("model", model);
            told = RawHistory { header, events: raw.events.clone() };
            &told
        }
        _ => raw,
    };
    let Some(model) = raw.header.model() else {
        let message = "no header names the \"model\", and the functions do not tell it; begin the file with a header \
                       such as {\"model\":\"register\"}";
        return Err(JudgeError::Unsupported(message.to_string()));
    };
    let history = raw.history()?;
    let property = property
        .or(raw.header.property())
        .map_or_else(|| infer::usual_property(model, &history).to_string(), property::canonical);
    let lines = raw.lines();
    let over_registers = model == "rw-register"
        && property != "no-internal-anomaly"
        && !workloads::is_workload(model, &property);
    if !options.assumptions.are_none() && !over_registers {
        let message = format!(
            "assumptions about keys, but the model is {model:?} and the property {property:?}; expected an isolation \
             level of the model \"rw-register\""
        );
        return Err(JudgeError::Unsupported(message));
    }
    let case = if workloads::is_workload(model, &property) {
        Box::new(WorkloadCase::new(&property, &raw.header, history, &lines)?)
    } else if matches!(model, "list-append" | "rw-register") {
        transactions::transactions(raw, &property, options.assumptions)?
    } else {
        of_object(model, &property, &raw.header, &history, &lines)?
    };
    Ok(Prepared { property, case })
}

/// The judge of an object with a sequential specification, or of many of them with keys.
fn of_object(
    model: &str,
    property: &str,
    header: &Header,
    history: &History<Call, Value>,
    lines: &[usize],
) -> Result<Box<dyn Case>, JudgeError> {
    // Stores and multi-registers have keys of their own.
    let keys = match model {
        "kv" | "key-value" | "multi-register" => None,
        _ => infer::keys(history),
    };
    // Together these are one store.
    let model = match model {
        "register" | "cas-register" if keys.is_some() => "kv",
        model => model,
    };
    if let Some(guarantee) = SessionGuarantee::named(property) {
        return Ok(Box::new(SessionCase::new(guarantee, model, header, history, lines)?));
    }
    let unsupported = || {
        let message = format!(
            "no judge for the property {property:?} of the model {model:?}; expected one such as linearizable"
        );
        JudgeError::Unsupported(message)
    };
    let one = |history: &History<Call, Value>| -> Result<Box<dyn Case>, JudgeError> {
        let source = Source { header, history, lines };
        let operations = history.len();
        let case = match property {
            "linearizable" => source.with_model(model, AsLinearizable { operations })?,
            "sequential" => source.with_model(model, AsSequential { operations })?,
            _ => None,
        };
        case.ok_or_else(unsupported)
    };
    match keys {
        Some(keys) if model != "kv" && property == "linearizable" => {
            let parts = keys.into_iter().map(|key| {
                let case = one(&infer::of_key(history, &key))?;
                Ok((key, case))
            });
            Ok(Box::new(IndependentCase { parts: parts.collect::<Result<_, JudgeError>>()? }))
        }
        Some(_) if model != "kv" => Err(JudgeError::Unsupported(format!(
            "the property {property:?} of many objects of the model {model:?}; objects with keys are judged for linearizable"
        ))),
        Some(_) | None => one(history),
    }
}

/// A verdict without its proof.
fn forget<C, X>(verdict: &Verdict<C, X>) -> Verdict<(), ()> {
    match verdict {
        Verdict::Ok(_) => Verdict::Ok(()),
        Verdict::Violation(_) => Verdict::Violation(()),
        Verdict::Unknown(exhausted) => Verdict::Unknown(exhausted.clone()),
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
