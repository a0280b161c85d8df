//! Consensus: agreement, validity, integrity and termination, and the invariants of ballots
//! that fail long before two nodes disagree.
//!
//! The ballot invariants are those of Lamport, "The part-time parliament" (TOCS 1998) and "Paxos
//! made simple" (2001): one value for each ballot, that of the highest vote among the promises of
//! some quorum, and acceptors that never go back.

use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

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

/// What a good run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions<V> {
    /// The value of each decided instance.
    pub values: BTreeMap<Instance, V>,
}

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation<V> {
    /// Two nodes decided differently, also if one crashed later.
    Agreement {
        /// The instance.
        instance: Instance,
        /// The place, node and value of the first decision.
        first: (usize, Node, V),
        /// The place, node and value of the other.
        second: (usize, Node, V),
    },
    /// A decided value was never proposed.
    Validity {
        /// The instance.
        instance: Instance,
        /// The place, node and value.
        decided: (usize, Node, V),
    },
    /// A node decided an instance twice without a crash in between, or twice differently.
    Integrity {
        /// The instance.
        instance: Instance,
        /// The node.
        node: Node,
        /// The place and value of the first decision.
        first: (usize, V),
        /// The place and value of the other.
        second: (usize, V),
    },
    /// A node that had to decide did not.
    Termination {
        /// The instance.
        instance: Instance,
        /// The node.
        node: Node,
    },
    /// Two values were accepted in one ballot.
    BallotConflict {
        /// The instance.
        instance: Instance,
        /// The ballot.
        ballot: Ballot,
        /// The place and value of the first.
        first: (usize, V),
        /// The place and value of the other.
        second: (usize, V),
    },
    /// An acceptor took part in a ballot lower than one that it had promised or accepted.
    BallotRegression {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// Where it had gone higher.
        higher: (usize, Ballot),
        /// Where it went back.
        lower: (usize, Ballot),
    },
    /// An acceptor did not tell in a promise what it had accepted.
    ForgottenVote {
        /// The instance.
        instance: Instance,
        /// The acceptor.
        node: Node,
        /// Where it had accepted.
        accepted: (usize, Ballot),
        /// The promise.
        promise: usize,
    },
    /// A value was accepted in a ballot in which no quorum of promises allows it.
    UnsafeValue {
        /// The instance.
        instance: Instance,
        /// The ballot.
        ballot: Ballot,
        /// The place and value.
        accepted: (usize, V),
    },
}

impl<V: fmt::Display> fmt::Display for Violation<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement { instance, first: (at, a, x), second: (then, b, y) } => write!(
                f,
                "agreement: in instance {instance} node {a} decided {x} at event {at}, but node {b} \
                 decided {y} at event {then}"
            ),
            Self::Validity { instance, decided: (at, node, value) } => write!(
                f,
                "validity: in instance {instance} node {node} decided {value} at event {at}, which \
                 nobody had proposed"
            ),
            Self::Integrity { instance, node, first: (at, x), second: (then, y) } => write!(
                f,
                "integrity: in instance {instance} node {node} decided {x} at event {at} and {y} at \
                 event {then}"
            ),
            Self::Termination { instance, node } => {
                write!(f, "termination: node {node} never decided instance {instance}")
            }
            Self::BallotConflict { instance, ballot, first: (at, x), second: (then, y) } => write!(
                f,
                "ballot {ballot} of instance {instance} has two values: {x} was accepted at event \
                 {at} and {y} at event {then}"
            ),
            Self::BallotRegression { instance, node, higher: (at, x), lower: (then, y) } => write!(
                f,
                "in instance {instance} acceptor {node} was in ballot {x} at event {at} and went back \
                 to {y} at event {then}"
            ),
            Self::ForgottenVote { instance, node, accepted: (at, ballot), promise } => write!(
                f,
                "in instance {instance} acceptor {node} accepted in ballot {ballot} at event {at} and \
                 did not say so in its promise at event {promise}"
            ),
            Self::UnsafeValue { instance, ballot, accepted: (at, value) } => write!(
                f,
                "in instance {instance} {value} was accepted in ballot {ballot} at event {at}, but no \
                 quorum of promises allows that value"
            ),
        }
    }
}

#[derive(Clone)]
struct State<V> {
    proposed: Vec<V>,
    first: Option<(usize, Node, V)>,
    /// For each node the place, the incarnation and the value of its last decision.
    decided: BTreeMap<Node, (usize, u32, V)>,
    ballots: BTreeMap<Ballot, (usize, V)>,
    /// For each acceptor where it is.
    highest: BTreeMap<Node, (usize, Ballot)>,
    accepted: BTreeMap<Node, (usize, Ballot)>,
    promises: BTreeMap<Ballot, BTreeMap<Node, Option<(Ballot, V)>>>,
}

impl<V> Default for State<V> {
    fn default() -> Self {
        Self {
            proposed: Vec::new(),
            first: None,
            decided: BTreeMap::new(),
            ballots: BTreeMap::new(),
            highest: BTreeMap::new(),
            accepted: BTreeMap::new(),
            promises: BTreeMap::new(),
        }
    }
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
    match judge(events, expectations) {
        Ok(decisions) => Verdict::Ok(decisions),
        Err(violation) => Verdict::Violation(violation),
    }
}

fn judge<V: Clone + Eq>(
    events: &[Event<V>],
    expectations: &Expectations,
) -> Result<Decisions<V>, Violation<V>> {
    let mut states: BTreeMap<Instance, State<V>> = BTreeMap::new();
    let mut incarnations: BTreeMap<Node, u32> = BTreeMap::new();
    let mut down = BTreeSet::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Propose { instance, value } => {
                states.entry(*instance).or_default().proposed.push(value.clone());
            }
            Event::Promise { instance, node, ballot, accepted } => {
                let state = states.entry(*instance).or_default();
                state.promise(*instance, at, *node, *ballot, accepted)?;
            }
            Event::Accept { instance, node, ballot, value } => {
                let state = states.entry(*instance).or_default();
                state.accept(*instance, at, *node, *ballot, value, expectations.acceptors)?;
            }
            Event::Decide { instance, node, value } => {
                let incarnation = incarnations.get(node).copied().unwrap_or(0);
                let state = states.entry(*instance).or_default();
                state.decide(*instance, at, *node, incarnation, value)?;
            }
            Event::Crash { node } => {
                *incarnations.entry(*node).or_default() += 1;
                down.insert(*node);
            }
            Event::Recover { node } => {
                down.remove(node);
            }
        }
    }
    for (instance, state) in &states {
        for node in expectations.must_decide.iter().filter(|node| !down.contains(node)) {
            if !state.decided.contains_key(node) {
                return Err(Violation::Termination { instance: *instance, node: *node });
            }
        }
    }
    let values = states.into_iter().filter_map(|(i, state)| Some((i, state.first?.2))).collect();
    Ok(Decisions { values })
}

impl<V: Clone + Eq> State<V> {
    fn decide(
        &mut self,
        instance: Instance,
        at: usize,
        node: Node,
        incarnation: u32,
        value: &V,
    ) -> Result<(), Violation<V>> {
        if !self.proposed.contains(value) {
            return Err(Violation::Validity { instance, decided: (at, node, value.clone()) });
        }
        let before = self.decided.insert(node, (at, incarnation, value.clone()));
        if let Some((first_at, earlier, first)) = before
            && (earlier == incarnation || first != *value)
        {
            let (first, second) = ((first_at, first), (at, value.clone()));
            return Err(Violation::Integrity { instance, node, first, second });
        }
        let first = self.first.get_or_insert_with(|| (at, node, value.clone()));
        if first.2 != *value {
            let (first, second) = (first.clone(), (at, node, value.clone()));
            return Err(Violation::Agreement { instance, first, second });
        }
        Ok(())
    }

    fn advance(
        &mut self,
        instance: Instance,
        at: usize,
        node: Node,
        ballot: Ballot,
    ) -> Result<(), Violation<V>> {
        let highest = self.highest.entry(node).or_insert((at, ballot));
        if ballot < highest.1 {
            let (higher, lower) = (*highest, (at, ballot));
            return Err(Violation::BallotRegression { instance, node, higher, lower });
        }
        *highest = (at, ballot);
        Ok(())
    }

    fn promise(
        &mut self,
        instance: Instance,
        at: usize,
        node: Node,
        ballot: Ballot,
        accepted: &Option<(Ballot, V)>,
    ) -> Result<(), Violation<V>> {
        self.advance(instance, at, node, ballot)?;
        if let Some(voted) = self.accepted.get(&node)
            && accepted.as_ref().map(|(ballot, _)| *ballot) != Some(voted.1)
        {
            return Err(Violation::ForgottenVote { instance, node, accepted: *voted, promise: at });
        }
        self.promises.entry(ballot).or_default().insert(node, accepted.clone());
        Ok(())
    }

    fn accept(
        &mut self,
        instance: Instance,
        at: usize,
        node: Node,
        ballot: Ballot,
        value: &V,
        acceptors: u32,
    ) -> Result<(), Violation<V>> {
        self.advance(instance, at, node, ballot)?;
        let first = self.ballots.entry(ballot).or_insert_with(|| (at, value.clone()));
        if first.1 != *value {
            let (first, second) = (first.clone(), (at, value.clone()));
            return Err(Violation::BallotConflict { instance, ballot, first, second });
        }
        if acceptors > 0 && !self.is_safe(ballot, value, acceptors) {
            let accepted = (at, value.clone());
            return Err(Violation::UnsafeValue { instance, ballot, accepted });
        }
        self.accepted.insert(node, (at, ballot));
        Ok(())
    }

    /// Whether some quorum of promises of the ballot has no vote higher than one for the value.
    fn is_safe(&self, ballot: Ballot, value: &V, acceptors: u32) -> bool {
        let quorum = acceptors as usize / 2 + 1;
        let Some(promises) = self.promises.get(&ballot) else { return false };
        // The quorum must not contain a vote higher than the one for the value: allow promises up
        // to each vote for the value, or only those without a vote.
        let limits = promises.values().map(|vote| match vote {
            Some((ballot, voted)) if voted == value => Some(*ballot),
            Some(_) | None => None,
        });
        limits.into_iter().any(|limit| {
            let below = |vote: &&Option<(Ballot, V)>| vote.as_ref().map(|(b, _)| *b) <= limit;
            promises.values().filter(below).count() >= quorum
        })
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
