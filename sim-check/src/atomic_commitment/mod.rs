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

mod certificate;
mod judge;
mod violation;

pub use certificate::{Excuse, Settlement, Summary};
pub use violation::Violation;

use crate::verdict::Verdict;
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
    match judge::judge(events, expectations) {
        Ok(summary) => Verdict::Ok(summary),
        Err(violation) => Verdict::Violation(violation),
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
        let Verdict::Ok(summary) = check(&events, all) else { panic!() };
        assert_eq!((summary.committed, summary.aborted), (1, 0));
        let yes = [(1, 1), (2, 2)].into();
        assert_eq!(summary.txns, [(7, Settlement::Committed { yes })].into());
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
