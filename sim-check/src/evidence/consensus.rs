//! Evidence against consensus.

use super::{claim, none, stands};
use crate::consensus::{
    Ballot, Decisions, Event, Expectations, Grounds, Instance, Node, Violation,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

impl<V: Clone + Eq + Debug> Violation<V> {
    /// Checks what the violation says against the events that it is about, and what was expected.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event<V>], expectations: &Expectations) -> Result<(), String> {
        let all = 0..events.len();
        let decides = |at: usize, i: Instance, n: Node, v: &V| {
            stands(events, at, |event| {
                matches!(event, Event::Decide { instance, node, value }
                    if (*instance, *node) == (i, n) && value == v)
            })
        };
        let accepts = |at: usize, i: Instance, b: Ballot, v: &V| {
            stands(events, at, |event| {
                matches!(event, Event::Accept { instance, ballot, value, .. }
                    if (*instance, *ballot) == (i, b) && value == v)
            })
        };
        let is_in = |at: usize, i: Instance, n: Node, b: Ballot| {
            stands(events, at, |event| {
                matches!(event,
                    Event::Promise { instance, node, ballot, .. }
                    | Event::Accept { instance, node, ballot, .. }
                        if (*instance, *node, *ballot) == (i, n, b))
            })
        };
        match self {
            Violation::Agreement { instance, first: (at, a, x), second: (then, b, y) } => {
                decides(*at, *instance, *a, x)?;
                decides(*then, *instance, *b, y)?;
                claim(x != y, || "the values differ".to_string())
            }
            Violation::Validity { instance, decided: (at, node, value) } => {
                decides(*at, *instance, *node, value)?;
                none(
                    events,
                    0..*at,
                    |event| matches!(event, Event::Propose { instance: i, value: v } if i == instance && v == value),
                )
            }
            Violation::Integrity { instance, node, first: (at, x), second: (then, y) } => {
                decides(*at, *instance, *node, x)?;
                decides(*then, *instance, *node, y)?;
                claim(at < then, || "there are two decisions".to_string())?;
                if x != y {
                    return Ok(());
                }
                none(
                    events,
                    *at..*then,
                    |event| matches!(event, Event::Crash { node: n } if n == node),
                )
            }
            Violation::Termination { instance, node } => {
                let expected = expectations.must_decide.contains(node);
                claim(expected, || format!("node {node} has to decide"))?;
                let begun = events.iter().any(|event| {
                    matches!(event,
                        Event::Propose { instance: i, .. }
                        | Event::Promise { instance: i, .. }
                        | Event::Accept { instance: i, .. }
                        | Event::Decide { instance: i, .. }
                            if i == instance)
                });
                claim(begun, || format!("instance {instance} has begun"))?;
                let life = events.iter().rev().find_map(|event| match event {
                    Event::Crash { node: n } if n == node => Some(false),
                    Event::Recover { node: n } if n == node => Some(true),
                    _ => None,
                });
                claim(life != Some(false), || format!("node {node} is up at the end"))?;
                none(
                    events,
                    all,
                    |event| matches!(event, Event::Decide { instance: i, node: n, .. } if (i, n) == (instance, node)),
                )
            }
            Violation::BallotConflict { instance, ballot, first: (at, x), second: (then, y) } => {
                accepts(*at, *instance, *ballot, x)?;
                accepts(*then, *instance, *ballot, y)?;
                claim(x != y, || "the values differ".to_string())
            }
            Violation::BallotRegression { instance, node, higher, lower } => {
                is_in(higher.0, *instance, *node, higher.1)?;
                is_in(lower.0, *instance, *node, lower.1)?;
                claim(higher.0 < lower.0 && higher.1 > lower.1, || "the ballot falls".to_string())
            }
            Violation::ForgottenVote { instance, node, accepted, promise } => {
                is_in(accepted.0, *instance, *node, accepted.1)?;
                claim(accepted.0 < *promise, || "the vote comes first".to_string())?;
                stands(events, *promise, |event| {
                    matches!(event, Event::Promise { instance: i, node: n, accepted: told, .. }
                        if (i, n) == (instance, node)
                            && told.as_ref().map(|(ballot, _)| *ballot) != Some(accepted.1))
                })
            }
            Violation::UnsafeValue { instance, ballot, accepted: (at, value) } => {
                accepts(*at, *instance, *ballot, value)?;
                let promised = last_promises(&events[..*at], *instance, *ballot);
                let quorum = expectations.acceptors as usize / 2 + 1;
                // A quorum shows the value safe if the highest vote in it is one for the value, or there is none. The
                // best quorum for a vote is made of all promises that tell nothing higher.
                let mut tops: Vec<Option<Ballot>> = vec![None];
                tops.extend(promised.iter().filter_map(|(_, told)| match told {
                    Some((vote, voted)) if voted == value => Some(Some(*vote)),
                    Some(_) | None => None,
                }));
                let safe = tops.iter().any(|top| {
                    let fits = |(_, told): &&(Node, Option<(Ballot, V)>)| {
                        told.as_ref().map(|(vote, _)| *vote) <= *top
                    };
                    promised.iter().filter(fits).count() >= quorum
                });
                claim(!safe, || "no quorum of promises allows the value".to_string())
            }
        }
    }
}

/// The promise of each acceptor in a ballot: the last one, if it repeated it.
fn last_promises<V: Clone>(
    events: &[Event<V>],
    i: Instance,
    b: Ballot,
) -> Vec<(Node, Option<(Ballot, V)>)> {
    let mut promised: Vec<(Node, Option<(Ballot, V)>)> = Vec::new();
    for event in events.iter().rev() {
        if let Event::Promise { instance, node, ballot, accepted } = event
            && (*instance, *ballot) == (i, b)
            && promised.iter().all(|(known, _)| known != node)
        {
            promised.push((*node, accepted.clone()));
        }
    }
    promised
}

/// What the verifier of decisions knows of a node in an instance.
struct Standing {
    /// The highest ballot that it took part in.
    ballot: Ballot,
    /// The ballot of its last vote.
    vote: Option<Ballot>,
}

impl<V: Clone + Eq> Decisions<V> {
    /// Checks that each decision is for the value of its instance, which had been proposed, that each vote is for the value
    /// of its ballot, which a quorum of promises allowed, and that nobody is left who had to decide.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event<V>], expectations: &Expectations) -> Result<(), String> {
        let mut decided: BTreeMap<(Instance, Node), u32> = BTreeMap::new();
        let mut lives: BTreeMap<Node, (u32, bool)> = BTreeMap::new();
        let mut standings: BTreeMap<(Instance, Node), Standing> = BTreeMap::new();
        // The newest promise of each node in each ballot, and the newest of all of them.
        let mut promises: BTreeMap<(Instance, Ballot, Node), usize> = BTreeMap::new();
        let mut promised: BTreeMap<(Instance, Ballot), usize> = BTreeMap::new();
        // Where the value of each ballot was accepted on its newest grounds first.
        let mut grounded: BTreeMap<(Instance, Ballot), usize> = BTreeMap::new();
        let mut begun = BTreeSet::new();
        let mut accepted = BTreeSet::new();
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Propose { instance, .. } => {
                    begun.insert(*instance);
                }
                Event::Promise { instance, node, ballot, accepted } => {
                    begun.insert(*instance);
                    let standing = take_part(&mut standings, *instance, *node, *ballot, at)?;
                    let tells = accepted.as_ref().map(|(vote, _)| *vote);
                    let honest = standing.vote.is_none() || standing.vote == tells;
                    claim(honest, || format!("event {at} tells of the last vote"))?;
                    promises.insert((*instance, *ballot, *node), at);
                    promised.insert((*instance, *ballot), at);
                }
                Event::Accept { instance, node, ballot, value } => {
                    begun.insert(*instance);
                    let standing = take_part(&mut standings, *instance, *node, *ballot, at)?;
                    standing.vote = Some(*ballot);
                    let place = (*instance, *ballot);
                    let of = self.ballots.get(&place).filter(|of| of.value == *value);
                    let of = of.ok_or_else(|| format!("event {at} has not the ballot's value"))?;
                    if expectations.acceptors > 0 {
                        let newest = of.grounds.partition_point(|grounds| grounds.from <= at);
                        let grounds = newest.checked_sub(1).map(|i| &of.grounds[i]);
                        let grounds = grounds.ok_or_else(|| format!("event {at} has no ground"))?;
                        if grounds.from == at {
                            let acceptors = expectations.acceptors;
                            holds(grounds, place, value, acceptors, &promises, events)?;
                            grounded.insert(place, at);
                        }
                        let checked = grounded.get(&place) == Some(&grounds.from);
                        claim(checked, || format!("event {at} stands on a vote before"))?;
                        let shaken = promised.get(&place) > Some(&grounds.from);
                        claim(!shaken, || format!("the ground of event {at} is the newest"))?;
                    }
                    accepted.insert(place);
                }
                Event::Decide { instance, node, value } => {
                    begun.insert(*instance);
                    let agreed = self.values.get(instance) == Some(value);
                    claim(agreed, || format!("event {at} decides as all do"))?;
                    let proposed = self.proposed.get(instance).is_some_and(|place| *place < at);
                    claim(proposed, || format!("that of event {at} was proposed before"))?;
                    let (life, _) = lives.get(node).copied().unwrap_or_default();
                    let before = decided.insert((*instance, *node), life);
                    claim(before != Some(life), || format!("event {at} decides once"))?;
                }
                Event::Crash { node } => {
                    let (life, down) = lives.entry(*node).or_default();
                    (*life, *down) = (*life + 1, true);
                }
                Event::Recover { node } => lives.entry(*node).or_default().1 = false,
            }
        }
        for (instance, value) in &self.values {
            let place = self.proposed.get(instance).copied().unwrap_or(events.len());
            stands(
                events,
                place,
                |event| matches!(event, Event::Propose { instance: i, value: v } if i == instance && v == value),
            )?;
        }
        let all: BTreeSet<Instance> = decided.keys().map(|(instance, _)| *instance).collect();
        let same = self.values.keys().eq(&all) && self.proposed.keys().eq(&all);
        claim(same, || "these instances were decided".to_string())?;
        claim(self.ballots.keys().eq(&accepted), || "these ballots have votes".to_string())?;
        for node in &expectations.must_decide {
            let (_, down) = lives.get(node).copied().unwrap_or_default();
            let missing = begun.iter().find(|instance| !decided.contains_key(&(**instance, *node)));
            claim(down || missing.is_none(), || format!("node {node} decided everything"))?;
        }
        Ok(())
    }
}

/// Lets a node take part in a ballot, which must not be lower than another one that it took part in.
fn take_part(
    standings: &mut BTreeMap<(Instance, Node), Standing>,
    instance: Instance,
    node: Node,
    ballot: Ballot,
    at: usize,
) -> Result<&mut Standing, String> {
    let new = || Standing { ballot, vote: None };
    let standing = standings.entry((instance, node)).or_insert_with(new);
    claim(standing.ballot <= ballot, || format!("the ballot of event {at} is not lower"))?;
    standing.ballot = ballot;
    Ok(standing)
}

/// That these promises are the newest ones of a quorum in a ballot, and that their highest vote is one for the value.
fn holds<V: Eq>(
    grounds: &Grounds,
    place: (Instance, Ballot),
    value: &V,
    acceptors: u32,
    promises: &BTreeMap<(Instance, Ballot, Node), usize>,
    events: &[Event<V>],
) -> Result<(), String> {
    let mut votes = Vec::new();
    for at in &grounds.quorum {
        let Some(Event::Promise { node, accepted, .. }) = events.get(*at) else {
            return Err(format!("event {at} is no promise"));
        };
        // So it is one of this ballot, too.
        let newest = promises.get(&(place.0, place.1, *node)) == Some(at);
        claim(newest, || format!("event {at} is the newest promise of its node in the ballot"))?;
        votes.push(accepted.as_ref());
    }
    claim(grounds.quorum.is_sorted_by(|a, b| a < b), || "the promises differ".to_string())?;
    claim(votes.len() > acceptors as usize / 2, || "they are a quorum".to_string())?;
    let highest = votes.iter().flatten().map(|(ballot, _)| *ballot).max();
    let allows = votes.iter().any(|vote| {
        vote.map(|(ballot, _)| *ballot) == highest && vote.is_none_or(|(_, v)| v == value)
    });
    claim(allows, || "the highest vote is for the value".to_string())
}
