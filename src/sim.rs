//! The handle that a test is given.

use crate::context::Context;
use crate::fault::{Class, FaultModel, HALF, Nemesis, Preset, directed, draw};
use crate::history::{History, Recorded};
use crate::node::{ExitStatus, Node, Nodes};
use crate::seed::Seed;
use crate::{Failure, NodeId, World, monitor};
use sim_disk::Disks;
use sim_runtime::choice::{Choices, Distribution, Kind, Stream};
use sim_runtime::node::NodeSpec;
use std::future::Future;
use std::ops::RangeInclusive;
use std::rc::Rc;

/// The simulation, as the code of a test sees it. It can be copied and moved.
#[derive(Clone, Copy, Debug)]
pub struct Sim(());

impl Sim {
    pub(crate) fn new() -> Sim {
        Sim(())
    }

    /// The seed of the run.
    pub fn seed(self) -> Seed {
        Context::with(|_, context| context.case.seed)
    }

    /// The mutant that the case plants, by name.
    pub fn mutant(self) -> Option<String> {
        Context::with(|_, context| context.case.mutant.clone())
    }

    /// Adds a node called `name` and starts it. `program` is called at each start of the node.
    ///
    /// # Panics
    /// If there is a node of that name.
    #[track_caller]
    pub fn node<F, Fut>(self, name: &str, program: F) -> Node
    where
        F: Fn() -> Fut + 'static,
        Fut: Future + 'static,
        Fut::Output: ExitStatus,
    {
        World::current(|world| {
            let id = world.add_node(NodeSpec::new(name, program));
            world.start(id);
            Node(id)
        })
    }

    /// Adds `count` nodes called `group-0`, `group-1`, ... that run the same program.
    ///
    /// # Panics
    /// If there is a node of such a name.
    #[track_caller]
    pub fn nodes<F, Fut>(self, group: &str, count: usize, program: F) -> Nodes
    where
        F: Fn() -> Fut + Clone + 'static,
        Fut: Future + 'static,
        Fut::Output: ExitStatus,
    {
        Nodes(
            (0..count)
                .map(|index| self.node(&format!("{group}-{index}"), program.clone()))
                .collect(),
        )
    }

    /// A number of the case: drawn from `range`, unless the case fixes it by this name. The least is the benign one.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn parameter(self, name: &str, range: RangeInclusive<u64>) -> u64 {
        assert!(range.start() <= range.end(), "the range of parameter `{name}` is empty");
        self.fixed_or_drawn(name, |choices, stream| {
            let count = u32::try_from(range.end() - range.start() + 1)
                .expect("a parameter has fewer than 2^32 values");
            range.start() + u64::from(choices.pick(stream, Kind::Config, count))
        })
    }

    /// How many there are of something, nodes or clients or operations: a [`parameter`](Sim::parameter) that is drawn smallest first. Half of
    /// the cases have the least; above it every order of magnitude is as likely. Most bugs show at a small size, sooner and to be read more
    /// easily. With the profile `directed` it is one of the three smallest.
    ///
    /// # Panics
    /// If the range is empty.
    pub fn size(self, name: &str, range: RangeInclusive<u64>) -> u64 {
        let (least, most) = (*range.start(), *range.end());
        assert!(least <= most, "the range of size `{name}` is empty");
        let directed = Context::with(|_, context| context.case.profile.preset == Preset::Directed);
        let more = if directed { (most - least).min(2) } else { most - least };
        self.fixed_or_drawn(name, |choices, stream| {
            if more == 0 || !choices.chance(stream, Kind::Config, HALF) {
                return least;
            }
            // The greatest value of the distribution is as good as never drawn.
            let above = Distribution::log_uniform(1, more.saturating_add(1));
            least + choices.sample(stream, Kind::Config, &above).min(more)
        })
    }

    /// What the case says of a name, else what is drawn. Asked again, it is the same.
    fn fixed_or_drawn(self, name: &str, draw: impl FnOnce(&Choices, &mut Stream) -> u64) -> u64 {
        Context::with(|world, context| {
            if let Some(known) = context.parameters.borrow().get(name) {
                return *known;
            }
            let value = context.case.parameters.get(name).copied().unwrap_or_else(|| {
                let label: Rc<str> = name.into();
                let mut stream = world.choices().stream(&["cfg".into(), label.into()]);
                draw(world.choices(), &mut stream)
            });
            context.parameters.borrow_mut().insert(name.to_owned(), value);
            value
        })
    }

    /// Begins the safety phase: faults that the model tolerates start to happen, drawn from the seed or as the case says.
    ///
    /// # Panics
    /// When called twice in a run.
    pub fn faults(self, model: FaultModel) {
        Context::with(|world, context| {
            assert!(context.nemesis.borrow().is_none(), "`faults` is called once in a run");
            *context.declared.borrow_mut() = model.declared(&context.case.faults);
            let (selection, profile) = (&context.case.faults, &context.case.profile);
            let (plan, class) = match (&context.case.plan, profile.preset) {
                (Some(plan), _) => (plan.clone(), Class::Given),
                (None, Preset::Directed) => {
                    (directed(world, &model, selection, context.case.seed.0), Class::Given)
                }
                (None, _) => draw(world, &model, selection, profile),
            };
            context.class.set(class);
            let muted = context.muted.borrow().clone();
            match Nemesis::start(world, &plan, model.budgets().to_vec(), muted) {
                Ok(nemesis) => *context.nemesis.borrow_mut() = Some(nemesis),
                Err(error) => {
                    *context.invalid.borrow_mut() = Some(error.to_string());
                    world.fail(Failure::check("case", error.to_string()));
                }
            }
            *context.plan.borrow_mut() = Some(plan);
        });
    }

    /// From now on faults of a kind are drawn, done and counted as injected, but have no effect: a dead fault, as the gate of
    /// swarms must find it. Called before [`faults`](Sim::faults).
    #[doc(hidden)]
    pub fn mute(self, kind: &str) {
        Context::with(|_, context| context.muted.borrow_mut().push(kind.to_owned()));
    }

    /// Begins the liveness phase: nothing new is done to the system, and within `core` it is made well. What the case's
    /// parameter `heal` says decides how:
    ///
    /// - 0 and 1, half of the cases: the nodes of `core` all run, and reach each other without faults, from now on.
    /// - 2, a quarter: the same, but nodes that are down stay down for ever, as many as the system tolerates.
    /// - 3, a quarter: nothing is repaired. Faults under way end when their time comes; a healing hand can hide that a system
    ///   does not get up by itself.
    ///
    /// The rest, outside of `core`, stays as it is.
    pub fn heal(self, core: impl IntoIterator<Item = Node>) {
        let how = self.parameter("heal", 0..=3);
        let core: Vec<NodeId> = core.into_iter().map(Node::id).collect();
        Context::with(|world, context| {
            let nemesis = context.nemesis.borrow().clone();
            if let Some(nemesis) = &nemesis {
                nemesis.close(world);
            }
            if how == 3 {
                return;
            }
            let dead = match &nemesis {
                Some(nemesis) if how == 2 => nemesis.tolerated_dead(world, &core),
                Some(_) | None => Vec::new(),
            };
            if let Some(nemesis) = &nemesis {
                nemesis.stop_within(world, &core, &dead);
            }
            let living: Vec<NodeId> =
                core.into_iter().filter(|node| !dead.contains(node)).collect();
            world.heal(&living);
        });
    }

    /// A core for [`heal`](Sim::heal), drawn: all nodes, except that of each group with a budget some are left out, damaged
    /// ones first, as many as the system tolerates.
    pub fn core(self) -> Vec<Node> {
        Context::with(|world, context| {
            let mut out: Vec<NodeId> = Vec::new();
            if let Some(nemesis) = &*context.nemesis.borrow() {
                let mut stream = world.choices().stream(&["cfg".into(), "core".into()]);
                let damaged = nemesis.damaged();
                for budget in nemesis.budgets() {
                    let mut pool: Vec<NodeId> = budget.nodes.clone();
                    pool.sort_by_key(|node| (!damaged.contains(node), *node));
                    let lost = pool.iter().filter(|node| damaged.contains(node)).count();
                    let more = budget.down_max.saturating_sub(lost) as u32;
                    let left_out =
                        lost + world.choices().pick(&mut stream, Kind::Fault, more + 1) as usize;
                    out.extend(&pool[..left_out.min(pool.len())]);
                }
            }
            let all = (1..world.node_count()).map(|id| NodeId(id as u16));
            all.filter(|id| !out.contains(id)).map(Node).collect()
        })
    }

    /// The nodes that lost for good what they had promised to keep: whose disk was wiped by a fault.
    pub fn damaged(self) -> Vec<Node> {
        Context::with(|_, context| {
            let damaged = context.nemesis.borrow().as_ref().map(|nemesis| nemesis.damaged());
            damaged.unwrap_or_default().into_iter().map(Node).collect()
        })
    }

    /// The last test of durability: all `nodes` lose power at one instant, with everything that a power failure may undo on a disk,
    /// healed or not, and start again. What was acknowledged must still be there.
    #[track_caller]
    pub fn power_cycle(self, nodes: impl IntoIterator<Item = Node>) {
        let nodes: Vec<Node> = nodes.into_iter().collect();
        World::current(|world| {
            let fail_again = |node: &Node| world.with_device(|disks: &Disks| disks.hurt(node.0));
            nodes.iter().for_each(fail_again);
        });
        nodes.iter().for_each(|node| node.power_off());
        nodes.iter().for_each(|node| node.start());
    }

    /// The same for all nodes.
    pub fn heal_all(self) {
        let all = World::current(World::node_count);
        self.heal((1..all).map(|id| Node(NodeId(id as u16))));
    }

    /// The history of the run for the subject `S`, see [`history`](crate::history). The same one as [`history::of`](crate::history::of) gives.
    pub fn history<S: Recorded + 'static>(self) -> History<S> {
        crate::history::of()
    }

    /// Has `watcher` called with every event of type `E` that code under test exports, see [`export`](crate::export).
    /// An error fails the run at once.
    pub fn watch<E: 'static>(self, watcher: impl Fn(&E) -> Result<(), Failure> + 'static) {
        monitor::watch(watcher);
    }

    /// Fails the run.
    pub fn fail(self, failure: Failure) {
        World::current(|world| world.fail(failure));
    }
}
