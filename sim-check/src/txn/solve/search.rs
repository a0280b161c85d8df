//! Conflict-driven search for an answer to all choices.

use super::order::{KNOWN, TopologicalOrder};
use super::problem::Problem;
use super::prune::prune;
use crate::txn::history::TxnId;
use crate::verdict::Meter;
use std::collections::BinaryHeap;

/// What the search came to.
pub(in crate::txn) enum Solution {
    /// Positions of all nodes in an order without contradiction.
    Order {
        position: Vec<u32>,
    },
    Impossible,
    Exhausted,
}

/// Twice the number of a choice, plus one for the answer "the second came first".
type Literal = u32;

const UNSET: u8 = 2;
const DECIDED: u32 = u32::MAX;

/// Pairs of transactions, in this order, that cannot all hold together.
pub(in crate::txn) type Contradiction = Vec<(TxnId, TxnId)>;

/// Looks for an order. `hint` are positions to start from: nodes that probably come first are
/// low. `refute` sees the positions of a complete answer, and may name pairs of transactions
/// whose order in it contradicts something that the graph does not show.
pub(in crate::txn) fn solve(
    mut problem: Problem,
    hint: Vec<u32>,
    meter: &mut Meter,
    mut refute: impl FnMut(&[u32]) -> Option<Contradiction>,
) -> Solution {
    if !prune(&mut problem) {
        return Solution::Impossible;
    }
    let mut search = match Search::new(&problem, hint) {
        Some(search) => search,
        None => return Solution::Impossible,
    };
    loop {
        match search.run(meter) {
            Some(true) => {}
            Some(false) => return Solution::Impossible,
            None => return Solution::Exhausted,
        }
        let nodes = 0..problem.node_count();
        let position: Vec<u32> = nodes.map(|node| search.order.position(node)).collect();
        match refute(&position) {
            None => return Solution::Order { position },
            Some(pairs) => {
                let conflict = search.literals_against(&pairs);
                if !meter.spend(1 + conflict.len() as u64) {
                    return Solution::Exhausted;
                }
                if !search.learn(conflict) {
                    return Solution::Impossible;
                }
            }
        }
    }
}

struct Search<'p> {
    problem: &'p Problem,
    order: TopologicalOrder,
    /// 0 for the first before the second, 1 for the reverse.
    value: Vec<u8>,
    level: Vec<u32>,
    reason: Vec<u32>,
    trail: Vec<Literal>,
    /// Where each decision stands in the trail.
    decisions: Vec<usize>,
    /// How much of the trail has been propagated, and how much has its edges in the graph.
    propagated: usize,
    inserted: usize,
    clauses: Vec<Vec<Literal>>,
    watches: Vec<Vec<u32>>,
    activity: Vec<u64>,
    bump: u64,
    heap: BinaryHeap<(u64, u32)>,
    seen: Vec<bool>,
}

impl<'p> Search<'p> {
    fn new(problem: &'p Problem, hint: Vec<u32>) -> Option<Self> {
        let mut order = TopologicalOrder::new(hint);
        for (from, to) in &problem.known {
            order.insert(*from, *to, KNOWN).ok()?;
        }
        let count = problem.choices.len();
        Some(Self {
            problem,
            order,
            value: vec![UNSET; count],
            level: vec![0; count],
            reason: vec![DECIDED; count],
            trail: Vec::new(),
            decisions: Vec::new(),
            propagated: 0,
            inserted: 0,
            clauses: Vec::new(),
            watches: vec![Vec::new(); count * 2],
            activity: vec![0; count],
            bump: 1,
            heap: (0..count as u32).map(|choice| (0, choice)).collect(),
            seen: vec![false; count],
        })
    }

    fn run(&mut self, meter: &mut Meter) -> Option<bool> {
        let mut conflicts = 0u64;
        let mut restart_at = 128;
        loop {
            if let Some(conflict) = self.propagate() {
                conflicts += 1;
                if !meter.spend(1 + conflict.len() as u64) {
                    return None;
                }
                if !self.learn(conflict) {
                    return Some(false);
                }
                if conflicts >= restart_at {
                    restart_at = conflicts + 128 + conflicts / 4;
                    self.undo_to(0);
                }
                continue;
            }
            let Some(choice) = self.next_choice() else { return Some(true) };
            if !meter.spend(1) {
                return None;
            }
            let pair = &self.problem.choices[choice as usize];
            let layout = self.problem.layout;
            let (first, second) = (layout.commit(pair.first), layout.commit(pair.second));
            let backward = self.order.position(first) > self.order.position(second);
            self.decisions.push(self.trail.len());
            self.assign(choice * 2 + u32::from(backward), DECIDED);
        }
    }

    /// For each pair that is a choice the literal that contradicts it.
    fn literals_against(&self, pairs: &[(TxnId, TxnId)]) -> Vec<Literal> {
        let choices = &self.problem.choices;
        let mut literals: Vec<Literal> = pairs
            .iter()
            .filter_map(|(a, b)| {
                let pair = (*a.min(b), *a.max(b));
                let found = choices.binary_search_by_key(&pair, |c| (c.first, c.second));
                found.ok().map(|choice| choice as u32 * 2 + u32::from(a < b))
            })
            .collect();
        literals.sort_unstable();
        literals.dedup();
        literals
    }

    fn next_choice(&mut self) -> Option<u32> {
        while let Some((_, choice)) = self.heap.pop() {
            if self.value[choice as usize] == UNSET {
                return Some(choice);
            }
        }
        None
    }

    fn assign(&mut self, literal: Literal, reason: u32) {
        let choice = (literal / 2) as usize;
        self.value[choice] = (literal % 2) as u8;
        self.level[choice] = self.decisions.len() as u32;
        self.reason[choice] = reason;
        self.trail.push(literal);
    }

    fn holds(&self, literal: Literal) -> Option<bool> {
        let value = self.value[(literal / 2) as usize];
        (value != UNSET).then_some(u32::from(value) == literal % 2)
    }

    /// Draws all conclusions. Returns literals of which one must hold, and none does.
    fn propagate(&mut self) -> Option<Vec<Literal>> {
        loop {
            if let Some(clause) = self.propagate_clauses() {
                return Some(self.clauses[clause as usize].clone());
            }
            if self.inserted == self.trail.len() {
                return None;
            }
            let literal = self.trail[self.inserted];
            if let Err(labels) = self.insert_arcs(literal) {
                let mut conflict: Vec<Literal> =
                    labels.into_iter().filter(|label| *label != KNOWN).map(|l| l ^ 1).collect();
                conflict.push(literal ^ 1);
                conflict.sort_unstable();
                conflict.dedup();
                return Some(conflict);
            }
            self.inserted += 1;
        }
    }

    fn arcs(&self, literal: Literal) -> &'p [(u32, u32)] {
        let choice = &self.problem.choices[(literal / 2) as usize];
        if literal.is_multiple_of(2) { &choice.forward } else { &choice.backward }
    }

    /// Adds all edges that an answer brings, or none.
    fn insert_arcs(&mut self, literal: Literal) -> Result<(), Vec<u32>> {
        let arcs = self.arcs(literal);
        for (done, (from, to)) in arcs.iter().enumerate() {
            if let Err(labels) = self.order.insert(*from, *to, literal) {
                for (from, to) in arcs[..done].iter().rev() {
                    self.order.remove_last(*from, *to);
                }
                return Err(labels);
            }
        }
        Ok(())
    }

    fn propagate_clauses(&mut self) -> Option<u32> {
        while self.propagated < self.trail.len() {
            let falsified = self.trail[self.propagated] ^ 1;
            self.propagated += 1;
            let mut watching = std::mem::take(&mut self.watches[falsified as usize]);
            let mut kept = 0;
            let mut conflict = None;
            for at in 0..watching.len() {
                let number = watching[at];
                if conflict.is_some() {
                    watching[kept] = number;
                    kept += 1;
                    continue;
                }
                let mut clause = std::mem::take(&mut self.clauses[number as usize]);
                if clause[0] == falsified {
                    clause.swap(0, 1);
                }
                let other = clause[0];
                let replacement = (self.holds(other) != Some(true))
                    .then(|| (2..clause.len()).find(|i| self.holds(clause[*i]) != Some(false)))
                    .flatten();
                if let Some(place) = replacement {
                    clause.swap(1, place);
                    self.watches[clause[1] as usize].push(number);
                } else {
                    watching[kept] = number;
                    kept += 1;
                    match self.holds(other) {
                        Some(true) => {}
                        Some(false) => conflict = Some(number),
                        None => self.assign(other, number),
                    }
                }
                self.clauses[number as usize] = clause;
            }
            watching.truncate(kept);
            self.watches[falsified as usize] = watching;
            if conflict.is_some() {
                return conflict;
            }
        }
        None
    }

    /// Learns from a conflict and goes back to where it can be avoided; false if nowhere.
    fn learn(&mut self, conflict: Vec<Literal>) -> bool {
        // A conflict among edges may have been noticed late: go back to its own level first.
        let top = conflict.iter().map(|l| self.level[(l / 2) as usize]).max().unwrap_or(0);
        if top == 0 {
            return false;
        }
        self.undo_to(top as usize);
        let mut learnt: Vec<Literal> = Vec::new();
        let mut open = 0;
        let mut at = self.trail.len();
        let mut clause = conflict;
        let mut touched = Vec::new();
        let asserting = loop {
            for literal in &clause {
                let choice = (literal / 2) as usize;
                if self.seen[choice] || self.level[choice] == 0 {
                    continue;
                }
                self.seen[choice] = true;
                touched.push(choice);
                self.activity[choice] += self.bump;
                if self.level[choice] == top {
                    open += 1;
                } else {
                    learnt.push(*literal);
                }
            }
            loop {
                at -= 1;
                if self.seen[(self.trail[at] / 2) as usize] {
                    break;
                }
            }
            let literal = self.trail[at];
            open -= 1;
            if open == 0 {
                break literal ^ 1;
            }
            let reason = self.reason[(literal / 2) as usize];
            assert!(reason != DECIDED, "only the last literal of a level is a decision");
            clause = self.clauses[reason as usize].clone();
            clause.retain(|other| *other != literal);
        };
        for choice in touched {
            self.seen[choice] = false;
            if self.value[choice] == UNSET {
                self.heap.push((self.activity[choice], choice as u32));
            }
        }
        self.bump += self.bump / 16 + 1;
        if self.bump > 1 << 50 {
            self.bump >>= 40;
            self.activity.iter_mut().for_each(|activity| *activity >>= 40);
        }
        learnt.sort_unstable_by_key(|l| std::cmp::Reverse(self.level[(l / 2) as usize]));
        let back = learnt.first().map_or(0, |l| self.level[(l / 2) as usize]);
        self.undo_to(back as usize);
        learnt.insert(0, asserting);
        if learnt.len() == 1 {
            self.assign(asserting, DECIDED);
        } else {
            let number = self.clauses.len() as u32;
            self.watches[learnt[0] as usize].push(number);
            self.watches[learnt[1] as usize].push(number);
            self.clauses.push(learnt);
            self.assign(asserting, number);
        }
        true
    }

    /// Takes back all decisions above a level.
    fn undo_to(&mut self, level: usize) {
        if self.decisions.len() <= level {
            return;
        }
        let start = self.decisions[level];
        self.decisions.truncate(level);
        for at in (start..self.trail.len()).rev() {
            let literal = self.trail[at];
            if at < self.inserted {
                for (from, to) in self.arcs(literal).iter().rev() {
                    self.order.remove_last(*from, *to);
                }
            }
            let choice = (literal / 2) as usize;
            self.value[choice] = UNSET;
            self.heap.push((self.activity[choice], choice as u32));
        }
        self.trail.truncate(start);
        self.inserted = self.inserted.min(start);
        self.propagated = self.propagated.min(start);
    }
}
