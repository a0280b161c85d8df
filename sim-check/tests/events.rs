//! The judges of protocol events agree with the definitions of their properties, read word by word, on random runs, and the evidence
//! of each violation holds.

mod support;

use sim_check::evidence::{Occurrence, explain};
use sim_check::{Verdict, atomic_commitment, consensus, convergence, delivery, mutual_exclusion};
use std::collections::BTreeSet;
use std::fmt::Display;
use support::proofs::keep;
use support::random::Random;

const RUNS: u64 = 20_000;

/// Compares verdicts with a naive reading on random runs; returns how often each was given.
fn agree<E: Occurrence, C: Clone + std::fmt::Debug, X: Clone + Display + std::fmt::Debug>(
    draw: impl Fn(&mut Random) -> E,
    judge: impl Fn(&[E]) -> Verdict<C, X>,
    good: impl Fn(&[E]) -> bool,
    verify: impl Fn(&X, &[E]) -> Result<(), String>,
    accepts: impl Fn(&C, &[E]) -> Result<(), String>,
    damaged: &[&dyn Fn(&mut C) -> bool],
) {
    let mut random = Random::new(3);
    let mut kinds = BTreeSet::new();
    let (mut ok, mut bad) = (0, 0);
    let mut refused = vec![0; damaged.len()];
    let (mut goods, mut bads): (Vec<C>, Vec<X>) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let length = 1 + random.below(9);
        let events: Vec<E> = (0..length).map(|_| draw(&mut random)).collect();
        match judge(&events) {
            Verdict::Ok(certificate) => {
                assert!(good(&events), "called good: {events:#?}");
                assert!(explain(&events, &judge).is_none());
                assert_eq!(accepts(&certificate, &events), Ok(()), "{certificate:?} {events:#?}");
                for (damage, refused) in damaged.iter().zip(&mut refused) {
                    let mut copy = certificate.clone();
                    if damage(&mut copy) {
                        assert!(accepts(&copy, &events).is_err(), "accepted {copy:?} {events:#?}");
                        *refused += 1;
                    }
                }
                for other in &bads {
                    assert!(verify(other, &events).is_err(), "accepted {other} {events:#?}");
                }
                keep(&mut goods, certificate, &mut random);
                ok += 1;
            }
            Verdict::Violation(violation) => {
                assert!(!good(&events), "called bad: {violation} {events:#?}");
                let verified = verify(&violation, &events);
                assert_eq!(verified, Ok(()), "{violation} {events:#?}");
                // Of another run the same evidence proves nothing.
                assert!(verify(&violation, &[]).is_err(), "{violation}");
                for other in &goods {
                    assert!(accepts(other, &events).is_err(), "accepted {other:?} {events:#?}");
                }
                keep(&mut bads, violation.clone(), &mut random);
                let kind = format!("{violation:?}");
                kinds.insert(kind.split([' ', '{']).next().unwrap_or_default().to_string());
                let explanation = explain(&events, &judge).expect("it is bad");
                let part: Vec<E> =
                    explanation.smallest.iter().map(|place| events[*place].clone()).collect();
                assert!(judge(&part).is_violation());
                // The sentence is about these events.
                let named = explanation.why.split("event").skip(1).flat_map(|rest| {
                    let rest = rest.trim_start_matches(['s', ' ']);
                    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                    rest[..end].parse::<usize>().ok()
                });
                for place in named {
                    assert!(explanation.smallest.contains(&place), "{}", explanation.why);
                }
                let lines = explanation.picture("bad").to_text();
                assert_eq!(lines.matches('*').count(), part.len(), "{lines}");
                bad += 1;
            }
            Verdict::Unknown(why) => panic!("{why}"),
        }
    }
    assert!(ok > 200 && bad > 200, "{ok} good, {bad} bad");
    assert!(refused.iter().all(|refused| *refused > 9), "damaged and refused: {refused:?}");
    eprintln!("{ok} good, {bad} bad: {kinds:?}");
}

/// Runs of violations must be found with every kind: a judge that never says one is not tested.
macro_rules! one_of {
    ($random:expr; $($weight:literal => $event:expr),* $(,)?) => {{
        let total = 0 $(+ $weight)*;
        let mut drawn = $random.below(total);
        loop {
            $(
                if drawn < $weight {
                    break $event;
                }
                drawn -= $weight;
            )*
        }
    }};
}

#[test]
fn atomic_commitment_means_what_it_says() {
    use atomic_commitment::{Decision, Event, Excuse, Expectations, Settlement, check};
    let draw = |random: &mut Random| {
        let node = random.below(2) as u32;
        let decision = if random.chance(70) { Decision::Commit } else { Decision::Abort };
        one_of! { random;
            2 => Event::Begin { txn: 1, participants: vec![0, 1] },
            5 => Event::Vote { txn: 1, node, yes: random.chance(85) },
            3 => Event::Decide { txn: 1, node, decision },
            1 => Event::Crash { node },
            1 => Event::Recover { node },
            1 => Event::Fault,
        }
    };
    for expectations in [
        Expectations::default(),
        Expectations { healed: true, non_blocking: false },
        Expectations { healed: false, non_blocking: true },
    ] {
        let good = |events: &[Event]| {
            let began = |at: usize| events[..at].iter().any(|e| matches!(e, Event::Begin { .. }));
            let any = |until: usize, is: &dyn Fn(&Event) -> bool| events[..until].iter().any(is);
            let all = events.len();
            let votes = |until: usize, n: u32, answer: bool| {
                any(
                    until,
                    &|e| matches!(e, Event::Vote { node, yes, .. } if (*node, *yes) == (n, answer)),
                )
            };
            let decisions: Vec<(usize, u32, Decision)> = events
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Decide { node, decision, .. } => Some((at, *node, *decision)),
                    _ => None,
                })
                .collect();
            let named = events.iter().enumerate().all(|(at, event)| {
                !matches!(event, Event::Vote { .. } | Event::Decide { .. }) || began(at)
            });
            let agree = decisions.windows(2).all(|pair| pair[0].2 == pair[1].2);
            let valid = decisions.iter().all(|(at, _, decision)| {
                *decision == Decision::Abort
                    || [0, 1].iter().all(|n| votes(*at, *n, true) && !votes(*at, *n, false))
            });
            let unanimous = [0, 1].iter().all(|n| votes(all, *n, true) && !votes(all, *n, false));
            let trivial = decisions.iter().any(|(at, _, decision)| {
                *decision == Decision::Abort
                    && !any(*at, &|e| matches!(e, Event::Crash { .. } | Event::Fault))
            });
            let decided = |n: u32| decisions.iter().any(|(_, node, _)| *node == n);
            let crashed = |n: u32| any(all, &|e| matches!(e, Event::Crash { node } if *node == n));
            let ends = !began(all)
                || [0, 1].iter().all(|n| {
                    decided(*n)
                        || !expectations.healed && (!expectations.non_blocking || crashed(*n))
                });
            named && agree && valid && !(unanimous && trivial) && ends
        };
        agree(
            draw,
            |events| check(events, expectations),
            good,
            |v, events| v.verify(events),
            |summary, events| summary.verify(events, expectations),
            &[
                &|of: &mut atomic_commitment::Summary| of.txns.pop_first().is_some(),
                &|of: &mut atomic_commitment::Summary| {
                    of.txns.insert(9, Settlement::Undecided).is_none()
                },
                &|of: &mut atomic_commitment::Summary| {
                    of.committed += 1;
                    true
                },
                &|of: &mut atomic_commitment::Summary| {
                    of.blocked.push((1, 7));
                    true
                },
                &|of: &mut atomic_commitment::Summary| match of.txns.get_mut(&1) {
                    Some(Settlement::Committed { yes }) => yes.pop_first().is_some(),
                    _ => false,
                },
                &|of: &mut atomic_commitment::Summary| match of.txns.get_mut(&1) {
                    Some(Settlement::Committed { yes }) => {
                        yes.values_mut().for_each(|at| *at += 1);
                        true
                    }
                    _ => false,
                },
                &|of: &mut atomic_commitment::Summary| match of.txns.get_mut(&1) {
                    Some(Settlement::Aborted { because }) => {
                        *because = match because {
                            Excuse::Silent(_) => Excuse::Silent(7),
                            Excuse::Refused(_) | Excuse::Failed(_) => Excuse::Failed(99),
                        };
                        true
                    }
                    _ => false,
                },
                &|of: &mut atomic_commitment::Summary| match of.txns.get_mut(&1) {
                    Some(end @ Settlement::Aborted { .. }) => {
                        *end = Settlement::Committed { yes: [(0, 1), (1, 2)].into() };
                        true
                    }
                    _ => false,
                },
                &|of: &mut atomic_commitment::Summary| match of.txns.get_mut(&1) {
                    Some(Settlement::Undecided) | None => false,
                    Some(end) => {
                        *end = Settlement::Undecided;
                        true
                    }
                },
            ],
        );
    }
}

#[test]
fn consensus_means_what_it_says() {
    use consensus::{BallotValue, Event, Expectations, check};
    let draw = |random: &mut Random| {
        let (node, value) = (random.below(2) as u32, random.below(2) as u8);
        one_of! { random;
            4 => Event::Propose { instance: 0, value },
            4 => Event::Decide { instance: 0, node, value },
            1 => Event::Crash { node },
            1 => Event::Recover { node },
        }
    };
    for must_decide in [vec![], vec![1]] {
        let expectations = Expectations { must_decide: must_decide.clone(), acceptors: 0 };
        let good = |events: &[Event<u8>]| {
            let decisions: Vec<(usize, u32, u8)> = events
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Decide { node, value, .. } => Some((at, *node, *value)),
                    _ => None,
                })
                .collect();
            let agreed = decisions.windows(2).all(|pair| pair[0].2 == pair[1].2);
            let valid = decisions.iter().all(|(at, _, v)| {
                events[..*at]
                    .iter()
                    .any(|e| matches!(e, Event::Propose { value, .. } if value == v))
            });
            let once = decisions.iter().enumerate().all(|(place, (at, n, _))| {
                decisions[place + 1..].iter().filter(|(_, node, _)| node == n).all(|(then, ..)| {
                    events[*at..*then]
                        .iter()
                        .any(|e| matches!(e, Event::Crash { node } if node == n))
                })
            });
            let begun =
                events.iter().any(|e| matches!(e, Event::Propose { .. } | Event::Decide { .. }));
            let ended = must_decide.iter().all(|n| {
                let up = events.iter().rev().find_map(|e| match e {
                    Event::Crash { node } if node == n => Some(false),
                    Event::Recover { node } if node == n => Some(true),
                    _ => None,
                });
                up == Some(false) || decisions.iter().any(|(_, node, _)| node == n)
            });
            agreed && valid && once && (!begun || ended)
        };
        agree(
            draw,
            |events| check(events, &expectations),
            good,
            |v, events| v.verify(events, &expectations),
            |found, events| found.verify(events, &expectations),
            &[
                &|of: &mut consensus::Decisions<u8>| of.values.pop_first().is_some(),
                &|of: &mut consensus::Decisions<u8>| of.values.insert(9, 0).is_none(),
                &|of: &mut consensus::Decisions<u8>| of.proposed.pop_first().is_some(),
                &|of: &mut consensus::Decisions<u8>| {
                    of.values.values_mut().map(|value| *value ^= 1).count() > 0
                },
                &|of: &mut consensus::Decisions<u8>| {
                    of.proposed.values_mut().map(|at| *at = 99).count() > 0
                },
                &|of: &mut consensus::Decisions<u8>| {
                    let ballot = BallotValue { value: 0, grounds: vec![] };
                    of.ballots.insert((0, 1), ballot).is_none()
                },
            ],
        );
    }
}

#[test]
fn ballots_mean_what_they_say() {
    use consensus::{BallotValue, Decisions, Event, Expectations, Violation, check};
    type Damage<'d> = &'d dyn Fn(&mut BallotValue<u8>);
    let expectations = Expectations { must_decide: vec![], acceptors: 3 };
    let mut random = Random::new(5);
    let mut kinds = BTreeSet::new();
    let mut goods: Vec<Decisions<u8>> = Vec::new();
    let mut refused = 0;
    for _ in 0..RUNS {
        let mut events = Vec::new();
        for _ in 0..1 + random.below(10) {
            let (node, ballot) = (random.below(3) as u32, 1 + random.below(3) as u64);
            let value = random.below(2) as u8;
            let told = (random.chance(30)).then(|| (1 + random.below(2) as u64, value));
            events.push(one_of! { random;
                3 => Event::Promise { instance: 0, node, ballot, accepted: told },
                2 => Event::Accept { instance: 0, node, ballot, value },
            });
        }
        match check(&events, &expectations) {
            Verdict::Violation(violation) => {
                let verified = violation.verify(&events, &expectations);
                assert_eq!(verified, Ok(()), "{violation} {events:#?}");
                for other in &goods {
                    let verified: Result<(), String> = other.verify(&events, &expectations);
                    assert!(verified.is_err(), "accepted {other:?} {events:#?}");
                }
                kinds.insert(match violation {
                    Violation::BallotConflict { .. } => "conflict",
                    Violation::BallotRegression { .. } => "regression",
                    Violation::ForgottenVote { .. } => "forgotten",
                    Violation::UnsafeValue { .. } => "unsafe",
                    other => panic!("{other}"),
                });
            }
            Verdict::Ok(found) => {
                let verified = found.verify(&events, &expectations);
                assert_eq!(verified, Ok(()), "{found:?} {events:#?}");
                for place in found.ballots.keys() {
                    let damage: [Damage<'_>; 6] = [
                        &|of| of.value ^= 1,
                        &|of| of.grounds.clear(),
                        &|of| of.grounds[0].quorum.truncate(1),
                        &|of| of.grounds[0].quorum[0] = 99,
                        &|of| of.grounds[0].quorum.extend_from_within(..1),
                        &|of| of.grounds[0].from += 1,
                    ];
                    for change in damage {
                        let mut copy = found.clone();
                        change(copy.ballots.get_mut(place).unwrap());
                        let verified = copy.verify(&events, &expectations);
                        assert!(verified.is_err(), "accepted {copy:?} {events:#?}");
                        refused += 1;
                    }
                }
                if !found.ballots.is_empty() {
                    keep(&mut goods, found, &mut random);
                }
            }
            Verdict::Unknown(why) => panic!("{why}"),
        }
    }
    assert!(refused > 200, "only {refused} damaged certificates were refused");
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["conflict", "forgotten", "regression", "unsafe"]
    );
}

#[test]
fn delivery_means_what_it_says() {
    use delivery::{Event, Promises, Story, Summary, check};
    fn story(of: &mut Summary) -> Option<&mut Story> {
        of.messages.values_mut().next()
    }
    let draw = |random: &mut Random| {
        let id = random.below(2) as u64;
        one_of! { random;
            5 => Event::Commit { id, key: 0 },
            1 => Event::Abort { id },
            1 => Event::Unknown { id, key: 0 },
            3 => Event::Publish { id },
            3 => Event::Deliver { id, consumer: 0 },
            3 => Event::Apply { id, consumer: 0 },
        }
    };
    let none = Promises { consumers: vec![0], ..Promises::default() };
    for promises in [
        none.clone(),
        Promises { at_most_once: true, ..none.clone() },
        Promises { at_least_once: true, ..none.clone() },
        Promises { exactly_once_effects: true, ..none.clone() },
        Promises { ordered_by_key: true, ..none.clone() },
        Promises { outbox: true, ..none },
    ] {
        let good = |events: &[Event]| {
            let places = |is: &dyn Fn(&Event) -> bool| -> Vec<usize> {
                (0..events.len()).filter(|at| is(&events[*at])).collect()
            };
            let one = |m: u64| {
                let commits = places(&|e| matches!(e, Event::Commit { id, .. } if *id == m));
                let maybe = places(&|e| matches!(e, Event::Unknown { id, .. } if *id == m));
                let published = places(&|e| matches!(e, Event::Publish { id } if *id == m));
                let delivered = places(&|e| matches!(e, Event::Deliver { id, .. } if *id == m));
                let applied = places(&|e| matches!(e, Event::Apply { id, .. } if *id == m));
                let turns_up =
                    !(published.is_empty() && delivered.is_empty() && applied.is_empty());
                let committed = !commits.is_empty();
                let fine = (committed || !maybe.is_empty() || !turns_up)
                    && (!promises.at_most_once || delivered.len() < 2)
                    && (!promises.at_least_once || !committed || !delivered.is_empty())
                    && (!promises.exactly_once_effects
                        || applied.len() < 2 && (!committed || applied.len() == 1))
                    && (!promises.outbox || !committed || !published.is_empty());
                (fine, commits.first().copied(), applied.first().copied())
            };
            let ((a, c0, a0), (b, c1, a1)) = (one(0), one(1));
            let ordered = match (c0, c1, a0, a1) {
                (Some(c0), Some(c1), Some(a0), Some(a1)) => (c0 < c1) == (a0 < a1),
                _ => true,
            };
            a && b && (!promises.ordered_by_key || ordered)
        };
        agree(
            draw,
            |events| check(events, &promises),
            good,
            |v, events| v.verify(events),
            |summary, events| summary.verify(events, &promises),
            &[
                &|of: &mut Summary| of.messages.pop_first().is_some(),
                &|of: &mut Summary| of.messages.insert(9, Story::default()).is_none(),
                &|of: &mut Summary| {
                    of.redelivered += 1;
                    true
                },
                &|of: &mut Summary| story(of).is_some_and(|of| of.committed.take().is_some()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.unknown.take().is_some()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.published.take().is_some()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.delivered.pop_first().is_some()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.applied.pop_first().is_some()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.applied.insert(7, 0).is_none()),
                &|of: &mut Summary| story(of).is_some_and(|of| of.committed.insert(99) == &99),
                &|of: &mut Summary| {
                    let mut places = story(of).into_iter().flat_map(|of| of.applied.values_mut());
                    places.next().is_some_and(|at| {
                        *at += 99;
                        true
                    })
                },
            ],
        );
    }
}

#[test]
fn convergence_means_what_it_says() {
    use convergence::{Event, Group, check};
    let attempted = [1, 2];
    let draw = |random: &mut Random| {
        let replica = random.below(2) as u32;
        let update = if random.chance(3) { 9 } else { 1 + random.below(2) as u64 };
        one_of! { random;
            5 => Event::Deliver { replica, update },
            1 => Event::Restart { replica, known: vec![1] },
            4 => Event::Observe { replica, state: random.below(6) / 3 },
            1 => Event::Acknowledge { update: 1 + random.below(2) as u64 },
        }
    };
    let good = |events: &[Event<usize>]| {
        let known = |until: usize, r: u32| {
            let mut known = BTreeSet::new();
            for event in &events[..until] {
                match event {
                    Event::Deliver { replica, update } if *replica == r => {
                        known.insert(*update);
                    }
                    Event::Restart { replica, known: kept } if *replica == r => {
                        known = kept.iter().copied().collect();
                    }
                    _ => {}
                }
            }
            known
        };
        let seen: Vec<_> = events
            .iter()
            .enumerate()
            .filter_map(|(at, event)| match event {
                Event::Observe { replica, state } => Some((known(at, *replica), *state)),
                _ => None,
            })
            .collect();
        let same = seen.iter().all(|(a, x)| seen.iter().all(|(b, y)| a != b || x == y));
        let asked = events
            .iter()
            .all(|e| !matches!(e, Event::Deliver { update, .. } if !attempted.contains(update)));
        let complete = events.iter().all(|event| match event {
            Event::Acknowledge { update } => known(events.len(), 1).contains(update),
            _ => true,
        });
        same && asked && complete
    };
    agree(
        draw,
        |events| check(events, &attempted, &[1]),
        good,
        |v, events| v.verify(events, &attempted),
        |summary, events| summary.verify(events, &attempted, &[1]),
        &[
            &|of: &mut convergence::Summary| of.groups.pop().is_some(),
            &|of: &mut convergence::Summary| {
                of.groups.push(Group { updates: vec![99], observed: vec![] });
                true
            },
            &|of: &mut convergence::Summary| {
                of.groups.push(Group { updates: vec![99], observed: vec![99] });
                true
            },
            &|of: &mut convergence::Summary| {
                of.groups.len() > 1 && {
                    of.groups.reverse();
                    true
                }
            },
            &|of: &mut convergence::Summary| {
                of.groups.first_mut().is_some_and(|group| group.observed.pop().is_some())
            },
            &|of: &mut convergence::Summary| {
                of.groups.first_mut().is_some_and(|group| group.updates.pop().is_some())
            },
            // Two groups of the same knowledge hide that they were not compared.
            &|of: &mut convergence::Summary| {
                of.groups.first_mut().is_some_and(|group| group.observed.len() > 1) && {
                    let mut other = of.groups[0].clone();
                    other.observed = of.groups[0].observed.split_off(1);
                    of.groups.insert(1, other);
                    true
                }
            },
        ],
    );
}

#[test]
fn mutual_exclusion_means_what_it_says() {
    use mutual_exclusion::{Event, Promise, check};
    let draw = |random: &mut Random| {
        let (client, token) = (random.below(2) as u32, random.below(5) as u64);
        one_of! { random;
            3 => Event::Acquire { client, token },
            3 => Event::Release { client },
            2 => Event::Access { client, token, accepted: random.chance(70) },
        }
    };
    for promise in [Promise::Exclusive, Promise::Fenced] {
        let good = |events: &[Event]| {
            let acquired: Vec<(usize, u32, u64)> = events
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Acquire { client, token } => Some((at, *client, *token)),
                    _ => None,
                })
                .collect();
            let holds = |from: usize, until: usize, c: u32| {
                !events[from..until]
                    .iter()
                    .any(|e| matches!(e, Event::Release { client } if *client == c))
            };
            let alone = acquired.iter().enumerate().all(|(place, (then, b, _))| {
                acquired[..place].iter().all(|(at, a, _)| {
                    !holds(*at, *then, *a) || (a != b && promise == Promise::Fenced)
                })
            });
            let rising = acquired.windows(2).all(|pair| pair[0].2 < pair[1].2);
            let accepted: Vec<(usize, u32, u64)> = events
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Access { client, token, accepted: true } => Some((at, *client, *token)),
                    _ => None,
                })
                .collect();
            let fenced = accepted.windows(2).all(|pair| pair[0].2 <= pair[1].2);
            let owned = accepted.iter().all(|(at, c, t)| {
                acquired.iter().any(|(then, client, token)| then < at && (client, token) == (c, t))
            });
            alone && rising && fenced && owned
        };
        agree(
            draw,
            |events| check(events, promise),
            good,
            |v, events| v.verify(events),
            |summary, events| summary.verify(events, promise),
            &[
                &|of: &mut mutual_exclusion::Summary| of.tenures.pop().is_some(),
                &|of: &mut mutual_exclusion::Summary| of.accesses.pop().is_some(),
                &|of: &mut mutual_exclusion::Summary| {
                    of.tenures.first_mut().is_some_and(|tenure| tenure.to.take().is_some())
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.tenures.first_mut().is_some_and(|tenure| tenure.to.insert(99) == &99)
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.tenures.first_mut().map(|tenure| tenure.token += 1).is_some()
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.tenures.first_mut().map(|tenure| tenure.client += 1).is_some()
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.tenures.first_mut().map(|tenure| tenure.from += 1).is_some()
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.accesses.first_mut().map(|access| access.1 = 99).is_some()
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.accesses.first_mut().map(|access| access.0 += 1).is_some()
                },
                &|of: &mut mutual_exclusion::Summary| {
                    of.overlaps += 1;
                    true
                },
            ],
        );
    }
}

/// Certificates that fit the events in all but the one thing that makes the run bad.
#[test]
fn consistent_lies_are_refused() {
    use atomic_commitment::{Decision, Settlement};
    let lie = atomic_commitment::Summary {
        committed: 1,
        txns: [(1, Settlement::Committed { yes: [(0, 1)].into() })].into(),
        ..Default::default()
    };
    let mut events = vec![
        atomic_commitment::Event::Begin { txn: 1, participants: vec![0] },
        atomic_commitment::Event::Vote { txn: 1, node: 0, yes: true },
        atomic_commitment::Event::Vote { txn: 1, node: 0, yes: false },
        atomic_commitment::Event::Decide { txn: 1, node: 0, decision: Decision::Commit },
    ];
    let expectations = atomic_commitment::Expectations::default();
    assert!(lie.verify(&events, expectations).is_err());
    events.remove(2);
    assert_eq!(lie.verify(&events, expectations), Ok(()));

    use delivery::Event;
    let events = [
        Event::Commit { id: 1, key: 0 },
        Event::Commit { id: 2, key: 0 },
        Event::Apply { id: 2, consumer: 0 },
        Event::Apply { id: 1, consumer: 0 },
    ];
    let promises = delivery::Promises { consumers: vec![0], ..Default::default() };
    let Verdict::Ok(lie) = delivery::check(&events, &promises) else { panic!("no order needed") };
    assert_eq!(lie.verify(&events, &promises), Ok(()));
    let ordered = delivery::Promises { ordered_by_key: true, ..promises };
    assert!(lie.verify(&events, &ordered).is_err());

    use mutual_exclusion::{Event::*, Promise, Summary, Tenure};
    let access = |client, token| Access { client, token, accepted: true };
    let acquire = |client, token| Acquire { client, token };
    let tenure = |client, from| Tenure { client, token: u64::from(client), from, to: None };
    let lie = |accesses| Summary {
        acquired: 2,
        accepted: 2,
        overlaps: 1,
        refused: 0,
        tenures: vec![tenure(1, 0), tenure(2, 1)],
        accesses,
    };
    let stale = [acquire(1, 1), acquire(2, 2), access(2, 2), access(1, 1)];
    assert!(lie(vec![(2, 1), (3, 0)]).verify(&stale, Promise::Fenced).is_err());
    let fresh = [acquire(1, 1), acquire(2, 2), access(1, 1), access(2, 2)];
    assert_eq!(lie(vec![(2, 0), (3, 1)]).verify(&fresh, Promise::Fenced), Ok(()));
}
