//! The bank of planted bugs: M-PAX-01 to M-PAX-13, one at a time, switchable at run time.
//!
//! Each mutant is consulted at one place of the roles. Two of them depend on how acceptors treat
//! an equal ballot ([`EqualBallots`]): M-PAX-08 is defined with acceptors that refuse it, which
//! hides it from any client, and M-PAX-09 with acceptors that answer it. See
//! [`Mutant::equal_ballots`].

use super::equal_ballots::EqualBallots;
use super::property::Property;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How seldom a random run meets the bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// T: in 10 % of random runs or more.
    Trivial,
    /// E: in 1 % to 10 %.
    Easy,
    /// M: in 0.1 % to 1 %.
    Medium,
    /// H: in 0.01 % to 0.1 %.
    Hard,
    /// X: less often; wants a directed search.
    Directed,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Trivial => "T",
            Class::Easy => "E",
            Class::Medium => "M",
            Class::Hard => "H",
            Class::Directed => "X",
        })
    }
}

/// A planted bug.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Mutant {
    /// No bug.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The acceptor accepts without looking at its promise.
    #[serde(rename = "M-PAX-01")]
    Pax01,
    /// Accepting does not raise the promise.
    #[serde(rename = "M-PAX-02")]
    Pax02,
    /// The promise is kept in memory only.
    #[serde(rename = "M-PAX-03")]
    Pax03,
    /// The accepted value is kept in memory only.
    #[serde(rename = "M-PAX-04")]
    Pax04,
    /// A wiped acceptor goes on under its old identity.
    #[serde(rename = "M-PAX-05")]
    Pax05,
    /// The proposer always proposes its own value.
    #[serde(rename = "M-PAX-06")]
    Pax06,
    /// The proposer is bound by the first reported vote, not by the greatest.
    #[serde(rename = "M-PAX-07")]
    Pax07,
    /// The proposer's counter is kept in memory only.
    #[serde(rename = "M-PAX-08")]
    Pax08,
    /// Ballots are counters without the proposer's id.
    #[serde(rename = "M-PAX-09")]
    Pax09,
    /// The quorum of phase 1 is one too small.
    #[serde(rename = "M-PAX-10")]
    Pax10,
    /// A majority of an even number is one half.
    #[serde(rename = "M-PAX-11")]
    Pax11,
    /// Promises for an older ballot count for the current one.
    #[serde(rename = "M-PAX-12")]
    Pax12,
    /// The learner counts acceptors per value, over all ballots.
    #[serde(rename = "M-PAX-13")]
    Pax13,
}

/// What is known about a mutant.
struct Sheet {
    id: &'static str,
    class: Class,
    violates: &'static [Property],
    needs: &'static str,
    description: &'static str,
}

impl Mutant {
    /// All planted bugs, without [`Mutant::None`].
    pub const ALL: [Mutant; 13] = [
        Mutant::Pax01,
        Mutant::Pax02,
        Mutant::Pax03,
        Mutant::Pax04,
        Mutant::Pax05,
        Mutant::Pax06,
        Mutant::Pax07,
        Mutant::Pax08,
        Mutant::Pax09,
        Mutant::Pax10,
        Mutant::Pax11,
        Mutant::Pax12,
        Mutant::Pax13,
    ];

    /// Its name, as in `M-PAX-01`; "none" without a bug.
    pub fn id(self) -> &'static str {
        self.sheet().id
    }

    /// How hard it is to find end to end, as measured with plain random walks.
    pub fn class(self) -> Class {
        self.sheet().class
    }

    /// The properties that it can violate, those that say most about it first. Empty for
    /// [`Mutant::None`].
    pub fn violates(self) -> &'static [Property] {
        self.sheet().violates
    }

    /// The faults without which it does no harm.
    pub fn needs(self) -> &'static str {
        self.sheet().needs
    }

    /// What was changed in the code.
    pub fn description(self) -> &'static str {
        self.sheet().description
    }

    /// How many acceptors it needs to differ from the right code; `None` if any number will do.
    pub fn acceptors(self) -> Option<u16> {
        match self {
            Mutant::Pax11 => Some(4),
            _ => None,
        }
    }

    /// The treatment of equal ballots that belongs to the mutant's definition; `None` if it is
    /// free.
    ///
    /// With [`EqualBallots::Answer`] a proposer without memory (M-PAX-08) is an easy prey, with
    /// [`EqualBallots::Refuse`] nameless ballots (M-PAX-09) do no harm: one guard hides the other.
    pub fn equal_ballots(self) -> Option<EqualBallots> {
        match self {
            Mutant::Pax08 => Some(EqualBallots::Refuse),
            Mutant::Pax09 => Some(EqualBallots::Answer),
            _ => None,
        }
    }

    fn sheet(self) -> Sheet {
        use Class::{Directed, Easy, Hard, Medium, Trivial};
        use Property::{
            Agreement, ChosenStaysSafe, DecisionHasQuorum, DurableMonotone, OneValuePerBallot,
            PromiseKept, ShowsSafe,
        };
        let sheet = |id, class, violates, needs, description| Sheet {
            id,
            class,
            violates,
            needs,
            description,
        };
        match self {
            Mutant::None => sheet("none", Trivial, &[], "", "the protocol as it should be"),
            Mutant::Pax01 => sheet(
                "M-PAX-01",
                Trivial,
                &[PromiseKept, DurableMonotone, ChosenStaysSafe, Agreement],
                "two proposers, reordering",
                "the acceptor accepts any 2a without comparing it with its promise",
            ),
            Mutant::Pax02 => sheet(
                "M-PAX-02",
                Hard,
                &[DurableMonotone, ChosenStaysSafe, ShowsSafe, Agreement],
                "a delayed 2a of a lower ballot",
                "accepting does not raise the promise: the literal reading of PMS 2.2",
            ),
            Mutant::Pax03 => sheet(
                "M-PAX-03",
                Medium,
                &[PromiseKept, ChosenStaysSafe, Agreement],
                "crash and restart of an acceptor",
                "the promise is kept in memory only",
            ),
            Mutant::Pax04 => sheet(
                "M-PAX-04",
                Medium,
                &[ShowsSafe, ChosenStaysSafe, Agreement],
                "crash and restart of an acceptor",
                "the accepted value is kept in memory only",
            ),
            Mutant::Pax05 => sheet(
                "M-PAX-05",
                Medium,
                &[DurableMonotone, PromiseKept, ShowsSafe, ChosenStaysSafe, Agreement],
                "wipe and restart of an acceptor",
                "an acceptor with a wiped disk goes on under its old identity",
            ),
            Mutant::Pax06 => sheet(
                "M-PAX-06",
                Trivial,
                &[ShowsSafe, ChosenStaysSafe, Agreement],
                "two proposers",
                "the proposer always proposes its own value",
            ),
            Mutant::Pax07 => sheet(
                "M-PAX-07",
                Hard,
                &[ShowsSafe, ChosenStaysSafe, Agreement],
                "reordering, three ballots with two values",
                "the first reported vote binds the proposer, not the one with the greatest ballot",
            ),
            Mutant::Pax08 => sheet(
                "M-PAX-08",
                Directed,
                &[OneValuePerBallot],
                "crash and restart of a proposer, a duplicated 1b that outlives it",
                "the ballot counter is kept in memory only (acceptors refuse equal ballots)",
            ),
            Mutant::Pax09 => sheet(
                "M-PAX-09",
                Trivial,
                &[OneValuePerBallot, Agreement],
                "two proposers",
                "ballots have no proposer id (acceptors answer equal ballots again)",
            ),
            Mutant::Pax10 => sheet(
                "M-PAX-10",
                Easy,
                &[ShowsSafe, ChosenStaysSafe, Agreement],
                "two proposers",
                "the quorum of phase 1 is one too small",
            ),
            Mutant::Pax11 => sheet(
                "M-PAX-11",
                Easy,
                &[ShowsSafe, DecisionHasQuorum, ChosenStaysSafe, Agreement],
                "four acceptors, delivery as under a partition",
                "a majority of n is (n + 1) / 2: one half when n is even",
            ),
            Mutant::Pax12 => sheet(
                "M-PAX-12",
                Medium,
                &[ShowsSafe, ChosenStaysSafe, Agreement],
                "reordering",
                "a 1b of an older ballot counts for the current one",
            ),
            Mutant::Pax13 => sheet(
                "M-PAX-13",
                Directed,
                &[DecisionHasQuorum, Agreement],
                "reordering, four ballots",
                "the learner counts acceptors per value, over all ballots",
            ),
        }
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The name of no mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMutant(String);

impl fmt::Display for UnknownMutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no mutant of Paxos is called {:?}: use none or M-PAX-01 to M-PAX-13", self.0)
    }
}

impl std::error::Error for UnknownMutant {}

impl FromStr for Mutant {
    type Err = UnknownMutant;

    /// Reads what [`Mutant::id`] gives.
    fn from_str(text: &str) -> Result<Mutant, UnknownMutant> {
        [Mutant::None]
            .into_iter()
            .chain(Mutant::ALL)
            .find(|mutant| mutant.id() == text)
            .ok_or_else(|| UnknownMutant(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for mutant in [Mutant::None].into_iter().chain(Mutant::ALL) {
            assert_eq!(mutant.to_string().parse(), Ok(mutant));
        }
        let error = "M-PAX-14".parse::<Mutant>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no mutant of Paxos is called \"M-PAX-14\": use none or M-PAX-01 to M-PAX-13"
        );
    }

    #[test]
    fn each_mutant_is_consulted_at_one_place_of_the_roles() {
        let sources = [
            include_str!("acceptor.rs"),
            include_str!("proposer.rs"),
            include_str!("learner.rs"),
            include_str!("cluster.rs"),
        ];
        let code = sources.map(|source| source.split("#[cfg(test)]").next().unwrap());
        for mutant in Mutant::ALL {
            let name = format!("Mutant::{mutant:?}");
            let places: usize = code.iter().map(|code| code.matches(&name).count()).sum();
            assert_eq!(places, 1, "{name}");
            assert!(!mutant.violates().is_empty());
        }
    }
}
