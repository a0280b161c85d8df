//! The search: where each process stands, and in which states the parts of the object are.

use super::demands::{Demands, each_next};
use super::forced::{Forced, Mark, Unordered};
use super::node::Node;
use super::program::{Place, Program};
use super::rules::rules;
use crate::hash::{NumberTable, hash_of};
use crate::history::{History, OperationId};
use crate::linearizability::Machine;
use crate::spec::NondeterministicSpec;
use crate::verdict::Meter;

/// What a search came to.
pub(super) enum Found {
    /// The operations in an order that explains them.
    Order(Vec<OperationId>),
    /// There is none; with operations that by themselves have none, if that was seen without a search.
    Nothing(Option<Vec<OperationId>>),
    /// The meter ran out.
    Exhausted,
}

/// Where the search stands: the states of the parts, how many operations of each process have taken effect, and which
/// of those that only may. In one slice, so that it is hashed and stored at once.
type Position = Box<[u32]>;

struct Frame {
    position: Position,
    trail: usize,
    taken: Option<Node>,
    /// What was known before it was taken.
    mark: Mark,
}

/// Where what stands in a position.
#[derive(Clone, Copy)]
struct Layout {
    parts: usize,
    processes: usize,
}

impl Layout {
    /// How many operations of a process took effect; the possible operations count as processes.
    fn done(self, position: &[u32], process: usize) -> u32 {
        match process.checked_sub(self.processes) {
            None => position[self.parts + process],
            Some(number) => position[self.word(number)] >> (number % 32) & 1,
        }
    }

    fn word(self, possible: usize) -> usize {
        self.parts + self.processes + possible / 32
    }

    /// Lets an operation take effect.
    fn take(self, position: &mut [u32], node: Node) {
        match node.process.checked_sub(self.processes) {
            None => position[self.parts + node.process] += 1,
            Some(number) => position[self.word(number)] |= 1 << (number % 32),
        }
    }

    /// Whether all that must come before an operation has taken effect.
    fn is_ready(self, position: &[u32], forced: &Forced, node: Node) -> bool {
        let mut before = forced.before(node).iter().enumerate();
        before.all(|(process, needed)| *needed <= self.done(position, process))
    }
}

/// Looks for an order of these operations.
pub(super) fn search<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    ids: &[OperationId],
    possible: &dyn Fn(OperationId) -> bool,
    meter: &mut Meter,
) -> Found {
    let mut machine = Machine::new(spec);
    let program = Program::new(&mut machine, history, ids, possible);
    machine.seal();
    let Some(demands) = Demands::new(&mut machine, &program, meter) else {
        return Found::Exhausted;
    };
    let rules = rules(&machine, &program, &demands);
    let mut forced = match Forced::of(&program.shape(), rules, meter) {
        Ok(forced) => forced,
        Err(Unordered::Contradiction(found)) => {
            let shown = found.shown.into_iter();
            let mut ids: Vec<OperationId> = shown.map(|node| program.place(node).id).collect();
            ids.sort_unstable();
            return Found::Nothing(Some(ids));
        }
        Err(Unordered::Exhausted) => return Found::Exhausted,
    };
    let layout = Layout { parts: program.parts, processes: program.processes.len() };
    let words = program.possible.len().div_ceil(32);
    let mut start: Position = vec![0; layout.parts + layout.processes + words].into();
    start[..layout.parts].fill(machine.state(spec.initial()));
    let mut numbers = NumberTable::default();
    let mut known: Vec<Position> = Vec::new();
    let mut trail: Vec<Node> = Vec::new();
    let mut stack = vec![Frame { position: start, trail: 0, taken: None, mark: forced.mark() }];
    let mut children: Vec<(u32, Frame)> = Vec::new();
    while let Some(mut frame) = stack.pop() {
        forced.return_to(frame.mark);
        trail.truncate(frame.trail);
        let position = &mut frame.position;
        if let Some(node) = frame.taken {
            trail.push(node);
            if !forced.choose(node, program.heads(|process| layout.done(position, process))) {
                continue;
            }
        }
        if !absorb(&mut machine, &program, &mut forced, layout, position, &mut trail) {
            continue;
        }
        let position = &frame.position;
        let is_done = |(process, places): (usize, &Vec<Place>)| {
            layout.done(position, process) as usize == places.len()
        };
        if program.processes.iter().enumerate().all(is_done) {
            let order = trail.into_iter().map(|node| program.place(node).id);
            return Found::Order(order.collect());
        }
        if !meter.spend(1) {
            return Found::Exhausted;
        }
        if !numbers.number(hash_of(position), |number| known[number as usize] == *position).1 {
            continue;
        }
        known.push(position.clone());
        match forced.conclude(meter) {
            Some(true) => {}
            Some(false) => continue,
            None => return Found::Exhausted,
        }
        let mark = forced.mark();
        for node in program.next(|process| layout.done(position, process)) {
            if !layout.is_ready(position, &forced, node) {
                continue;
            }
            let is_possible = node.process >= layout.processes;
            let place = program.place(node);
            let part = place.part as usize;
            let before = position[part];
            each_next(&mut machine, before, place.class, |now| {
                if is_possible && now == before {
                    return;
                }
                let mut next = position.clone();
                next[part] = now;
                layout.take(&mut next, node);
                let done = |process| layout.done(&next, process);
                if demands.is_dead(node, (place.part, before, now), done) {
                    return;
                }
                let frame = Frame { position: next, trail: trail.len(), taken: Some(node), mark };
                children.push((place.invoked, frame));
            });
        }
        // The earliest invocation last, so that it is tried first.
        children.sort_by_key(|(invoked, _)| std::cmp::Reverse(*invoked));
        stack.extend(children.drain(..).map(|(_, frame)| frame));
    }
    Found::Nothing(None)
}

/// Lets operations take effect that are next in their process, possible, and change nothing: whatever comes later, they may
/// come now. False: one of them may not, so that nothing that comes later can be right.
fn absorb<S: NondeterministicSpec>(
    machine: &mut Machine<'_, S>,
    program: &Program,
    forced: &mut Forced,
    layout: Layout,
    position: &mut Position,
    trail: &mut Vec<Node>,
) -> bool {
    for (process, places) in program.processes.iter().enumerate() {
        while let Some(place) = places.get(layout.done(position, process) as usize) {
            let state = position[place.part as usize];
            if !machine.is_pure(place.class) || !machine.allows(state, place.class) {
                break;
            }
            let node = Node { process, place: layout.done(position, process) };
            // What must come before it changes the state: of two operations that change nothing either may come first.
            if !layout.is_ready(position, forced, node) {
                return false;
            }
            layout.take(position, node);
            trail.push(node);
            if !forced.choose(node, program.heads(|process| layout.done(position, process))) {
                return false;
            }
        }
    }
    true
}
