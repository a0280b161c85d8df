use super::*;

const CLIENT: Peer = Peer::client(0);
const OWN: Value = Value(100);

fn started(acceptors: u16, equal_ballots: EqualBallots, mutant: Mutant) -> Proposer {
    let cluster = Cluster::new(acceptors, equal_ballots).with_mutant(mutant);
    let (mut proposer, _) = Proposer::boot(cluster, 1, Boot::First, Ok(None));
    propose(&mut proposer, 1);
    proposer
}

fn propose(proposer: &mut Proposer, request: u64) -> Vec<Action> {
    let message = Message::Propose { request: RequestId(request), value: OWN };
    proposer.on(Input::Message { from: CLIENT, message })
}

fn promise(
    proposer: &mut Proposer,
    acceptor: u16,
    ballot: Ballot,
    accepted: Option<Vote>,
) -> Vec<Action> {
    let message = Message::Promise { ballot, accepted };
    proposer.on(Input::Message { from: Peer::acceptor(acceptor), message })
}

fn nack(proposer: &mut Proposer, ballot: Ballot, promised: Ballot) -> Vec<Action> {
    let message = Message::Nack { ballot, promised };
    proposer.on(Input::Message { from: Peer::acceptor(0), message })
}

fn vote(counter: u64, proposer: u16, value: u64) -> Vote {
    Vote::new(Ballot::new(counter, proposer), Value(value))
}

fn proposed(actions: &[Action]) -> Option<Vote> {
    actions.iter().find_map(|action| match action {
        Action::SendToAll(Role::Acceptor, Message::Accept { vote }) => Some(*vote),
        _ => None,
    })
}

fn persisted(counter: u64) -> Action {
    Action::Persist(Record::Proposer(ProposerRecord { counter }))
}

const B1: Ballot = Ballot::new(1, 1);

#[test]
fn the_counter_is_persisted_before_the_prepare() {
    let cluster = Cluster::new(3, EqualBallots::Refuse);
    let (mut proposer, _) = Proposer::boot(cluster, 1, Boot::First, Ok(None));
    assert_eq!(
        propose(&mut proposer, 1),
        [
            persisted(1),
            Action::SendToAll(Role::Acceptor, Message::Prepare { ballot: B1 }),
            Action::StartTimer(Timer::Resend { attempt: 0 })
        ]
    );
}

#[test]
fn without_reported_votes_it_proposes_its_own_value() {
    let mut proposer = started(3, EqualBallots::Refuse, Mutant::None);
    assert_eq!(promise(&mut proposer, 0, B1, None), []);
    assert_eq!(promise(&mut proposer, 0, B1, None), [], "one acceptor twice is one promise");
    assert_eq!(proposed(&promise(&mut proposer, 2, B1, None)), Some(Vote::new(B1, OWN)));
    assert_eq!(promise(&mut proposer, 1, B1, None), [], "one proposal a ballot");
}

#[test]
fn the_reported_vote_with_the_greatest_ballot_binds() {
    let mut proposer = started(5, EqualBallots::Refuse, Mutant::None);
    promise(&mut proposer, 0, B1, Some(vote(0, 2, 7)));
    promise(&mut proposer, 1, B1, Some(vote(0, 4, 9)));
    let actions = promise(&mut proposer, 2, B1, Some(vote(0, 3, 8)));
    assert_eq!(proposed(&actions), Some(Vote::new(B1, Value(9))));
}

#[test]
fn a_promise_for_another_round_does_not_count() {
    let mut proposer = started(3, EqualBallots::Refuse, Mutant::None);
    proposer.on(Input::TimerFired);
    let b2 = Ballot::new(2, 1);
    promise(&mut proposer, 0, B1, None);
    promise(&mut proposer, 1, B1, None);
    promise(&mut proposer, 0, b2, None);
    assert_eq!(proposer.round(), &preparing(b2, &[0]));
    assert!(proposed(&promise(&mut proposer, 1, b2, None)).is_some());
}

fn preparing(ballot: Ballot, from: &[u16]) -> Round {
    let mut promised = AcceptorSet::default();
    from.iter().for_each(|&acceptor| promised.insert(acceptor));
    Round::Preparing { ballot, promised, binding: None }
}

#[test]
fn a_missing_promise_is_asked_for_again_as_the_acceptors_like_it() {
    let mut lenient = started(3, EqualBallots::Answer, Mutant::None);
    promise(&mut lenient, 1, B1, None);
    assert_eq!(
        lenient.on(Input::TimerFired),
        [
            Action::Send(Peer::acceptor(0), Message::Prepare { ballot: B1 }),
            Action::Send(Peer::acceptor(2), Message::Prepare { ballot: B1 }),
            Action::StartTimer(Timer::Resend { attempt: 1 })
        ]
    );
    let mut strict = started(3, EqualBallots::Refuse, Mutant::None);
    assert_eq!(
        strict.on(Input::TimerFired),
        [
            persisted(2),
            Action::SendToAll(Role::Acceptor, Message::Prepare { ballot: Ballot::new(2, 1) }),
            Action::StartTimer(Timer::Resend { attempt: 1 })
        ]
    );
}

#[test]
fn a_proposal_is_repeated_until_the_decision_is_known() {
    let mut proposer = started(3, EqualBallots::Refuse, Mutant::None);
    promise(&mut proposer, 0, B1, None);
    promise(&mut proposer, 1, B1, None);
    assert_eq!(proposed(&proposer.on(Input::TimerFired)), Some(Vote::new(B1, OWN)));

    let decided =
        Input::Message { from: Peer::learner(0), message: Message::Decided { value: Value(3) } };
    let reply = |request| {
        Action::Send(CLIENT, Message::Reply { request: RequestId(request), value: Value(3) })
    };
    assert_eq!(proposer.on(decided), [Action::StopTimer, Action::Decide(Value(3)), reply(1)]);
    assert_eq!(proposer.on(decided), []);
    assert_eq!(proposer.on(Input::TimerFired), []);
    assert_eq!(propose(&mut proposer, 2), [reply(2)]);
}

#[test]
fn a_refusal_makes_it_wait_and_come_back_higher() {
    let mut proposer = started(3, EqualBallots::Refuse, Mutant::None);
    assert_eq!(
        nack(&mut proposer, B1, Ballot::new(8, 0)),
        [Action::StartTimer(Timer::Backoff { attempt: 1 })]
    );
    assert_eq!(nack(&mut proposer, B1, Ballot::new(8, 0)), [], "it is waiting already");
    assert_eq!(proposer.on(Input::TimerFired)[0], persisted(9));
    assert_eq!(proposer.round(), &preparing(Ballot::new(9, 1), &[]));
}

#[test]
fn refusals_of_other_rounds_and_of_copies_are_not_heeded() {
    let mut proposer = started(3, EqualBallots::Refuse, Mutant::None);
    assert_eq!(nack(&mut proposer, B1, B1), []);
    proposer.on(Input::TimerFired);
    assert_eq!(nack(&mut proposer, B1, Ballot::new(1, 2)), []);
    assert_eq!(proposer.round(), &preparing(Ballot::new(2, 1), &[]));
}

#[test]
fn a_later_life_never_uses_a_ballot_again() {
    let cluster = Cluster::new(3, EqualBallots::Refuse);
    let kept = Record::Proposer(ProposerRecord { counter: 6 });
    let (mut proposer, actions) = Proposer::boot(cluster, 1, Boot::Again, Ok(Some(kept)));
    assert_eq!(actions, []);
    assert_eq!(propose(&mut proposer, 1)[0], persisted(7));
}

#[test]
fn with_its_storage_lost_it_stays_silent() {
    let cluster = Cluster::new(3, EqualBallots::Refuse);
    for recovered in [Ok(None), Err(RecoverError::Damaged)] {
        let (mut proposer, actions) = Proposer::boot(cluster, 1, Boot::Again, recovered);
        assert_eq!((proposer.standing(), actions), (Standing::StorageLost, vec![]));
        assert_eq!(propose(&mut proposer, 1), []);
    }
}

#[test]
fn each_mutant_of_the_proposer_changes_what_it_says() {
    let low = Some(vote(0, 2, 7));
    let high = Some(vote(0, 4, 9));

    let mut selfish = started(3, EqualBallots::Refuse, Mutant::Pax06);
    promise(&mut selfish, 0, B1, high);
    assert_eq!(proposed(&promise(&mut selfish, 1, B1, None)), Some(Vote::new(B1, OWN)));

    let mut hasty = started(3, EqualBallots::Refuse, Mutant::Pax07);
    promise(&mut hasty, 0, B1, low);
    assert_eq!(proposed(&promise(&mut hasty, 1, B1, high)), Some(Vote::new(B1, Value(7))));

    let mut forgetful = started(3, EqualBallots::Refuse, Mutant::Pax08);
    let actions = forgetful.on(Input::TimerFired);
    assert!(!actions.iter().any(|action| matches!(action, Action::Persist(_))));

    let nameless = started(3, EqualBallots::Refuse, Mutant::Pax09);
    assert_eq!(nameless.round(), &preparing(Ballot::new(1, 0), &[]));

    let mut modest = started(3, EqualBallots::Refuse, Mutant::Pax10);
    assert!(proposed(&promise(&mut modest, 0, B1, None)).is_some());

    let mut halfway = started(4, EqualBallots::Refuse, Mutant::Pax11);
    promise(&mut halfway, 0, B1, None);
    assert!(proposed(&promise(&mut halfway, 1, B1, None)).is_some());

    let mut confused = started(3, EqualBallots::Refuse, Mutant::Pax12);
    promise(&mut confused, 0, B1, None);
    confused.on(Input::TimerFired);
    promise(&mut confused, 0, B1, None);
    let b2 = Ballot::new(2, 1);
    assert_eq!(proposed(&promise(&mut confused, 1, b2, None)), Some(Vote::new(b2, OWN)));
}
