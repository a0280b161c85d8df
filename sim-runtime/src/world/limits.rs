//! The bounds of a run, watched.

use super::inspect::listed;
use super::{Current, World};
use crate::verdict::{Failure, FailureKind};
use std::cell::Cell;

/// How often, in events, the memory bound is looked at.
const MEMORY_EVERY: u64 = 4_096;

/// When the loop of the executor must stop and look.
#[derive(Default)]
pub(super) struct Limits {
    /// Events.
    events: Cell<u64>,
    memory_at: Cell<u64>,
    /// The number of polls at which the instant is looked at: half of its bound, then its bound.
    polls: Cell<u64>,
    /// Whether time has stood still for so long that tasks run in order of arrival, whatever the policy.
    fair: Cell<bool>,
}

impl World {
    /// The run begins.
    pub(super) fn watch_from_here(&self) {
        self.set_limit();
        self.start_instant();
    }

    /// Time has moved.
    #[inline]
    pub(super) fn start_instant(&self) {
        self.limit_polls(self.bounds.polls_at_one_instant / 2);
        if self.limits.fair.get() {
            self.set_fair(false);
        }
    }

    fn limit_polls(&self, more: u64) {
        self.limits.polls.set(self.polls.get().saturating_add(more));
    }

    #[cold]
    fn set_fair(&self, fair: bool) {
        self.limits.fair.set(fair);
        self.ready.borrow_mut().set_fair(fair);
    }

    /// Whether time has stood still for longer than the bound allows.
    #[inline]
    pub(super) fn instant_is_over(&self) -> bool {
        self.polls.get() >= self.limits.polls.get() && !self.second_half()
    }

    /// Time stands still. A drawn order can starve the task that others wait for in a loop, which no real scheduler does
    /// for ever: so the second half of the bound is in order of arrival. `false` when that is over too.
    #[cold]
    fn second_half(&self) -> bool {
        let first = !self.limits.fair.get();
        if first {
            self.set_fair(true);
            self.limit_polls(self.bounds.polls_at_one_instant.div_ceil(2));
        }
        first
    }

    /// Ends the run where it had too many events or holds too much memory; begins the branches that are due.
    #[inline]
    pub(super) fn watch_events(&self) {
        if self.trace.events() >= self.limits.events.get() {
            self.at_limit();
        }
    }

    fn set_limit(&self) {
        let branch = self.branches.borrow().last().map_or(u64::MAX, |(event, _)| *event);
        let limit = self.bounds.events.min(branch).min(self.limits.memory_at.get() + MEMORY_EVERY);
        self.limits.events.set(limit);
    }

    #[cold]
    fn at_limit(&self) {
        let events = self.trace.events();
        if events >= self.bounds.events {
            return self.over_budget("events", format!("the run had {events} events"));
        }
        while let Some((_, epoch)) =
            self.branches.borrow_mut().pop_if(|(event, _)| *event <= events)
        {
            self.choices.branch(epoch);
        }
        if events >= self.limits.memory_at.get() + MEMORY_EVERY {
            self.limits.memory_at.set(events);
            let memory = self.memory();
            if memory > self.bounds.memory {
                return self
                    .over_budget("memory", format!("the run held about {} MiB", memory >> 20));
            }
        }
        self.set_limit();
    }

    /// Roughly how many bytes the run holds: tasks at 512 bytes each, timers, and what the devices say.
    pub(crate) fn memory(&self) -> usize {
        self.tasks.borrow().len() * 512 + self.wheel.borrow().len() * 64 + self.devices.memory()
    }

    #[cold]
    pub(super) fn over_budget(&self, property: &str, message: String) {
        self.current.set(Current::NOBODY);
        let tasks = self.stuck_tasks();
        self.fail(Failure {
            kind: FailureKind::Budget,
            property: property.to_owned(),
            site: String::new(),
            message: format!("{message}, with {} tasks:{}", tasks.len(), listed(&tasks)),
        });
    }
}
