//! The judge: one pass over the events.

use super::{
    Ballot, BallotValue, Decisions, Event, Expectations, Grounds, Instance, Node, Violation,
};
use std::collections::{BTreeMap, BTreeSet};

/// The place of a promise, and the vote that it tells of.
type Promised<V> = (usize, Option<(Ballot, V)>);

#[derive(Clone)]
struct State<V> {
    proposed: Vec<(usize, V)>,
    first: Option<(usize, Node, V)>,
    /// For each node the place, the incarnation and the value of its last decision.
    decided: BTreeMap<Node, (usize, u32, V)>,
    ballots: BTreeMap<Ballot, (usize, V)>,
    grounds: BTreeMap<Ballot, Vec<Grounds>>,
    /// The ballots in which somebody promised something after the newest grounds.
    shaken: BTreeSet<Ballot>,
    /// For each acceptor where it is.
    highest: BTreeMap<Node, (usize, Ballot)>,
    accepted: BTreeMap<Node, (usize, Ballot)>,
    promises: BTreeMap<Ballot, BTreeMap<Node, Promised<V>>>,
}

impl<V> Default for State<V> {
    fn default() -> Self {
        Self {
            proposed: Vec::new(),
            first: None,
            decided: BTreeMap::new(),
            ballots: BTreeMap::new(),
            grounds: BTreeMap::new(),
            shaken: BTreeSet::new(),
            highest: BTreeMap::new(),
            accepted: BTreeMap::new(),
            promises: BTreeMap::new(),
        }
    }
}

pub(super) fn judge<V: Clone + Eq>(
    events: &[Event<V>],
    expectations: &Expectations,
) -> Result<Decisions<V>, Violation<V>> {
    let mut states: BTreeMap<Instance, State<V>> = BTreeMap::new();
    let mut incarnations: BTreeMap<Node, u32> = BTreeMap::new();
    let mut down = BTreeSet::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Propose { instance, value } => {
                let state = states.entry(*instance).or_default();
                if state.proposal(value).is_none() {
                    state.proposed.push((at, value.clone()));
                }
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
    Ok(decisions(states))
}

fn decisions<V: Clone + Eq>(states: BTreeMap<Instance, State<V>>) -> Decisions<V> {
    let (mut values, mut proposed) = (BTreeMap::new(), BTreeMap::new());
    let mut ballots = BTreeMap::new();
    for (instance, mut state) in states {
        if let Some((.., value)) = state.first.take() {
            proposed.insert(instance, state.proposal(&value).expect("it was proposed"));
            values.insert(instance, value);
        }
        for (ballot, (_, value)) in state.ballots {
            let grounds = state.grounds.remove(&ballot).unwrap_or_default();
            ballots.insert((instance, ballot), BallotValue { value, grounds });
        }
    }
    Decisions { values, proposed, ballots }
}

impl<V: Clone + Eq> State<V> {
    /// Where a value was proposed.
    fn proposal(&self, value: &V) -> Option<usize> {
        self.proposed.iter().find(|(_, other)| other == value).map(|(at, _)| *at)
    }

    fn decide(
        &mut self,
        instance: Instance,
        at: usize,
        node: Node,
        incarnation: u32,
        value: &V,
    ) -> Result<(), Violation<V>> {
        if self.proposal(value).is_none() {
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
        self.promises.entry(ballot).or_default().insert(node, (at, accepted.clone()));
        self.shaken.insert(ballot);
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
        if acceptors > 0 && (self.shaken.remove(&ballot) || !self.grounds.contains_key(&ballot)) {
            let Some(quorum) = self.quorum(ballot, value, acceptors) else {
                let accepted = (at, value.clone());
                return Err(Violation::UnsafeValue { instance, ballot, accepted });
            };
            self.grounds.entry(ballot).or_default().push(Grounds { from: at, quorum });
        }
        self.accepted.insert(node, (at, ballot));
        Ok(())
    }

    /// The promises of a quorum of the ballot that has no vote higher than one for the value.
    fn quorum(&self, ballot: Ballot, value: &V, acceptors: u32) -> Option<Vec<usize>> {
        let quorum = acceptors as usize / 2 + 1;
        let promises = self.promises.get(&ballot)?;
        // The quorum must not contain a vote higher than the one for the value: allow promises up
        // to each vote for the value, or only those without a vote.
        let limits = promises.values().map(|(_, vote)| match vote {
            Some((ballot, voted)) if voted == value => Some(*ballot),
            Some(_) | None => None,
        });
        limits.into_iter().find_map(|limit| {
            let below =
                promises.values().filter(|(_, vote)| vote.as_ref().map(|(b, _)| *b) <= limit);
            let mut places: Vec<usize> = below.map(|(at, _)| *at).collect();
            places.sort_unstable();
            (places.len() >= quorum).then_some(places)
        })
    }
}
