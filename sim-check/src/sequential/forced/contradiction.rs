//! Why operations cannot be ordered, step by step.

use std::collections::BTreeSet;

use super::{Forced, Order, Reason};
use crate::sequential::node::Node;
use crate::sequential::precedence::{Because, Precedence};

/// What leads to an operation that would have to come before itself.
pub(crate) struct Contradiction {
    /// Each follows from the order of the processes, choices, and those before it.
    pub(crate) steps: Vec<Precedence<Node>>,
    /// The operations that say so.
    pub(crate) shown: BTreeSet<Node>,
}

impl Contradiction {
    /// This rule says that these operations have no explanation.
    pub(super) fn at_once(rule: u32, nodes: &[Node]) -> Contradiction {
        let because = Because::Rule { rule, premises: [None, None] };
        let step = |node: &Node| Precedence { first: *node, then: *node, because };
        Contradiction {
            steps: nodes.first().map(step).into_iter().collect(),
            shown: nodes.iter().copied().collect(),
        }
    }

    fn step(&mut self, first: Node, then: Node, because: Because<Node>) {
        self.shown.extend([first, then]);
        self.steps.push(Precedence { first, then, because });
    }
}

impl Forced {
    /// Why this operation would have to come before itself.
    pub(super) fn contradiction(&self, node: Node) -> Contradiction {
        let circle = self.path((node, node), self.edges.len());
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let mut open = circle.clone();
        while let Some(number) = open.pop() {
            if used.insert(number) {
                for premise in self.premises(number) {
                    open.extend(self.path(premise, number));
                }
            }
        }
        let mut found = Contradiction { steps: Vec::new(), shown: BTreeSet::new() };
        let mut told = BTreeSet::new();
        // Premises are older than what follows from them.
        for number in used {
            for premise in self.premises(number) {
                let path = self.path(premise, number);
                self.chain(premise, &path, &mut told, &mut found);
            }
            let edge = &self.edges[number];
            let (rule, premises) = match edge.reason {
                Reason::Given => continue,
                Reason::Rule(rule, by) => {
                    found.shown.extend(by);
                    (rule, [None, None])
                }
                Reason::Implied(rule, premises) => (rule, premises),
            };
            found.step(edge.from, edge.to, Because::Rule { rule, premises });
            told.insert((edge.from, edge.to));
        }
        self.chain((node, node), &circle, &mut told, &mut found);
        found
    }

    /// What an edge follows from, if from anything.
    fn premises(&self, number: usize) -> impl Iterator<Item = Order> + use<> {
        let premises = match self.edges[number].reason {
            Reason::Given | Reason::Rule(..) => [None, None],
            Reason::Implied(_, premises) => premises,
        };
        premises.into_iter().flatten()
    }

    /// Tells that one operation comes before another, along these edges and the processes between them.
    fn chain(
        &self,
        (first, then): Order,
        path: &[usize],
        told: &mut BTreeSet<Order>,
        found: &mut Contradiction,
    ) {
        found.shown.extend([first, then]);
        // The operation that is known to come after the first one.
        let mut last: Option<Node> = None;
        let ends = path.iter().flat_map(|number| {
            let edge = &self.edges[*number];
            [edge.from, edge.to]
        });
        for next in ends.chain([then]) {
            found.shown.insert(next);
            let is_first = last.is_none() && next == first;
            if is_first || last == Some(next) {
                continue;
            }
            if let Some(through) = last
                && told.insert((first, next))
            {
                found.step(first, next, Because::Chain { through });
            }
            last = Some(next);
        }
    }

    /// The edges of a shortest path, those of the processes left out; from an operation to itself: of a circle.
    fn path(&self, (from, to): Order, older_than: usize) -> Vec<usize> {
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
                        path.reverse();
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
