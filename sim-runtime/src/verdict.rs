//! Why a run failed, and the identity of a failure.

use std::fmt;

/// The ways in which a run can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// Code under test panicked.
    Panic,
    /// An `always!` did not hold, or an `unreachable!` was reached.
    Always,
    /// A check or invariant failed.
    Check,
    /// The test returned an error.
    Error,
    /// Nothing could run and nothing was due, and the test had not ended.
    Stall,
    /// Tasks ran on and on without time moving.
    Livelock,
    /// Something promised did not happen in time.
    Liveness,
    /// A bound on events, virtual time or memory was crossed.
    Budget,
    /// A check gave up before it could tell. Not a pass, and not a violation either.
    Undecided,
    /// The run did something that a simulation cannot make deterministic.
    Leak,
}

impl FailureKind {
    /// The name used in fingerprints.
    pub fn name(self) -> &'static str {
        match self {
            FailureKind::Panic => "panic",
            FailureKind::Always => "always",
            FailureKind::Check => "check",
            FailureKind::Error => "error",
            FailureKind::Stall => "stall",
            FailureKind::Livelock => "livelock",
            FailureKind::Liveness => "liveness",
            FailureKind::Budget => "budget",
            FailureKind::Undecided => "undecided",
            FailureKind::Leak => "leak",
        }
    }
}

/// A failed run: what kind, which property, where in the source, and a message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// The violated property, a name that is the same for all seeds.
    pub property: String,
    /// The source position (`file:line`) or another place that is the same for all seeds.
    pub site: String,
    /// What happened in this run.
    pub message: String,
}

impl Failure {
    /// A failure found by a check or an invariant.
    pub fn check(property: impl Into<String>, message: impl Into<String>) -> Failure {
        Failure {
            kind: FailureKind::Check,
            property: property.into(),
            site: String::new(),
            message: message.into(),
        }
    }

    /// The identity of the failure: kind, property and site, never the message.
    ///
    /// ```
    /// use sim_runtime::Failure;
    /// assert_eq!(Failure::check("agreement", "2 values decided").fingerprint(), "check:agreement");
    /// ```
    pub fn fingerprint(&self) -> String {
        let mut text = self.kind.name().to_owned();
        for part in [&self.property, &self.site] {
            if !part.is_empty() {
                text.push(':');
                text.push_str(part);
            }
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            FailureKind::Check | FailureKind::Always | FailureKind::Liveness
                if !self.property.is_empty() =>
            {
                write!(f, "{}: {}", self.property, self.message)
            }
            FailureKind::Panic => write!(f, "panicked at {}: {}", self.site, self.message),
            _ => write!(f, "{}: {}", self.kind.name(), self.message),
        }
    }
}

impl std::error::Error for Failure {}
