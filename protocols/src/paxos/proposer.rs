//! The proposer: picks a ballot, gathers promises, proposes a safe value.

use super::acceptor_set::AcceptorSet;
use super::action::{Action, Input, Peer, Role, Timer};
use super::ballot::{Ballot, Value, Vote};
use super::cluster::{Boot, Cluster, Standing};
use super::equal_ballots::EqualBallots;
use super::message::{Message, RequestId};
use super::mutants::Mutant;
use super::record::{ProposerRecord, Record, RecoverError};
use squall::sometimes;

/// Where a proposer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// No client asks for anything.
    Idle,
    /// Overtaken; the back-off timer runs.
    BackingOff,
    /// Phase 1: gathering promises.
    Preparing {
        /// The ballot of this round.
        ballot: Ballot,
        /// Who has promised.
        promised: AcceptorSet,
        /// The reported vote that binds this round, so far.
        binding: Option<Vote>,
    },
    /// Phase 2: asking for votes until a learner reports the decision.
    Accepting {
        /// The one proposal of this ballot.
        vote: Vote,
    },
    /// The decision is known.
    Done(Value),
}

/// A proposer (PMS 2.2, phases 1(a) and 2(a); 2.4).
///
/// Only its counter is durable. After a restart it is idle until a client asks again.
#[derive(Clone, Debug)]
pub struct Proposer {
    cluster: Cluster,
    id: u16,
    standing: Standing,
    counter: u64,
    counter_seen: u64,
    value: Option<Value>,
    waiting: Vec<(Peer, RequestId)>,
    round: Round,
    resends: u32,
    overtaken: u32,
}

impl Proposer {
    /// Starts a life of proposer number `id` from what [`super::record::recover`] found.
    ///
    /// A proposer that had been initialised and finds nothing does not know which ballots it has
    /// used: it stays silent for ever ([`Standing::StorageLost`]).
    ///
    /// # Panics
    /// If the record is that of another role: the shell has mixed up its files.
    pub fn boot(
        cluster: Cluster,
        id: u16,
        boot: Boot,
        recovered: Result<Option<Record>, RecoverError>,
    ) -> (Proposer, Vec<Action>) {
        let blank = Proposer {
            cluster,
            id,
            standing: Standing::Member,
            counter: 0,
            counter_seen: 0,
            value: None,
            waiting: Vec::new(),
            round: Round::Idle,
            resends: 0,
            overtaken: 0,
        };
        let record = match recovered {
            Ok(None) => None,
            Ok(Some(Record::Proposer(record))) => Some(record),
            Ok(Some(Record::Acceptor(_))) => {
                panic!("the journal of an acceptor given to a proposer")
            }
            Err(_) => return (Proposer { standing: Standing::StorageLost, ..blank }, Vec::new()),
        };
        match (boot, record) {
            (Boot::First, Some(ProposerRecord { counter })) => {
                (Proposer { counter, ..blank }, vec![Action::MarkInitialised])
            }
            (Boot::Again, Some(ProposerRecord { counter })) => {
                (Proposer { counter, ..blank }, Vec::new())
            }
            (Boot::Again, None) => {
                (Proposer { standing: Standing::StorageLost, ..blank }, Vec::new())
            }
            (Boot::First, None) => {
                let zero = Record::Proposer(ProposerRecord { counter: 0 });
                (blank, vec![Action::Persist(zero), Action::MarkInitialised])
            }
        }
    }

    /// Whether it may speak.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Where it stands.
    pub fn round(&self) -> &Round {
        &self.round
    }

    /// Reacts to one input. Messages that are not for a proposer are ignored.
    pub fn on(&mut self, input: Input) -> Vec<Action> {
        if self.standing == Standing::StorageLost {
            return Vec::new();
        }
        match input {
            Input::TimerFired => self.timer(),
            Input::Message { from, message } => match message {
                Message::Propose { request, value } => self.propose(from, request, value),
                Message::Query { request } => self.query(from, request),
                Message::Promise { ballot, accepted } => self.promise(from, ballot, accepted),
                Message::Nack { ballot, promised } => self.nack(ballot, promised),
                Message::Decided { value } => self.decided(value),
                Message::Reply { .. }
                | Message::Prepare { .. }
                | Message::Accept { .. }
                | Message::Accepted { .. } => Vec::new(),
            },
        }
    }

    /// The first value of a life is the one this proposer stands for; later clients wait for the
    /// same decision.
    fn propose(&mut self, from: Peer, request: RequestId, value: Value) -> Vec<Action> {
        let mut actions = self.query(from, request);
        if self.round == Round::Idle {
            self.value = Some(value);
            self.begin(&mut actions);
        }
        actions
    }

    fn query(&mut self, from: Peer, request: RequestId) -> Vec<Action> {
        if let Round::Done(value) = self.round {
            return vec![Action::Send(from, Message::Reply { request, value })];
        }
        if !self.waiting.contains(&(from, request)) {
            self.waiting.push((from, request));
        }
        Vec::new()
    }

    /// Phase 1(a): a ballot that was never used, durable before anybody hears of it.
    fn begin(&mut self, actions: &mut Vec<Action>) {
        let ballot = self.next_ballot();
        self.round = Round::Preparing { ballot, promised: AcceptorSet::default(), binding: None };
        if self.cluster.mutant() != Mutant::Pax08 {
            actions
                .push(Action::Persist(Record::Proposer(ProposerRecord { counter: self.counter })));
        }
        actions.push(Action::SendToAll(Role::Acceptor, Message::Prepare { ballot }));
        actions.push(Action::StartTimer(Timer::Resend { attempt: self.resends }));
    }

    fn next_ballot(&mut self) -> Ballot {
        self.counter = self.counter.max(self.counter_seen) + 1;
        let owner = match self.cluster.mutant() {
            Mutant::Pax09 => 0,
            _ => self.id,
        };
        Ballot::new(self.counter, owner)
    }

    /// Gathers promises and, with a quorum of them, starts phase 2(a): P2c.
    fn promise(&mut self, from: Peer, answered: Ballot, accepted: Option<Vote>) -> Vec<Action> {
        let Round::Preparing { ballot, promised, binding } = &mut self.round else {
            return Vec::new();
        };
        if answered != *ballot && self.cluster.mutant() != Mutant::Pax12 {
            return Vec::new();
        }
        promised.insert(from.index);
        let binds = |vote: &Vote| match (&*binding, self.cluster.mutant()) {
            (None, _) => true,
            (Some(_), Mutant::Pax07) => false,
            (Some(bound), _) => vote.ballot > bound.ballot,
        };
        sometimes!(
            matches!((&*binding, accepted), (Some(bound), Some(vote)) if bound.value != vote.value),
            "promises report votes for different values"
        );
        if let Some(vote) = accepted.filter(binds) {
            *binding = Some(vote);
        }
        let missing = match self.cluster.mutant() {
            Mutant::Pax10 => 1,
            _ => 0,
        };
        if promised.count() < self.cluster.majority() - missing {
            return Vec::new();
        }
        let own = self.value.expect("a round is begun for a value");
        sometimes!(binding.is_some(), "a proposer is bound by an earlier vote");
        let value = match (*binding, self.cluster.mutant()) {
            (None, _) | (Some(_), Mutant::Pax06) => own,
            (Some(vote), _) => vote.value,
        };
        let vote = Vote::new(*ballot, value);
        self.round = Round::Accepting { vote };
        self.resends = 0;
        vec![
            Action::SendToAll(Role::Acceptor, Message::Accept { vote }),
            Action::StartTimer(Timer::Resend { attempt: 0 }),
        ]
    }

    /// Somebody promised more to another proposer: give way for a while.
    fn nack(&mut self, refused: Ballot, promised: Ballot) -> Vec<Action> {
        self.counter_seen = self.counter_seen.max(promised.counter);
        let current = match self.round {
            Round::Preparing { ballot, .. } => ballot,
            Round::Accepting { vote } => vote.ballot,
            Round::Idle | Round::BackingOff | Round::Done(_) => return Vec::new(),
        };
        // A refusal of an earlier round, or of a copy of this round's own 1a, says nothing new.
        if refused != current || promised <= current {
            return Vec::new();
        }
        self.round = Round::BackingOff;
        self.overtaken = self.overtaken.saturating_add(1);
        sometimes!(self.overtaken >= 3, "a proposer is overtaken for the third time");
        vec![Action::StartTimer(Timer::Backoff { attempt: self.overtaken })]
    }

    fn timer(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        match self.round {
            Round::Idle | Round::Done(_) => {}
            Round::BackingOff => {
                self.resends = 0;
                self.begin(&mut actions);
            }
            Round::Preparing { ballot, promised, .. } => {
                self.resends = self.resends.saturating_add(1);
                match self.cluster.equal_ballots() {
                    EqualBallots::Answer => {
                        let silent = (0..self.cluster.acceptors())
                            .filter(|&index| !promised.contains(index));
                        actions.extend(silent.map(|index| {
                            Action::Send(Peer::acceptor(index), Message::Prepare { ballot })
                        }));
                        actions.push(Action::StartTimer(Timer::Resend { attempt: self.resends }));
                    }
                    // Who has promised this ballot would refuse it now, so a lost 1b can only be
                    // had again under a new one.
                    EqualBallots::Refuse => self.begin(&mut actions),
                }
            }
            Round::Accepting { vote } => {
                sometimes!(self.resends >= 3, "a proposal is repeated for the third time");
                self.resends = self.resends.saturating_add(1);
                actions.push(Action::SendToAll(Role::Acceptor, Message::Accept { vote }));
                actions.push(Action::StartTimer(Timer::Resend { attempt: self.resends }));
            }
        }
        actions
    }

    fn decided(&mut self, value: Value) -> Vec<Action> {
        if let Round::Done(_) = self.round {
            return Vec::new();
        }
        self.round = Round::Done(value);
        let mut actions = vec![Action::StopTimer, Action::Decide(value)];
        for (client, request) in self.waiting.drain(..) {
            actions.push(Action::Send(client, Message::Reply { request, value }));
        }
        actions
    }
}

#[cfg(test)]
mod tests;
