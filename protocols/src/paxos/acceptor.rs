//! The acceptor: promises, votes, and remembers both.

use super::action::{Action, Input, Peer, Role};
use super::ballot::{Ballot, Vote};
use super::cluster::{Boot, Cluster, Standing};
use super::equal_ballots::EqualBallots;
use super::message::Message;
use super::mutants::Mutant;
use super::record::{AcceptorRecord, Record, RecoverError};
use squall::{reachable, sometimes};

/// An acceptor (PMS 2.2, phases 1(b) and 2(b)).
///
/// Between two inputs its memory equals its disk, because a change is persisted before the answer
/// that follows it.
#[derive(Clone, Debug)]
pub struct Acceptor {
    cluster: Cluster,
    standing: Standing,
    promised: Ballot,
    accepted: Option<Vote>,
}

impl Acceptor {
    /// Starts a life of an acceptor from what [`super::record::recover`] found on its disk.
    ///
    /// An acceptor that had been initialised and finds nothing (or rubbish) has forgotten its
    /// promises: it stays silent for ever ([`Standing::StorageLost`]).
    ///
    /// # Panics
    /// If the record is that of another role: the shell has mixed up its files.
    pub fn boot(
        cluster: Cluster,
        boot: Boot,
        recovered: Result<Option<Record>, RecoverError>,
    ) -> (Acceptor, Vec<Action>) {
        let blank = Acceptor {
            cluster,
            standing: Standing::Member,
            promised: Ballot::ZERO,
            accepted: None,
        };
        let record = match recovered {
            Ok(None) => None,
            Ok(Some(Record::Acceptor(record))) => Some(record),
            Ok(Some(Record::Proposer(_))) => {
                panic!("the journal of a proposer given to an acceptor")
            }
            Err(_) => return (Acceptor { standing: Standing::StorageLost, ..blank }, Vec::new()),
        };
        match (boot, record) {
            (_, Some(AcceptorRecord { promised, accepted })) => {
                // The mark may be missing if the last life ended between the record and the mark.
                let actions = match boot {
                    Boot::First => vec![Action::MarkInitialised],
                    Boot::Again => Vec::new(),
                };
                (Acceptor { promised, accepted, ..blank }, actions)
            }
            (Boot::Again, None) if cluster.mutant() != Mutant::Pax05 => {
                (Acceptor { standing: Standing::StorageLost, ..blank }, Vec::new())
            }
            (Boot::First | Boot::Again, None) => {
                let actions = vec![Action::Persist(blank.record()), Action::MarkInitialised];
                (blank, actions)
            }
        }
    }

    /// Whether it may speak.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// What it has promised.
    pub fn promised(&self) -> Ballot {
        self.promised
    }

    /// Its last vote.
    pub fn accepted(&self) -> Option<Vote> {
        self.accepted
    }

    /// Reacts to one input. Messages that are not for an acceptor are ignored.
    pub fn on(&mut self, input: Input) -> Vec<Action> {
        let Input::Message { from, message } = input else { return Vec::new() };
        if self.standing == Standing::StorageLost {
            return Vec::new();
        }
        match message {
            Message::Prepare { ballot } => self.prepare(from, ballot),
            Message::Accept { vote } => self.accept(from, vote),
            Message::Propose { .. }
            | Message::Query { .. }
            | Message::Reply { .. }
            | Message::Promise { .. }
            | Message::Accepted { .. }
            | Message::Nack { .. }
            | Message::Decided { .. } => Vec::new(),
        }
    }

    /// Phase 1(b).
    fn prepare(&mut self, from: Peer, ballot: Ballot) -> Vec<Action> {
        // An equal ballot comes from the same proposer: nobody else makes it.
        let repeated = ballot == self.promised;
        let answer_again = repeated && self.cluster.equal_ballots() == EqualBallots::Answer;
        if ballot <= self.promised && !answer_again {
            reachable!("an acceptor refuses to promise");
            return vec![self.nack(from, ballot)];
        }
        self.promised = ballot;
        let promise = Action::Send(from, Message::Promise { ballot, accepted: self.accepted });
        if repeated || self.cluster.mutant() == Mutant::Pax03 {
            return vec![promise];
        }
        vec![Action::Persist(self.record()), promise]
    }

    /// Phase 2(b), with P1a as its guard.
    fn accept(&mut self, from: Peer, vote: Vote) -> Vec<Action> {
        if vote.ballot < self.promised && self.cluster.mutant() != Mutant::Pax01 {
            reachable!("an acceptor refuses to vote");
            return vec![self.nack(from, vote.ballot)];
        }
        sometimes!(vote.ballot > self.promised, "an acceptor votes without having promised");
        let before = (self.promised, self.accepted);
        // Voting promises too: PMS does not say so, and who leaves it out votes again below.
        if self.cluster.mutant() != Mutant::Pax02 {
            self.promised = vote.ballot;
        }
        self.accepted = Some(vote);
        let accepted = Action::SendToAll(Role::Learner, Message::Accepted { vote });
        if before == (self.promised, self.accepted) {
            return vec![accepted];
        }
        vec![Action::Persist(self.record()), accepted]
    }

    fn nack(&self, to: Peer, ballot: Ballot) -> Action {
        Action::Send(to, Message::Nack { ballot, promised: self.promised })
    }

    fn record(&self) -> Record {
        let accepted = match self.cluster.mutant() {
            Mutant::Pax04 => None,
            _ => self.accepted,
        };
        Record::Acceptor(AcceptorRecord { promised: self.promised, accepted })
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballot::Value;
    use super::*;

    const P0: Peer = Peer::proposer(0);
    const P1: Peer = Peer::proposer(1);

    fn acceptor(equal_ballots: EqualBallots, mutant: Mutant) -> Acceptor {
        let cluster = Cluster::new(3, equal_ballots).with_mutant(mutant);
        Acceptor::boot(cluster, Boot::First, Ok(None)).0
    }

    fn record(promised: Ballot, accepted: Option<Vote>) -> Record {
        Record::Acceptor(AcceptorRecord { promised, accepted })
    }

    fn prepare(acceptor: &mut Acceptor, from: Peer, ballot: Ballot) -> Vec<Action> {
        acceptor.on(Input::Message { from, message: Message::Prepare { ballot } })
    }

    fn accept(acceptor: &mut Acceptor, from: Peer, vote: Vote) -> Vec<Action> {
        acceptor.on(Input::Message { from, message: Message::Accept { vote } })
    }

    fn vote(counter: u64, proposer: u16, value: u64) -> Vote {
        Vote::new(Ballot::new(counter, proposer), Value(value))
    }

    #[test]
    fn a_promise_is_persisted_before_it_is_sent() {
        let mut acceptor = acceptor(EqualBallots::Refuse, Mutant::None);
        let ballot = Ballot::new(1, 0);
        assert_eq!(
            prepare(&mut acceptor, P0, ballot),
            [
                Action::Persist(record(ballot, None)),
                Action::Send(P0, Message::Promise { ballot, accepted: None })
            ]
        );
    }

    #[test]
    fn a_vote_is_persisted_with_its_promise_before_it_is_sent() {
        let mut acceptor = acceptor(EqualBallots::Refuse, Mutant::None);
        let vote = vote(3, 1, 7);
        assert_eq!(
            accept(&mut acceptor, P1, vote),
            [
                Action::Persist(record(vote.ballot, Some(vote))),
                Action::SendToAll(Role::Learner, Message::Accepted { vote })
            ]
        );
        // A repeated 2a is answered again; nothing changed, so nothing is written.
        assert_eq!(
            accept(&mut acceptor, P1, vote),
            [Action::SendToAll(Role::Learner, Message::Accepted { vote })]
        );
    }

    #[test]
    fn lower_ballots_are_refused() {
        let mut acceptor = acceptor(EqualBallots::Answer, Mutant::None);
        let promised = Ballot::new(5, 1);
        prepare(&mut acceptor, P1, promised);
        let low = Ballot::new(5, 0);
        let nack = [Action::Send(P0, Message::Nack { ballot: low, promised })];
        assert_eq!(prepare(&mut acceptor, P0, low), nack);
        assert_eq!(accept(&mut acceptor, P0, vote(5, 0, 1)), nack);
        assert_eq!((acceptor.promised(), acceptor.accepted()), (promised, None));
    }

    #[test]
    fn an_equal_ballot_is_refused_or_answered_as_configured() {
        let ballot = Ballot::new(1, 0);
        let mut strict = acceptor(EqualBallots::Refuse, Mutant::None);
        prepare(&mut strict, P0, ballot);
        assert_eq!(
            prepare(&mut strict, P0, ballot),
            [Action::Send(P0, Message::Nack { ballot, promised: ballot })]
        );
        let mut lenient = acceptor(EqualBallots::Answer, Mutant::None);
        prepare(&mut lenient, P0, ballot);
        assert_eq!(
            prepare(&mut lenient, P0, ballot),
            [Action::Send(P0, Message::Promise { ballot, accepted: None })]
        );
    }

    #[test]
    fn a_first_life_initialises_itself_once() {
        let cluster = Cluster::new(3, EqualBallots::Refuse);
        let zero = record(Ballot::ZERO, None);
        let (first, actions) = Acceptor::boot(cluster, Boot::First, Ok(None));
        assert_eq!(first.standing(), Standing::Member);
        assert_eq!(actions, [Action::Persist(zero), Action::MarkInitialised]);

        let (_, actions) = Acceptor::boot(cluster, Boot::First, Ok(Some(zero)));
        assert_eq!(actions, [Action::MarkInitialised]);
        let (again, actions) = Acceptor::boot(cluster, Boot::Again, Ok(Some(zero)));
        assert_eq!((again.standing(), actions), (Standing::Member, vec![]));
    }

    #[test]
    fn it_goes_on_where_it_stopped() {
        let cluster = Cluster::new(3, EqualBallots::Refuse);
        let vote = vote(3, 1, 7);
        let kept = record(Ballot::new(4, 0), Some(vote));
        let (acceptor, _) = Acceptor::boot(cluster, Boot::Again, Ok(Some(kept)));
        assert_eq!((acceptor.promised(), acceptor.accepted()), (Ballot::new(4, 0), Some(vote)));
    }

    #[test]
    fn with_its_storage_lost_it_stays_silent() {
        let cluster = Cluster::new(3, EqualBallots::Answer);
        for recovered in [Ok(None), Err(RecoverError::Damaged)] {
            let (mut acceptor, actions) = Acceptor::boot(cluster, Boot::Again, recovered);
            assert_eq!((acceptor.standing(), actions), (Standing::StorageLost, vec![]));
            assert_eq!(prepare(&mut acceptor, P0, Ballot::new(9, 0)), []);
            assert_eq!(accept(&mut acceptor, P0, vote(9, 0, 1)), []);
        }
    }

    #[test]
    fn each_mutant_of_the_acceptor_changes_what_it_says() {
        let high = Ballot::new(5, 1);

        let mut any_vote = acceptor(EqualBallots::Refuse, Mutant::Pax01);
        prepare(&mut any_vote, P1, high);
        accept(&mut any_vote, P0, vote(1, 0, 1));
        assert_eq!(any_vote.accepted(), Some(vote(1, 0, 1)));

        let mut unraised = acceptor(EqualBallots::Refuse, Mutant::Pax02);
        accept(&mut unraised, P1, vote(5, 1, 2));
        accept(&mut unraised, P0, vote(1, 0, 1));
        assert_eq!(unraised.accepted(), Some(vote(1, 0, 1)));

        let mut forgetful = acceptor(EqualBallots::Refuse, Mutant::Pax03);
        assert_eq!(prepare(&mut forgetful, P1, high).len(), 1);

        let mut valueless = acceptor(EqualBallots::Refuse, Mutant::Pax04);
        let actions = accept(&mut valueless, P1, vote(5, 1, 2));
        assert_eq!(actions[0], Action::Persist(record(high, None)));

        let wiped = Cluster::new(3, EqualBallots::Refuse).with_mutant(Mutant::Pax05);
        let (wiped, _) = Acceptor::boot(wiped, Boot::Again, Ok(None));
        assert_eq!(wiped.standing(), Standing::Member);
    }
}
