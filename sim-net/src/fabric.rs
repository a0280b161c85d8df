//! What lies between the nodes: a link for each directed pair that ever talked, and the partitions in force.

use crate::link::{Link, LinkModel};
use crate::{NodeId, Partition};
use sim_runtime::choice::{Choices, Path, Ratio, Segment};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A set of directed links, as faults and tests name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Every link, also of nodes that are added later.
    All,
    /// From one node to another.
    One(NodeId, NodeId),
    /// Between two nodes, both directions.
    Between(NodeId, NodeId),
    /// All links out of a node, to the nodes that exist now.
    From(NodeId),
    /// All links into a node, from the nodes that exist now.
    To(NodeId),
}

/// The position of a link in the fabric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkId(u32);

/// Names a partition in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionId(pub(crate) u32);

/// The links of a run. Pure: it knows nodes by number and name, and no clock.
pub struct Fabric {
    names: Vec<Rc<str>>,
    /// For each source, the number of the link to each target, 0 where there is none yet.
    rows: Vec<Vec<u32>>,
    links: Vec<Link>,
    root: Option<Path>,
    model: Rc<LinkModel>,
    slow_factor: u32,
    partitions: BTreeMap<PartitionId, Vec<(NodeId, NodeId)>>,
    partitions_made: u32,
}

impl Fabric {
    /// A fabric without nodes whose links will follow `model`.
    pub fn new(model: LinkModel) -> Fabric {
        Fabric {
            names: Vec::new(),
            rows: Vec::new(),
            links: Vec::new(),
            root: None,
            model: Rc::new(model),
            slow_factor: 1,
            partitions: BTreeMap::new(),
            partitions_made: 0,
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
        match self.rows[from.index()].get(to.index()) {
            Some(&number) if number > 0 => LinkId(number - 1),
            Some(_) | None => self.make(choices, from, to),
        }
    }

    /// A link by its position.
    #[inline]
    pub fn at(&mut self, id: LinkId) -> &mut Link {
        &mut self.links[id.0 as usize]
    }

    #[cold]
    fn make(&mut self, choices: &Choices, from: NodeId, to: NodeId) -> LinkId {
        assert_ne!(from, to, "a node reaches itself without a link");
        let root = *self.root.get_or_insert_with(|| choices.child(Path::ROOT, "net".into()));
        let ends = Segment::Link(self.names[from.index()].clone(), self.names[to.index()].clone());
        let stream = choices.stream_at(choices.child(root, ends));
        let mut link = Link::new(stream, self.model.clone());
        link.set_slow_factor(self.slow_factor);
        self.links.push(link);
        let number = u32::try_from(self.links.len()).expect("fewer than 2^32 links");
        let row = &mut self.rows[from.index()];
        if row.len() <= to.index() {
            row.resize(to.index() + 1, 0);
        }
        row[to.index()] = number;
        LinkId(number - 1)
    }

    /// Gives links another model.
    pub fn set_model(&mut self, choices: &Choices, links: Links, model: LinkModel) {
        let model = Rc::new(model);
        if links == Links::All {
            self.model = model.clone();
        }
        self.each(choices, links, |link| link.set_model(model.clone()));
    }

    /// Changes how likely messages are lost, and leaves the rest of the models as it is.
    pub fn set_loss(&mut self, choices: &Choices, links: Links, loss: Ratio) {
        self.amend(choices, links, |model| model.loss = loss);
    }

    /// Changes how likely messages arrive twice, and leaves the rest of the models as it is.
    pub fn set_duplicate(&mut self, choices: &Choices, links: Links, duplicate: Ratio) {
        self.amend(choices, links, |model| model.duplicate = duplicate);
    }

    /// Multiplies delays by `factor` from now on; 1 is healthy.
    pub fn set_slow_factor(&mut self, choices: &Choices, links: Links, factor: u32) {
        if links == Links::All {
            self.slow_factor = factor;
        }
        self.each(choices, links, |link| link.set_slow_factor(factor));
    }

    fn amend(&mut self, choices: &Choices, links: Links, change: impl Fn(&mut LinkModel)) {
        if links == Links::All {
            change(Rc::make_mut(&mut self.model));
        }
        self.each(choices, links, |link| {
            let mut model = LinkModel::clone(link.model());
            change(&mut model);
            link.set_model(Rc::new(model));
        });
    }

    fn each(&mut self, choices: &Choices, links: Links, mut change: impl FnMut(&mut Link)) {
        let pairs: Vec<(NodeId, NodeId)> = match links {
            Links::All => return self.links.iter_mut().for_each(change),
            Links::One(from, to) => vec![(from, to)],
            Links::Between(a, b) => vec![(a, b), (b, a)],
            Links::From(node) => self.others(node).map(|other| (node, other)).collect(),
            Links::To(node) => self.others(node).map(|other| (other, node)).collect(),
        };
        for (from, to) in pairs {
            let id = self.link(choices, from, to);
            change(self.at(id));
        }
    }

    fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let count = u16::try_from(self.names.len()).expect("fewer than 65,536 nodes");
        (0..count).map(NodeId).filter(move |other| *other != node)
    }

    /// Puts a partition in force, besides those that are. A pair that several partitions block stays blocked until all are lifted.
    pub fn partition(&mut self, choices: &Choices, partition: &Partition) -> PartitionId {
        let pairs = partition.pairs();
        for &(from, to) in &pairs {
            let id = self.link(choices, from, to);
            self.at(id).block();
        }
        let id = PartitionId(self.partitions_made);
        self.partitions_made += 1;
        self.partitions.insert(id, pairs);
        id
    }

    /// Lifts a partition, and says whether it was in force.
    pub fn lift(&mut self, choices: &Choices, id: PartitionId) -> bool {
        let Some(pairs) = self.partitions.remove(&id) else { return false };
        for (from, to) in pairs {
            let id = self.link(choices, from, to);
            self.at(id).unblock();
        }
        true
    }

    /// The partitions in force, oldest first.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> {
        self.partitions.keys().copied()
    }

    /// Whether messages from one node to another are blocked now.
    pub fn is_blocked(&self, from: NodeId, to: NodeId) -> bool {
        let number = self.rows[from.index()].get(to.index()).copied().unwrap_or(0);
        number > 0 && self.links[number as usize - 1].is_blocked()
    }

    /// Roughly how many bytes it holds.
    pub fn memory(&self) -> usize {
        let rows: usize = self.rows.iter().map(|row| 4 * row.capacity()).sum();
        rows + self.links.capacity() * size_of::<Link>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Verdict;
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
        let one = fabric.partition(&choices, &Partition::isolate(A, [B, C]));
        let two = fabric.partition(&choices, &Partition::one_way([A], [B]));
        assert!(fabric.is_blocked(A, B) && fabric.is_blocked(C, A) && !fabric.is_blocked(B, C));
        assert!(fabric.lift(&choices, one));
        assert!(fabric.is_blocked(A, B) && !fabric.is_blocked(B, A) && !fabric.is_blocked(C, A));
        assert!(!fabric.lift(&choices, one), "a partition is lifted once");
        assert!(fabric.is_blocked(A, B));
        assert!(fabric.lift(&choices, two));
        assert!(!fabric.is_blocked(A, B));
        assert_eq!(fabric.partitions().count(), 0);
    }

    #[test]
    fn a_model_for_all_reaches_links_made_before_and_after() {
        let (choices, mut fabric) = fabric();
        send(&mut fabric, &choices, A, B);
        fabric.set_model(&choices, Links::All, LinkModel::with_latency(Distribution::constant(7)));
        fabric.set_slow_factor(&choices, Links::All, 3);
        for (from, to) in [(A, B), (B, C)] {
            assert_eq!(send(&mut fabric, &choices, from, to), Verdict::Deliver { at: 21 });
        }
    }

    #[test]
    fn a_selection_reaches_its_links_and_no_other() {
        let selected = |links: Links| {
            let (choices, mut fabric) = fabric();
            fabric.set_loss(&choices, links, Ratio::ONE);
            let mut hit = Vec::new();
            for (from, to) in [(A, B), (A, C), (B, A), (B, C), (C, A), (C, B)] {
                if matches!(send(&mut fabric, &choices, from, to), Verdict::Dropped(_)) {
                    hit.push((from, to));
                }
            }
            hit
        };
        assert_eq!(selected(Links::One(A, B)), [(A, B)]);
        assert_eq!(selected(Links::Between(A, B)), [(A, B), (B, A)]);
        assert_eq!(selected(Links::From(A)), [(A, B), (A, C)]);
        assert_eq!(selected(Links::To(A)), [(B, A), (C, A)]);
        assert_eq!(selected(Links::All).len(), 6);
    }

    #[test]
    fn loss_and_duplication_leave_the_rest_of_a_model_alone() {
        let (choices, mut fabric) = fabric();
        let model = LinkModel { fifo: true, ..LinkModel::with_latency(Distribution::constant(5)) };
        fabric.set_model(&choices, Links::One(A, B), model);
        fabric.set_duplicate(&choices, Links::From(A), Ratio::ONE);
        assert_eq!(send(&mut fabric, &choices, A, B), Verdict::DeliverTwice { at: 5, again: 5 });
    }
}
