//! Which operations must come before which, in every order.
//!
//! If one operation alone can bring about the state that another one needs, they go together: whatever does not leave that state
//! alone comes before the first or after the second (Gibbons and Korach, "Testing shared memories", SIAM J. Comput.
//! 26(4), 1997). What follows from that and from the order of each process is added until nothing more follows. An
//! operation that would have to come before itself refutes the history; else the search respects what was found.

use super::demands::Demands;
use super::node::Node;
use super::program::Program;
use crate::verdict::Meter;
use std::collections::BTreeSet;

/// One operation before another, and why: the operations of this path have to come one after the other.
struct Edge {
    from: Node,
    to: Node,
    /// `from`, `to`: that one comes before the other, by edges that are older than this one.
    premise: Option<(Node, Node)>,
}

/// For each operation how many of each process have to come before it. Possible operations that must have taken effect
/// count as processes of their own.
pub(super) struct Forced {
    before: Vec<Vec<Vec<u32>>>,
    edges: Vec<Edge>,
    /// For each operation the edges that begin there.
    out: Vec<Vec<Vec<u32>>>,
}

/// What became of the attempt to order the operations.
pub(super) enum Outcome {
    Ordered(Forced),
    /// These operations alone cannot be ordered.
    Contradiction(Vec<Node>),
    Exhausted,
}

impl Forced {
    pub(super) fn of(program: &Program, demands: &Demands, meter: &mut Meter) -> Outcome {
        if let Some(node) = demands.impossible {
            return Outcome::Contradiction(vec![node]);
        }
        let mut lengths: Vec<usize> = program.processes.iter().map(Vec::len).collect();
        lengths.extend(program.possible.iter().map(|_| 1));
        let width = lengths.len();
        let own = |process: usize, place: usize| {
            let mut before = vec![0; width];
            before[process] = place as u32;
            if let Some(number) = process.checked_sub(program.processes.len()) {
                let possible = &program.possible[number];
                before[possible.process] = possible.after;
            }
            before
        };
        let before = lengths.iter().enumerate();
        let before = before.map(|(process, len)| (0..*len).map(|at| own(process, at)).collect());
        let out = lengths.iter().map(|len| vec![Vec::new(); *len]).collect();
        let mut forced = Forced { before: before.collect(), edges: Vec::new(), out };
        for (number, possible) in program.possible.iter().enumerate() {
            if let Some(place) = possible.after.checked_sub(1) {
                let from = Node { process: possible.process, place };
                let to = Node { process: program.processes.len() + number, place: 0 };
                let bad = forced.add(from, to, None);
                assert!(bad.is_none(), "nothing comes before an operation's own process");
            }
        }
        match forced.saturate(demands, meter) {
            None => Outcome::Exhausted,
            Some(Some(node)) => Outcome::Contradiction(forced.circle(node)),
            Some(None) => Outcome::Ordered(forced),
        }
    }

    /// How many operations of each process must come before this one.
    pub(super) fn before(&self, node: Node) -> &[u32] {
        &self.before[node.process][node.place as usize]
    }

    fn precedes(&self, first: Node, second: Node) -> bool {
        self.before(second)[first.process] > first.place
    }

    /// An operation that would have to come before itself, if there is one. The outer `None`: the meter ran out.
    fn saturate(&mut self, demands: &Demands, meter: &mut Meter) -> Option<Option<Node>> {
        for demand in &demands.all {
            match *demand.sources {
                // The initial state, to which nothing leads back: all that leaves it comes after.
                [] => {
                    for reader in &demand.readers {
                        for other in demand.others.iter().filter(|other| *other != reader) {
                            if let bad @ Some(_) = self.add(*reader, *other, None) {
                                return Some(bad);
                            }
                        }
                    }
                }
                [source] if !demands.is_initial(demand) => {
                    for reader in &demand.readers {
                        if let bad @ Some(_) = self.add(source, *reader, None) {
                            return Some(bad);
                        }
                    }
                }
                _ => {}
            }
            if !meter.spend(1 + (demand.readers.len() * demand.others.len()) as u64 / 64) {
                return None;
            }
        }
        loop {
            let known = self.edges.len();
            for demand in &demands.all {
                let [source] = *demand.sources else { continue };
                if demands.is_initial(demand) {
                    continue;
                }
                if !meter.spend(1 + (demand.readers.len() * demand.others.len()) as u64 / 64) {
                    return None;
                }
                for other in demand.others.iter().copied().filter(|other| *other != source) {
                    for reader in demand.readers.iter().copied().filter(|reader| *reader != other) {
                        let mut bad = None;
                        if self.precedes(other, reader) && !self.precedes(other, source) {
                            bad = self.add(other, source, Some((other, reader)));
                        } else if self.precedes(source, other) && !self.precedes(reader, other) {
                            bad = self.add(reader, other, Some((source, other)));
                        }
                        if bad.is_some() {
                            return Some(bad);
                        }
                    }
                }
            }
            if self.edges.len() == known {
                return Some(None);
            }
        }
    }

    /// Adds an edge and all that follows; returns an operation that would come before itself.
    fn add(&mut self, from: Node, to: Node, premise: Option<(Node, Node)>) -> Option<Node> {
        if self.precedes(from, to) && premise.is_some() {
            return None;
        }
        let number = self.edges.len() as u32;
        self.edges.push(Edge { from, to, premise });
        self.out[from.process][from.place as usize].push(number);
        let mut changed = vec![(from, to)];
        while let Some((from, to)) = changed.pop() {
            let mut earlier = self.before(from).to_vec();
            earlier[from.process] = earlier[from.process].max(from.place + 1);
            let later = &mut self.before[to.process][to.place as usize];
            let mut grew = false;
            for (later, earlier) in later.iter_mut().zip(earlier) {
                grew |= *later < earlier;
                *later = (*later).max(earlier);
            }
            if !grew {
                continue;
            }
            if later[to.process] > to.place {
                return Some(to);
            }
            let next = Node { place: to.place + 1, ..to };
            if (next.place as usize) < self.before[to.process].len() {
                changed.push((to, next));
            }
            for edge in &self.out[to.process][to.place as usize] {
                changed.push((to, self.edges[*edge as usize].to));
            }
        }
        None
    }

    /// The operations that show that this one would have to come before itself.
    fn circle(&self, node: Node) -> Vec<Node> {
        let mut shown = BTreeSet::new();
        let mut used = BTreeSet::new();
        let mut open = vec![((node, node), self.edges.len())];
        while let Some(((from, to), older_than)) = open.pop() {
            shown.extend([from, to]);
            for number in self.path(from, to, older_than) {
                let edge = &self.edges[number];
                shown.extend([edge.from, edge.to]);
                if let (Some(premise), true) = (edge.premise, used.insert(number)) {
                    open.push((premise, number));
                }
            }
        }
        shown.into_iter().collect()
    }

    /// The edges of a shortest path, those of the processes left out; from an operation to itself: of a circle.
    fn path(&self, from: Node, to: Node, older_than: usize) -> Vec<usize> {
        let same = from.process == to.process;
        if same && from.place < to.place {
            return Vec::new();
        }
        let mut parent: Vec<Option<Option<usize>>> = vec![None; older_than];
        let mut front: Vec<(Node, Option<usize>)> = vec![(from, None)];
        while !front.is_empty() {
            let mut next = Vec::new();
            for (node, by) in front {
                for (number, edge) in self.edges[..older_than].iter().enumerate() {
                    let follows =
                        edge.from.process == node.process && edge.from.place >= node.place;
                    if !follows || parent[number].is_some() {
                        continue;
                    }
                    parent[number] = Some(by);
                    if edge.to.process == to.process && edge.to.place <= to.place {
                        let mut path = vec![number];
                        let mut at = by;
                        while let Some(number) = at {
                            path.push(number);
                            at = parent[number].flatten();
                        }
                        return path;
                    }
                    next.push((edge.to, Some(number)));
                }
            }
            front = next;
        }
        Vec::new()
    }
}
