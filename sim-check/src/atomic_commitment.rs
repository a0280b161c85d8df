//! Atomic commitment: did all participants of each transaction come to the same, justified end?
//!
//! | property | meaning |
//! |---|---|
//! | AC1 agreement | no two nodes decide differently, also across crashes |
//! | AC2 stability | no node reverses its decision |
//! | AC3 validity | a commit needs the yes of every participant |
//! | AC4 non-triviality | without failures, if all vote yes, the decision is commit |
//! | AC5 termination | once all failures are repaired, every participant decides |
//! | non-blocking | every participant that never failed decides, whoever else is down |
//!
//! The first five are those of Bernstein, Hadzilacos and Goodman, "Concurrency Control and Recovery
//! in Database Systems" (1987), section 7.3; non-blocking is Skeen's (SIGMOD 1981).

use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A transaction.
pub type TxnName = u64;
/// A node.
pub type Node = u32;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// With all its effects.
    Commit,
    /// With none of them.
    Abort,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commit => "commit",
            Self::Abort => "abort",
        })
    }
}

/// Something that happened in the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A transaction begins; these nodes must agree on its end.
    Begin {
        /// The transaction.
        txn: TxnName,
        /// All nodes whose vote counts.
        participants: Vec<Node>,
    },
    /// A participant votes.
    Vote {
        /// The transaction.
        txn: TxnName,
        /// The voter.
        node: Node,
        /// Whether it votes yes.
        yes: bool,
    },
    /// A node acts on a decision, or tells a client of it. Coordinators count too.
    Decide {
        /// The transaction.
        txn: TxnName,
        /// The node.
        node: Node,
        /// Its decision.
        decision: Decision,
    },
    /// A node stops.
    Crash {
        /// The node.
        node: Node,
    },
    /// A node runs again.
    Recover {
        /// The node.
        node: Node,
    },
    /// Any other failure: a lost message, a timeout, a partition. It excuses from AC4.
    Fault,
}

/// Which properties the end of the run allows to judge, besides AC1 to AC4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// All failures were repaired, long enough ago that everybody must have decided: judge AC5.
    pub healed: bool,
    /// The protocol claims to be non-blocking, and all failures were within its model.
    pub non_blocking: bool,
}

/// What a good run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many transactions somebody committed.
    pub committed: usize,
    /// How many transactions somebody aborted.
    pub aborted: usize,
    /// Participants that voted yes, are up and know no decision: blocked, which two-phase commit
    /// allows.
    pub blocked: Vec<(TxnName, Node)>,
}

/// What went wrong. Places are positions in the list of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// AC1: two nodes decided differently.
    Agreement {
        /// The transaction.
        txn: TxnName,
        /// The place, node and decision of the first.
        first: (usize, Node, Decision),
        /// The place, node and decision of the other.
        second: (usize, Node, Decision),
    },
    /// AC2: a node reversed its decision.
    Stability {
        /// The transaction.
        txn: TxnName,
        /// The node.
        node: Node,
        /// Where it decided first.
        first: (usize, Decision),
        /// Where it decided otherwise.
        second: (usize, Decision),
    },
    /// AC3: a commit without the yes of a participant.
    Validity {
        /// The transaction.
        txn: TxnName,
        /// The place and node of the commit.
        commit: (usize, Node),
        /// Who had not voted yes.
        without: Node,
        /// Where it voted no, if it did.
        voted_no: Option<usize>,
    },
    /// AC4: an abort although all voted yes and nothing failed.
    NonTriviality {
        /// The transaction.
        txn: TxnName,
        /// The place and node of the abort.
        abort: (usize, Node),
    },
    /// AC5: a participant never decided, though everything was repaired.
    Termination {
        /// The transaction.
        txn: TxnName,
        /// The participant.
        node: Node,
    },
    /// A participant that never failed did not decide.
    Blocked {
        /// The transaction.
        txn: TxnName,
        /// The participant.
        node: Node,
    },
    /// A vote or decision of a transaction that never began.
    Unknown {
        /// The transaction.
        txn: TxnName,
        /// The place.
        at: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agreement { txn, first: (at, a, x), second: (then, b, y) } => write!(
                f,
                "AC1: node {a} decided to {x} transaction {txn} at event {at}, but node {b} decided \
                 to {y} it at event {then}"
            ),
            Self::Stability { txn, node, first: (at, x), second: (then, y) } => write!(
                f,
                "AC2: node {node} decided to {x} transaction {txn} at event {at} and to {y} it at \
                 event {then}"
            ),
            Self::Validity { txn, commit: (at, node), without, voted_no: Some(no) } => write!(
                f,
                "AC3: node {node} committed transaction {txn} at event {at}, but node {without} had \
                 voted no at event {no}"
            ),
            Self::Validity { txn, commit: (at, node), without, voted_no: None } => write!(
                f,
                "AC3: node {node} committed transaction {txn} at event {at} without the vote of node \
                 {without}"
            ),
            Self::NonTriviality { txn, abort: (at, node) } => write!(
                f,
                "AC4: node {node} aborted transaction {txn} at event {at}, though all had voted yes \
                 and nothing had failed"
            ),
            Self::Termination { txn, node } => write!(
                f,
                "AC5: node {node} never decided transaction {txn}, though all failures were repaired"
            ),
            Self::Blocked { txn, node } => write!(
                f,
                "node {node} never failed, but waited in vain for a decision of transaction {txn}"
            ),
            Self::Unknown { txn, at } => {
                write!(f, "event {at} is about transaction {txn}, which never began")
            }
        }
    }
}

#[derive(Default)]
struct Txn {
    participants: BTreeSet<Node>,
    yes: BTreeSet<Node>,
    no: BTreeMap<Node, usize>,
    first: Option<(usize, Node, Decision)>,
    decided: BTreeMap<Node, (usize, Decision)>,
    /// The first abort that nothing excuses, should all votes turn out to be yes.
    unexcused_abort: Option<(usize, Node)>,
}

/// Judges the events of a run, which are in the order in which they happened.
///
/// A run violates AC1 as soon as a node has acted on its decision, so record the decision when it
/// becomes visible, also of nodes that crash later.
///
/// ```
/// use sim_check::atomic_commitment::{Decision, Event, Expectations, check};
///
/// let events = [
///     Event::Begin { txn: 1, participants: vec![0, 1] },
///     Event::Vote { txn: 1, node: 0, yes: true },
///     Event::Vote { txn: 1, node: 1, yes: true },
///     Event::Decide { txn: 1, node: 0, decision: Decision::Commit },
///     Event::Decide { txn: 1, node: 1, decision: Decision::Abort },
/// ];
/// assert!(check(&events, Expectations::default()).is_violation());
/// ```
pub fn check(events: &[Event], expectations: Expectations) -> Verdict<Summary, Violation> {
    match judge(events, expectations) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
    }
}

fn judge(events: &[Event], expectations: Expectations) -> Result<Summary, Violation> {
    let mut txns: BTreeMap<TxnName, Txn> = BTreeMap::new();
    let mut down = BTreeSet::new();
    let mut ever_failed = BTreeSet::new();
    let mut failures = false;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Begin { txn, participants } => {
                txns.entry(*txn).or_default().participants.extend(participants);
            }
            Event::Vote { txn, node, yes } => {
                let state = txns.get_mut(txn).ok_or(Violation::Unknown { txn: *txn, at })?;
                if *yes {
                    state.yes.insert(*node);
                } else {
                    state.no.entry(*node).or_insert(at);
                }
            }
            Event::Decide { txn, node, decision } => {
                let state = txns.get_mut(txn).ok_or(Violation::Unknown { txn: *txn, at })?;
                decide(*txn, state, at, *node, *decision, failures)?;
            }
            Event::Crash { node } => {
                failures = true;
                down.insert(*node);
                ever_failed.insert(*node);
            }
            Event::Recover { node } => {
                down.remove(node);
            }
            Event::Fault => failures = true,
        }
    }
    let mut summary = Summary::default();
    for (name, txn) in &txns {
        let all_yes = txn.no.is_empty() && txn.participants.is_subset(&txn.yes);
        if let (true, Some(abort)) = (all_yes, txn.unexcused_abort) {
            return Err(Violation::NonTriviality { txn: *name, abort });
        }
        match txn.first {
            Some((_, _, Decision::Commit)) => summary.committed += 1,
            Some((_, _, Decision::Abort)) => summary.aborted += 1,
            None => {}
        }
        for node in txn.participants.iter().filter(|node| !txn.decided.contains_key(node)) {
            if expectations.healed {
                return Err(Violation::Termination { txn: *name, node: *node });
            }
            if expectations.non_blocking && !ever_failed.contains(node) {
                return Err(Violation::Blocked { txn: *name, node: *node });
            }
            if txn.yes.contains(node) && !down.contains(node) {
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
                .find(|node| txn.no.contains_key(node) || !txn.yes.contains(node));
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

#[cfg(test)]
mod tests {
    use super::*;
    use Decision::{Abort, Commit};

    fn begin() -> Event {
        Event::Begin { txn: 7, participants: vec![1, 2] }
    }

    fn vote(node: Node, yes: bool) -> Event {
        Event::Vote { txn: 7, node, yes }
    }

    fn decide(node: Node, decision: Decision) -> Event {
        Event::Decide { txn: 7, node, decision }
    }

    fn violation(events: &[Event], expectations: Expectations) -> Violation {
        match check(events, expectations) {
            Verdict::Violation(violation) => violation,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_commit_with_all_votes_is_good() {
        let events = [
            begin(),
            vote(1, true),
            vote(2, true),
            decide(0, Commit),
            decide(1, Commit),
            decide(2, Commit),
        ];
        let all = Expectations { healed: true, non_blocking: true };
        let expected = Summary { committed: 1, aborted: 0, blocked: vec![] };
        assert_eq!(check(&events, all), Verdict::Ok(expected));
    }

    #[test]
    fn ac1_two_nodes_decide_differently() {
        let events = [begin(), vote(1, true), vote(2, true), decide(1, Commit), decide(2, Abort)];
        let found = violation(&events, Expectations::default());
        assert!(matches!(
            found,
            Violation::Agreement { first: (3, 1, Commit), second: (4, 2, Abort), .. }
        ));
        assert!(found.to_string().starts_with("AC1: node 1 decided to commit"));
    }

    #[test]
    fn ac2_a_node_reverses_its_decision_after_a_crash() {
        let crash = [Event::Crash { node: 1 }, Event::Recover { node: 1 }];
        let mut events = vec![begin(), vote(1, true), vote(2, false), decide(1, Abort)];
        events.extend(crash);
        events.push(decide(1, Commit));
        assert!(matches!(
            violation(&events, Expectations::default()),
            Violation::Stability { node: 1, first: (3, Abort), second: (6, Commit), .. }
        ));
    }

    #[test]
    fn ac3_a_commit_needs_every_yes() {
        let missing = [begin(), vote(1, true), decide(0, Commit)];
        assert!(matches!(
            violation(&missing, Expectations::default()),
            Violation::Validity { without: 2, voted_no: None, .. }
        ));
        let refused = [begin(), vote(1, true), vote(2, false), decide(0, Commit)];
        assert!(matches!(
            violation(&refused, Expectations::default()),
            Violation::Validity { without: 2, voted_no: Some(2), .. }
        ));
    }

    #[test]
    fn ac4_an_abort_needs_an_excuse() {
        let mut events = vec![begin(), vote(1, true), vote(2, true), decide(0, Abort)];
        assert!(matches!(
            violation(&events, Expectations::default()),
            Violation::NonTriviality { abort: (3, 0), .. }
        ));
        events.insert(1, Event::Fault);
        assert!(check(&events, Expectations::default()).is_ok());
        let refused = [begin(), vote(1, true), decide(0, Abort), vote(2, false)];
        assert!(check(&refused, Expectations::default()).is_ok());
    }

    #[test]
    fn ac5_everybody_decides_after_repair() {
        let events =
            [begin(), vote(1, true), vote(2, true), Event::Crash { node: 0 }, decide(1, Commit)];
        let healed = Expectations { healed: true, non_blocking: false };
        assert_eq!(violation(&events, healed), Violation::Termination { txn: 7, node: 2 });
        let Verdict::Ok(summary) = check(&events, Expectations::default()) else { panic!() };
        assert_eq!(summary.blocked, [(7, 2)]);
    }

    #[test]
    fn a_non_blocking_protocol_does_not_wait_for_the_crashed() {
        let events = [begin(), vote(1, true), vote(2, true), Event::Crash { node: 2 }];
        let claim = Expectations { healed: false, non_blocking: true };
        assert_eq!(violation(&events, claim), Violation::Blocked { txn: 7, node: 1 });
        let mut decided = events.to_vec();
        decided.push(decide(1, Abort));
        assert!(check(&decided, claim).is_ok());
    }
}
