//! The judge: one pass over the events.

use super::{Decision, Event, Excuse, Expectations, Node, Settlement, Summary, TxnName, Violation};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Txn {
    participants: BTreeSet<Node>,
    yes: BTreeMap<Node, usize>,
    no: BTreeMap<Node, usize>,
    first: Option<(usize, Node, Decision)>,
    decided: BTreeMap<Node, (usize, Decision)>,
    /// The first abort that nothing excuses, should all votes turn out to be yes.
    unexcused_abort: Option<(usize, Node)>,
}

pub(super) fn judge(events: &[Event], expectations: Expectations) -> Result<Summary, Violation> {
    let mut txns: BTreeMap<TxnName, Txn> = BTreeMap::new();
    let mut down = BTreeSet::new();
    let mut ever_failed = BTreeSet::new();
    let mut failures = None;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Begin { txn, participants } => {
                txns.entry(*txn).or_default().participants.extend(participants);
            }
            Event::Vote { txn, node, yes } => {
                let state = txns.get_mut(txn).ok_or(Violation::Unknown { txn: *txn, at })?;
                if *yes {
                    state.yes.entry(*node).or_insert(at);
                } else {
                    state.no.entry(*node).or_insert(at);
                }
            }
            Event::Decide { txn, node, decision } => {
                let state = txns.get_mut(txn).ok_or(Violation::Unknown { txn: *txn, at })?;
                decide(*txn, state, at, *node, *decision, failures.is_some())?;
            }
            Event::Crash { node } => {
                failures.get_or_insert(at);
                down.insert(*node);
                ever_failed.insert(*node);
            }
            Event::Recover { node } => {
                down.remove(node);
            }
            Event::Fault => {
                failures.get_or_insert(at);
            }
        }
    }
    let mut summary = Summary::default();
    for (name, txn) in &txns {
        let silent = txn.participants.iter().find(|node| !txn.yes.contains_key(node));
        let all_yes = txn.no.is_empty() && silent.is_none();
        if let (true, Some(abort)) = (all_yes, txn.unexcused_abort) {
            return Err(Violation::NonTriviality { txn: *name, abort });
        }
        let settlement = match txn.first {
            Some((_, _, Decision::Commit)) => {
                summary.committed += 1;
                let of_participant = |(node, _): &(&Node, &usize)| txn.participants.contains(node);
                let yes = txn.yes.iter().filter(of_participant).map(|(node, at)| (*node, *at));
                Settlement::Committed { yes: yes.collect() }
            }
            Some((_, _, Decision::Abort)) => {
                summary.aborted += 1;
                let because = match (txn.no.values().min(), silent, failures) {
                    (Some(no), _, _) => Excuse::Refused(*no),
                    (None, Some(node), _) => Excuse::Silent(*node),
                    (None, None, Some(at)) => Excuse::Failed(at),
                    (None, None, None) => unreachable!("an abort without an excuse was found"),
                };
                Settlement::Aborted { because }
            }
            None => Settlement::Undecided,
        };
        summary.txns.insert(*name, settlement);
        for node in txn.participants.iter().filter(|node| !txn.decided.contains_key(node)) {
            if expectations.healed {
                return Err(Violation::Termination { txn: *name, node: *node });
            }
            if expectations.non_blocking && !ever_failed.contains(node) {
                return Err(Violation::Blocked { txn: *name, node: *node });
            }
            if txn.yes.contains_key(node) && !down.contains(node) {
                summary.blocked.push((*name, *node));
            }
        }
    }
    Ok(summary)
}

fn decide(
    name: TxnName,
    txn: &mut Txn,
    at: usize,
    node: Node,
    decision: Decision,
    failures: bool,
) -> Result<(), Violation> {
    let (first_at, before) = *txn.decided.entry(node).or_insert((at, decision));
    if before != decision {
        let (first, second) = ((first_at, before), (at, decision));
        return Err(Violation::Stability { txn: name, node, first, second });
    }
    let first = *txn.first.get_or_insert((at, node, decision));
    if first.2 != decision {
        return Err(Violation::Agreement { txn: name, first, second: (at, node, decision) });
    }
    match decision {
        Decision::Commit => {
            let missing = txn
                .participants
                .iter()
                .find(|node| txn.no.contains_key(node) || !txn.yes.contains_key(node));
            match missing {
                None => Ok(()),
                Some(without) => Err(Violation::Validity {
                    txn: name,
                    commit: (at, node),
                    without: *without,
                    voted_no: txn.no.get(without).copied(),
                }),
            }
        }
        Decision::Abort => {
            if !failures {
                txn.unexcused_abort.get_or_insert((at, node));
            }
            Ok(())
        }
    }
}
