use super::*;
use crate::paxos::record::ProposerRecord;

/// Feeds the events; the index of the first that violates something, and what.
fn run(acceptors: u16, scope: Scope, events: &[Event]) -> Result<Observer, (usize, Property)> {
    let mut observer = Observer::new(acceptors, scope);
    for value in 1..=9 {
        observer.observe(&Event::ValueProposed { value: Value(value) }).unwrap();
    }
    for (index, event) in events.iter().enumerate() {
        observer.observe(event).map_err(|violation| (index, violation.property))?;
    }
    Ok(observer)
}

fn holds(events: &[Event]) -> Observer {
    run(3, Scope::Strict, events).unwrap()
}

/// Only the last event violates something, and that property.
fn fails(scope: Scope, property: Property, events: &[Event]) {
    assert_eq!(run(3, scope, events).map(|_| ()), Err((events.len() - 1, property)));
}

const fn b(counter: u64, proposer: u16) -> Ballot {
    Ballot::new(counter, proposer)
}

const fn vote(ballot: Ballot, value: u64) -> Vote {
    Vote::new(ballot, Value(value))
}

fn durable(acceptor: u16, promised: Ballot, accepted: Option<Vote>) -> Event {
    let record = Record::Acceptor(AcceptorRecord { promised, accepted });
    Event::Durable { by: Peer::acceptor(acceptor), record }
}

fn prepares(proposer: u16, counter: u64) -> [Event; 2] {
    let record = Record::Proposer(ProposerRecord { counter });
    [
        Event::Durable { by: Peer::proposer(proposer), record },
        Event::PrepareSent { proposer, ballot: b(counter, proposer) },
    ]
}

/// Both steps of a promise of an acceptor that has voted for `accepted`.
fn promises(acceptor: u16, ballot: Ballot, accepted: Option<Vote>) -> [Event; 2] {
    [durable(acceptor, ballot, accepted), Event::PromiseSent { acceptor, ballot }]
}

fn proposes(vote: Vote) -> [Event; 1] {
    [Event::ProposalSent { proposer: vote.ballot.proposer, vote }]
}

/// Both steps of a vote.
fn votes(acceptor: u16, vote: Vote) -> [Event; 2] {
    [durable(acceptor, vote.ballot, Some(vote)), Event::VoteSent { acceptor, vote }]
}

fn decides(by: Peer, value: u64) -> [Event; 1] {
    [Event::Decided { by, value: Value(value) }]
}

macro_rules! events {
    ($($part:expr),* $(,)?) => {{
        let mut events: Vec<Event> = Vec::new();
        $(events.extend($part);)*
        events
    }};
}

/// Value 1 chosen by acceptors 0 and 1 at ballot 1.p0.
fn chosen() -> Vec<Event> {
    let first = vote(b(1, 0), 1);
    events![
        prepares(0, 1),
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(first),
        votes(0, first),
        votes(1, first),
    ]
}

#[test]
fn a_normal_run_with_two_rounds_violates_nothing() {
    let first = vote(b(1, 0), 1);
    let second = vote(b(2, 1), 1);
    let observer = holds(&events![
        chosen(),
        decides(Peer::learner(0), 1),
        prepares(1, 2),
        promises(1, b(2, 1), Some(first)),
        promises(2, b(2, 1), None),
        proposes(second),
        proposes(second),
        votes(2, second),
        votes(1, second),
        decides(Peer::proposer(1), 1),
        [Event::Started { by: Peer::learner(0) }],
        decides(Peer::learner(0), 1),
    ]);
    assert_eq!(observer.chosen(), Some(first));
    assert_eq!(observer.first_decision(), Some(Value(1)));
}

#[test]
fn two_values_at_one_ballot() {
    let events = events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(vote(b(1, 0), 1)),
        proposes(vote(b(1, 0), 2)),
    ];
    fails(Scope::WhiteBox, Property::OneValuePerBallot, &events);
    assert!(run(3, Scope::EndToEnd, &events).is_ok(), "no client can see it");
}

#[test]
fn another_value_above_a_chosen_ballot() {
    let other = vote(b(2, 1), 2);
    fails(Scope::WhiteBox, Property::ChosenStaysSafe, &events![chosen(), proposes(other)]);
}

#[test]
fn a_value_chosen_below_another_proposal() {
    let low = vote(b(1, 0), 1);
    let high = vote(b(2, 1), 2);
    // Acceptor 0 promised 2.p1 and votes below it after a crash, without having promised again:
    // only the vote of acceptor 1 makes the lower value chosen.
    fails(
        Scope::WhiteBox,
        Property::ChosenStaysSafe,
        &events![
            promises(1, b(1, 0), None),
            promises(2, b(1, 0), None),
            proposes(low),
            [durable(0, b(2, 1), None), durable(2, b(2, 1), None)],
            proposes(high),
            [Event::VoteSent { acceptor: 0, vote: low }],
            [Event::VoteSent { acceptor: 1, vote: low }],
        ],
    );
}

#[test]
fn a_lower_proposal_of_another_value_is_allowed() {
    let low = vote(b(1, 0), 1);
    let high = vote(b(2, 1), 2);
    holds(&events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        promises(1, b(2, 1), None),
        promises(2, b(2, 1), None),
        proposes(high),
        votes(1, high),
        votes(2, high),
        // Late, and harmless: acceptors 1 and 2 will not vote for it.
        proposes(low),
        votes(0, low),
    ]);
}

#[test]
fn a_proposal_needs_a_majority_of_promises() {
    fails(
        Scope::WhiteBox,
        Property::ShowsSafe,
        &events![promises(0, b(1, 0), None), proposes(vote(b(1, 0), 1))],
    );
    // One half of four is not a majority.
    let half = events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(vote(b(1, 0), 1)),
    ];
    assert_eq!(run(4, Scope::WhiteBox, &half).map(|_| ()), Err((4, Property::ShowsSafe)));
}

#[test]
fn the_greatest_vote_of_the_majority_binds() {
    let low = vote(b(1, 0), 1);
    let high = vote(b(2, 1), 2);
    let before = events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(low),
        votes(0, low),
        promises(1, b(2, 1), None),
        promises(2, b(2, 1), None),
        proposes(high),
        votes(1, high),
        promises(0, b(3, 0), Some(low)),
        promises(1, b(3, 0), Some(high)),
    ];
    holds(&events![before.clone(), proposes(vote(b(3, 0), 2))]);
    for wrong in [1, 3] {
        let proposal = proposes(vote(b(3, 0), wrong));
        fails(Scope::WhiteBox, Property::ShowsSafe, &events![before.clone(), proposal]);
    }
    // With a third promise another majority shows the lower value safe.
    let third = promises(2, b(3, 0), None);
    holds(&events![before.clone(), third, proposes(vote(b(3, 0), 1))]);
    holds(&events![before, third, proposes(vote(b(3, 0), 2))]);
}

#[test]
fn a_vote_that_was_durable_but_never_sent_binds() {
    let low = vote(b(1, 0), 1);
    let before = events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(low),
        [durable(0, b(1, 0), Some(low)), Event::Started { by: Peer::acceptor(0) }],
        promises(0, b(2, 1), Some(low)),
        promises(2, b(2, 1), None),
    ];
    holds(&events![before.clone(), proposes(vote(b(2, 1), 1))]);
    fails(Scope::WhiteBox, Property::ShowsSafe, &events![before, proposes(vote(b(2, 1), 2))]);
}

#[test]
fn a_decision_needs_a_majority_at_one_ballot() {
    let first = vote(b(1, 0), 1);
    let second = vote(b(2, 0), 1);
    let split = events![
        promises(0, b(1, 0), None),
        promises(1, b(1, 0), None),
        proposes(first),
        votes(0, first),
        promises(1, b(2, 0), None),
        promises(2, b(2, 0), None),
        proposes(second),
        votes(1, second),
        decides(Peer::learner(0), 1),
    ];
    fails(Scope::WhiteBox, Property::DecisionHasQuorum, &split);
    assert!(run(3, Scope::EndToEnd, &split).is_ok(), "no client can see it");
}

#[test]
fn a_vote_below_a_promise_after_a_restart() {
    let low = vote(b(1, 0), 1);
    fails(
        Scope::WhiteBox,
        Property::PromiseKept,
        &[
            // The promise is sent and never durable.
            Event::PromiseSent { acceptor: 0, ballot: b(2, 1) },
            Event::Started { by: Peer::acceptor(0) },
            durable(0, b(1, 0), Some(low)),
        ],
    );
    let repeated = events![chosen(), promises(0, b(2, 1), Some(low)), votes(0, low)];
    assert_eq!(
        run(3, Scope::WhiteBox, &repeated).map(|_| ()),
        Err((repeated.len() - 2, Property::DurableMonotone)),
        "the record falls before the vote leaves"
    );
}

#[test]
fn durable_promise_and_vote_never_fall() {
    let low = vote(b(1, 0), 1);
    let high = vote(b(2, 1), 2);
    for fallen in [
        durable(0, b(1, 0), Some(high)),
        durable(0, b(2, 1), Some(low)),
        durable(0, b(2, 1), None),
        durable(0, Ballot::ZERO, None),
    ] {
        let events = [durable(0, b(2, 1), Some(high)), fallen];
        fails(Scope::WhiteBox, Property::DurableMonotone, &events);
    }
    fails(Scope::WhiteBox, Property::DurableMonotone, &[durable(0, b(1, 0), Some(high))]);
    holds(&[durable(0, b(1, 0), Some(low)), durable(0, b(2, 1), Some(low))]);
}

#[test]
fn the_strict_scope_wants_everything_on_disk_first() {
    let first = vote(b(1, 0), 1);
    let promise = Event::PromiseSent { acceptor: 0, ballot: b(1, 0) };
    let unsynced_vote = [durable(0, b(1, 0), None), Event::VoteSent { acceptor: 0, vote: first }];
    let prepare = Event::PrepareSent { proposer: 0, ballot: b(1, 0) };
    for events in [&[promise][..], &unsynced_vote[..], &[prepare][..]] {
        fails(Scope::Strict, Property::DurableBeforeSent, events);
        assert!(run(3, Scope::WhiteBox, events).is_ok());
    }
}

#[test]
fn decisions_agree() {
    let first = vote(b(1, 0), 1);
    let second = vote(b(2, 1), 2);
    let split = events![
        [Event::VoteSent { acceptor: 0, vote: first }],
        [Event::VoteSent { acceptor: 1, vote: first }],
        decides(Peer::learner(0), 1),
        [Event::VoteSent { acceptor: 1, vote: second }],
        [Event::VoteSent { acceptor: 2, vote: second }],
        decides(Peer::client(3), 2),
    ];
    fails(Scope::EndToEnd, Property::Agreement, &split);
}

#[test]
fn only_values_of_clients_are_proposed_and_decided() {
    fails(Scope::EndToEnd, Property::Validity, &decides(Peer::learner(0), 77));
    fails(Scope::WhiteBox, Property::Validity, &proposes(vote(b(1, 0), 77)));
}

#[test]
fn a_process_decides_once_in_a_life_and_its_lives_agree() {
    let learner = Peer::learner(0);
    let again = events![chosen(), decides(learner, 1), decides(learner, 1)];
    fails(Scope::EndToEnd, Property::Integrity, &again);
    let changed =
        events![decides(learner, 1), [Event::Started { by: learner }], decides(learner, 2),];
    fails(Scope::EndToEnd, Property::Agreement, &changed);
}
