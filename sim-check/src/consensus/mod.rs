//! Consensus: agreement, validity, integrity and termination, and the invariants of ballots
//! that fail long before two nodes disagree.
//!
//! The ballot invariants are those of Lamport, "The part-time parliament" (TOCS 1998) and "Paxos
//! made simple" (2001): one value for each ballot, that of the highest vote among the promises of
//! some quorum, and acceptors that never go back.

mod certificate;
mod judge;
mod violation;

pub use certificate::{BallotValue, Decisions, Grounds};
pub use violation::Violation;

use crate::verdict::Verdict;

/// A node.
pub type Node = u32;
/// One decision of many: the slot of a log, the number of a round.
pub type Instance = u64;
/// A ballot; higher ones are later. Encode the proposer in it, so that no two share one.
pub type Ballot = u64;

/// Something that happened in the protocol. Values are compared, so digests will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<V> {
    /// A client or node proposes a value.
    Propose {
        /// The instance.
        instance: Instance,
        /// The value.
        value: V,
    },
    /// An acceptor promises not to take part in lower ballots.
    Promise {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// The ballot.
        ballot: Ballot,
        /// The ballot and value that it accepted last, as it tells the proposer.
        accepted: Option<(Ballot, V)>,
    },
    /// An acceptor accepts a value.
    Accept {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// The ballot.
        ballot: Ballot,
        /// The value.
        value: V,
    },
    /// A node learns a decision and acts on it.
    Decide {
        /// The instance.
        instance: Instance,
        /// The node.
        node: Node,
        /// The value.
        value: V,
    },
    /// A node stops.
    Crash {
        /// The node.
        node: Node,
    },
    /// A node runs again; it may decide the same value once more.
    Recover {
        /// The node.
        node: Node,
    },
}

/// What is judged besides agreement, validity and integrity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The run ended in a state in which each of these nodes, if up, must have decided each
    /// instance that anybody decided or that was proposed to.
    pub must_decide: Vec<Node>,
    /// The number of acceptors, to judge ballots; zero if there are none.
    pub acceptors: u32,
}

/// Judges the events of a run, which are in the order in which they happened.
///
/// ```
/// use sim_check::consensus::{Event, Expectations, check};
///
/// let events = [
///     Event::Propose { instance: 0, value: "a" },
///     Event::Propose { instance: 0, value: "b" },
///     Event::Decide { instance: 0, node: 1, value: "a" },
///     Event::Decide { instance: 0, node: 2, value: "b" },
/// ];
/// assert!(check(&events, &Expectations::default()).is_violation());
/// ```
pub fn check<V: Clone + Eq>(
    events: &[Event<V>],
    expectations: &Expectations,
) -> Verdict<Decisions<V>, Violation<V>> {
    match judge::judge(events, expectations) {
        Ok(decisions) => Verdict::Ok(decisions),
        Err(violation) => Verdict::Violation(violation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn propose(value: char) -> Event<char> {
        Event::Propose { instance: 0, value }
    }

    fn promise(node: Node, ballot: Ballot, accepted: Option<(Ballot, char)>) -> Event<char> {
        Event::Promise { instance: 0, node, ballot, accepted }
    }

    fn accept(node: Node, ballot: Ballot, value: char) -> Event<char> {
        Event::Accept { instance: 0, node, ballot, value }
    }

    fn decide(node: Node, value: char) -> Event<char> {
        Event::Decide { instance: 0, node, value }
    }

    fn violation(events: &[Event<char>], expectations: &Expectations) -> Violation<char> {
        match check(events, expectations) {
            Verdict::Violation(violation) => violation,
            other => panic!("{other:?}"),
        }
    }

    fn paxos() -> Expectations {
        Expectations { must_decide: vec![], acceptors: 3 }
    }

    #[test]
    fn a_later_ballot_adopts_the_accepted_value() {
        let events = [
            propose('a'),
            propose('b'),
            promise(1, 1, None),
            promise(2, 1, None),
            accept(1, 1, 'a'),
            promise(1, 2, Some((1, 'a'))),
            promise(3, 2, None),
            accept(3, 2, 'a'),
            accept(1, 2, 'a'),
            decide(1, 'a'),
            Event::Crash { node: 1 },
            Event::Recover { node: 1 },
            decide(1, 'a'),
            decide(3, 'a'),
        ];
        let expectations = Expectations { must_decide: vec![1, 3], acceptors: 3 };
        let Verdict::Ok(decisions) = check(&events, &expectations) else { panic!() };
        assert_eq!(decisions.values[&0], 'a');
    }

    #[test]
    fn the_four_properties_are_judged() {
        let none = Expectations::default();
        let disagree = [propose('a'), propose('b'), decide(1, 'a'), decide(2, 'b')];
        assert!(matches!(violation(&disagree, &none), Violation::Agreement { .. }));
        let invented = [propose('a'), decide(1, 'c')];
        assert!(matches!(violation(&invented, &none), Violation::Validity { .. }));
        let twice = [propose('a'), decide(1, 'a'), decide(1, 'a')];
        assert!(matches!(violation(&twice, &none), Violation::Integrity { .. }));
        let silent = [propose('a'), decide(1, 'a')];
        let all = Expectations { must_decide: vec![1, 2], acceptors: 0 };
        assert_eq!(violation(&silent, &all), Violation::Termination { instance: 0, node: 2 });
    }

    #[test]
    fn ballot_invariants_fail_before_nodes_disagree() {
        let two_values =
            [promise(1, 1, None), promise(2, 1, None), accept(1, 1, 'a'), accept(2, 1, 'b')];
        assert!(matches!(violation(&two_values, &paxos()), Violation::BallotConflict { .. }));
        let back = [promise(1, 5, None), promise(1, 4, None)];
        assert!(matches!(violation(&back, &paxos()), Violation::BallotRegression { .. }));
        let forgot =
            [promise(1, 1, None), promise(2, 1, None), accept(1, 1, 'a'), promise(1, 2, None)];
        assert!(matches!(violation(&forgot, &paxos()), Violation::ForgottenVote { .. }));
        let ignores_vote = [
            promise(1, 1, None),
            promise(2, 1, None),
            accept(1, 1, 'a'),
            promise(1, 2, Some((1, 'a'))),
            promise(3, 2, None),
            accept(3, 2, 'b'),
        ];
        assert!(matches!(violation(&ignores_vote, &paxos()), Violation::UnsafeValue { .. }));
        let no_quorum = [promise(1, 1, None), accept(1, 1, 'a')];
        assert!(matches!(violation(&no_quorum, &paxos()), Violation::UnsafeValue { .. }));
    }
}
