//! Sequential consistency (Lamport 1979): one order of all operations that agrees with the order of each process.
//!
//! Real time counts within a process alone, so that parts of an object cannot be judged one by one, and the search
//! stands at a position in each process. A history that is linearizable is sequentially consistent too, which is
//! often quicker to see, so that is tried first.

use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId, Outcome};
use crate::linearizability::{Machine, Next, check_linearizability};
use crate::spec::NondeterministicSpec;
use crate::verdict::{Budget, Meter, Verdict};

/// Proof that a history is sequentially consistent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequentialOrder {
    /// The operations in an order that explains the history; checked by
    /// [`verify_sequential_order`](crate::certificate::verify_sequential_order).
    pub order: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// A history without such an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSequential {
    /// The operations that matter: those that succeeded, and those of unknown outcome that may change the state.
    pub evidence: Vec<OperationId>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// Judges whether `history` is sequentially consistent.
///
/// An operation of unknown outcome follows the earlier ones of its process and may take effect at any later time.
///
/// ```
/// use sim_check::sequential::check_sequential_consistency;
/// use sim_check::spec::{Register, RegisterOp, RegisterRet};
/// use sim_check::{Budget, HistoryBuilder, ProcessId};
///
/// let (writer, reader) = (ProcessId(0), ProcessId(1));
/// let mut builder = HistoryBuilder::new();
/// builder.invoke(writer, RegisterOp::Write(1))?;
/// builder.ok(writer, RegisterRet::Written)?;
/// builder.invoke(reader, RegisterOp::Read)?;
/// builder.ok(reader, RegisterRet::Value(0))?; // stale, but nobody's own order forbids it
/// let history = builder.finish();
/// assert!(check_sequential_consistency(&Register::new(0), &history, Budget::default()).is_ok());
/// # Ok::<(), sim_check::HistoryError>(())
/// ```
pub fn check_sequential_consistency<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    budget: Budget,
) -> Verdict<SequentialOrder, NotSequential> {
    let mut meter = budget.meter();
    let attempt = Budget::configurations((meter.left() / 4).min(8 * history.len() as u64 + 64));
    let spent = match check_linearizability(spec, history, attempt) {
        Verdict::Ok(found) => {
            let (order, configurations) = (found.order, found.configurations);
            return Verdict::Ok(SequentialOrder { order, configurations });
        }
        Verdict::Violation(violation) => violation.configurations,
        Verdict::Unknown(exhausted) => exhausted.configurations,
    };
    if !meter.spend(spent) {
        return Verdict::Unknown(meter.exhausted());
    }
    let evidence: Vec<OperationId> = history
        .iter()
        .filter(|(_, operation)| match operation.outcome {
            Outcome::Ok(_) => true,
            Outcome::Fail => false,
            Outcome::Unknown => !spec.is_pure(&operation.op, None),
        })
        .map(|(id, _)| id)
        .collect();
    match search(spec, history, &evidence, &|_| false, &mut meter) {
        Some(Some(order)) => Verdict::Ok(SequentialOrder { order, configurations: meter.spent() }),
        Some(None) => Verdict::Violation(NotSequential { evidence, configurations: meter.spent() }),
        None => Verdict::Unknown(meter.exhausted()),
    }
}

/// Whether the operations `ids`, ascending, have such an order by themselves, where those that are `possible` may take
/// effect with their result at any later time, or never. `None`: the meter ran out.
pub(crate) fn has_sequential_order<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
    meter: &mut Meter,
) -> Option<bool> {
    search(spec, history, ids, possible, meter).map(|order| order.is_some())
}

/// An operation in its place.
struct Place {
    id: OperationId,
    class: u32,
    invoked: u32,
}

/// The operations of each process that succeeded, and those of unknown outcome.
struct Program {
    processes: Vec<Vec<Place>>,
    /// With the process, and how many of its operations must have taken effect before.
    unknown: Vec<(Place, usize, u32)>,
}

/// Where the search stands: how many operations of each process have taken effect, which of those of unknown
/// outcome, and the state. In one slice, so that it is hashed and stored at once.
type Position = Box<[u32]>;

struct Frame {
    position: Position,
    trail: usize,
    taken: Option<OperationId>,
}

/// The inner `None`: there is no order. The outer one: the meter ran out.
fn search<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
    meter: &mut Meter,
) -> Option<Option<Vec<OperationId>>> {
    let mut machine = Machine::new(spec);
    let program = program(&mut machine, history, ids, possible);
    machine.seal();
    let width = program.processes.len();
    let unknown_words = program.unknown.len().div_ceil(32);
    let mut start: Position = vec![0; 1 + width + unknown_words].into();
    start[0] = machine.state(&spec.initial());
    let mut numbers = NumberTable::default();
    let mut known: Vec<Position> = Vec::new();
    let mut trail: Vec<OperationId> = Vec::new();
    let mut stack = vec![Frame { position: start, trail: 0, taken: None }];
    let mut children: Vec<(u32, Frame)> = Vec::new();
    while let Some(mut frame) = stack.pop() {
        trail.truncate(frame.trail);
        trail.extend(frame.taken);
        absorb(&mut machine, &program, &mut frame.position, &mut trail);
        let position = &frame.position;
        let done = |(i, process): (usize, &Vec<Place>)| position[1 + i] as usize == process.len();
        if program.processes.iter().enumerate().all(done) {
            return Some(Some(trail));
        }
        if !meter.spend(1) {
            return None;
        }
        if !numbers.number(hash_of(position), |number| known[number as usize] == *position).1 {
            continue;
        }
        known.push(position.clone());
        let state = position[0];
        let mut child = |state: u32, place: &Place, changed: usize, value: u32| {
            let mut next = position.clone();
            next[0] = state;
            next[changed] = value;
            children.push((
                place.invoked,
                Frame { position: next, trail: trail.len(), taken: Some(place.id) },
            ));
        };
        for (i, process) in program.processes.iter().enumerate() {
            if let Some(place) = process.get(position[1 + i] as usize) {
                each_next(&mut machine, state, place.class, |state| {
                    child(state, place, 1 + i, position[1 + i] + 1);
                });
            }
        }
        for (i, (place, process, after)) in program.unknown.iter().enumerate() {
            let (word, bit) = (1 + width + i / 32, 1 << (i % 32));
            if position[word] & bit == 0 && position[1 + process] >= *after {
                each_next(&mut machine, state, place.class, |next| {
                    if next != state {
                        child(next, place, word, position[word] | bit);
                    }
                });
            }
        }
        // The earliest invocation last, so that it is tried first.
        children.sort_by_key(|(invoked, _)| std::cmp::Reverse(*invoked));
        stack.extend(children.drain(..).map(|(_, frame)| frame));
    }
    Some(None)
}

fn program<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
) -> Program {
    let mut numbers = std::collections::BTreeMap::new();
    let mut program = Program { processes: Vec::new(), unknown: Vec::new() };
    for &id in ids {
        let operation = history.operation(id);
        let number = *numbers.entry(operation.process).or_insert_with(|| {
            program.processes.push(Vec::new());
            program.processes.len() - 1
        });
        let class = machine.class(&operation.op, operation.outcome.ok());
        let place = Place { id, class, invoked: operation.invoked.position };
        match operation.outcome {
            Outcome::Ok(_) if !possible(id) => program.processes[number].push(place),
            Outcome::Fail => {}
            Outcome::Ok(_) | Outcome::Unknown if machine.is_pure(class) => {}
            Outcome::Ok(_) | Outcome::Unknown => {
                let after = program.processes[number].len() as u32;
                program.unknown.push((place, number, after));
            }
        }
    }
    program
}

/// Lets operations take effect that are next in their process, possible, and change nothing.
fn absorb<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    program: &Program,
    position: &mut Position,
    trail: &mut Vec<OperationId>,
) {
    for (i, process) in program.processes.iter().enumerate() {
        while let Some(place) = process.get(position[1 + i] as usize) {
            if !machine.is_pure(place.class) || !machine.allows(position[0], place.class) {
                break;
            }
            position[1 + i] += 1;
            trail.push(place.id);
        }
    }
}

fn each_next<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    state: u32,
    class: u32,
    mut found: impl FnMut(u32),
) {
    match machine.next(state, class) {
        Next::None => {}
        Next::One(next) => found(next),
        Next::Several(place) => {
            for next in machine.list(place) {
                found(*next);
            }
        }
    }
}
