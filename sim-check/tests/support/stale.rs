//! Histories that are sequentially consistent, and far from linearizable: the processes take effect in one order, and are
//! recorded in another.

use super::random::Random;
use sim_check::certificate::{verify_sequential_order, verify_violation};
use sim_check::history::HistoryRecorder;
use sim_check::refutation::refute_sequential_consistency;
use sim_check::sequential::check_sequential_consistency;
use sim_check::spec::*;
use sim_check::{Budget, History, OperationId, ProcessId, Verdict};

/// An object and how it is used.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Each value is written once.
    UniqueRegister,
    /// One of four values is written.
    SmallRegister,
    /// Compare-and-set of four values.
    CasRegister,
    /// Five keys, each value written once.
    UniqueStore,
    /// A queue of different values.
    Queue,
    /// A stack of different values.
    Stack,
    /// A priority queue of different values.
    PriorityQueue,
    /// A list to which each value is appended once.
    List,
    /// Additions and reads.
    Counter,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::UniqueRegister,
        Kind::SmallRegister,
        Kind::CasRegister,
        Kind::UniqueStore,
        Kind::Queue,
        Kind::Stack,
        Kind::PriorityQueue,
        Kind::List,
        Kind::Counter,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::UniqueRegister => "register, unique writes",
            Kind::SmallRegister => "register, 4 values",
            Kind::CasRegister => "cas-register, 4 values",
            Kind::UniqueStore => "kv, 5 keys, unique writes",
            Kind::Queue => "fifo-queue",
            Kind::Stack => "stack",
            Kind::PriorityQueue => "priority-queue",
            Kind::List => "append-list",
            Kind::Counter => "counter",
        }
    }
}

/// What became of a history.
pub struct Judged {
    pub word: &'static str,
    pub configurations: u64,
    /// How many operations the evidence of a violation names.
    pub evidence: usize,
    /// Whether the certificate, or the refutation, was accepted.
    pub verified: bool,
}

/// Draws a history, with a result of one operation in place of another's if it is to be `wrong`, and judges it.
pub fn judge_stale(
    kind: Kind,
    random: &mut Random,
    (processes, operations): (usize, usize),
    wrong: bool,
    budget: Budget,
) -> Judged {
    let shape = (processes, operations, wrong);
    let mut last = 0_u32;
    let mut fresh = move || {
        last += 1;
        last
    };
    match kind {
        Kind::UniqueRegister => {
            let op = |random: &mut Random| match random.chance(40) {
                true => RegisterOp::Write(fresh()),
                false => RegisterOp::Read,
            };
            let ret = |state: &u32, op: &RegisterOp<u32>| match op {
                RegisterOp::Read => (RegisterRet::Value(*state), true),
                _ => (RegisterRet::Written, false),
            };
            judged(&Register::new(0), draw(&Register::new(0), random, shape, op, ret), budget)
        }
        Kind::SmallRegister => {
            let op = |random: &mut Random| match random.chance(40) {
                true => RegisterOp::Write(random.below(4) as u32),
                false => RegisterOp::Read,
            };
            let ret = |state: &u32, op: &RegisterOp<u32>| match op {
                RegisterOp::Read => (RegisterRet::Value(*state), true),
                _ => (RegisterRet::Written, false),
            };
            judged(&Register::new(0), draw(&Register::new(0), random, shape, op, ret), budget)
        }
        Kind::CasRegister => {
            let op = |random: &mut Random| match random.below(3) {
                0 => CasRegisterOp::Read,
                1 => CasRegisterOp::Write(random.below(4) as u32),
                _ => CasRegisterOp::Cas(random.below(4) as u32, random.below(4) as u32),
            };
            let ret = |state: &u32, op: &CasRegisterOp<u32>| match op {
                CasRegisterOp::Read => (RegisterRet::Value(*state), true),
                CasRegisterOp::Write(_) => (RegisterRet::Written, false),
                CasRegisterOp::Cas(old, _) => (RegisterRet::Swapped(old == state), false),
            };
            let spec = CasRegister::new(0);
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::UniqueStore => {
            let op = |random: &mut Random| match random.chance(40) {
                true => KeyValueOp::Put(random.below(5), fresh()),
                false => KeyValueOp::Get(random.below(5)),
            };
            let mut store = std::collections::BTreeMap::new();
            let ret = |_: &_, op: &KeyValueOp<usize, u32>| match op {
                KeyValueOp::Get(key) => (KeyValueRet::Value(store.get(key).copied()), true),
                KeyValueOp::Put(key, value) => {
                    store.insert(*key, *value);
                    (KeyValueRet::Done, false)
                }
                _ => unreachable!("neither is drawn"),
            };
            let spec = KeyValue::new();
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::Queue => {
            let op = |random: &mut Random| match random.chance(50) {
                true => QueueOp::Enqueue(fresh()),
                false => QueueOp::Dequeue,
            };
            let mut queue = std::collections::VecDeque::new();
            let ret = |_: &_, op: &QueueOp<u32>| match op {
                QueueOp::Enqueue(value) => {
                    queue.push_back(*value);
                    (QueueRet::Enqueued, false)
                }
                QueueOp::Dequeue => (QueueRet::Dequeued(queue.pop_front()), true),
            };
            let spec = FifoQueue::new();
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::Stack => {
            let op = |random: &mut Random| match random.chance(50) {
                true => StackOp::Push(fresh()),
                false => StackOp::Pop,
            };
            let ret = |stack: &Vec<u32>, op: &StackOp<u32>| match op {
                StackOp::Push(_) => (StackRet::Pushed, false),
                StackOp::Pop => (StackRet::Popped(stack.last().copied()), true),
                StackOp::Len => unreachable!("it is not drawn"),
            };
            let spec = Stack::new();
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::PriorityQueue => {
            // Each value once, in no order: multiples of a number without a common factor.
            let mut scattered = move || fresh() * 367 % 1009;
            let op = |random: &mut Random| match random.chance(50) {
                true => QueueOp::Enqueue(scattered()),
                false => QueueOp::Dequeue,
            };
            let ret = |queue: &Vec<u32>, op: &QueueOp<u32>| match op {
                QueueOp::Enqueue(_) => (QueueRet::Enqueued, false),
                QueueOp::Dequeue => (QueueRet::Dequeued(queue.last().copied()), true),
            };
            let spec = PriorityQueue::new();
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::List => {
            let op = |random: &mut Random| match random.chance(40) {
                true => AppendListOp::Append(fresh()),
                false => AppendListOp::Read,
            };
            let ret = |list: &Vec<u32>, op: &AppendListOp<u32>| match op {
                AppendListOp::Append(_) => (AppendListRet::Appended, false),
                AppendListOp::Read => (AppendListRet::Elements(list.clone()), true),
            };
            let spec = AppendList::new();
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
        Kind::Counter => {
            let op = |random: &mut Random| match random.chance(50) {
                true => CounterOp::Add(1),
                false => CounterOp::Read,
            };
            let mut count = 0;
            let ret = |_: &_, op: &CounterOp| match op {
                CounterOp::Read => (CounterRet::Count(count), true),
                CounterOp::Add(amount) => {
                    count += amount;
                    (CounterRet::Added, false)
                }
                CounterOp::AddAndGet(_) => unreachable!("it is not drawn"),
            };
            let spec = Counter::new(0);
            judged(&spec, draw(&spec, random, shape, op, ret), budget)
        }
    }
}

/// Lets operations take effect in one order and records them in another, one after the other.
fn draw<S: NondeterministicSpec>(
    spec: &S,
    random: &mut Random,
    (processes, operations, wrong): (usize, usize, bool),
    mut op: impl FnMut(&mut Random) -> S::Op,
    mut ret: impl FnMut(&S::State, &S::Op) -> (S::Ret, bool),
) -> History<S::Op, S::Ret> {
    let mut programs: Vec<Vec<(S::Op, S::Ret)>> = vec![Vec::new(); processes];
    let mut state = spec.initial();
    // The results that may be mixed up.
    let mut reads: Vec<(usize, usize)> = Vec::new();
    for _ in 0..operations {
        let process = random.below(processes);
        let op = op(random);
        let (ret, is_read) = ret(&state, &op);
        let mut next = Vec::new();
        spec.steps(&state, &op, Some(&ret), &mut next);
        state = next.pop().expect("the result is right");
        if is_read {
            reads.push((process, programs[process].len()));
        }
        programs[process].push((op, ret));
    }
    if wrong {
        let (from, to) = (reads[random.below(reads.len())], reads[random.below(reads.len())]);
        programs[to.0][to.1].1 = programs[from.0][from.1].1.clone();
    }
    let mut recorder = HistoryRecorder::new();
    let mut at = vec![0; processes];
    while (0..processes).any(|p| at[p] < programs[p].len()) {
        let process = random.below(processes);
        if let Some((op, ret)) = programs[process].get(at[process]) {
            let id: OperationId = recorder.invoke(ProcessId(process as u64), None, op.clone());
            recorder.ok(id, None, ret.clone()).expect("it is open");
            at[process] += 1;
        }
    }
    recorder.finish()
}

fn judged<S: NondeterministicSpec>(
    spec: &S,
    history: History<S::Op, S::Ret>,
    budget: Budget,
) -> Judged {
    match check_sequential_consistency(spec, &history, budget) {
        Verdict::Ok(found) => Judged {
            word: "ok",
            configurations: found.configurations,
            evidence: 0,
            verified: verify_sequential_order(spec, &history, &found.order).is_ok(),
        },
        Verdict::Violation(violation) => {
            let budget = Budget::configurations(2_000_000);
            let refutation = refute_sequential_consistency(spec, &history, &violation, budget);
            let verified = refutation
                .is_some_and(|refutation| verify_violation(spec, &history, &refutation).is_ok());
            Judged {
                word: "violation",
                configurations: violation.configurations,
                evidence: violation.evidence.len(),
                verified,
            }
        }
        Verdict::Unknown(exhausted) => Judged {
            word: "unknown",
            configurations: exhausted.configurations,
            evidence: 0,
            verified: false,
        },
    }
}
