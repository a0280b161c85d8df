//! Which states operations demand, and which operations can bring them about.

use super::node::Node;
use super::program::Program;
use crate::linearizability::{Machine, Next};
use crate::spec::{NondeterministicSpec, OrderRule};
use crate::verdict::Meter;
use std::collections::BTreeMap;

/// Transitions that are looked at for each part; an object with more of them tells nothing.
const TRANSITIONS_MAX: usize = 500_000;

/// A state of a part without which some operations that succeeded are not possible.
struct Demand {
    part: u32,
    state: u32,
    /// The operations that are possible in this state alone.
    readers: Vec<Node>,
    /// The operations that can lead to it from another state.
    sources: Vec<Node>,
    /// The operations of this part that are possible, if at all, only in other states, or leave this one.
    others: Vec<Node>,
    /// For each process how many of its operations there are up to its last reader.
    needs: Vec<u32>,
    /// The same up to its last source; the possible operations count as processes.
    gives: Vec<u32>,
}

/// All that is known of a program.
pub(super) struct Demands {
    initial: u32,
    all: Vec<Demand>,
    of: BTreeMap<(u32, u32), usize>,
    /// For each operation the demands of which it is a source.
    feeds: BTreeMap<Node, Vec<usize>>,
    /// An operation that is possible in no state that the object can come to.
    impossible: Option<Node>,
}

impl Demands {
    /// `None`: the meter ran out.
    pub(super) fn new<S: NondeterministicSpec>(
        machine: &mut Machine<'_, S>,
        program: &Program,
        meter: &mut Meter,
    ) -> Option<Demands> {
        let initial = machine.spec().initial();
        let initial = machine.state(initial);
        let mut demands = Demands {
            initial,
            all: Vec::new(),
            of: BTreeMap::new(),
            feeds: BTreeMap::new(),
            impossible: None,
        };
        let mut members: Vec<Vec<(Node, u32)>> = vec![Vec::new(); program.parts];
        for (process, places) in program.processes.iter().enumerate() {
            for (place, of) in places.iter().enumerate() {
                let node = Node { process, place: place as u32 };
                members[of.part as usize].push((node, of.class));
            }
        }
        for (number, possible) in program.possible.iter().enumerate() {
            let node = Node { process: program.processes.len() + number, place: 0 };
            members[possible.place.part as usize].push((node, possible.place.class));
        }
        for (part, members) in members.iter().enumerate() {
            demands.add_part(machine, program, part as u32, members, meter)?;
        }
        for (number, demand) in demands.all.iter().enumerate() {
            demands.of.insert((demand.part, demand.state), number);
            for source in &demand.sources {
                demands.feeds.entry(*source).or_default().push(number);
            }
        }
        Some(demands)
    }

    fn add_part<S: NondeterministicSpec>(
        &mut self,
        machine: &mut Machine<'_, S>,
        program: &Program,
        part: u32,
        members: &[(Node, u32)],
        meter: &mut Meter,
    ) -> Option<()> {
        let mut nodes_of: BTreeMap<u32, Vec<Node>> = BTreeMap::new();
        for (node, class) in members {
            nodes_of.entry(*class).or_default().push(*node);
        }
        let classes: Vec<u32> = nodes_of.keys().copied().collect();
        let initial = self.initial;
        // All states that the part can come to, with what leads to them and what is possible in them.
        let mut states = vec![initial];
        let mut number_of = BTreeMap::from([(initial, 0)]);
        let mut led_to: Vec<Vec<usize>> = vec![Vec::new()];
        let mut stays: Vec<Vec<usize>> = Vec::new();
        let mut only: Vec<Possibility> = vec![Possibility::Nowhere; classes.len()];
        let mut at = 0;
        while at < states.len() {
            // What one operation leads to does not depend on the others, in objects about which there is something to
            // say: a register has as many states as values are written. Others have states without end.
            if states.len() > members.len() + 1 || states.len() * classes.len() > TRANSITIONS_MAX {
                return Some(());
            }
            if !meter.spend(1 + classes.len() as u64 / 64) {
                return None;
            }
            let state = states[at];
            let mut stays_here = Vec::new();
            for (c, class) in classes.iter().enumerate() {
                let mut possible = false;
                let mut targets: Vec<u32> = Vec::new();
                each_next(machine, state, *class, |next| {
                    possible = true;
                    targets.push(next);
                });
                for next in targets {
                    if next == state {
                        stays_here.push(c);
                        continue;
                    }
                    let count = states.len();
                    let number = *number_of.entry(next).or_insert(count);
                    if number == count {
                        states.push(next);
                        led_to.push(Vec::new());
                    }
                    if led_to[number].last() != Some(&c) {
                        led_to[number].push(c);
                    }
                }
                if possible {
                    only[c] = match only[c] {
                        Possibility::Nowhere => Possibility::In(at),
                        Possibility::In(_) | Possibility::Several => Possibility::Several,
                    };
                }
            }
            stays.push(stays_here);
            at += 1;
        }
        let certain = |node: &&Node| node.process < program.processes.len();
        let mut readers: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
        for (c, class) in classes.iter().enumerate() {
            let nodes = nodes_of[class].iter().filter(certain).copied();
            match only[c] {
                Possibility::Nowhere => {
                    self.impossible = self.impossible.into_iter().chain(nodes).min();
                }
                Possibility::In(state) => readers.entry(state).or_default().extend(nodes),
                Possibility::Several => {}
            }
        }
        readers.retain(|_, readers| !readers.is_empty());
        let width = program.processes.len() + program.possible.len();
        for (number, readers) in readers {
            let mut leads: Vec<usize> = led_to[number].clone();
            leads.sort_unstable();
            leads.dedup();
            let sources: Vec<Node> =
                leads.iter().flat_map(|c| &nodes_of[&classes[*c]]).copied().collect();
            let staying = &stays[number];
            let others =
                classes.iter().enumerate().filter(|(c, _)| staying.binary_search(c).is_err());
            let others = others.flat_map(|(_, class)| &nodes_of[class]);
            let last = |nodes: &[Node]| {
                let mut last = vec![0; width];
                for node in nodes {
                    let last: &mut u32 = &mut last[node.process];
                    *last = (*last).max(node.place + 1);
                }
                last
            };
            self.all.push(Demand {
                part,
                state: states[number],
                others: others.copied().collect(),
                needs: last(&readers),
                gives: last(&sources),
                readers,
                sources,
            });
        }
        Some(())
    }

    /// If one operation alone can bring about the state that others need, whatever does not leave that state alone
    /// comes before the first or after the others (Gibbons and Korach, "Testing shared memories", SIAM J. Comput. 26(4),
    /// 1997). If the object begins in it and nothing leads back to it, the others come first.
    pub(super) fn rules(&self) -> Vec<OrderRule<Node>> {
        let mut rules: Vec<OrderRule<Node>> =
            self.impossible.iter().map(|node| OrderRule::Impossible(vec![*node])).collect();
        for demand in &self.all {
            match *demand.sources {
                [] => rules.push(OrderRule::Before {
                    first: demand.readers.iter().map(|reader| (*reader, None)).collect(),
                    then: demand.others.clone(),
                }),
                [source] if demand.state != self.initial => rules.push(OrderRule::Apart {
                    pairs: demand.readers.iter().map(|reader| (source, *reader)).collect(),
                    others: demand.others.clone(),
                }),
                _ => {}
            }
        }
        rules
    }

    /// Whether an operation that has just led a part to `now` from `before` left a demand that nobody can meet any more.
    /// `done` tells how many operations of a process took effect.
    pub(super) fn is_dead(
        &self,
        node: Node,
        (part, before, now): (u32, u32, u32),
        done: impl Fn(usize) -> u32,
    ) -> bool {
        let left = if before == now { None } else { self.of.get(&(part, before)) };
        let fed = self.feeds.get(&node).into_iter().flatten();
        left.into_iter().chain(fed).any(|number| {
            let demand = &self.all[*number];
            demand.state != now
                && demand.needs.iter().enumerate().any(|(p, needs)| *needs > done(p))
                && demand.gives.iter().enumerate().all(|(p, gives)| *gives <= done(p))
        })
    }
}

/// The states in which operations of a class are possible.
#[derive(Clone, Copy)]
enum Possibility {
    Nowhere,
    In(usize),
    Several,
}

pub(super) fn each_next<S: NondeterministicSpec>(
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
