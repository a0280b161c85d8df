//! The learner: counts votes, announces the decision, answers clients.

use super::acceptor_set::AcceptorSet;
use super::action::{Action, Input, Peer, Role};
use super::ballot::{Value, Vote};
use super::cluster::Cluster;
use super::message::{Message, RequestId};
use super::mutants::Mutant;
use squall::{reachable, sometimes};

/// A learner (PMS 2.3). It keeps nothing on disk: after a restart it learns again from repeated
/// votes, or from another learner.
#[derive(Clone, Debug)]
pub struct Learner {
    cluster: Cluster,
    tallies: Vec<(Vote, AcceptorSet)>,
    decided: Option<Value>,
    waiting: Vec<(Peer, RequestId)>,
}

impl Learner {
    /// Starts a life of a learner.
    pub fn new(cluster: Cluster) -> Learner {
        Learner { cluster, tallies: Vec::new(), decided: None, waiting: Vec::new() }
    }

    /// What it knows to be decided.
    pub fn decided(&self) -> Option<Value> {
        self.decided
    }

    /// Reacts to one input. Messages that are not for a learner are ignored.
    pub fn on(&mut self, input: Input) -> Vec<Action> {
        let Input::Message { from, message } = input else { return Vec::new() };
        match message {
            Message::Accepted { vote } => self.accepted(from, vote),
            Message::Decided { value } => self.told(value),
            Message::Query { request } => self.query(from, request),
            Message::Propose { .. }
            | Message::Reply { .. }
            | Message::Prepare { .. }
            | Message::Promise { .. }
            | Message::Accept { .. }
            | Message::Nack { .. } => Vec::new(),
        }
    }

    fn accepted(&mut self, from: Peer, vote: Vote) -> Vec<Action> {
        if let Some(value) = self.decided {
            // A proposer that has not heard of the decision is still asking for votes.
            let proposer = Peer::proposer(vote.ballot.proposer);
            return vec![Action::Send(proposer, Message::Decided { value })];
        }
        let voters = self.tally(vote);
        voters.insert(from.index);
        if voters.count() < self.cluster.majority() {
            return Vec::new();
        }
        sometimes!(self.tallies.len() > 1, "a decision takes more than one ballot");
        let mut actions = vec![
            Action::Decide(vote.value),
            Action::SendToAll(Role::Proposer, Message::Decided { value: vote.value }),
            Action::SendToAll(Role::Learner, Message::Decided { value: vote.value }),
        ];
        self.decide(vote.value, &mut actions);
        actions
    }

    /// Those who voted for the same value **at the same ballot**: a vote at another ballot is
    /// another vote, even for an equal value.
    fn tally(&mut self, vote: Vote) -> &mut AcceptorSet {
        let same = |counted: Vote| match self.cluster.mutant() {
            Mutant::Pax13 => counted.value == vote.value,
            _ => counted == vote,
        };
        let index = self.tallies.iter().position(|&(counted, _)| same(counted));
        let index = index.unwrap_or_else(|| {
            self.tallies.push((vote, AcceptorSet::default()));
            self.tallies.len() - 1
        });
        &mut self.tallies[index].1
    }

    /// Another learner has counted.
    fn told(&mut self, value: Value) -> Vec<Action> {
        if self.decided.is_some() {
            return Vec::new();
        }
        reachable!("a learner is told before it has counted");
        let mut actions = vec![Action::Decide(value)];
        self.decide(value, &mut actions);
        actions
    }

    fn decide(&mut self, value: Value, actions: &mut Vec<Action>) {
        assert!(self.decided.is_none(), "a learner decides once in a life");
        self.decided = Some(value);
        self.tallies.clear();
        for (client, request) in self.waiting.drain(..) {
            actions.push(Action::Send(client, Message::Reply { request, value }));
        }
    }

    fn query(&mut self, from: Peer, request: RequestId) -> Vec<Action> {
        if let Some(value) = self.decided {
            return vec![Action::Send(from, Message::Reply { request, value })];
        }
        if !self.waiting.contains(&(from, request)) {
            self.waiting.push((from, request));
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballot::Ballot;
    use super::super::equal_ballots::EqualBallots;
    use super::*;

    fn learner(mutant: Mutant) -> Learner {
        Learner::new(Cluster::new(3, EqualBallots::Refuse).with_mutant(mutant))
    }

    fn accepted(learner: &mut Learner, acceptor: u16, counter: u64, value: u64) -> Vec<Action> {
        let vote = Vote::new(Ballot::new(counter, 1), Value(value));
        learner.on(Input::Message {
            from: Peer::acceptor(acceptor),
            message: Message::Accepted { vote },
        })
    }

    #[test]
    fn a_majority_of_distinct_acceptors_at_one_ballot_decides() {
        let mut learner = learner(Mutant::None);
        assert_eq!(accepted(&mut learner, 0, 1, 7), []);
        assert_eq!(accepted(&mut learner, 0, 1, 7), [], "the same acceptor twice is one vote");
        assert_eq!(accepted(&mut learner, 1, 2, 7), [], "another ballot is another vote");
        assert_eq!(accepted(&mut learner, 2, 1, 7)[0], Action::Decide(Value(7)));
        assert_eq!(learner.decided(), Some(Value(7)));
    }

    #[test]
    fn the_mutant_counts_per_value() {
        let mut learner = learner(Mutant::Pax13);
        accepted(&mut learner, 0, 1, 7);
        assert_eq!(accepted(&mut learner, 1, 2, 7)[0], Action::Decide(Value(7)));
    }

    #[test]
    fn clients_are_answered_at_the_decision_and_after() {
        let mut learner = learner(Mutant::None);
        let client = Peer::client(4);
        let query = |request| Input::Message { from: client, message: Message::Query { request } };
        let reply = |request| Action::Send(client, Message::Reply { request, value: Value(7) });
        assert_eq!(learner.on(query(RequestId(1))), []);
        assert_eq!(learner.on(query(RequestId(1))), []);
        accepted(&mut learner, 0, 1, 7);
        let actions = accepted(&mut learner, 1, 1, 7);
        assert_eq!(actions.iter().filter(|&&action| action == reply(RequestId(1))).count(), 1);
        assert_eq!(learner.on(query(RequestId(2))), [reply(RequestId(2))]);
    }

    #[test]
    fn a_late_vote_is_answered_to_the_proposer_that_asked_for_it() {
        let mut learner = learner(Mutant::None);
        let decided = Message::Decided { value: Value(7) };
        let told = Input::Message { from: Peer::learner(1), message: decided };
        assert_eq!(learner.on(told), [Action::Decide(Value(7))]);
        assert_eq!(learner.on(told), []);
        assert_eq!(accepted(&mut learner, 0, 1, 7), [Action::Send(Peer::proposer(1), decided)]);
    }
}
