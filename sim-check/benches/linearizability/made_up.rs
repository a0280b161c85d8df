//! Histories that are made up: clients that use a linearizable object.

use sim_check::history::HistoryRecorder;
use sim_check::spec::{CasRegisterOp, QueueOp, QueueRet, RegisterOp, RegisterRet};
use sim_check::{History, OperationId, ProcessId};

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) operations: usize,
    pub(crate) clients: usize,
    pub(crate) crash_percent: u64,
    /// Whether one result near the end is spoilt.
    pub(crate) bad: bool,
}

/// Clients that use a linearizable object; `step` takes an operation's effect and gives its result.
fn make_up<Op: Clone, Ret: Clone>(
    shape: Shape,
    mut draw: impl FnMut(&mut Random) -> Op,
    mut step: impl FnMut(&Op) -> Ret,
    mut spoil: impl FnMut(&Op, &mut Ret) -> bool,
) -> History<Op, Ret> {
    let mut random = Random(11);
    let mut recorder = HistoryRecorder::new();
    let mut open: Vec<Option<(OperationId, Op, Option<Ret>)>> = vec![None; shape.clients];
    let mut processes: Vec<u64> = (0..shape.clients as u64).collect();
    let mut spoilt = !shape.bad;
    while recorder.len() < shape.operations || open.iter().any(Option::is_some) {
        let client = random.below(shape.clients as u64) as usize;
        let process = ProcessId(processes[client]);
        match &mut open[client] {
            None if recorder.len() < shape.operations => {
                let op = draw(&mut random);
                open[client] = Some((recorder.invoke(process, None, op.clone()), op, None));
            }
            None => {}
            Some((id, op, result @ None)) => {
                let crashes = random.below(100) < shape.crash_percent;
                if !crashes || random.below(2) == 0 {
                    *result = Some(step(op));
                }
                if crashes {
                    recorder.info(*id, None).expect("it is open");
                    open[client] = None;
                    processes[client] += shape.clients as u64;
                }
            }
            Some((id, op, Some(result))) => {
                let mut told = result.clone();
                if !spoilt && recorder.len() * 10 > shape.operations * 9 {
                    spoilt = spoil(op, &mut told);
                }
                recorder.ok(*id, None, told).expect("it is open");
                open[client] = None;
            }
        }
    }
    recorder.finish()
}

pub(crate) fn cas_history(shape: Shape) -> History<CasRegisterOp<u64>, RegisterRet<u64>> {
    let mut value = 0;
    make_up(
        shape,
        |random| match random.below(3) {
            0 => CasRegisterOp::Read,
            1 => CasRegisterOp::Write(random.below(5)),
            _ => CasRegisterOp::Cas(random.below(5), random.below(5)),
        },
        |op| match op {
            CasRegisterOp::Read => RegisterRet::Value(value),
            CasRegisterOp::Write(v) => {
                value = *v;
                RegisterRet::Written
            }
            CasRegisterOp::Cas(from, to) => {
                let swaps = value == *from;
                value = if swaps { *to } else { value };
                RegisterRet::Swapped(swaps)
            }
        },
        |_, told| {
            let is_read = matches!(told, RegisterRet::Value(_));
            if is_read {
                *told = RegisterRet::Value(9);
            }
            is_read
        },
    )
}

pub(crate) fn register_history(shape: Shape) -> History<RegisterOp<u64>, RegisterRet<u64>> {
    let (mut value, mut next) = (0, 0);
    make_up(
        shape,
        |random| {
            next += 1;
            if random.below(2) == 0 { RegisterOp::Read } else { RegisterOp::Write(next) }
        },
        |op| match op {
            RegisterOp::Read => RegisterRet::Value(value),
            RegisterOp::Write(v) => {
                value = *v;
                RegisterRet::Written
            }
        },
        |_, told| {
            let is_read = matches!(told, RegisterRet::Value(_));
            if is_read {
                *told = RegisterRet::Value(1);
            }
            is_read
        },
    )
}

pub(crate) fn queue_history(shape: Shape) -> History<QueueOp<u64>, QueueRet<u64>> {
    let mut queue = std::collections::VecDeque::new();
    let mut next = 0;
    make_up(
        shape,
        |random| {
            next += 1;
            if random.below(2) == 0 { QueueOp::Dequeue } else { QueueOp::Enqueue(next) }
        },
        |op| match op {
            QueueOp::Enqueue(v) => {
                queue.push_back(*v);
                QueueRet::Enqueued
            }
            QueueOp::Dequeue => QueueRet::Dequeued(queue.pop_front()),
        },
        |_, told| {
            let is_value = matches!(told, QueueRet::Dequeued(Some(_)));
            if is_value {
                *told = QueueRet::Dequeued(None);
            }
            is_value
        },
    )
}
