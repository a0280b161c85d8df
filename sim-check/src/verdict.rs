//! What a judge answers, and how much work it may do before it must give up.

use std::fmt;

/// The answer of a judge: `C` is the certificate of a good history, `X` the explanation of a bad one.
///
/// [`Verdict::Unknown`] is never success: use [`Verdict::is_ok`], never `!is_violation()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a verdict that nobody looks at judges nothing"]
pub enum Verdict<C, X> {
    /// The property holds, and this certificate proves it.
    Ok(C),
    /// The property is violated, and this explains why.
    Violation(X),
    /// The judge could not decide.
    Unknown(Exhausted),
}

impl<C, X> Verdict<C, X> {
    /// Whether the property was proven to hold.
    pub fn is_ok(&self) -> bool {
        matches!(self, Verdict::Ok(_))
    }

    /// Whether the property was proven to be violated.
    pub fn is_violation(&self) -> bool {
        matches!(self, Verdict::Violation(_))
    }

    /// Whether the judge gave up.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Verdict::Unknown(_))
    }

    /// `ok`, `violation` or `unknown`: the words that reports use.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Ok(_) => "ok",
            Verdict::Violation(_) => "violation",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// Replaces the certificate.
    pub fn map_ok<D>(self, f: impl FnOnce(C) -> D) -> Verdict<D, X> {
        match self {
            Verdict::Ok(certificate) => Verdict::Ok(f(certificate)),
            Verdict::Violation(violation) => Verdict::Violation(violation),
            Verdict::Unknown(exhausted) => Verdict::Unknown(exhausted),
        }
    }

    /// Replaces the explanation.
    pub fn map_violation<Y>(self, f: impl FnOnce(X) -> Y) -> Verdict<C, Y> {
        match self {
            Verdict::Ok(certificate) => Verdict::Ok(certificate),
            Verdict::Violation(violation) => Verdict::Violation(f(violation)),
            Verdict::Unknown(exhausted) => Verdict::Unknown(exhausted),
        }
    }
}

/// Why a judge could not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// How many configurations were examined before giving up.
    pub configurations: u64,
    /// One line: what stopped the judge.
    pub reason: String,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "undecided after {} configurations: {}", self.configurations, self.reason)
    }
}

impl std::error::Error for Exhausted {}

/// How much work a judge may do, in configurations.
///
/// A configuration is one node of a search (a state of the specification with the operations that
/// have taken effect) or one unit of a graph algorithm. Work is never measured in wall time: a verdict
/// must not depend on how busy the machine is.
///
/// ```
/// use sim_check::Budget;
/// assert_eq!(Budget::configurations(1_000).limit(), 1_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: u64,
}

impl Budget {
    /// No limit: the judge runs until it knows.
    pub const UNLIMITED: Budget = Budget { limit: u64::MAX };

    /// At most `limit` configurations.
    pub const fn configurations(limit: u64) -> Budget {
        Budget { limit }
    }

    /// The limit, in configurations.
    pub const fn limit(self) -> u64 {
        self.limit
    }

    /// A meter that has spent nothing yet.
    pub const fn meter(self) -> Meter {
        Meter { limit: self.limit, spent: 0 }
    }
}

impl Default for Budget {
    /// Ten million configurations: a few seconds of search.
    fn default() -> Self {
        Budget::configurations(10_000_000)
    }
}

/// Counts the configurations that a judge has examined against its [`Budget`].
#[derive(Clone, Debug)]
pub struct Meter {
    limit: u64,
    spent: u64,
}

impl Meter {
    /// Counts `configurations` more; false once the budget is exceeded.
    #[inline]
    pub fn spend(&mut self, configurations: u64) -> bool {
        self.spent = self.spent.saturating_add(configurations);
        self.spent <= self.limit
    }

    /// How many configurations were counted so far.
    pub const fn spent(&self) -> u64 {
        self.spent
    }

    /// How many configurations are left.
    pub const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.spent)
    }

    /// The verdict of a judge whose budget has run out.
    pub fn exhausted(&self) -> Exhausted {
        Exhausted {
            configurations: self.spent,
            reason: format!("the budget of {} configurations ran out", self.limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_verdict_is_not_success() {
        let verdict: Verdict<(), ()> =
            Verdict::Unknown(Budget::configurations(0).meter().exhausted());
        assert!(!verdict.is_ok());
        assert!(!verdict.is_violation());
        assert_eq!(verdict.word(), "unknown");
    }

    #[test]
    fn a_meter_stops_after_its_limit() {
        let mut meter = Budget::configurations(3).meter();
        assert!(meter.spend(3));
        assert_eq!(meter.left(), 0);
        assert!(!meter.spend(1));
        assert_eq!(meter.exhausted().configurations, 4);
    }
}
