//! What lies between the nodes: a link for each directed pair that ever talked, and the faults in force.

use crate::NodeId;
use crate::fault::{Effect, FaultId, LinkFault, Links};
use crate::link::{Link, LinkModel, State};
use sim_runtime::Strike;
use sim_runtime::choice::{Choices, Path, Ratio, Segment};
use std::num::NonZeroU32;
use std::rc::Rc;

/// The position of a link in the fabric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkId(NonZeroU32);

/// The links of a run. Pure: it knows nodes by number and name, and no clock.
pub struct Fabric {
    names: Vec<Rc<str>>,
    /// For each source, the link to each target, where there is one yet.
    rows: Vec<Vec<Option<LinkId>>>,
    links: Vec<Link>,
    ends: Vec<(NodeId, NodeId)>,
    root: Option<Path>,
    /// The models, of which the last that names a link counts. The first is for all.
    models: Vec<(Links, Rc<LinkModel>)>,
    /// Every fault that ever was, so that the trace can name it.
    faults: Vec<LinkFault>,
    /// Which fault of the plan each of them is, if any.
    strikes: Vec<Option<Strike>>,
    in_force: Vec<FaultId>,
    healed: Vec<Vec<NodeId>>,
}

impl Fabric {
    /// A fabric without nodes whose links will follow `model`.
    pub fn new(model: LinkModel) -> Fabric {
        Fabric {
            names: Vec::new(),
            rows: Vec::new(),
            links: Vec::new(),
            ends: Vec::new(),
            root: None,
            models: vec![(Links::All, Rc::new(model))],
            faults: Vec::new(),
            strikes: Vec::new(),
            in_force: Vec::new(),
            healed: Vec::new(),
        }
    }

    /// Adds the next node. Nodes are dense and come in order.
    pub fn add_node(&mut self, name: Rc<str>) {
        self.names.push(name);
        self.rows.push(Vec::new());
    }

    /// The link from one node to another, made at first use.
    #[inline]
    pub fn link(&mut self, choices: &Choices, from: NodeId, to: NodeId) -> LinkId {
        match self.rows[usize::from(from.0)].get(usize::from(to.0)) {
            Some(Some(id)) => *id,
            Some(None) | None => self.make(choices, from, to),
        }
    }

    /// A link by its position.
    #[inline]
    pub fn at(&mut self, id: LinkId) -> &mut Link {
        &mut self.links[id.0.get() as usize - 1]
    }

    #[cold]
    fn make(&mut self, choices: &Choices, from: NodeId, to: NodeId) -> LinkId {
        assert_ne!(from, to, "a node reaches itself without a link");
        let root = *self.root.get_or_insert_with(|| choices.child(Path::ROOT, "net".into()));
        let ends = Segment::Link(self.names[from.index()].clone(), self.names[to.index()].clone());
        let path = choices.child(root, ends);
        self.links.push(Link::new(choices, path, self.model(from, to)));
        self.ends.push((from, to));
        let number = u32::try_from(self.links.len()).ok().and_then(NonZeroU32::new);
        let id = LinkId(number.expect("fewer than 2^32 links"));
        let row = &mut self.rows[from.index()];
        if row.len() <= to.index() {
            row.resize(to.index() + 1, None);
        }
        row[to.index()] = Some(id);
        if !self.in_force.is_empty() {
            self.refresh(choices, self.links.len() - 1);
        }
        id
    }

    fn model(&self, from: NodeId, to: NodeId) -> Rc<LinkModel> {
        let found = self.models.iter().rev().find(|(links, _)| links.contains(from, to));
        found.expect("the first model is for all").1.clone()
    }

    /// Gives links another model, those that are not made yet too.
    pub fn set_model(&mut self, choices: &Choices, links: Links, model: LinkModel) {
        let model = Rc::new(model);
        if links == Links::All {
            self.models.clear();
        }
        self.models.push((links, model.clone()));
        for at in 0..self.links.len() {
            let (from, to) = self.ends[at];
            if links.contains(from, to) {
                self.links[at].set_model(model.clone());
                self.refresh(choices, at);
            }
        }
    }

    /// Puts a fault in force.
    pub fn inject(&mut self, choices: &Choices, fault: LinkFault) -> FaultId {
        let id = FaultId::new(self.faults.len());
        self.faults.push(fault);
        self.strikes.push(None);
        self.in_force.push(id);
        self.refresh_touched(choices, id);
        id
    }

    /// Says which fault of the plan a fault is.
    pub fn owe(&mut self, id: FaultId, strike: Option<Strike>) {
        self.strikes[id.index()] = strike;
    }

    /// What the ledger calls a fault: its name, and which fault of the plan it is.
    pub fn owed(&self, id: FaultId) -> (&'static str, Option<Strike>) {
        (self.faults[id.index()].name, self.strikes[id.index()])
    }

    /// Lifts a fault, and says whether it was in force. Other faults that touch the same links stay.
    pub fn lift(&mut self, choices: &Choices, id: FaultId) -> bool {
        let Some(at) = self.in_force.iter().position(|other| *other == id) else { return false };
        self.in_force.remove(at);
        self.refresh_touched(choices, id);
        true
    }

    /// The oldest fault in force that equals `fault`.
    pub fn in_force_like(&self, fault: &LinkFault) -> Option<FaultId> {
        self.in_force.iter().copied().find(|id| self.fault(*id) == fault)
    }

    /// The faults in force, oldest first.
    pub fn in_force(&self) -> &[FaultId] {
        &self.in_force
    }

    /// A fault by its name, in force or not.
    pub fn fault(&self, id: FaultId) -> &LinkFault {
        &self.faults[id.index()]
    }

    /// Makes the links among the nodes of `core` immune to faults, and lossless, for good.
    pub fn heal(&mut self, choices: &Choices, core: &[NodeId]) {
        self.healed.push(core.to_vec());
        (0..self.links.len()).for_each(|at| self.refresh(choices, at));
    }

    /// Whether messages from one node to another are blocked now.
    pub fn is_blocked(&self, from: NodeId, to: NodeId) -> bool {
        !self.is_healed(from, to)
            && self.in_force.iter().any(|id| {
                let fault = self.fault(*id);
                matches!(fault.effect, Effect::Block(_)) && fault.touches(from, to)
            })
    }

    fn is_healed(&self, from: NodeId, to: NodeId) -> bool {
        self.healed.iter().any(|core| core.contains(&from) && core.contains(&to))
    }

    fn refresh_touched(&mut self, choices: &Choices, id: FaultId) {
        for at in 0..self.links.len() {
            let (from, to) = self.ends[at];
            if self.fault(id).touches(from, to) {
                self.refresh(choices, at);
            }
        }
    }

    /// Works out anew what the faults in force make of a link.
    fn refresh(&mut self, choices: &Choices, at: usize) {
        let (from, to) = self.ends[at];
        if self.is_healed(from, to) {
            return self.links[at].set_state(choices, State::HEALTHY, Ratio::ZERO, Ratio::ZERO);
        }
        let mut state = State::HEALTHY;
        let model = self.links[at].model();
        let (mut loss, mut duplicate) = (model.loss, model.duplicate);
        let mut holding = None;
        for &id in &self.in_force {
            let fault = self.fault(id);
            if !fault.touches(from, to) {
                continue;
            }
            match fault.effect {
                Effect::Block(_) => state.blocked = state.blocked.or(Some(id)),
                Effect::Slow { factor, .. } => {
                    if factor > state.slow_factor {
                        (state.slow_factor, state.slowed) = (factor, Some(id));
                    }
                }
                Effect::Hold { delay, once, .. } => {
                    if delay > state.held {
                        (state.held, state.holds_once) = (delay, once);
                        holding = Some(id);
                    }
                }
                Effect::Lose { ratio, .. } => {
                    if exceeds(ratio, loss) {
                        (loss, state.lossy) = (ratio, Some(id));
                    }
                }
                Effect::Duplicate { ratio, .. } => {
                    if exceeds(ratio, duplicate) {
                        (duplicate, state.copying) = (ratio, Some(id));
                    }
                }
            }
        }
        state.slowed = holding.or(state.slowed);
        self.links[at].set_state(choices, state, loss, duplicate);
    }

    /// Roughly how many bytes it holds.
    pub fn memory(&self) -> usize {
        let rows: usize = self.rows.iter().map(|row| 4 * row.capacity()).sum();
        rows + self.links.capacity() * size_of::<Link>()
    }
}

fn exceeds(one: Ratio, other: Ratio) -> bool {
    u64::from(one.numerator()) * u64::from(other.denominator())
        > u64::from(other.numerator()) * u64::from(one.denominator())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Verdict;
    use crate::{Cause, Partition};
    use sim_runtime::choice::Distribution;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);
    const C: NodeId = NodeId(2);

    fn fabric() -> (Choices, Fabric) {
        let mut fabric = Fabric::new(LinkModel::with_latency(Distribution::uniform(1_000, 9_000)));
        for name in ["a", "b", "c"] {
            fabric.add_node(name.into());
        }
        (Choices::new(1), fabric)
    }

    fn send(fabric: &mut Fabric, choices: &Choices, from: NodeId, to: NodeId) -> Verdict {
        let id = fabric.link(choices, from, to);
        fabric.at(id).send(choices, 0)
    }

    /// Which of the six links drop what is sent now.
    fn dropping(fabric: &mut Fabric, choices: &Choices) -> Vec<(NodeId, NodeId)> {
        let pairs = [(A, B), (A, C), (B, A), (B, C), (C, A), (C, B)];
        let mut drops = |from, to| matches!(send(fabric, choices, from, to), Verdict::Dropped(_));
        pairs.into_iter().filter(|(from, to)| drops(*from, *to)).collect()
    }

    #[test]
    fn a_link_draws_the_same_whichever_links_were_made_before() {
        let ((one, mut first), (two, mut second)) = (fabric(), fabric());
        send(&mut second, &two, C, A);
        send(&mut second, &two, A, C);
        for _ in 0..20 {
            send(&mut second, &two, B, A);
            let (x, y) = (send(&mut first, &one, A, B), send(&mut second, &two, A, B));
            assert_eq!(x, y);
        }
    }

    #[test]
    fn each_direction_draws_for_itself() {
        let (choices, mut fabric) = fabric();
        let there: Vec<_> = (0..8).map(|_| send(&mut fabric, &choices, A, B)).collect();
        let back: Vec<_> = (0..8).map(|_| send(&mut fabric, &choices, B, A)).collect();
        assert_ne!(there, back);
    }

    #[test]
    fn overlapping_partitions_are_lifted_one_by_one() {
        let (choices, mut fabric) = fabric();
        send(&mut fabric, &choices, A, B); // One link exists before, the others are made during the faults.
        let isolated = LinkFault::partition(Partition::isolate(A));
        let one = fabric.inject(&choices, isolated.clone());
        let two = fabric.inject(&choices, LinkFault::block(A, B));
        assert_eq!(dropping(&mut fabric, &choices), [(A, B), (A, C), (B, A), (C, A)]);
        assert!(fabric.is_blocked(C, A) && !fabric.is_blocked(B, C));
        assert_eq!(fabric.in_force_like(&isolated), Some(one));
        assert!(fabric.lift(&choices, one));
        assert_eq!(dropping(&mut fabric, &choices), [(A, B)]);
        assert!(!fabric.lift(&choices, one), "a fault is lifted once");
        assert_eq!(dropping(&mut fabric, &choices), [(A, B)]);
        assert!(fabric.lift(&choices, two));
        assert_eq!(dropping(&mut fabric, &choices), []);
        assert!(fabric.in_force().is_empty());
    }

    #[test]
    fn a_model_reaches_links_made_before_and_after() {
        let (choices, mut fabric) = fabric();
        let constant = |at| LinkModel::with_latency(Distribution::constant(at));
        send(&mut fabric, &choices, A, B);
        fabric.set_model(&choices, Links::From(A), constant(7));
        fabric.set_model(&choices, Links::One(A, C), constant(9));
        assert_eq!(send(&mut fabric, &choices, A, B), Verdict::Deliver { at: 7 });
        assert_eq!(send(&mut fabric, &choices, A, C), Verdict::Deliver { at: 9 });
        assert_ne!(send(&mut fabric, &choices, B, A), Verdict::Deliver { at: 7 });
        fabric.set_model(&choices, Links::All, constant(5));
        for (from, to) in [(A, B), (A, C), (C, B)] {
            assert_eq!(send(&mut fabric, &choices, from, to), Verdict::Deliver { at: 5 });
        }
    }

    #[test]
    fn a_selection_reaches_its_links_and_no_other() {
        let selected = |links: Links| {
            let (choices, mut fabric) = fabric();
            send(&mut fabric, &choices, A, B);
            fabric.inject(&choices, LinkFault::lose(links, Ratio::ONE));
            dropping(&mut fabric, &choices)
        };
        assert_eq!(selected(Links::One(A, B)), [(A, B)]);
        assert_eq!(selected(Links::Between(A, B)), [(A, B), (B, A)]);
        assert_eq!(selected(Links::From(A)), [(A, B), (A, C)]);
        assert_eq!(selected(Links::To(A)), [(B, A), (C, A)]);
        assert_eq!(selected(Links::All).len(), 6);
    }

    #[test]
    fn the_worst_of_overlapping_faults_counts() {
        let (choices, mut fabric) = fabric();
        let model = LinkModel::with_latency(Distribution::constant(5));
        fabric.set_model(&choices, Links::All, model);
        let slow = fabric.inject(&choices, LinkFault::slow(Links::All, 10));
        let slower = fabric.inject(&choices, LinkFault::slow(Links::From(A), 100));
        fabric.inject(&choices, LinkFault::slow(Links::All, 3));
        fabric.inject(&choices, LinkFault::duplicate(Links::To(B), Ratio::ONE));
        assert_eq!(send(&mut fabric, &choices, A, C), Verdict::Deliver { at: 500 });
        assert_eq!(send(&mut fabric, &choices, C, B), Verdict::DeliverTwice { at: 50, again: 50 });
        fabric.lift(&choices, slower);
        assert_eq!(send(&mut fabric, &choices, A, C), Verdict::Deliver { at: 50 });
        fabric.lift(&choices, slow);
        assert_eq!(send(&mut fabric, &choices, A, C), Verdict::Deliver { at: 15 });
        for ratio in [Ratio::ONE, Ratio::new(1, 1_000)] {
            fabric.inject(&choices, LinkFault::lose(Links::From(A), ratio));
            assert_eq!(send(&mut fabric, &choices, A, C), Verdict::Dropped(Cause::Loss));
        }
    }

    #[test]
    fn a_healed_core_is_perfect_whatever_comes_and_the_rest_is_not() {
        let (choices, mut fabric) = fabric();
        let model = LinkModel { loss: Ratio::ONE, ..LinkModel::default() };
        fabric.set_model(&choices, Links::Between(A, B), model);
        send(&mut fabric, &choices, A, B);
        let old = fabric.inject(&choices, LinkFault::partition(Partition::isolate(A)));
        fabric.heal(&choices, &[A, B]);
        assert_eq!(dropping(&mut fabric, &choices), [(A, C), (C, A)]);
        assert!(!fabric.is_blocked(A, B) && fabric.is_blocked(A, C));
        fabric.inject(&choices, LinkFault::lose(Links::All, Ratio::ONE));
        fabric.lift(&choices, old);
        assert_eq!(dropping(&mut fabric, &choices), [(A, C), (B, C), (C, A), (C, B)]);
        assert_eq!(send(&mut fabric, &choices, C, A), Verdict::Dropped(Cause::Loss));
    }
}
