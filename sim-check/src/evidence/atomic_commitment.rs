//! Evidence against atomic commitment.

use super::{claim, none, stands};
use crate::atomic_commitment::{
    Decision, Event, Excuse, Expectations, Node, Settlement, Summary, TxnName, Violation,
};
use std::collections::{BTreeMap, BTreeSet};

impl Violation {
    /// Checks what the violation says against the events that it is about.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event]) -> Result<(), String> {
        let all = 0..events.len();
        let decides = |(at, n, d): (usize, Node, Decision), t: TxnName| {
            stands(events, at, |event| {
                matches!(event, Event::Decide { txn, node, decision }
                    if (*txn, *node, *decision) == (t, n, d))
            })
        };
        let takes_part = |t: TxnName, n: Node| {
            let asked = events.iter().any(|event| {
                matches!(event, Event::Begin { txn, participants } if *txn == t && participants.contains(&n))
            });
            claim(asked, || format!("node {n} takes part in transaction {t}"))
        };
        let never_decides = |t: TxnName, n: Node| {
            none(
                events,
                all.clone(),
                |event| matches!(event, Event::Decide { txn, node, .. } if (*txn, *node) == (t, n)),
            )
        };
        let voted = |event: &Event, t: TxnName, n: Node, answer: bool| matches!(event, Event::Vote { txn, node, yes } if (*txn, *node, *yes) == (t, n, answer));
        match *self {
            Violation::Agreement { txn, first, second } => {
                decides(first, txn)?;
                decides(second, txn)?;
                claim(first.2 != second.2, || "the decisions differ".to_string())
            }
            Violation::Stability { txn, node, first, second } => {
                decides((first.0, node, first.1), txn)?;
                decides((second.0, node, second.1), txn)?;
                claim(first.1 != second.1, || "the decisions differ".to_string())
            }
            Violation::Validity { txn, commit: (at, node), without, voted_no } => {
                decides((at, node, Decision::Commit), txn)?;
                takes_part(txn, without)?;
                match voted_no {
                    Some(no) => stands(events, no, |event| voted(event, txn, without, false)),
                    None => none(events, 0..at, |event| voted(event, txn, without, true)),
                }
            }
            Violation::NonTriviality { txn, abort: (at, node) } => {
                decides((at, node, Decision::Abort), txn)?;
                none(events, 0..at, |event| matches!(event, Event::Crash { .. } | Event::Fault))?;
                none(
                    events,
                    all.clone(),
                    |event| matches!(event, Event::Vote { txn: t, yes: false, .. } if *t == txn),
                )?;
                let participants = events.iter().filter_map(|event| match event {
                    Event::Begin { txn: t, participants } if *t == txn => Some(participants),
                    _ => None,
                });
                participants.flatten().try_for_each(|participant| {
                    let yes = events.iter().any(|event| voted(event, txn, *participant, true));
                    claim(yes, || format!("node {participant} votes yes"))
                })
            }
            Violation::Termination { txn, node } => {
                takes_part(txn, node)?;
                never_decides(txn, node)
            }
            Violation::Blocked { txn, node } => {
                takes_part(txn, node)?;
                never_decides(txn, node)?;
                none(
                    events,
                    all.clone(),
                    |event| matches!(event, Event::Crash { node: n } if *n == node),
                )
            }
            Violation::Unknown { txn, at } => {
                stands(
                    events,
                    at,
                    |event| matches!(event, Event::Vote { txn: t, .. } | Event::Decide { txn: t, .. } if *t == txn),
                )?;
                none(
                    events,
                    0..at,
                    |event| matches!(event, Event::Begin { txn: t, .. } if *t == txn),
                )
            }
        }
    }
}

/// What the verifier of a summary knows of a transaction so far.
#[derive(Default)]
struct Progress {
    participants: BTreeSet<Node>,
    /// Participants whose vote has not been asked for since they joined.
    unasked: Vec<Node>,
    yes: BTreeSet<Node>,
    no: BTreeSet<Node>,
    /// Whether a participant voted no.
    refused: bool,
    decided: BTreeSet<Node>,
}

impl Summary {
    /// Checks that each event is as the end of its transaction demands, and that nobody is left who had to decide.
    ///
    /// # Errors
    /// The first claim that is not true.
    pub fn verify(&self, events: &[Event], expectations: Expectations) -> Result<(), String> {
        let mut txns: BTreeMap<TxnName, Progress> = BTreeMap::new();
        let (mut down, mut crashed) = (BTreeSet::new(), BTreeSet::new());
        for (at, event) in events.iter().enumerate() {
            match event {
                Event::Begin { txn, participants } => {
                    let progress = txns.entry(*txn).or_default();
                    for node in participants {
                        if progress.participants.insert(*node) {
                            progress.unasked.push(*node);
                            progress.refused |= progress.no.contains(node);
                        }
                    }
                }
                Event::Vote { txn, node, yes } => {
                    let progress = txns.get_mut(txn).ok_or("it is not so that it had begun")?;
                    if *yes {
                        progress.yes.insert(*node);
                    } else {
                        progress.refused |= progress.participants.contains(node);
                        progress.no.insert(*node);
                    }
                }
                Event::Decide { txn, node, decision } => {
                    let progress = txns.get_mut(txn).ok_or("it is not so that it had begun")?;
                    progress.decided.insert(*node);
                    let settlement = self.txns.get(txn).unwrap_or(&Settlement::Undecided);
                    let right = match (settlement, decision) {
                        (Settlement::Committed { yes }, Decision::Commit) => {
                            let voted =
                                |node: &Node| yes.get(node).is_some_and(|place| *place < at);
                            !progress.refused && progress.unasked.drain(..).all(|n| voted(&n))
                        }
                        (Settlement::Aborted { because }, Decision::Abort) => match because {
                            Excuse::Failed(place) => *place < at,
                            Excuse::Refused(_) | Excuse::Silent(_) => true,
                        },
                        _ => false,
                    };
                    claim(right, || format!("event {at} is as transaction {txn} ended"))?;
                }
                Event::Crash { node } => {
                    down.insert(*node);
                    crashed.insert(*node);
                }
                Event::Recover { node } => {
                    down.remove(node);
                }
                Event::Fault => {}
            }
        }
        claim(self.txns.keys().eq(txns.keys()), || "these transactions began".to_string())?;
        let (mut committed, mut aborted, mut blocked) = (0, 0, Vec::new());
        for ((name, progress), settlement) in txns.iter().zip(self.txns.values()) {
            let votes = |at: &usize, is: &dyn Fn(Node, bool) -> bool| {
                stands(
                    events,
                    *at,
                    |event| matches!(event, Event::Vote { txn, node, yes } if txn == name && is(*node, *yes)),
                )
            };
            match settlement {
                Settlement::Undecided => {}
                Settlement::Committed { yes } => {
                    committed += 1;
                    yes.iter().try_for_each(|(node, at)| {
                        votes(at, &|voter, yes| voter == *node && yes)
                    })?;
                }
                Settlement::Aborted { because } => {
                    aborted += 1;
                    match because {
                        Excuse::Refused(at) => votes(at, &|_, yes| !yes)?,
                        Excuse::Silent(node) => {
                            let is = progress.participants.contains(node)
                                && !progress.yes.contains(node);
                            claim(is, || format!("node {node} was asked, and silent"))?;
                        }
                        Excuse::Failed(at) => stands(events, *at, |event| {
                            matches!(event, Event::Crash { .. } | Event::Fault)
                        })?,
                    }
                }
            }
            let undecided = *settlement == Settlement::Undecided;
            let as_said = progress.decided.is_empty() == undecided;
            claim(as_said, || format!("transaction {name} ended as is said"))?;
            for node in progress.participants.difference(&progress.decided) {
                claim(!expectations.healed, || format!("node {node} decided in the end"))?;
                let excused = !expectations.non_blocking || crashed.contains(node);
                claim(excused, || format!("node {node} decided, or had failed"))?;
                if progress.yes.contains(node) && !down.contains(node) {
                    blocked.push((*name, *node));
                }
            }
        }
        let counted = (committed, aborted) == (self.committed, self.aborted);
        claim(counted, || "so many were committed and aborted".to_string())?;
        claim(blocked == self.blocked, || "these were blocked".to_string())
    }
}
