//! Carrying out a plan.

use super::plan::{Resolved, Trigger};
use super::{Budget, FaultPlan, PlanError};
use crate::time::{Instant, Nanos, Sleep, sleep_until};
use crate::{NodeId, World};
use sim_runtime::Strike;
use sim_runtime::fault::{Cost, FaultKind, Target};
use sim_runtime::point::Point;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// How long a fault waits that would leave the budget, before it is tried again.
const POSTPONED_FOR: Nanos = 20_000_000;
/// How often it is tried.
const TRIES_MAX: u32 = 500;

/// Carries out a plan: when a fault's moment comes starts it, and stops it when it has lasted long enough.
pub(crate) struct Nemesis {
    budgets: Vec<Budget>,
    faults: RefCell<Vec<Live>>,
    damaged: RefCell<Vec<NodeId>>,
    /// The kinds whose faults are counted and not done.
    muted: Vec<String>,
    postponed: Cell<u64>,
    /// Nothing begins any more; what is under way still ends.
    closed: Cell<bool>,
    /// Steps to take, latest first.
    steps: RefCell<Vec<Step>>,
    hands: RefCell<Option<Waker>>,
}

struct Live {
    resolved: Resolved,
    lasts: Nanos,
    active: bool,
    put_off: bool,
    /// When it was done to the system, and what the ledger knows it by.
    struck: Option<(Nanos, Strike)>,
}

/// What happens when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    at: Nanos,
    fault: usize,
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    /// Does it, unless that was tried too often.
    Start { tries: u32 },
    /// Waits for its point.
    Await,
    /// Ends it.
    Stop,
}

impl Nemesis {
    /// Checks the plan against the world and starts to carry it out.
    ///
    /// # Errors
    /// When the plan names a kind or a node that does not exist, or a fault does not say when.
    pub(crate) fn start(
        world: &World,
        plan: &FaultPlan,
        budgets: Vec<Budget>,
        muted: Vec<String>,
    ) -> Result<Rc<Nemesis>, PlanError> {
        let mut faults = Vec::new();
        for (index, fault) in plan.faults.iter().enumerate() {
            let resolved = fault.resolve(world, index)?;
            faults.push(Live {
                resolved,
                lasts: fault.lasts.0,
                active: false,
                put_off: false,
                struck: None,
            });
        }
        let nemesis = Rc::new(Nemesis {
            budgets,
            faults: RefCell::new(faults),
            damaged: RefCell::default(),
            muted,
            postponed: Cell::new(0),
            closed: Cell::new(false),
            steps: RefCell::default(),
            hands: RefCell::default(),
        });
        for index in 0..plan.faults.len() {
            nemesis.arm(world, index);
        }
        let hands = nemesis.clone();
        crate::task::Builder::new().name("nemesis").spawn(async move { hands.carry_out().await });
        Ok(nemesis)
    }

    /// Nothing begins any more. What is under way ends when its time comes.
    pub(crate) fn close(&self, world: &World) {
        self.closed.set(true);
        world.forget_points();
        self.steps.borrow_mut().retain(|step| step.action == Action::Stop);
        self.wake();
    }

    /// Stops at once what is under way within `core`. Nodes of `dead` stay down.
    pub(crate) fn stop_within(&self, world: &World, core: &[NodeId], dead: &[NodeId]) {
        let stopped: Vec<(&'static FaultKind, Target)> = {
            let mut faults = self.faults.borrow_mut();
            let inside = |node: &NodeId| core.contains(node) && !dead.contains(node);
            let within = |target: &Target| target.nodes.iter().chain(&target.peers).all(inside);
            let live = faults.iter_mut().filter(|fault| fault.active);
            live.filter_map(|fault| {
                let target = &fault.resolved.target;
                // What befalls a dead node is over with it; it must not start again.
                let over = within(target) || target.nodes.iter().any(|node| dead.contains(node));
                fault.active = !over;
                within(target).then(|| (fault.resolved.kind, target.clone()))
            })
            .collect()
        };
        for (kind, target) in stopped {
            self.end(world, kind, &target);
        }
    }

    /// Nodes of `core` that belong to a group with a budget and are down or damaged now: as many of each group as it
    /// tolerates, where the nodes that the core leaves out count too.
    pub(crate) fn tolerated_dead(&self, world: &World, core: &[NodeId]) -> Vec<NodeId> {
        let damaged = self.damaged.borrow();
        let dead = self.budgets.iter().flat_map(|budget| {
            let (inside, outside): (Vec<NodeId>, Vec<NodeId>) =
                budget.nodes.iter().partition(|node| core.contains(node));
            let more = budget.down_max.saturating_sub(outside.len());
            let down = |node: &NodeId| !world.node_is_up(*node) || damaged.contains(node);
            inside.into_iter().filter(down).take(more).collect::<Vec<_>>()
        });
        dead.collect()
    }

    /// What the system tolerates.
    pub(crate) fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    /// How many faults were put off because they would have left the budget.
    pub(crate) fn postponed(&self) -> u64 {
        self.postponed.get()
    }

    /// The faults of the plan that were done to the system, by their places in it, in the order of time.
    pub(crate) fn struck(&self) -> Vec<(Nanos, usize, Strike)> {
        let faults = self.faults.borrow();
        let struck =
            |(index, fault): (usize, &Live)| fault.struck.map(|(at, strike)| (at, index, strike));
        let mut struck: Vec<_> = faults.iter().enumerate().filter_map(struck).collect();
        struck.sort_unstable();
        struck
    }

    /// The nodes that lost what they promised to keep.
    pub(crate) fn damaged(&self) -> Vec<NodeId> {
        self.damaged.borrow().clone()
    }

    /// Waits for a fault's moment. One that comes after another waits for that one's start.
    fn arm(self: &Rc<Nemesis>, world: &World, index: usize) {
        let trigger = self.faults.borrow()[index].resolved.trigger.clone();
        let (at, action) = match trigger {
            Trigger::At(at) => (at, Action::Start { tries: 0 }),
            Trigger::Point { from: Some(from), .. } => (from, Action::Await),
            Trigger::Point { .. } => return self.await_point(world, index),
            Trigger::After { .. } => return,
        };
        self.plan(Step { at: world.now().saturating_add(at.0), fault: index, action });
    }

    /// From now on waits for a fault's point.
    fn await_point(self: &Rc<Nemesis>, world: &World, index: usize) {
        let trigger = self.faults.borrow()[index].resolved.trigger.clone();
        if let Trigger::Point { point, nth, .. } = trigger {
            self.strike_at(world, index, point, nth, 0);
        }
    }

    fn strike_at(
        self: &Rc<Nemesis>,
        world: &World,
        index: usize,
        point: Point,
        nth: u64,
        tries: u32,
    ) {
        let (nemesis, again) = (self.clone(), point.clone());
        world.at_point(point, nth, move |world| {
            if nemesis.closed.get() {
                return;
            }
            if !nemesis.strike(world, index) && nemesis.may_try_again(index, tries) {
                // Outside of the budget now: the next occurrence may be within it.
                nemesis.strike_at(world, index, again, 1, tries + 1);
            }
        });
    }

    fn plan(&self, step: Step) {
        let mut steps = self.steps.borrow_mut();
        let place = steps.partition_point(|other| *other > step);
        steps.insert(place, step);
        drop(steps);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.hands.take() {
            waker.wake();
        }
    }

    async fn carry_out(self: &Rc<Nemesis>) {
        let mut timer: Option<Sleep> = None;
        poll_fn(|cx| {
            loop {
                *self.hands.borrow_mut() = Some(cx.waker().clone());
                let Some(next) = self.steps.borrow().last().copied() else {
                    if self.closed.get() {
                        return Poll::Ready(());
                    }
                    World::current(|world| world.waiting(|| "the next fault to carry out".into()));
                    return Poll::Pending;
                };
                let deadline = Instant::from_nanos(next.at);
                let sleep = match &mut timer {
                    Some(sleep) if sleep.deadline() == deadline => sleep,
                    other => other.insert(sleep_until(deadline)),
                };
                if Pin::new(sleep).poll(cx).is_pending() {
                    return Poll::Pending;
                }
                timer = None;
                let step = self.steps.borrow_mut().pop();
                if let Some(step) = step {
                    World::current(|world| self.step(world, step));
                }
            }
        })
        .await;
    }

    fn step(self: &Rc<Nemesis>, world: &World, step: Step) {
        match step.action {
            Action::Stop => self.stop(world, step.fault),
            Action::Await => self.await_point(world, step.fault),
            Action::Start { tries } => {
                if !self.strike(world, step.fault) && self.may_try_again(step.fault, tries) {
                    let action = Action::Start { tries: tries + 1 };
                    self.plan(Step { at: world.now() + POSTPONED_FOR, action, ..step });
                }
            }
        }
    }

    /// Starts a fault, unless that would leave the budget: then it is put off, and counted.
    fn strike(&self, world: &World, index: usize) -> bool {
        let (kind, target, lasts) = {
            let faults = self.faults.borrow();
            let fault = &faults[index];
            (fault.resolved.kind, fault.resolved.target.clone(), fault.lasts)
        };
        if self.would_leave_the_budget(world, kind, &target) {
            let fault = &mut self.faults.borrow_mut()[index];
            if !std::mem::replace(&mut fault.put_off, true) {
                self.postponed.set(self.postponed.get() + 1);
            }
            return false;
        }
        if kind.cost == Cost::Damaged {
            // What is down cannot be replaced: its disk stays.
            let mut damaged = self.damaged.borrow_mut();
            let lost = |node: &&NodeId| world.node_is_up(**node) && !damaged.contains(node);
            let lost: Vec<NodeId> = target.nodes.iter().filter(lost).copied().collect();
            damaged.extend(lost);
        }
        self.faults.borrow_mut()[index].active = true;
        self.plan(Step {
            at: world.now().saturating_add(lasts),
            fault: index,
            action: Action::Stop,
        });
        let muted = self.is_muted(kind);
        let strike = world.strike_with(|| {
            if muted { world.injected(kind.name) } else { (kind.start)(world, &target) }
        });
        self.faults.borrow_mut()[index].struck = strike.map(|strike| (world.now(), strike));
        self.plan_followers(world, index);
        true
    }

    /// Plans the faults that come after one that just began.
    fn plan_followers(&self, world: &World, index: usize) {
        let followers: Vec<(usize, Nanos)> = {
            let faults = self.faults.borrow();
            let after = |fault: &Live| match fault.resolved.trigger {
                Trigger::After { fault, by } if fault == index => Some(by.0),
                Trigger::After { .. } | Trigger::At(_) | Trigger::Point { .. } => None,
            };
            faults.iter().enumerate().filter_map(|(at, fault)| Some((at, after(fault)?))).collect()
        };
        for (fault, by) in followers.into_iter().filter(|_| !self.closed.get()) {
            let action = Action::Start { tries: 0 };
            self.plan(Step { at: world.now().saturating_add(by), fault, action });
        }
    }

    fn stop(&self, world: &World, index: usize) {
        let (kind, target) = {
            let mut faults = self.faults.borrow_mut();
            let fault = &mut faults[index];
            if !std::mem::take(&mut fault.active) {
                return;
            }
            (fault.resolved.kind, fault.resolved.target.clone())
        };
        self.end(world, kind, &target);
    }

    fn end(&self, world: &World, kind: &FaultKind, target: &Target) {
        if !self.is_muted(kind) {
            (kind.stop)(world, target);
        }
    }

    fn is_muted(&self, kind: &FaultKind) -> bool {
        self.muted.iter().any(|muted| muted == kind.name)
    }

    fn would_leave_the_budget(&self, world: &World, kind: &FaultKind, target: &Target) -> bool {
        let down = |node: NodeId| {
            !world.node_is_up(node) || world.node_is_paused(node) || world.node_is_leaving(node)
        };
        kind.cost != Cost::Free && self.leaves_a_budget(target, down)
    }

    fn may_try_again(&self, index: usize, tries: u32) -> bool {
        tries < TRIES_MAX && !self.is_hopeless(index)
    }

    /// Whether a fault will never fit: what is damaged for ever has used the budget up.
    fn is_hopeless(&self, index: usize) -> bool {
        self.leaves_a_budget(&self.faults.borrow()[index].resolved.target, |_| false)
    }

    /// Whether those that fail already, the damaged ones and the target are too many.
    fn leaves_a_budget(&self, target: &Target, fails: impl Fn(NodeId) -> bool) -> bool {
        let damaged = self.damaged.borrow();
        let failing =
            |node: &NodeId| target.nodes.contains(node) || damaged.contains(node) || fails(*node);
        self.budgets.iter().any(|budget| {
            let concerns = target.nodes.iter().any(|node| budget.nodes.contains(node));
            concerns && budget.nodes.iter().filter(|node| failing(node)).count() > budget.down_max
        })
    }
}
