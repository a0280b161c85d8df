//! The streaming judge agrees with the one that sees the whole history, and holds no more than the window of
//! concurrency asks for.

mod support;

use sim_check::linearizability::{StreamingChecker, check_linearizability};
use sim_check::spec::*;
use sim_check::{Budget, Event, EventKind, History, ProcessId, Verdict};
use support::draw::{Drawn, Shape, draw_history};
use support::random::Random;

fn stream<S: NondeterministicSpec>(spec: &S, history: &History<S::Op, S::Ret>) -> bool {
    let mut checker = StreamingChecker::new(spec, Budget::UNLIMITED);
    for event in history.events() {
        checker.push(event).expect("events of a history are in order");
    }
    match checker.finish() {
        Verdict::Ok(_) => true,
        Verdict::Violation(_) => false,
        Verdict::Unknown(exhausted) => panic!("no budget, and still {exhausted}"),
    }
}

fn agree<S: Drawn>(spec: &S) {
    for unknown_percent in [0, 20] {
        let shape = Shape {
            operations: 12,
            clients: 4,
            unknown_percent,
            fail_percent: 5,
            wrong_percent: 25,
        };
        for seed in 0..3_000 {
            let history = draw_history(spec, &mut Random::new(seed), shape);
            let whole = check_linearizability(spec, &history, Budget::UNLIMITED).is_ok();
            assert_eq!(stream(spec, &history), whole, "{history:#?}");
        }
    }
}

#[test]
fn streaming_agrees_on_registers() {
    agree(&CasRegister::new(0));
}

#[test]
fn streaming_agrees_on_bags() {
    agree(&UnorderedQueue::new());
}

/// An operation, and its result once it has taken effect.
type Pending = (CasRegisterOp<u64>, Option<RegisterRet<u64>>);

/// Ten clients use a register for a long time. Gives the most that was held.
fn long_run(operations: u64) -> sim_check::linearizability::Live {
    let spec = CasRegister::new(0_u64);
    let mut checker = StreamingChecker::new(&spec, Budget::UNLIMITED);
    let mut random = Random::new(7);
    let mut value = 0;
    let mut pending: Vec<Option<Pending>> = vec![None; 10];
    let mut invoked = 0;
    while invoked < operations {
        let client = random.below(10);
        let process = ProcessId(client as u64);
        let mut push = |kind| checker.push(Event { process, time: None, kind }).expect("in order");
        match &mut pending[client] {
            slot @ None => {
                // Written values differ, so that states would pile up if they were not forgotten.
                let op = match random.below(3) {
                    0 => CasRegisterOp::Write(invoked),
                    1 => CasRegisterOp::Cas(value, invoked),
                    _ => CasRegisterOp::Read,
                };
                invoked += 1;
                push(EventKind::Invoke(op.clone()));
                *slot = Some((op, None));
            }
            Some((op, result @ None)) => {
                *result = Some(match op {
                    CasRegisterOp::Read => RegisterRet::Value(value),
                    CasRegisterOp::Write(v) => {
                        value = *v;
                        RegisterRet::Written
                    }
                    CasRegisterOp::Cas(from, to) => {
                        let swaps = *from == value;
                        value = if swaps { *to } else { value };
                        RegisterRet::Swapped(swaps)
                    }
                });
            }
            slot @ Some((_, Some(_))) => {
                let (_, result) = slot.take().expect("it is pending");
                push(EventKind::Ok(result.expect("it took effect")));
            }
        }
    }
    let Verdict::Ok(summary) = checker.finish() else { panic!("the register is linearizable") };
    summary.live
}

#[test]
fn memory_does_not_grow_with_the_history() {
    let (short, long) = (long_run(5_000), long_run(100_000));
    assert!(short.events_max <= 400 && long.events_max <= 800, "{short:?} {long:?}");
    assert!(
        long.configurations_max <= 4 * short.configurations_max.max(1_000),
        "{short:?} {long:?}"
    );
    assert!(long.states <= 10_000, "{long:?}");
}

#[test]
fn a_late_violation_is_found_when_it_happens() {
    let spec = Register::new(0);
    let mut checker = StreamingChecker::new(&spec, Budget::UNLIMITED);
    let mut push = |process, kind| {
        checker.push(Event { process: ProcessId(process), time: None, kind }).expect("in order");
        checker.is_violated()
    };
    for value in 1..1_000 {
        assert!(!push(0, EventKind::Invoke(RegisterOp::Write(value))));
        assert!(!push(0, EventKind::Ok(RegisterRet::Written)));
    }
    assert!(!push(1, EventKind::Invoke(RegisterOp::Read)));
    assert!(push(1, EventKind::Ok(RegisterRet::Value(7))));
    let Verdict::Violation(violation) = checker.finish() else { panic!("a stale read") };
    assert_eq!((violation.operation, violation.states), (999, vec!["999".to_string()]));
}

/// Two configurations become one when the values that told them apart are read no more, and the search goes on.
#[test]
fn merged_configurations_are_searched_on() {
    let shape =
        Shape { operations: 30, clients: 5, unknown_percent: 3, fail_percent: 0, wrong_percent: 4 };
    for seed in 0..300 {
        let history = draw_history(&TextMap::new(""), &mut Random::new(seed), shape);
        let whole = check_linearizability(&TextMap::new(""), &history, Budget::UNLIMITED).is_ok();
        assert_eq!(stream(&TextMap::new(""), &history), whole, "{history:#?}");
    }
}
