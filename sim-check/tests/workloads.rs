//! The judges of workloads agree with the definitions of their invariants on random small histories; their certificates and
//! violations are accepted by verifiers, and damaged ones are not.

mod support;

use sim_check::workload::*;
use sim_check::{History, OperationId};
use std::collections::BTreeMap;
use support::proofs::Judge;
use support::random::Random;
use support::workloads::{self, NOBODY, draw};

const RUNS: u64 = 10_000;

/// What comes of changing a copy in one of these ways.
fn changed<T: Clone>(of: &T, changes: &[&dyn Fn(&mut T)]) -> Vec<T> {
    let change = |change: &&dyn Fn(&mut T)| {
        let mut copy = of.clone();
        change(&mut copy);
        copy
    };
    changes.iter().map(change).collect()
}

#[test]
fn bank() {
    for negative_allowed in [false, true] {
        let bank = Bank { total: 3, negative_allowed };
        let good = |reads: &Vec<Vec<(u8, i64)>>| {
            reads.iter().all(|read| {
                let (mut sum, mut covered) = (0, true);
                for (_, balance) in read {
                    sum += balance;
                    covered &= *balance >= 0;
                }
                sum == 3 && (covered || negative_allowed)
            })
        };
        Judge {
            draw: &|random| {
                (0..random.below(4))
                    .map(|_| {
                        let a = random.below(5) as i64 - 1;
                        let b = if random.chance(80) { 3 - a } else { random.below(4) as i64 };
                        vec![(0, a), (1, b)]
                    })
                    .collect::<Vec<_>>()
            },
            judge: &|reads| check_bank(reads, bank),
            holds: &|reads| Some(good(reads)),
            accepts: &|audit: &BankAudit, reads| audit.verify(reads, bank),
            convicts: &|violation, reads| violation.verify(reads, bank),
            damaged: &|audit, _| {
                let mut all = changed(audit, &[&|audit| audit.reads.push((3, Some(0)))]);
                for at in 0..audit.reads.len() {
                    all.extend(changed(
                        audit,
                        &[
                            &|audit| {
                                audit.reads.remove(at);
                            },
                            &|audit| audit.reads[at].0 += 1,
                            &|audit| audit.reads[at].1 = None,
                            &|audit| audit.reads[at].1 = Some(9),
                        ],
                    ));
                }
                all
            },
            forged: &|violation, _| {
                let mut forged = violation.clone();
                match &mut forged {
                    BankViolation::WrongTotal { seen, .. } => *seen += 1,
                    BankViolation::Negative { balance, .. } => *balance = 0,
                }
                let mut other = violation.clone();
                match &mut other {
                    BankViolation::WrongTotal { read, .. }
                    | BankViolation::Negative { read, .. } => {
                        *read = 99;
                    }
                }
                vec![forged, other]
            },
        }
        .agrees(RUNS / 2);
    }
}

#[test]
fn counter() {
    Judge {
        draw: &|random: &mut Random| {
            let op = |random: &mut Random| random.chance(60).then(|| random.below(9) as i64 - 4);
            draw(random, 6, op, |random, op| match op {
                Some(_) => 0,
                None => random.below(11) as i64 - 5,
            })
        },
        judge: &check_counter,
        holds: &|history| Some(workloads::counter_holds(history)),
        accepts: &|bounds: &CounterBounds, history| bounds.verify(history),
        convicts: &|violation: &CounterViolation, history| violation.verify(history),
        damaged: &|bounds, history| {
            let mut all = Vec::new();
            for at in 0..bounds.reads.len() {
                let read = history.operation(bounds.reads[at].id);
                let (from, to) = (read.invoked.position, read.last_position());
                all.extend(changed(
                    bounds,
                    &[
                        &|bounds| {
                            bounds.reads.remove(at);
                        },
                        &|bounds| bounds.reads.push(bounds.reads[at]),
                        &|bounds| bounds.reads[at].id = NOBODY,
                        &|bounds| bounds.reads[at].value += 1,
                        &|bounds| bounds.reads[at].low -= 1,
                        &|bounds| bounds.reads[at].high += 1,
                        &|bounds| bounds.reads[at].low_at = to,
                        &|bounds| bounds.reads[at].high_at = from.wrapping_sub(1),
                    ],
                ));
            }
            all
        },
        forged: &|violation, _| {
            changed(
                violation,
                &[
                    &|violation| violation.reads.clear(),
                    &|violation| violation.reads[0].id = NOBODY,
                    &|violation| violation.reads[0].value += 1,
                    &|violation| violation.reads[0].low += 1,
                    &|violation| violation.reads[0].high -= 1,
                ],
            )
        },
    }
    .agrees(RUNS);
}

#[test]
fn queue() {
    for total in [false, true] {
        let op = |random: &mut Random| match random.below(10) {
            0..6 => QueueOp::Enqueue(random.below(3) as u8),
            6..9 => QueueOp::Dequeue,
            _ => QueueOp::Drain,
        };
        let ret = |random: &mut Random, op: &QueueOp<u8>| {
            let count = match op {
                QueueOp::Enqueue(_) => 0,
                QueueOp::Dequeue => random.below(2),
                QueueOp::Drain => random.below(4),
            };
            (0..count).map(|_| random.below(3) as u8).collect()
        };
        Judge {
            draw: &|random| draw(random, 6, op, ret),
            judge: &|history: &History<QueueOp<u8>, Vec<u8>>| check_queue(history, total),
            holds: &|history| Some(workloads::queue_holds(history, total)),
            accepts: &|found: &QueueMatching, history| found.verify(history, total),
            convicts: &|violation: &QueueReport<u8>, history| violation.verify(history, total),
            damaged: &|found, history| {
                let mut all = changed(
                    found,
                    &[
                        &|found| found.taken.push((NOBODY, vec![])),
                        &|found| found.outstanding.push(NOBODY),
                        &|found| found.recovered.push(OperationId(0)),
                    ],
                );
                for at in 0..found.taken.len() {
                    all.extend(changed(
                        found,
                        &[&|found| {
                            found.taken.remove(at);
                        }],
                    ));
                    for place in 0..found.taken[at].1.len() {
                        let value =
                            &history.operation(found.taken[at].0).outcome.ok().unwrap()[place];
                        let none_of_it = history
                            .iter()
                            .filter(|(_, of)| of.op != QueueOp::Enqueue(*value))
                            .map(|(id, _)| id);
                        for id in none_of_it.chain([NOBODY]) {
                            all.extend(changed(found, &[&|found| found.taken[at].1[place] = id]));
                        }
                        all.extend(changed(
                            found,
                            &[&|found| {
                                found.taken[at].1.remove(place);
                            }],
                        ));
                        let first = found.taken.iter().find_map(|(_, of)| of.first()).unwrap();
                        if total && *first != found.taken[at].1[place] {
                            all.extend(changed(found, &[&|f| f.taken[at].1[place] = *first]));
                        }
                    }
                }
                all
            },
            forged: &|violation, _| {
                let empty = QueueReport {
                    lost: BTreeMap::new(),
                    unexpected: BTreeMap::new(),
                    duplicated: BTreeMap::new(),
                    recovered: BTreeMap::new(),
                };
                let mut all = vec![empty];
                all.extend(changed(
                    violation,
                    &[
                        &|of| {
                            of.lost.insert(77, 1);
                        },
                        &|of| {
                            of.unexpected.insert(77, 1);
                        },
                        &|of| {
                            of.duplicated.insert(77, 1);
                        },
                        &|of| {
                            of.recovered.insert(77, 1);
                        },
                        &|of| of.unexpected.append(&mut of.lost.clone()),
                    ],
                ));
                if violation.lost.is_empty() {
                    all.pop();
                }
                all
            },
        }
        .agrees(RUNS);
    }
}

fn draw_set(random: &mut Random, operations: usize) -> History<SetOp<u8>, Vec<u8>> {
    let adds = 1 + random.below(3);
    let honest = random.chance(70);
    let op = |random: &mut Random| match random.chance(50) {
        true => SetOp::Add(random.below(adds) as u8),
        false => SetOp::Read,
    };
    draw(random, operations, op, |random, op| match op {
        SetOp::Add(_) => vec![],
        SetOp::Read => {
            let mut seen: Vec<u8> =
                (0..adds as u8).filter(|_| random.chance(if honest { 90 } else { 50 })).collect();
            if random.chance(20) {
                let again = random.below(adds) as u8;
                seen.insert(0, again);
            }
            if random.chance(4) {
                seen.push(7);
            }
            seen
        }
    })
}

#[test]
fn set() {
    Judge {
        draw: &|random| draw_set(random, 7),
        judge: &|history| {
            check_set(history).unwrap_or_else(|| {
                sim_check::Verdict::Unknown(sim_check::Exhausted {
                    configurations: 0,
                    reason: "nobody read it".to_string(),
                })
            })
        },
        holds: &workloads::set_holds,
        accepts: &|found: &SetPlaces, history| found.verify(history),
        convicts: &|violation: &SetReport<u8>, history| violation.verify(history),
        damaged: &|found, history| {
            let seen = history.operation(found.read).outcome.ok().unwrap();
            let mut all = changed(
                found,
                &[
                    &|found| found.read = NOBODY,
                    &|found| found.places.push((NOBODY, 0)),
                    &|found| found.sources.push(OperationId(0)),
                ],
            );
            for (id, of) in history.iter() {
                if (of.op != SetOp::Read || of.outcome.ok().is_none()) && id != found.read {
                    all.extend(changed(found, &[&|found| found.read = id]));
                }
            }
            for at in 0..found.places.len() {
                all.extend(changed(
                    found,
                    &[
                        &|found| {
                            found.places.remove(at);
                        },
                        &|found| found.places[at].1 = seen.len(),
                        &|found| found.places[at].0 = found.read,
                    ],
                ));
                let here = seen[found.places[at].1];
                if let Some(other) = seen.iter().position(|value| *value != here) {
                    all.extend(changed(found, &[&|found| found.places[at].1 = other]));
                }
            }
            for at in 0..found.sources.len() {
                all.extend(changed(
                    found,
                    &[
                        &|found| {
                            found.sources.remove(at);
                        },
                        &|found| found.sources[at] = found.read,
                    ],
                ));
            }
            all
        },
        forged: &|violation, _| {
            changed(
                violation,
                &[
                    &|of| {
                        of.lost.insert(77);
                    },
                    &|of| {
                        of.unexpected.insert(77);
                    },
                    &|of| {
                        of.recovered.insert(77);
                    },
                    &|of| of.read = NOBODY,
                    &|of| (of.lost.clear(), of.unexpected.clear()).0,
                ],
            )
        },
    }
    .agrees(RUNS);
}

#[test]
fn set_full() {
    Judge {
        draw: &|random| draw_set(random, 9),
        judge: &check_set_full,
        holds: &workloads::set_full_holds,
        accepts: &|found: &SetFates<u8>, history| found.verify(history),
        convicts: &|violation: &SetFullReport<u8>, history| violation.verify(history),
        damaged: &|found, history| {
            let mut all = changed(
                found,
                &[&|of| {
                    of.fates.insert(77, Fate::NeverRead);
                }],
            );
            for (value, fate) in &found.fates {
                let with = |new: Option<Fate>| {
                    let mut other = found.clone();
                    match new {
                        Some(new) => other.fates.insert(*value, new),
                        None => other.fates.remove(value),
                    };
                    other
                };
                all.push(with(None));
                let Fate::Stable { seen_by, place, missed_by } = *fate else {
                    let (seen_by, place, missed_by) = (OperationId(0), 0, None);
                    all.push(with(Some(Fate::Stable { seen_by, place, missed_by })));
                    continue;
                };
                all.push(with(Some(Fate::NeverRead)));
                all.push(with(Some(Fate::Stable { seen_by: NOBODY, place, missed_by })));
                all.push(with(Some(Fate::Stable { seen_by, place: 99, missed_by })));
                let missed_by = Some(seen_by);
                all.push(with(Some(Fate::Stable { seen_by, place, missed_by })));
                for (id, read) in history.iter() {
                    if read.outcome.ok().is_none_or(|seen| seen.contains(value)) {
                        let missed_by = Some(id);
                        all.push(with(Some(Fate::Stable { seen_by, place, missed_by })));
                    }
                }
            }
            all
        },
        forged: &|violation, _| {
            changed(
                violation,
                &[
                    &|of| {
                        of.lost.insert(77, OperationId(0));
                    },
                    &|of| {
                        of.unexpected.insert(77, OperationId(0));
                    },
                    &|of| {
                        of.lost
                            .values_mut()
                            .chain(of.unexpected.values_mut())
                            .for_each(|by| *by = NOBODY)
                    },
                    &|of| (of.lost.clear(), of.unexpected.clear()).0,
                ],
            )
        },
    }
    .agrees(RUNS);
}

#[test]
fn unique_ids() {
    Judge {
        draw: &|random| (0..random.below(6)).map(|_| random.below(12) as u8).collect::<Vec<u8>>(),
        judge: &|ids| check_unique_ids(ids),
        holds: &|ids: &Vec<u8>| Some((0..ids.len()).all(|i| (0..i).all(|j| ids[i] != ids[j]))),
        accepts: &|found: &DistinctIds, ids| found.verify(ids),
        convicts: &|found: &DuplicateId<u8>, ids| found.verify(ids),
        damaged: &|found, _| {
            let mut all = changed(found, &[&|of| of.ascending.push(0)]);
            for at in 0..found.ascending.len() {
                all.extend(changed(
                    found,
                    &[
                        &|of| {
                            of.ascending.remove(at);
                        },
                        &|of| of.ascending[at] = 99,
                    ],
                ));
                if at > 0 {
                    all.extend(changed(
                        found,
                        &[&|of| of.ascending.swap(at - 1, at), &|of| {
                            of.ascending[at] = of.ascending[at - 1]
                        }],
                    ));
                }
            }
            all
        },
        forged: &|found, _| {
            changed(
                found,
                &[
                    &|of| of.places.clear(),
                    &|of| {
                        of.places.insert(77, vec![0, 1]);
                    },
                    &|of| of.places.values_mut().for_each(|places| places.truncate(1)),
                    &|of| of.places.values_mut().for_each(|places| places[1] = places[0]),
                    &|of| of.places.values_mut().for_each(|places| places[1] = 99),
                ],
            )
        },
    }
    .agrees(RUNS);
}

#[test]
fn long_fork() {
    Judge {
        draw: &|random| {
            let groups: &[&[u8]] = &[&[0, 1], &[0, 1, 2], &[2, 3]];
            (0..1 + random.below(6))
                .map(|_| {
                    let keys = groups[random.below(3)];
                    ForkRead { seen: keys.iter().map(|key| (*key, random.chance(50))).collect() }
                })
                .collect::<Vec<_>>()
        },
        judge: &|reads| check_long_fork(reads),
        holds: &|reads| Some(workloads::has_no_long_fork(reads)),
        accepts: &|found: &ForkChains, reads| found.verify(reads),
        convicts: &|fork: &LongFork<u8>, reads| fork.verify(reads),
        damaged: &|found, reads| {
            let mut all =
                changed(found, &[&|of| of.chains.push(vec![]), &|of| of.chains[0].clear()]);
            for at in 0..found.chains.len() {
                all.extend(changed(
                    found,
                    &[
                        &|of| {
                            of.chains.remove(at);
                        },
                        &|of| {
                            of.chains[at].pop();
                        },
                        &|of| of.chains[at].extend_from_within(..1),
                        &|of| of.chains[at][0] = 99,
                    ],
                ));
                let chain = &found.chains[at];
                if reads[chain[0]] != reads[*chain.last().unwrap()] {
                    all.extend(changed(found, &[&|of| of.chains[at].reverse()]));
                }
                if chain.len() > 1 {
                    // Two chains of the same keys hide that their reads were not compared.
                    all.extend(changed(
                        found,
                        &[&|of| {
                            let rest = of.chains[at].split_off(1);
                            of.chains.insert(at + 1, rest);
                        }],
                    ));
                }
            }
            all
        },
        forged: &|fork, _| {
            changed(
                fork,
                &[
                    &|of| of.second = of.first,
                    &|of| of.first = 99,
                    &|of| std::mem::swap(&mut of.first, &mut of.second),
                    &|of| of.second_key = of.first_key,
                    &|of| of.first_key = 9,
                ],
            )
        },
    }
    .agrees(RUNS);
}

/// A matching that is complete, but for one enqueue that serves two dequeues.
#[test]
fn no_enqueue_serves_twice() {
    let mut builder = sim_check::HistoryBuilder::new();
    let process = sim_check::ProcessId(0);
    for (op, out) in
        [(QueueOp::Enqueue(1), vec![]), (QueueOp::Dequeue, vec![1]), (QueueOp::Dequeue, vec![1])]
    {
        builder.invoke(process, op).unwrap();
        builder.ok(process, out).unwrap();
    }
    let history = builder.finish();
    let from = |dequeue| (OperationId(dequeue), vec![OperationId(0)]);
    let lie = QueueMatching { taken: vec![from(1), from(2)], ..QueueMatching::default() };
    assert!(lie.verify(&history, true).is_err());
    assert_eq!(lie.verify(&history, false), Ok(()));
}
