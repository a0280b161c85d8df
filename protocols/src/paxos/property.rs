//! What is promised, and what contradicts it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A property of Paxos. Its name is the property of a failure's fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the table of the invariants says what each one means")]
pub enum Property {
    OneValuePerBallot,
    ChosenStaysSafe,
    ShowsSafe,
    DecisionHasQuorum,
    PromiseKept,
    DurableMonotone,
    DurableBeforeSent,
    Agreement,
    Validity,
    Integrity,
}

impl Property {
    /// The name, as in the table of [`invariants`](super::invariants).
    pub fn name(self) -> &'static str {
        match self {
            Property::OneValuePerBallot => "OneValuePerBallot",
            Property::ChosenStaysSafe => "ChosenStaysSafe",
            Property::ShowsSafe => "ShowsSafe",
            Property::DecisionHasQuorum => "DecisionHasQuorum",
            Property::PromiseKept => "PromiseKept",
            Property::DurableMonotone => "DurableMonotone",
            Property::DurableBeforeSent => "DurableBeforeSent",
            Property::Agreement => "Agreement",
            Property::Validity => "Validity",
            Property::Integrity => "Integrity",
        }
    }
}

/// A property that does not hold, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which property.
    pub property: Property,
    /// What contradicts it, for a reader.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property.name(), self.detail)
    }
}

impl std::error::Error for Violation {}
