//! Finds cycles of a given form, short ones first.

use super::client_order::ClientOrder;
use super::cycle::{Cycle, Step};
use super::graph::{Edge, Graph, GraphBuilder, Kind, components};
use super::level::{Guarantee, IsolationLevel};
use std::collections::VecDeque;

/// Where anti-dependencies may stand in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RwRule {
    Never,
    /// Exactly one.
    Single,
    /// Only after a read dependency or an edge of client order.
    AfterRead,
    /// Not after another one.
    NotAdjacent,
    Any,
}

/// The form of a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub ww: bool,
    pub wr: bool,
    pub order: ClientOrder,
    pub rw: RwRule,
}

impl Form {
    /// The forms that a level forbids.
    pub fn forbidden_by(level: IsolationLevel) -> Vec<Self> {
        use Guarantee::*;
        let order = level.order();
        let form = |ww, wr, rw| Self { ww, wr, order, rw };
        let flow = form(true, true, RwRule::Never);
        match level.guarantee() {
            ReadUncommitted => vec![form(true, false, RwRule::Never)],
            ReadCommitted | MonotonicAtomicView | CursorStability | ItemCutIsolation
            | ReadAtomic | UpdateAtomic => vec![flow],
            Causal => vec![flow, form(false, true, RwRule::Single)],
            ConsistentView | ParallelSnapshotIsolation => {
                vec![flow, form(true, true, RwRule::Single)]
            }
            Prefix => vec![form(true, true, RwRule::AfterRead)],
            SnapshotIsolation => vec![form(true, true, RwRule::NotAdjacent)],
            RepeatableRead | Serializable => vec![form(true, true, RwRule::Any)],
        }
    }

    /// Whether a closed walk is of this form.
    fn fits(self, steps: &[Step]) -> bool {
        let mut state = 0;
        let mut walk = steps.iter().chain(steps);
        if self.rw == RwRule::Single {
            return steps.iter().filter(|step| step.kind == Kind::Rw).count() == 1;
        }
        // The first round finds the state in which the walk comes back to its start.
        walk.by_ref().take(steps.len()).for_each(|s| state = self.state_after(state, s.kind));
        walk.all(|step| match self.step(state, step.kind) {
            Some(next) => {
                state = next;
                true
            }
            None => false,
        })
    }

    fn state_after(self, state: u32, kind: Kind) -> u32 {
        match (self.rw, kind) {
            (RwRule::AfterRead, Kind::Wr | Kind::Process | Kind::Realtime) => 1,
            (RwRule::NotAdjacent, Kind::Rw) => 1,
            (RwRule::Never | RwRule::Single | RwRule::Any, _) => state,
            (RwRule::AfterRead | RwRule::NotAdjacent, _) => 0,
        }
    }

    fn states(self) -> u32 {
        match self.rw {
            RwRule::Never | RwRule::Single | RwRule::Any => 1,
            RwRule::AfterRead | RwRule::NotAdjacent => 2,
        }
    }

    /// The state after an edge of `kind` that leaves a transaction, or `None` if it must not.
    fn step(self, state: u32, kind: Kind) -> Option<u32> {
        let allowed = match kind {
            Kind::Ww => self.ww,
            Kind::Wr => self.wr,
            Kind::Process => self.order >= ClientOrder::Session,
            Kind::Realtime => self.order >= ClientOrder::RealTime,
            Kind::Rw => match self.rw {
                RwRule::Never | RwRule::Single => false,
                RwRule::AfterRead => state == 1,
                RwRule::NotAdjacent => state == 0,
                RwRule::Any => true,
            },
        };
        allowed.then(|| self.state_after(state, kind))
    }
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Cycle(Cycle),
    Nothing,
    /// There may be one, but looking for it would take too long.
    GaveUp,
}

/// Edges that one search may follow.
const WORK: u64 = 40_000_000;

/// A part of a graph in which each node reaches each other one.
pub(super) struct Knot {
    graph: Graph,
    /// The transaction of each node; the other nodes keep their own numbers.
    names: Vec<u32>,
}

/// The knots of a graph: all its cycles are within them.
pub(super) fn knots(graph: &Graph) -> Vec<Knot> {
    let found = components(graph.node_count(), |node, i| {
        graph.edges(node).get(i as usize).map(|edge| edge.to)
    });
    let mut renamed = vec![u32::MAX; if found.cyclic.is_empty() { 0 } else { found.of.len() }];
    let mut knots = Vec::new();
    for mut nodes in found.cyclic.into_iter().rev() {
        // Transactions come first, so that they keep low numbers.
        nodes.sort_unstable();
        let txns = nodes.iter().take_while(|node| graph.is_txn(**node)).count();
        let mut builder = GraphBuilder::new(txns as u32);
        for (new, node) in nodes.iter().enumerate() {
            renamed[*node as usize] = new as u32;
            if !graph.is_txn(*node) {
                builder.add_node();
            }
        }
        let component = found.of[nodes[0] as usize];
        for node in &nodes {
            for edge in graph.edges(*node) {
                if found.of[edge.to as usize] == component {
                    let (from, to) = (renamed[*node as usize], renamed[edge.to as usize]);
                    builder.add(from, to, edge.kind, edge.seen, edge.next);
                }
            }
        }
        knots.push(Knot { graph: builder.build(), names: nodes });
    }
    knots
}

impl Knot {
    /// A shortest cycle of the form, as far as the work allows to look for the shortest.
    pub fn find(&self, form: Form) -> Found {
        if form.rw == RwRule::Single { self.find_single(form) } else { self.find_closed(form) }
    }

    /// A cycle with at least one read dependency and no anti-dependency.
    pub fn find_flow(&self, order: ClientOrder) -> Found {
        let form = Form { ww: true, wr: true, order, rw: RwRule::Never };
        let of = self.product_components(form).of;
        let mut best = Best::new(WORK);
        let mut search = Search::new(self, form);
        for from in 0..self.graph.txn_count {
            for edge in self.graph.edges(from) {
                if edge.kind == Kind::Wr && of[from as usize] == of[edge.to as usize] {
                    search.close(from, *edge, &mut best);
                }
            }
        }
        best.found(form)
    }

    fn product_components(&self, form: Form) -> super::graph::Components {
        let states = form.states();
        components(self.graph.node_count() * states, |node, i| {
            self.product_successor(form, node, i)
        })
    }

    /// The i-th successor in the product of the graph and the states of the form. An edge that
    /// is not allowed leads back to its own start, which adds nothing.
    fn product_successor(&self, form: Form, product: u32, i: u32) -> Option<u32> {
        let states = form.states();
        let (node, state) = (product / states, product % states);
        let edge = self.graph.edges(node).get(i as usize)?;
        Some(match self.advance(form, node, state, *edge) {
            Some(next) => edge.to * states + next,
            None => product,
        })
    }

    fn advance(&self, form: Form, node: u32, state: u32, edge: Edge) -> Option<u32> {
        if self.graph.is_txn(node) { form.step(state, edge.kind) } else { Some(state) }
    }

    fn find_closed(&self, form: Form) -> Found {
        let states = form.states();
        let found = self.product_components(form);
        let mut best = Best::new(WORK);
        let mut search = Search::new(self, form);
        for nodes in found.cyclic {
            let mut starts: Vec<u32> =
                nodes.into_iter().filter(|node| self.graph.is_txn(node / states)).collect();
            starts.sort_unstable();
            for start in starts {
                let within = |node: u32| found.of[node as usize] == found.of[start as usize];
                search.shortest(start, None, |node| node == start, within, &mut best);
            }
        }
        best.found(form)
    }

    /// A cycle of exactly one anti-dependency and otherwise allowed edges.
    fn find_single(&self, form: Form) -> Found {
        let Some(candidates) = self.closing_rw(form) else { return Found::GaveUp };
        let mut best = Best::new(WORK);
        let mut search = Search::new(self, form);
        for (from, edge) in candidates {
            search.close(from, edge, &mut best);
        }
        best.found(form)
    }

    /// The anti-dependencies whose end reaches their start by the other allowed edges; `None` if
    /// there are too many to tell.
    ///
    /// 64 of them are followed at once, through the nodes in topological order.
    fn closing_rw(&self, form: Form) -> Option<Vec<(u32, Edge)>> {
        let graph = &self.graph;
        let parts = components(graph.node_count(), |node, i| self.product_successor(form, node, i));
        let mut candidates = Vec::new();
        for from in 0..graph.txn_count {
            let edges = graph.edges(from).iter().filter(|edge| edge.kind == Kind::Rw);
            candidates.extend(edges.map(|edge| (from, *edge)));
        }
        let batches = candidates.len().div_ceil(64) as u64;
        if batches * (graph.edge_count() as u64 + u64::from(graph.node_count())) > 100 * WORK {
            return None;
        }
        // What a component reaches has a lower number.
        let mut by_part: Vec<u32> = (0..graph.node_count()).collect();
        by_part.sort_by_key(|node| std::cmp::Reverse(parts.of[*node as usize]));
        let mut reached = vec![0u64; parts.count as usize];
        let mut closing = Vec::new();
        for batch in candidates.chunks(64) {
            reached.fill(0);
            for (lane, (_, edge)) in batch.iter().enumerate() {
                reached[parts.of[edge.to as usize] as usize] |= 1 << lane;
            }
            for node in &by_part {
                let lanes = reached[parts.of[*node as usize] as usize];
                if lanes == 0 {
                    continue;
                }
                for edge in graph.edges(*node) {
                    if self.advance(form, *node, 0, *edge).is_some() {
                        reached[parts.of[edge.to as usize] as usize] |= lanes;
                    }
                }
            }
            for (lane, (from, edge)) in batch.iter().enumerate() {
                if reached[parts.of[*from as usize] as usize] >> lane & 1 == 1 {
                    closing.push((*from, *edge));
                }
            }
        }
        Some(closing)
    }
}

/// The shortest cycle so far.
struct Best {
    steps: Option<Vec<Step>>,
    work: u64,
    limit: u64,
}

impl Best {
    fn new(limit: u64) -> Self {
        Self { steps: None, work: 0, limit }
    }

    /// Only cycles of fewer steps than this are of interest.
    fn bound(&self) -> u32 {
        self.steps.as_ref().map_or(u32::MAX, |steps| steps.len() as u32)
    }

    fn found(self, form: Form) -> Found {
        match self.steps {
            Some(steps) => Found::Cycle(Cycle::new(simple(steps, form))),
            None if self.work > self.limit => Found::GaveUp,
            None => Found::Nothing,
        }
    }
}

/// A closed walk of the form without the parts that lead from a transaction back to itself.
fn simple(mut steps: Vec<Step>, form: Form) -> Vec<Step> {
    loop {
        let again = (0..steps.len()).find_map(|i| {
            Some((i, i + 1 + steps[i + 1..].iter().position(|s| s.from == steps[i].from)?))
        });
        let Some((first, second)) = again else { return steps };
        // One of the two closed parts is of the form: where states differ, the part that starts
        // in the state which allows less also ends in the one which allows more.
        let inner: Vec<Step> = steps[first..second].to_vec();
        steps.drain(first..second);
        if form.fits(&inner) {
            steps = inner;
        }
    }
}

/// Breadth-first search in the product of a knot and a form, with space kept between searches.
struct Search<'k> {
    knot: &'k Knot,
    form: Form,
    /// For each product node the search that reached it last, and from where.
    reached: Vec<(u32, u32)>,
    distance: Vec<u32>,
    round: u32,
    queue: VecDeque<u32>,
}

impl<'k> Search<'k> {
    fn new(knot: &'k Knot, form: Form) -> Self {
        let size = (knot.graph.node_count() * form.states()) as usize;
        Self {
            knot,
            form,
            reached: vec![(0, 0); size],
            distance: vec![0; size],
            round: 0,
            queue: VecDeque::new(),
        }
    }

    /// Looks for a path from the end of `edge` back to its start, `from`.
    fn close(&mut self, from: u32, edge: Edge, best: &mut Best) {
        let states = self.form.states();
        let lead = Some((from, edge));
        self.shortest(edge.to * states, lead, |node| node / states == from, |_| true, best);
    }

    /// Looks for a shortest path from `start` to a node for which `at_goal` holds. `lead` is the edge
    /// to the start, if that belongs to the cycle.
    fn shortest(
        &mut self,
        start: u32,
        lead: Option<(u32, Edge)>,
        at_goal: impl Fn(u32) -> bool,
        within: impl Fn(u32) -> bool,
        best: &mut Best,
    ) {
        let found_before = best.steps.is_some();
        if best.work > best.limit && found_before {
            return;
        }
        let (knot, form) = (self.knot, self.form);
        let states = form.states();
        self.round += 1;
        self.queue.clear();
        self.reached[start as usize] = (self.round, u32::MAX);
        self.distance[start as usize] = u32::from(lead.is_some());
        self.queue.push_back(start);
        while let Some(product) = self.queue.pop_front() {
            let (node, state) = (product / states, product % states);
            let distance = self.distance[product as usize];
            let is_txn = knot.graph.is_txn(node);
            if is_txn && distance + 1 >= best.bound() {
                continue;
            }
            for edge in knot.graph.edges(node) {
                best.work += 1;
                let Some(next) = knot.advance(form, node, state, *edge) else { continue };
                let target = edge.to * states + next;
                if !within(target) {
                    continue;
                }
                if at_goal(target) {
                    best.steps = Some(self.path(lead, product, *edge));
                    return;
                }
                if self.reached[target as usize].0 != self.round {
                    self.reached[target as usize] = (self.round, product);
                    // Only the steps from a transaction count.
                    self.distance[target as usize] = distance + u32::from(is_txn);
                    if is_txn {
                        self.queue.push_back(target);
                    } else {
                        self.queue.push_front(target);
                    }
                }
            }
        }
    }

    /// The steps of the path that ends with `last`, whose start is `product`.
    fn path(&self, lead: Option<(u32, Edge)>, product: u32, last: Edge) -> Vec<Step> {
        let states = self.form.states();
        // Product nodes from the start to the end.
        let mut nodes = vec![product];
        loop {
            let (_, before) = self.reached[*nodes.last().expect("not empty") as usize];
            if before == u32::MAX {
                break;
            }
            nodes.push(before);
        }
        nodes.reverse();
        let mut steps = Vec::new();
        let mut edges: Vec<(u32, Edge)> = lead.into_iter().collect();
        for pair in nodes.windows(2) {
            edges.push((pair[0] / states, self.edge(pair[0], pair[1])));
        }
        edges.push((product / states, last));
        let graph = &self.knot.graph;
        let mut left: Option<(u32, Edge)> = None;
        for (node, edge) in edges {
            let (from, first) = if graph.is_txn(node) {
                (node, edge)
            } else {
                left.expect("a path starts at a transaction")
            };
            left = Some((from, first));
            if graph.is_txn(edge.to) {
                steps.push(Step {
                    from: self.knot.names[from as usize],
                    to: self.knot.names[edge.to as usize],
                    kind: first.kind,
                    seen: first.seen,
                    next: edge.next,
                });
            }
        }
        steps
    }

    /// An edge between two neighbouring product nodes.
    fn edge(&self, from: u32, to: u32) -> Edge {
        let states = self.form.states();
        let edges = self.knot.graph.edges(from / states).iter();
        let mut fitting = edges.filter(|edge| {
            edge.to == to / states
                && self.knot.advance(self.form, from / states, from % states, **edge)
                    == Some(to % states)
        });
        *fitting.next().expect("the nodes are neighbours")
    }
}
