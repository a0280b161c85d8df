//! What each process did, by number.

use super::node::{Node, Shape};
use crate::history::{History, OperationId, Outcome};
use crate::linearizability::Machine;
use crate::spec::NondeterministicSpec;
use std::collections::BTreeMap;

/// An operation in its place.
pub(super) struct Place {
    pub(super) id: OperationId,
    pub(super) class: u32,
    /// The part of the object that it touches.
    pub(super) part: u32,
    pub(super) invoked: u32,
}

/// An operation that may take effect at any time after the earlier ones of its process, or never.
pub(super) struct Possible {
    pub(super) place: Place,
    pub(super) process: usize,
    /// How many operations of its process must have taken effect before.
    pub(super) after: u32,
}

/// The operations of each process that succeeded, and those that only may have.
pub(super) struct Program {
    pub(super) processes: Vec<Vec<Place>>,
    pub(super) possible: Vec<Possible>,
    /// How many parts the object has; all operations touch one of them.
    pub(super) parts: usize,
}

impl Program {
    pub(super) fn new<S: NondeterministicSpec>(
        machine: &mut Machine<'_, S>,
        history: &History<S::Op, S::Ret>,
        ids: &[OperationId],
        possible: &dyn Fn(OperationId) -> bool,
    ) -> Program {
        let mut numbers = BTreeMap::new();
        let mut parts: BTreeMap<Option<S::Key>, u32> = BTreeMap::new();
        let mut program = Program { processes: Vec::new(), possible: Vec::new(), parts: 1 };
        for &id in ids {
            let operation = history.operation(id);
            let number = *numbers.entry(operation.process).or_insert_with(|| {
                program.processes.push(Vec::new());
                program.processes.len() - 1
            });
            let ret = operation.outcome.ok();
            let class = machine.class(&operation.op, ret);
            let count = parts.len() as u32;
            let part = *parts.entry(machine.spec().key(&operation.op, ret)).or_insert(count);
            let place = Place { id, class, part, invoked: operation.invoked.position };
            match operation.outcome {
                Outcome::Ok(_) if !possible(id) => program.processes[number].push(place),
                Outcome::Fail => {}
                Outcome::Ok(_) | Outcome::Unknown if machine.is_pure(class) => {}
                Outcome::Ok(_) | Outcome::Unknown => {
                    let after = program.processes[number].len() as u32;
                    program.possible.push(Possible { place, process: number, after });
                }
            }
        }
        // An object is a product of its parts only if each operation touches one.
        if parts.contains_key(&None) {
            program.all_mut().for_each(|place| place.part = 0);
        } else {
            program.parts = parts.len().max(1);
        }
        program
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Place> {
        let certain = self.processes.iter_mut().flatten();
        certain.chain(self.possible.iter_mut().map(|possible| &mut possible.place))
    }

    pub(super) fn shape(&self) -> Shape {
        let possible = self.possible.iter().map(|possible| (possible.process, possible.after));
        let processes = self.processes.iter().map(Vec::len).collect();
        Shape { processes, possible: possible.collect() }
    }

    /// The operation with this number.
    pub(super) fn place(&self, node: Node) -> &Place {
        match node.process.checked_sub(self.processes.len()) {
            None => &self.processes[node.process][node.place as usize],
            Some(number) => &self.possible[number].place,
        }
    }

    /// The next operation of each process, where `done` tells how many of each have taken effect.
    pub(super) fn heads(&self, done: impl Fn(usize) -> u32) -> impl Iterator<Item = Node> {
        let processes = self.processes.iter().enumerate();
        let heads = processes.map(move |(process, places)| (process, places.len(), done(process)));
        let left = heads.filter(|(_, places, place)| (*place as usize) < *places);
        left.map(|(process, _, place)| Node { process, place })
    }

    /// The operations that may come next, and the possible ones that are left, where `done` tells how many of each have taken effect.
    pub(super) fn next(&self, done: impl Fn(usize) -> u32) -> Vec<Node> {
        let mut next = Vec::new();
        for (process, places) in self.processes.iter().enumerate() {
            let place = done(process);
            if (place as usize) < places.len() {
                next.push(Node { process, place });
            }
        }
        for number in 0..self.possible.len() {
            let process = self.processes.len() + number;
            if done(process) == 0 {
                next.push(Node { process, place: 0 });
            }
        }
        next
    }
}
