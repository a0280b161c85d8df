//! The queue of runnable tasks.

use super::drawn::Drawn;
use super::{Meta, Policy, TaskId};
use crate::choice::{Choices, Kind, Ratio};
use async_task::Runnable;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;

type Task = Runnable<Meta>;

/// How many polls PCT takes a run to have when it places its changes of priority.
const PCT_POLLS: u32 = 2_000;

/// Runnable tasks in the order of the policy: highest priority first, first come first among equals.
#[derive(Default)]
pub(crate) struct Ready {
    order: Order,
    fifo: VecDeque<Task>,
    drawn: Drawn<Task>,
    pct: Pct,
    arrivals: u64,
    /// Whether tasks run in the order in which they arrive, whatever the policy.
    fair: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Fifo,
    Drawn,
    Pct,
}

/// When PCT changes priorities, latest first, and where it stands.
#[derive(Default)]
struct Pct {
    changes: Vec<u32>,
    polls: u32,
    lowest: u32,
    /// Whether a task that yields goes behind all others.
    fair: bool,
}

impl Ready {
    /// Starts an empty queue in the order of `policy`.
    pub(crate) fn begin(&mut self, policy: Policy, choices: &Choices) {
        self.order = match policy {
            Policy::Fifo => Order::Fifo,
            Policy::Random => Order::Drawn,
            Policy::Pct(depth) => {
                self.pct = Pct::new(depth, choices);
                Order::Pct
            }
            Policy::Portfolio => unreachable!("a portfolio is resolved before the run"),
        };
    }

    /// Forgets all tasks, keeping the memory.
    pub(crate) fn reset(&mut self) {
        self.fifo.clear();
        self.drawn.reset();
        self.arrivals = 0;
        self.fair = false;
    }

    /// From now on those that arrive run after all that are here, in order of arrival; or by the policy again.
    pub(crate) fn set_fair(&mut self, fair: bool) {
        self.fair = fair;
    }

    /// `running` is the task that runs now: one that makes itself runnable yields.
    #[inline]
    pub(crate) fn push(&mut self, choices: &Choices, task: Task, running: TaskId) {
        let wake = task.metadata().count_wake();
        self.arrivals += 1;
        let arrival = self.arrivals;
        match self.order {
            Order::Fifo => self.fifo.push_back(task),
            Order::Drawn | Order::Pct if self.fair => {
                self.drawn.push(task, wake, arrival, |_, _| 0);
            }
            Order::Drawn => {
                self.drawn.push(task, wake, arrival, |t, w| t.metadata().priority(choices, w))
            }
            Order::Pct => {
                // A task that yields lets all others go first, or one that waits in a loop for another would
                // keep it from running for ever.
                let yields = self.pct.fair && task.metadata().id == running;
                self.drawn.push(task, wake, arrival, |t, _| {
                    let meta = t.metadata();
                    if yields && meta.id == running { 0 } else { pct_rank(choices, meta) }
                })
            }
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Task> {
        match self.order {
            Order::Fifo => self.fifo.pop_front(),
            Order::Drawn => self.drawn.pop(),
            Order::Pct => {
                let task = self.drawn.pop()?;
                self.pct.polled(task.metadata());
                Some(task)
            }
        }
    }

    /// Takes out every task for which `leaves` holds, in no particular order of priority but always the same.
    pub(crate) fn remove(&mut self, mut leaves: impl FnMut(&Meta) -> bool) -> Vec<Task> {
        match self.order {
            Order::Fifo => {
                if !self.fifo.iter().any(|t| leaves(t.metadata())) {
                    return Vec::new();
                }
                let (out, stay) = self.fifo.drain(..).partition(|t| leaves(t.metadata()));
                self.fifo = stay;
                Vec::from(out)
            }
            Order::Drawn | Order::Pct => self.drawn.remove(|t| leaves(t.metadata())),
        }
    }
}

impl Pct {
    fn new(depth: u32, choices: &Choices) -> Pct {
        let mut stream = choices.stream(&["policy".into(), "pct".into()]);
        // Outcome 0 is benign: no change.
        let mut changes: Vec<u32> = (1..depth)
            .map(|_| choices.pick(&mut stream, Kind::Schedule, PCT_POLLS))
            .filter(|poll| *poll > 0)
            .collect();
        changes.sort_unstable_by(|a, b| b.cmp(a));
        // Always drawn, so that it is the choice of a recording that is pasted as edits too. Without it, as under the benign
        // fallback alone, everything is first in, first out, which is fair by itself.
        let fair = choices.chance(&mut stream, Kind::Schedule, Ratio::ONE);
        Pct { changes, polls: 0, lowest: u32::MAX / 2, fair }
    }

    #[inline]
    fn polled(&mut self, meta: &Meta) {
        self.polls += 1;
        if self.changes.last().is_some_and(|at| *at < self.polls) {
            self.changes.pop();
            // The task that runs here falls behind all others from its next wake on.
            meta.rank.store(self.lowest, Relaxed);
            self.lowest -= 1 << (super::drawn::ARRIVAL_BITS - 32); // The bits below do not count in a key.
        }
    }
}

/// The life-long priority of a task under PCT: drawn at first sight, kept in the upper half of the domain,
/// so that demoted tasks in the lower half stay behind.
fn pct_rank(choices: &Choices, meta: &Meta) -> u32 {
    let rank = meta.rank.load(Relaxed);
    if rank != 0 {
        return rank;
    }
    let rank = meta.priority(choices, 0) | 1 << 31;
    meta.rank.store(rank, Relaxed);
    rank
}
