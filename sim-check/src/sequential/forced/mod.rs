//! Which operations must come before which, in every order.
//!
//! Rules say what holds in each order ([`OrderRule`]). What follows from them and from the order of each process is added
//! until nothing more follows. An operation that would have to come before itself refutes the history; else the search
//! respects what was found, and adds what follows from each of its own choices.

mod contradiction;

use super::node::{Node, Shape};
use crate::spec::OrderRule;
use crate::verdict::Meter;
pub(crate) use contradiction::Contradiction;
use std::collections::VecDeque;

/// So many looks at pairs of operations are one configuration.
const LOOKS: u64 = 64;

/// That the first comes before the second.
type Order = (Node, Node);

/// One operation before another, and why.
struct Edge {
    from: Node,
    to: Node,
    reason: Reason,
}

/// Why one operation comes before another.
#[derive(Clone, Copy)]
enum Reason {
    /// The order of a process, or a choice of the search.
    Given,
    /// The rule with this number, which needs nothing else, except perhaps this operation.
    Rule(u32, Option<Node>),
    /// The rule with this number, as these come one before the other, by edges that are older than this one.
    Implied(u32, [Option<Order>; 2]),
}

/// A place of an operation in a rule.
#[derive(Clone, Copy)]
enum Role {
    /// In the pair with this number.
    Pair(usize),
    /// Among what must not come between.
    Other,
}

/// Where a search stood when it came to an operation.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    edges: usize,
    overwritten: usize,
}

/// For each operation how many of each process have to come before it. Possible operations that must have taken effect
/// count as processes of their own.
pub(crate) struct Forced {
    width: usize,
    /// The number of the first operation of each process, and at last how many there are.
    starts: Vec<usize>,
    /// A row for each operation.
    before: Vec<u32>,
    edges: Vec<Edge>,
    /// For each operation the edges that begin there.
    out: Vec<Vec<u32>>,
    rules: Vec<OrderRule<Node>>,
    /// For each operation the rules that more is to follow from if more comes before it.
    roles: Vec<Vec<(u32, Role)>>,
    /// Operations before which more comes than when their rules were looked at.
    grown: VecDeque<Node>,
    is_grown: Vec<bool>,
    /// What stood in `before`.
    overwritten: Vec<(u32, u32)>,
    looks: u64,
}

/// Why the operations were not ordered.
pub(crate) enum Unordered {
    /// They cannot be.
    Contradiction(Contradiction),
    /// The meter ran out.
    Exhausted,
}

/// An operation that would have to come before itself.
struct Circular(Node);

/// What became of an attempt to draw all conclusions.
enum Stop {
    Circular(Circular),
    Exhausted,
}

impl From<Circular> for Stop {
    fn from(circle: Circular) -> Stop {
        Stop::Circular(circle)
    }
}

impl Forced {
    pub(crate) fn of(
        shape: &Shape,
        rules: Vec<OrderRule<Node>>,
        meter: &mut Meter,
    ) -> Result<Forced, Unordered> {
        for (number, rule) in (0..).zip(&rules) {
            if let OrderRule::Impossible(nodes) = rule {
                return Err(Unordered::Contradiction(Contradiction::at_once(number, nodes)));
            }
        }
        let mut forced = Forced::unruled(shape);
        forced.add_roles(&rules);
        forced.rules = rules;
        match forced.begin(shape).map_err(Stop::Circular).and_then(|()| forced.saturate(meter)) {
            Ok(()) => {
                // All of this holds whatever the search does.
                forced.overwritten.clear();
                Ok(forced)
            }
            Err(Stop::Circular(Circular(node))) => {
                Err(Unordered::Contradiction(forced.contradiction(node)))
            }
            Err(Stop::Exhausted) => Err(Unordered::Exhausted),
        }
    }

    /// The order of each process alone.
    fn unruled(shape: &Shape) -> Forced {
        let width = shape.processes.len() + shape.possible.len();
        let mut starts = vec![0];
        let mut before = Vec::new();
        let mut row = |process: usize, place: usize, after: Option<(usize, u32)>| {
            let start = before.len();
            before.resize(start + width, 0);
            before[start + process] = place as u32;
            if let Some((process, after)) = after {
                before[start + process] = after;
            }
        };
        for (process, places) in shape.processes.iter().enumerate() {
            (0..*places).for_each(|place| row(process, place, None));
            starts.push(starts[process] + places);
        }
        for (number, after) in shape.possible.iter().enumerate() {
            let process = shape.processes.len() + number;
            row(process, 0, Some(*after));
            starts.push(starts[process] + 1);
        }
        let operations = starts[width];
        Forced {
            width,
            starts,
            before,
            edges: Vec::new(),
            out: vec![Vec::new(); operations],
            rules: Vec::new(),
            roles: vec![Vec::new(); operations],
            grown: VecDeque::new(),
            is_grown: vec![false; operations],
            overwritten: Vec::new(),
            looks: 0,
        }
    }

    fn add_roles(&mut self, rules: &[OrderRule<Node>]) {
        for (number, rule) in rules.iter().enumerate() {
            let number = number as u32;
            match rule {
                OrderRule::Impossible(_) | OrderRule::Before { .. } => {}
                OrderRule::Apart { pairs, others } => {
                    for (i, (_, second)) in pairs.iter().enumerate() {
                        self.role(*second, number, Role::Pair(i));
                    }
                    for other in others {
                        self.role(*other, number, Role::Other);
                    }
                }
                OrderRule::SameOrder(pairs) | OrderRule::Nested(pairs) => {
                    for (i, (first, second)) in pairs.iter().enumerate() {
                        self.role(*first, number, Role::Pair(i));
                        self.role(*second, number, Role::Pair(i));
                    }
                }
            }
        }
    }

    fn role(&mut self, node: Node, rule: u32, role: Role) {
        let number = self.number(node);
        self.roles[number].push((rule, role));
    }

    /// Adds what the rules say by themselves.
    fn begin(&mut self, shape: &Shape) -> Result<(), Circular> {
        for (number, (process, after)) in shape.possible.iter().enumerate() {
            if let Some(place) = after.checked_sub(1) {
                let from = Node { process: *process, place };
                let to = Node { process: shape.processes.len() + number, place: 0 };
                self.push(from, to, Reason::Given)?;
            }
        }
        let rules = std::mem::take(&mut self.rules);
        let begun = (0..).zip(&rules).try_for_each(|(number, rule)| match rule {
            OrderRule::Impossible(_) => Ok(()),
            OrderRule::Before { first, then } => {
                // From the last one to the first one: most others follow.
                first.iter().rev().try_for_each(|(from, by)| {
                    then.iter().filter(|to| *to != from).try_for_each(|to| {
                        self.looks += 1;
                        self.add(*from, *to, Reason::Rule(number, *by))
                    })
                })
            }
            OrderRule::Apart { pairs, .. }
            | OrderRule::SameOrder(pairs)
            | OrderRule::Nested(pairs) => {
                let reason = Reason::Rule(number, None);
                pairs.iter().try_for_each(|(from, to)| self.add(*from, *to, reason))
            }
        });
        self.rules = rules;
        // The order of the processes is news to all rules.
        self.grown = shape.nodes().into();
        self.is_grown.fill(true);
        begun
    }

    fn number(&self, node: Node) -> usize {
        self.starts[node.process] + node.place as usize
    }

    /// How many operations of each process must come before this one.
    pub(crate) fn before(&self, node: Node) -> &[u32] {
        let start = self.number(node) * self.width;
        &self.before[start..start + self.width]
    }

    fn precedes(&self, first: Node, second: Node) -> bool {
        self.before(second)[first.process] > first.place
    }

    /// Where the search stands.
    pub(crate) fn mark(&self) -> Mark {
        Mark { edges: self.edges.len(), overwritten: self.overwritten.len() }
    }

    /// Forgets what followed from the choices since then.
    pub(crate) fn return_to(&mut self, mark: Mark) {
        while self.edges.len() > mark.edges {
            let edge = self.edges.pop().expect("there are more");
            let from = self.number(edge.from);
            self.out[from].pop();
        }
        while self.overwritten.len() > mark.overwritten {
            let (at, was) = self.overwritten.pop().expect("there are more");
            self.before[at as usize] = was;
        }
        while let Some(node) = self.grown.pop_front() {
            let number = self.number(node);
            self.is_grown[number] = false;
        }
    }

    /// The search lets an operation take effect before all of these. False: then nothing that comes later can be right.
    pub(crate) fn choose(&mut self, node: Node, later: impl Iterator<Item = Node>) -> bool {
        let mut later = later.filter(|other| *other != node);
        later.all(|other| self.add(node, other, Reason::Given).is_ok())
    }

    /// Adds what follows from the choices. False: nothing that comes later can be right. `None`: the meter ran out.
    pub(crate) fn conclude(&mut self, meter: &mut Meter) -> Option<bool> {
        match self.saturate(meter) {
            Ok(()) => Some(true),
            Err(Stop::Circular(_)) => Some(false),
            Err(Stop::Exhausted) => None,
        }
    }

    /// Why the first ones cannot come before the next ones. `None`: the meter ran out.
    pub(crate) fn contradiction_of(
        &mut self,
        first: &[Node],
        next: &[Node],
        meter: &mut Meter,
    ) -> Option<Option<Contradiction>> {
        let mut chosen =
            first.iter().flat_map(|first| next.iter().map(move |next| (*first, *next)));
        let chosen = chosen
            .try_for_each(|(first, next)| self.add(first, next, Reason::Given))
            .map_err(Stop::Circular);
        match chosen.and_then(|()| self.saturate(meter)) {
            Ok(()) => Some(None),
            Err(Stop::Circular(Circular(node))) => Some(Some(self.contradiction(node))),
            Err(Stop::Exhausted) => None,
        }
    }

    /// Adds all that follows from the rules.
    fn saturate(&mut self, meter: &mut Meter) -> Result<(), Stop> {
        let rules = std::mem::take(&mut self.rules);
        let mut done = Ok(());
        while let (Ok(()), Some(node)) = (&done, self.grown.pop_front()) {
            let number = self.number(node);
            self.is_grown[number] = false;
            let roles = std::mem::take(&mut self.roles[number]);
            done = roles
                .iter()
                .try_for_each(|(rule, role)| self.look(*rule, &rules[*rule as usize], *role, node))
                .map_err(Stop::Circular);
            self.roles[number] = roles;
            if !meter.spend(self.looks / LOOKS) {
                done = Err(Stop::Exhausted);
            }
            self.looks %= LOOKS;
        }
        self.rules = rules;
        done
    }

    /// Adds what a rule implies now that more comes before this operation.
    fn look(
        &mut self,
        number: u32,
        rule: &OrderRule<Node>,
        role: Role,
        node: Node,
    ) -> Result<(), Circular> {
        match (rule, role) {
            (OrderRule::Apart { pairs, others }, Role::Pair(i)) => {
                let pair = pairs[i];
                self.looks += others.len() as u64;
                others.iter().try_for_each(|other| self.keep_out(number, *other, pair))
            }
            (OrderRule::Apart { pairs, .. }, Role::Other) => {
                self.looks += pairs.len() as u64;
                pairs.iter().try_for_each(|pair| self.keep_out(number, node, *pair))
            }
            (OrderRule::SameOrder(pairs), Role::Pair(i)) => {
                self.looks += pairs.len() as u64;
                let (first, second) = pairs[i];
                pairs.iter().filter(|(other, _)| *other != first).try_for_each(
                    |(other_first, other_second)| {
                        self.imply(number, (*other_first, first), (*other_second, second))?;
                        self.imply(number, (*other_second, second), (*other_first, first))
                    },
                )
            }
            (OrderRule::Nested(pairs), Role::Pair(i)) => {
                self.looks += 2 * pairs.len() as u64;
                let one = pairs[i];
                pairs.iter().filter(|other| **other != one).try_for_each(|other| {
                    self.nest(number, one, *other)?;
                    self.nest(number, *other, one)
                })
            }
            (OrderRule::Impossible(_) | OrderRule::Before { .. }, _)
            | (OrderRule::SameOrder(_) | OrderRule::Nested(_), Role::Other) => Ok(()),
        }
    }

    /// What comes before the second comes before the first, and what comes after the first comes after the second.
    fn keep_out(&mut self, rule: u32, other: Node, (first, second): Order) -> Result<(), Circular> {
        if other == first || other == second {
            return Ok(());
        }
        self.imply(rule, (other, second), (other, first))?;
        self.imply(rule, (first, other), (second, other))
    }

    /// If one begins before the other and the other before the end of the one, it ends before that, too.
    fn nest(&mut self, rule: u32, (a, z): Order, (b, y): Order) -> Result<(), Circular> {
        // Not all three, as orders are total: a < b, b < z, z < y.
        for (premises, conclusion) in
            [([(a, b), (b, z)], (y, z)), ([(a, b), (z, y)], (z, b)), ([(b, z), (z, y)], (b, a))]
        {
            if premises.iter().all(|(first, second)| self.precedes(*first, *second)) {
                let reason = Reason::Implied(rule, premises.map(Some));
                self.add(conclusion.0, conclusion.1, reason)?;
            }
        }
        Ok(())
    }

    fn imply(&mut self, rule: u32, premise: Order, conclusion: Order) -> Result<(), Circular> {
        if self.precedes(premise.0, premise.1) {
            let reason = Reason::Implied(rule, [Some(premise), None]);
            self.add(conclusion.0, conclusion.1, reason)?;
        }
        Ok(())
    }

    /// Adds an edge, if it is news, and all that follows from it without a rule.
    fn add(&mut self, from: Node, to: Node, reason: Reason) -> Result<(), Circular> {
        if self.precedes(from, to) { Ok(()) } else { self.push(from, to, reason) }
    }

    fn push(&mut self, from: Node, to: Node, reason: Reason) -> Result<(), Circular> {
        let number = self.edges.len() as u32;
        self.edges.push(Edge { from, to, reason });
        let start = self.number(from);
        self.out[start].push(number);
        let mut changed = vec![(from, to)];
        while let Some((from, to)) = changed.pop() {
            let earlier = self.number(from) * self.width;
            let number = self.number(to);
            let later = number * self.width;
            let mut grew = false;
            for process in 0..self.width {
                let own = if process == from.process { from.place + 1 } else { 0 };
                let earlier = self.before[earlier + process].max(own);
                let was = self.before[later + process];
                if was < earlier {
                    self.overwritten.push(((later + process) as u32, was));
                    self.before[later + process] = earlier;
                    grew = true;
                }
            }
            if !grew {
                continue;
            }
            if self.before[later + to.process] > to.place {
                return Err(Circular(to));
            }
            if !std::mem::replace(&mut self.is_grown[number], true) {
                self.grown.push_back(to);
            }
            if number + 1 < self.starts[to.process + 1] {
                changed.push((to, Node { place: to.place + 1, ..to }));
            }
            for edge in &self.out[number] {
                changed.push((to, self.edges[*edge as usize].to));
            }
        }
        Ok(())
    }
}
