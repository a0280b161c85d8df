//! Carrying out a plan.

use super::{Budget, FaultPlan, PlanError};
use crate::time::{Instant, Nanos, sleep_until};
use crate::{NodeId, World};
use sim_runtime::fault::{Cost, FaultKind, Target};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long a fault waits that would leave the budget, before it is tried again.
const POSTPONED_FOR: Nanos = 20_000_000;
/// How often it is tried.
const TRIES_MAX: u32 = 500;

/// Carries out a plan: at each fault's time starts it, and stops it when it has lasted long enough.
pub(crate) struct Nemesis {
    budgets: Vec<Budget>,
    faults: RefCell<Vec<Live>>,
    damaged: RefCell<Vec<NodeId>>,
    postponed: Cell<u64>,
    over: Cell<bool>,
}

struct Live {
    kind: &'static FaultKind,
    target: Target,
    lasts: Nanos,
    active: bool,
}

/// What happens when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    at: Nanos,
    fault: usize,
    stop: bool,
    tries: u32,
}

impl Nemesis {
    /// Checks the plan against the world and starts to carry it out.
    ///
    /// # Errors
    /// When the plan names a kind or a node that does not exist.
    pub(crate) fn start(
        world: &World,
        plan: &FaultPlan,
        budgets: Vec<Budget>,
    ) -> Result<Rc<Nemesis>, PlanError> {
        let mut faults = Vec::new();
        let mut steps = Vec::new();
        for (index, fault) in plan.faults.iter().enumerate() {
            let (kind, target) = fault.resolve(world)?;
            faults.push(Live { kind, target, lasts: fault.lasts.0, active: false });
            let at = world.now().saturating_add(fault.at.0);
            steps.push(Step { at, fault: index, stop: false, tries: 0 });
        }
        let nemesis = Rc::new(Nemesis {
            budgets,
            faults: RefCell::new(faults),
            damaged: RefCell::default(),
            postponed: Cell::new(0),
            over: Cell::new(false),
        });
        let hands = nemesis.clone();
        crate::task::Builder::new()
            .name("nemesis")
            .spawn(async move { hands.carry_out(steps).await });
        Ok(nemesis)
    }

    /// Ends it: what is under way is stopped where it lies within `core`, and nothing new starts.
    pub(crate) fn end(&self, world: &World, core: &[NodeId]) {
        self.over.set(true);
        for fault in self.faults.borrow_mut().iter_mut().filter(|fault| fault.active) {
            let everyone = fault.target.nodes.iter().chain(&fault.target.peers);
            if everyone.clone().all(|node| core.contains(node)) {
                fault.active = false;
                (fault.kind.stop)(world, &fault.target);
            }
        }
    }

    /// How often a fault was put off because it would have left the budget.
    pub(crate) fn postponed(&self) -> u64 {
        self.postponed.get()
    }

    async fn carry_out(&self, mut steps: Vec<Step>) {
        // Latest first, so that the next step is popped from the end.
        steps.sort_unstable_by(|a, b| b.cmp(a));
        while let Some(step) = steps.pop() {
            sleep_until(Instant::from_nanos(step.at)).await;
            if self.over.get() {
                return;
            }
            let next = World::current(|world| self.step(world, step));
            if let Some(next) = next {
                let place = steps.partition_point(|other| *other > next);
                steps.insert(place, next);
            }
        }
    }

    fn step(&self, world: &World, step: Step) -> Option<Step> {
        let (kind, target, lasts) = {
            let faults = self.faults.borrow();
            let fault = &faults[step.fault];
            if step.stop && !fault.active {
                return None;
            }
            (fault.kind, fault.target.clone(), fault.lasts)
        };
        if step.stop {
            self.faults.borrow_mut()[step.fault].active = false;
            (kind.stop)(world, &target);
            return None;
        }
        if self.would_leave_the_budget(world, kind, &target) {
            self.postponed.set(self.postponed.get() + 1);
            let again = Step { at: world.now() + POSTPONED_FOR, tries: step.tries + 1, ..step };
            return (again.tries < TRIES_MAX).then_some(again);
        }
        if kind.cost == Cost::Damaged {
            self.damaged.borrow_mut().extend(&target.nodes);
        }
        (kind.start)(world, &target);
        self.faults.borrow_mut()[step.fault].active = true;
        Some(Step { at: world.now().saturating_add(lasts), stop: true, ..step })
    }

    fn would_leave_the_budget(&self, world: &World, kind: &FaultKind, target: &Target) -> bool {
        if kind.cost == Cost::Free {
            return false;
        }
        let damaged = self.damaged.borrow();
        let fails = |node: &NodeId| {
            target.nodes.contains(node)
                || !world.node_is_up(*node)
                || world.node_is_paused(*node)
                || damaged.contains(node)
        };
        self.budgets.iter().any(|budget| {
            let concerns = target.nodes.iter().any(|node| budget.nodes.contains(node));
            concerns && budget.nodes.iter().filter(|node| fails(node)).count() > budget.down_max
        })
    }
}
