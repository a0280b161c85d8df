//! The handle that a test is given.

use crate::context::Context;
use crate::fault::{FaultModel, Nemesis, draw};
use crate::node::{ExitStatus, Node, Nodes};
use crate::seed::Seed;
use crate::{Failure, NodeId, World, monitor};
use sim_runtime::choice::Kind;
use sim_runtime::node::NodeSpec;
use std::future::Future;
use std::ops::RangeInclusive;

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
        Context::with(|world, context| {
            if let Some(known) = context.parameters.borrow().get(name) {
                return *known;
            }
            let value = match context.case.parameters.get(name) {
                Some(fixed) => *fixed,
                None => {
                    let label: std::rc::Rc<str> = name.into();
                    let mut stream = world.choices().stream(&["cfg".into(), label.into()]);
                    let count = u32::try_from(range.end() - range.start() + 1)
                        .expect("a parameter has fewer than 2^32 values");
                    range.start()
                        + u64::from(world.choices().pick(&mut stream, Kind::Config, count))
                }
            };
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
            let plan = match &context.case.plan {
                Some(plan) => plan.clone(),
                None => draw(world, &model, &context.case.faults),
            };
            match Nemesis::start(world, &plan, model.budgets().to_vec()) {
                Ok(nemesis) => *context.nemesis.borrow_mut() = Some(nemesis),
                Err(error) => {
                    *context.invalid.borrow_mut() = Some(error.to_string());
                    world.fail(Failure::check("case", error.to_string()));
                }
            }
            *context.plan.borrow_mut() = Some(plan);
        });
    }

    /// Begins the liveness phase: faults stop for the nodes of `core`, which all run and reach each other from now on. The
    /// rest stays as it is, for ever.
    pub fn heal(self, core: impl IntoIterator<Item = Node>) {
        let core: Vec<NodeId> = core.into_iter().map(Node::id).collect();
        Context::with(|world, context| {
            if let Some(nemesis) = &*context.nemesis.borrow() {
                nemesis.end(world, &core);
            }
            world.heal(&core);
        });
    }

    /// The same for all nodes.
    pub fn heal_all(self) {
        let all = World::current(World::node_count);
        self.heal((1..all).map(|id| Node(NodeId(id as u16))));
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
