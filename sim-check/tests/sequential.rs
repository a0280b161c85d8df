//! The judge of sequential consistency decides long histories that real time does not help with.

mod support;

use sim_check::history::HistoryRecorder;
use sim_check::linearizability::check_linearizability;
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, ProcessId, Verdict};
use support::random::Random;
use support::stale::{Kind, judge_stale};

/// Judges ten histories; returns how many are good and bad, and the most that one of them took.
fn judge(kind: Kind, shape: (usize, usize), wrong: bool, evidence_max: usize) -> (u32, u32, u64) {
    let (mut good, mut bad, mut most) = (0, 0, 0);
    for seed in 0..10 {
        let random = &mut Random::new(seed);
        let judged = judge_stale(kind, random, shape, wrong, Budget::default());
        let about = format!("{kind:?} {shape:?} {seed}: {}", judged.word);
        good += u32::from(judged.word == "ok");
        bad += u32::from(judged.word == "violation");
        most = most.max(judged.configurations);
        assert!(judged.evidence <= evidence_max, "{about} by {} operations", judged.evidence);
        assert!(judged.verified, "{about}, without proof");
    }
    assert_eq!(good + bad, 10, "{kind:?} {shape:?}: undecided");
    (good, bad, most)
}

#[test]
fn long_histories_of_values_that_are_written_once() {
    for kind in [Kind::UniqueRegister, Kind::UniqueStore] {
        let (good, _, most) = judge(kind, (5, 200), false, 0);
        assert!(good == 10 && most < 3_000, "{kind:?}: {good} good, {most} configurations");
        // Few operations show that there is no order.
        let (_, bad, most) = judge(kind, (5, 200), true, 16);
        assert!(bad > 7 && most < 3_000, "{kind:?}: {bad} bad, {most} configurations");
    }
}

#[test]
fn long_histories_of_collections_of_different_values() {
    for kind in [Kind::Queue, Kind::Stack, Kind::PriorityQueue, Kind::List] {
        let (good, _, most) = judge(kind, (5, 200), false, 0);
        assert!(good == 10 && most < 4_000, "{kind:?}: {good} good, {most} configurations");
        let (_, bad, most) = judge(kind, (5, 200), true, 16);
        assert!(bad > 7 && most < 4_000, "{kind:?}: {bad} bad, {most} configurations");
    }
}

/// One process writes and returns before another one looks, and finds what was there at first.
fn is_stale_but_right<S: NondeterministicSpec>(
    spec: &S,
    write: (S::Op, S::Ret),
    looks: &[(S::Op, S::Ret)],
) {
    let mut recorder = HistoryRecorder::new();
    for (process, (op, ret)) in [(0, &write)].into_iter().chain(looks.iter().map(|look| (1, look)))
    {
        let id = recorder.invoke(ProcessId(process), None, op.clone());
        recorder.ok(id, None, ret.clone()).expect("it is open");
    }
    let history = recorder.finish();
    assert!(check_linearizability(spec, &history, Budget::UNLIMITED).is_violation());
    let verdict = check_sequential_consistency(spec, &history, Budget::UNLIMITED);
    assert!(verdict.is_ok(), "{verdict:?}: {history:?}");
}

#[test]
fn what_a_collection_holds_at_first_came_with_no_operation() {
    is_stale_but_right(
        &FifoQueue::holding([7]),
        (QueueOp::Enqueue(1), QueueRet::Enqueued),
        &[
            (QueueOp::Dequeue, QueueRet::Dequeued(Some(7))),
            (QueueOp::Dequeue, QueueRet::Dequeued(None)),
        ],
    );
    is_stale_but_right(
        &Stack::holding([7]),
        (StackOp::Push(1), StackRet::Pushed),
        &[(StackOp::Pop, StackRet::Popped(Some(7)))],
    );
    is_stale_but_right(
        &AppendList::holding([7]),
        (AppendListOp::Append(1), AppendListRet::Appended),
        &[(AppendListOp::Read, AppendListRet::Elements(vec![7]))],
    );
    is_stale_but_right(
        &GrowOnlySet::holding([7]),
        (GrowOnlySetOp::Add(1), GrowOnlySetRet::Added),
        &[(GrowOnlySetOp::Read, GrowOnlySetRet::Elements(vec![7]))],
    );
}

/// Why one element is above another takes two more elements to show, and why it leaves after it, too.
#[test]
fn evidence_holds_all_reasons() {
    let push = |value| (StackOp::Push(value), StackRet::Pushed);
    let pop = |value| (StackOp::Pop, StackRet::Popped(Some(value)));
    let programs =
        [vec![push(1), push(2), push(3)], vec![pop(3), pop(1), push(4)], vec![pop(4), pop(2)]];
    let mut recorder = HistoryRecorder::new();
    // The last process comes first, so that nothing here is linearizable.
    for (process, program) in programs.into_iter().enumerate().rev() {
        for (op, ret) in program {
            let id = recorder.invoke(ProcessId(process as u64), None, op);
            recorder.ok(id, None, ret).expect("it is open");
        }
    }
    let history = recorder.finish();
    let Verdict::Violation(violation) =
        check_sequential_consistency(&Stack::new(), &history, Budget::UNLIMITED)
    else {
        panic!("1 is taken before 2, which is above it");
    };
    assert_eq!(violation.evidence.len(), history.len(), "{violation:?}");
}

/// What is read in two orders is the evidence, and nothing else.
#[test]
fn two_reads_of_a_list_that_disagree() {
    let append = |value| (AppendListOp::Append(value), AppendListRet::Appended);
    let read = |list: &[u32]| (AppendListOp::Read, AppendListRet::Elements(list.to_vec()));
    let mut recorder = HistoryRecorder::new();
    let programs = [
        vec![append(1), append(3)],
        vec![append(2), append(4)],
        vec![read(&[1, 2])],
        vec![read(&[2, 1])],
    ];
    for (process, program) in programs.into_iter().enumerate() {
        for (op, ret) in program {
            let id = recorder.invoke(ProcessId(process as u64), None, op);
            recorder.ok(id, None, ret).expect("it is open");
        }
    }
    let history = recorder.finish();
    let Verdict::Violation(violation) =
        check_sequential_consistency(&AppendList::new(), &history, Budget::UNLIMITED)
    else {
        panic!("1 and 2 are in both orders");
    };
    assert_eq!(violation.evidence.len(), 4, "{violation:?}");
}

#[test]
fn long_histories_of_other_objects() {
    for kind in [Kind::SmallRegister, Kind::CasRegister, Kind::Counter] {
        for wrong in [false, true] {
            let (good, _, most) = judge(kind, (4, 50), wrong, 50);
            assert!((wrong || good == 10) && most < 20_000, "{kind:?}: {good}, {most}");
        }
    }
}
