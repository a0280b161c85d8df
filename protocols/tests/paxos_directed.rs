//! The story of M-PAX-08, step by step: random walks meet it twice in 100,000.

use protocols::paxos::{
    Acceptor, Action, Boot, Cluster, EqualBallots, Event, Input, Message, Mutant, Observer, Peer,
    Property, Proposer, Record, RequestId, Role, Scope, Value, Violation,
};

const PROPOSER: Peer = Peer::proposer(0);

/// One proposer, three acceptors; the test delivers by hand.
struct Story {
    cluster: Cluster,
    observer: Observer,
    acceptors: Vec<Acceptor>,
    proposer: Option<Proposer>,
    disk: Option<Record>,
}

impl Story {
    fn new(mutant: Mutant) -> Story {
        let cluster = Cluster::new(3, EqualBallots::Refuse).with_mutant(mutant);
        let mut observer = Observer::new(3, Scope::WhiteBox);
        for value in 1..=2 {
            observer.observe(&Event::ValueProposed { value: Value(value) }).unwrap();
        }
        let acceptor = |_| Acceptor::boot(cluster, Boot::First, Ok(None)).0;
        let acceptors = (0..3).map(acceptor).collect();
        Story { cluster, observer, acceptors, proposer: None, disk: None }
    }

    /// The messages that the actions send, after everything before them is done.
    fn perform(&mut self, by: Peer, actions: Vec<Action>) -> Result<Vec<Message>, Violation> {
        let mut sent = Vec::new();
        for action in actions {
            if let Some(event) = Event::of(by, &action) {
                self.observer.observe(&event)?;
            }
            match action {
                Action::Persist(record) if by.role == Role::Proposer => self.disk = Some(record),
                Action::Send(_, message) | Action::SendToAll(_, message) => sent.push(message),
                _ => {}
            }
        }
        Ok(sent)
    }

    fn proposer_lives(&mut self, boot: Boot, value: u64) -> Result<Vec<Message>, Violation> {
        let (proposer, actions) = Proposer::boot(self.cluster, 0, boot, Ok(self.disk));
        self.proposer = Some(proposer);
        self.perform(PROPOSER, actions)?;
        let message = Message::Propose { request: RequestId(value), value: Value(value) };
        self.proposer_hears(Peer::client(0), message)
    }

    fn proposer_hears(&mut self, from: Peer, message: Message) -> Result<Vec<Message>, Violation> {
        let proposer = self.proposer.as_mut().expect("it lives");
        let actions = proposer.on(Input::Message { from, message });
        self.perform(PROPOSER, actions)
    }

    fn acceptor_hears(&mut self, index: u16, message: Message) -> Result<Message, Violation> {
        let input = Input::Message { from: PROPOSER, message };
        let actions = self.acceptors[usize::from(index)].on(input);
        Ok(self.perform(Peer::acceptor(index), actions)?[0])
    }

    /// The first life proposes value 1, and a copy of a 1b outlives it. In the second life
    /// acceptor 2, which has heard nothing yet, promises too.
    fn run(&mut self) -> Result<(), Violation> {
        let prepare = self.proposer_lives(Boot::First, 1)?[0];
        let promise_0 = self.acceptor_hears(0, prepare)?;
        let promise_1 = self.acceptor_hears(1, prepare)?;
        self.proposer_hears(Peer::acceptor(0), promise_0)?;
        self.proposer_hears(Peer::acceptor(1), promise_1)?;

        let prepare = self.proposer_lives(Boot::Again, 2)?[0];
        let promise_2 = self.acceptor_hears(2, prepare)?;
        self.proposer_hears(Peer::acceptor(2), promise_2)?;
        self.proposer_hears(Peer::acceptor(0), promise_0)?;
        Ok(())
    }
}

#[test]
fn a_proposer_without_memory_uses_a_ballot_for_two_values() {
    assert_eq!(Story::new(Mutant::None).run(), Ok(()));
    let violation = Story::new(Mutant::Pax08).run().unwrap_err();
    assert_eq!(violation.property, Property::OneValuePerBallot);
}
