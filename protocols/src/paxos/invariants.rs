//! What must be true after every event, checked incrementally.
//!
//! | property | PMS | TLA+ name | function |
//! |---|---|---|---|
//! | [`Property::OneValuePerBallot`] (I1): the 2a of a ballot carry one value | 2.2, 2.5 | `OneValuePerBallot` (Voting) | `Observer::proposal_sent` |
//! | [`Property::ChosenStaysSafe`] (I2): a 2a above a chosen ballot carries the chosen value | 2.2, P2b | `VotesSafe` (Voting) | `Observer::check_against_chosen` |
//! | [`Property::ShowsSafe`] (I2): a 2a is safe at some majority | 2.2, P2c | `ShowsSafeAt` (Voting) | `Observer::shows_safe` |
//! | [`Property::DecisionHasQuorum`] (I3): a decision has a majority of votes at one ballot | 2.3 | `ChosenAt` (Voting) | `Observer::decided` |
//! | [`Property::PromiseKept`] (I4): no vote below a promise, across restarts too | 2.2, P1a | `m.bal <= maxBal` of `MsgInv` (Paxos) | `Observer::voted` |
//! | [`Property::DurableMonotone`] (I5): the durable promise and vote never fall, no vote above the promise | 2.5 | `maxVBal <= maxBal` of `AccInv` (Paxos) | `Observer::acceptor_durable` |
//! | [`Property::DurableBeforeSent`]: what is said is on disk | 2.5 | - | `Observer::check_durable` |
//! | [`Property::Agreement`]: all decisions are equal | 2.1 | `Inv` (Consensus) | `Observer::decided` |
//! | [`Property::Validity`]: what is proposed or decided came from a client | 2.1 | `TypeOK` (Consensus) | `Observer::decided`, `Observer::proposal_sent` |
//! | [`Property::Integrity`]: a process decides once in a life (its lives agree by agreement) | 2.1 | - | `Observer::decided` |
//!
//! A vote counts as soon as it is durable or sent. In the right protocol each sent vote is durable;
//! in a wrong one a vote may exist only as a message.

use super::acceptor_set::AcceptorSet;
use super::action::Peer;
use super::ballot::{Ballot, Value, Vote};
use super::event::Event;
use super::property::{Property, Violation};
use super::record::{AcceptorRecord, Record};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How much of the inside is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// What a client can see: agreement, validity, integrity.
    EndToEnd,
    /// Also I1 to I5.
    WhiteBox,
    /// Also [`Property::DurableBeforeSent`]. It convicts a missing fsync without any crash, so it
    /// is of no use for measuring whether the crashes are hard enough.
    Strict,
}

fn ensure(
    holds: bool,
    property: Property,
    detail: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { property, detail: detail() }) }
}

/// What is known about one acceptor.
#[derive(Clone, Debug, Default)]
struct AcceptorSeen {
    durable: AcceptorRecord,
    promise_sent: Ballot,
    /// Every vote, durable or sent, in the order in which they were seen.
    votes: Vec<Vote>,
}

impl AcceptorSeen {
    fn promised(&self) -> Ballot {
        self.durable.promised.max(self.promise_sent)
    }

    fn last_vote_below(&self, ballot: Ballot) -> Option<Vote> {
        self.votes.iter().copied().filter(|vote| vote.ballot < ballot).max()
    }
}

/// Watches a run. Fed with every event, in the order in which they happen.
///
/// ```
/// use protocols::paxos::{Ballot, Event, Observer, Property, Scope, Value, Vote};
///
/// let mut observer = Observer::new(3, Scope::WhiteBox);
/// let ballot = Ballot::new(1, 0);
/// let propose = |value| Event::ValueProposed { value };
/// let proposal = |value| Event::ProposalSent { proposer: 0, vote: Vote::new(ballot, value) };
/// for acceptor in 0..2 {
///     observer.observe(&Event::PromiseSent { acceptor, ballot }).unwrap();
/// }
/// observer.observe(&propose(Value(1))).unwrap();
/// observer.observe(&propose(Value(2))).unwrap();
/// observer.observe(&proposal(Value(1))).unwrap();
/// let violation = observer.observe(&proposal(Value(2))).unwrap_err();
/// assert_eq!(violation.property, Property::OneValuePerBallot);
/// ```
#[derive(Clone, Debug)]
pub struct Observer {
    scope: Scope,
    majority: u32,
    acceptors: Vec<AcceptorSeen>,
    counters: BTreeMap<u16, u64>,
    proposed: BTreeSet<Value>,
    proposals: BTreeMap<Ballot, Value>,
    voters: BTreeMap<Vote, AcceptorSet>,
    /// The chosen vote with the lowest ballot.
    chosen: Option<Vote>,
    decided: Option<(Peer, Value)>,
    lives: BTreeMap<Peer, Life>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Undecided,
    Decided,
}

impl Observer {
    /// An observer of a cluster of this many acceptors.
    pub fn new(acceptors: u16, scope: Scope) -> Observer {
        Observer {
            scope,
            majority: u32::from(acceptors) / 2 + 1,
            acceptors: vec![AcceptorSeen::default(); usize::from(acceptors)],
            counters: BTreeMap::new(),
            proposed: BTreeSet::new(),
            proposals: BTreeMap::new(),
            voters: BTreeMap::new(),
            chosen: None,
            decided: None,
            lives: BTreeMap::new(),
        }
    }

    /// The chosen vote with the lowest ballot, if a majority has cast it.
    pub fn chosen(&self) -> Option<Vote> {
        self.chosen
    }

    /// The first decision that a process reported.
    pub fn first_decision(&self) -> Option<Value> {
        self.decided.map(|(_, value)| value)
    }

    /// Takes one event in.
    ///
    /// # Errors
    /// With the property that this event violates. The observer is of no use afterwards.
    ///
    /// # Panics
    /// If the event names an acceptor that the cluster does not have.
    pub fn observe(&mut self, event: &Event) -> Result<(), Violation> {
        match *event {
            Event::ValueProposed { value } => {
                self.proposed.insert(value);
                return Ok(());
            }
            Event::Started { by } => {
                self.lives.insert(by, Life::Undecided);
                return Ok(());
            }
            Event::Decided { by, value } => return self.decided(by, value),
            Event::Durable { .. }
            | Event::PrepareSent { .. }
            | Event::PromiseSent { .. }
            | Event::ProposalSent { .. }
            | Event::VoteSent { .. } => {}
        }
        if self.scope == Scope::EndToEnd {
            return Ok(());
        }
        match *event {
            Event::Durable { by, record } => match record {
                Record::Acceptor(record) => self.acceptor_durable(by.index, record),
                Record::Proposer(record) => {
                    self.counters.insert(by.index, record.counter);
                    Ok(())
                }
            },
            Event::PrepareSent { proposer, ballot } => {
                let counter = self.counters.get(&proposer).copied().unwrap_or(0);
                self.check_durable(counter >= ballot.counter, || {
                    format!("proposer-{proposer} prepares {ballot}, its disk says {counter}")
                })
            }
            Event::PromiseSent { acceptor, ballot } => self.promise_sent(acceptor, ballot),
            Event::ProposalSent { proposer, vote } => self.proposal_sent(proposer, vote),
            Event::VoteSent { acceptor, vote } => {
                self.voted(acceptor, vote)?;
                let durable = self.acceptors[usize::from(acceptor)].durable.accepted;
                self.check_durable(durable == Some(vote), || {
                    format!("acceptor-{acceptor} sends vote {vote}, its disk says {durable:?}")
                })
            }
            Event::ValueProposed { .. } | Event::Started { .. } | Event::Decided { .. } => Ok(()),
        }
    }

    fn check_durable(&self, holds: bool, detail: impl FnOnce() -> String) -> Result<(), Violation> {
        ensure(holds || self.scope < Scope::Strict, Property::DurableBeforeSent, detail)
    }

    fn acceptor_durable(&mut self, acceptor: u16, new: AcceptorRecord) -> Result<(), Violation> {
        let seen = &mut self.acceptors[usize::from(acceptor)];
        let old = std::mem::replace(&mut seen.durable, new);
        ensure(new.promised >= old.promised, Property::DurableMonotone, || {
            format!("acceptor-{acceptor} promised {}, then {}", old.promised, new.promised)
        })?;
        let accepted_old = old.accepted.map(|vote| vote.ballot);
        let accepted_new = new.accepted.map(|vote| vote.ballot);
        ensure(accepted_new >= accepted_old, Property::DurableMonotone, || {
            format!("acceptor-{acceptor} accepted {:?}, then {:?}", old.accepted, new.accepted)
        })?;
        ensure(accepted_new <= Some(new.promised), Property::DurableMonotone, || {
            format!("acceptor-{acceptor} accepted {accepted_new:?}, promised {}", new.promised)
        })?;
        match new.accepted {
            // A record that repeats the old vote is no new vote.
            Some(vote) if new.accepted != old.accepted => self.voted(acceptor, vote),
            Some(_) | None => Ok(()),
        }
    }

    fn promise_sent(&mut self, acceptor: u16, ballot: Ballot) -> Result<(), Violation> {
        let seen = &mut self.acceptors[usize::from(acceptor)];
        seen.promise_sent = seen.promise_sent.max(ballot);
        let durable = seen.durable.promised;
        self.check_durable(durable >= ballot, || {
            format!("acceptor-{acceptor} promises {ballot}, its disk says {durable}")
        })
    }

    /// A vote became durable or left the acceptor.
    fn voted(&mut self, acceptor: u16, vote: Vote) -> Result<(), Violation> {
        let seen = &mut self.acceptors[usize::from(acceptor)];
        ensure(vote.ballot >= seen.promise_sent, Property::PromiseKept, || {
            format!("acceptor-{acceptor} votes {vote} after promising {}", seen.promise_sent)
        })?;
        if seen.votes.contains(&vote) {
            return Ok(());
        }
        seen.votes.push(vote);
        let voters = self.voters.entry(vote).or_default();
        voters.insert(acceptor);
        if voters.count() != self.majority {
            return Ok(());
        }
        if self.chosen.is_none_or(|chosen| vote < chosen) {
            self.chosen = Some(vote);
        }
        let chosen = self.chosen.expect("it was just set");
        let above = self.proposals.range(chosen.ballot..);
        let other = above.map(|(&ballot, &value)| Vote::new(ballot, value));
        for proposal in other {
            check_safe(chosen, proposal)?;
        }
        check_safe(chosen, vote)
    }

    fn proposal_sent(&mut self, proposer: u16, vote: Vote) -> Result<(), Violation> {
        match self.proposals.insert(vote.ballot, vote.value) {
            Some(value) if value == vote.value => return Ok(()),
            Some(value) => {
                return Err(Violation {
                    property: Property::OneValuePerBallot,
                    detail: format!("proposer-{proposer} proposes {vote} after {value}"),
                });
            }
            None => {}
        }
        ensure(self.proposed.contains(&vote.value), Property::Validity, || {
            format!("proposer-{proposer} proposes {vote}, which no client proposed")
        })?;
        self.check_against_chosen(vote)?;
        ensure(self.shows_safe(vote), Property::ShowsSafe, || {
            format!("proposer-{proposer} proposes {vote}, no majority shows it safe")
        })
    }

    fn check_against_chosen(&self, proposal: Vote) -> Result<(), Violation> {
        self.chosen.map_or(Ok(()), |chosen| check_safe(chosen, proposal))
    }

    /// P2c: there is a majority whose members have promised this ballot or more, and either none
    /// of them has voted below it, or the greatest of their votes below it is for this value.
    fn shows_safe(&self, proposal: Vote) -> bool {
        let ballot = proposal.ballot;
        let bound = || self.acceptors.iter().filter(|seen| seen.promised() >= ballot);
        let limits = bound().map(|seen| seen.last_vote_below(ballot));
        let mut limits = limits.filter(|last| last.is_none_or(|v| v.value == proposal.value));
        limits.any(|limit| {
            let quiet = bound().filter(|seen| seen.last_vote_below(ballot) <= limit);
            quiet.count() as u32 >= self.majority
        })
    }

    fn decided(&mut self, by: Peer, value: Value) -> Result<(), Violation> {
        ensure(self.proposed.contains(&value), Property::Validity, || {
            format!("{by} decides {value}, which no client proposed")
        })?;
        let (first_by, first) = *self.decided.get_or_insert((by, value));
        ensure(first == value, Property::Agreement, || {
            format!("{by} decides {value}, {first_by} decided {first}")
        })?;
        let before = self.lives.insert(by, Life::Decided);
        ensure(before != Some(Life::Decided), Property::Integrity, || {
            format!("{by} decides {value} for the second time in one life")
        })?;
        if self.scope == Scope::EndToEnd {
            return Ok(());
        }
        let backed = self
            .voters
            .iter()
            .any(|(vote, voters)| vote.value == value && voters.count() >= self.majority);
        ensure(backed, Property::DecisionHasQuorum, || {
            format!("{by} decides {value}, no majority has voted for it at one ballot")
        })
    }
}

/// P2b: above a chosen vote there is only its value.
fn check_safe(chosen: Vote, proposal: Vote) -> Result<(), Violation> {
    let safe = proposal.ballot < chosen.ballot || proposal.value == chosen.value;
    ensure(safe, Property::ChosenStaysSafe, || format!("{proposal} although {chosen} is chosen"))
}

#[cfg(test)]
mod tests;
