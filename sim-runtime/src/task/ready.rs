//! The queue of runnable tasks.

use super::drawn::Drawn;
use super::{Meta, Policy};
use crate::choice::{Choices, Kind};
use async_task::Runnable;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;

type Task = Runnable<Meta>;

/// How many polls PCT takes a run to have when it places its changes of priority.
const PCT_POLLS: u32 = 2_000;

/// Runnable tasks in the order of the policy: highest priority first, first come first among equals.
pub(crate) struct Ready {
    order: Order,
    arrivals: u64,
}

enum Order {
    Fifo(VecDeque<Task>),
    Drawn(Drawn<Task>),
    Pct { drawn: Drawn<Task>, changes: Vec<u32>, polls: u32, lowest: u32 },
}

impl Ready {
    pub(crate) fn new(policy: Policy, choices: &Choices) -> Ready {
        let order = match policy {
            Policy::Fifo => Order::Fifo(VecDeque::new()),
            Policy::Random => Order::Drawn(Drawn::default()),
            Policy::Pct(depth) => {
                let mut stream = choices.stream(&["policy".into(), "pct".into()]);
                // Outcome 0 is benign: no change.
                let mut changes: Vec<u32> = (1..depth)
                    .map(|_| choices.pick(&mut stream, Kind::Schedule, PCT_POLLS))
                    .filter(|poll| *poll > 0)
                    .collect();
                changes.sort_unstable_by(|a, b| b.cmp(a));
                Order::Pct { drawn: Drawn::default(), changes, polls: 0, lowest: u32::MAX / 2 }
            }
            Policy::Portfolio => unreachable!("a portfolio is resolved before the run"),
        };
        Ready { order, arrivals: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, choices: &Choices, task: Task) {
        let wake = task.metadata().count_wake();
        self.arrivals += 1;
        let arrival = self.arrivals;
        match &mut self.order {
            Order::Fifo(queue) => queue.push_back(task),
            Order::Drawn(drawn) => {
                drawn.push(task, wake, arrival, |t, w| t.metadata().priority(choices, w))
            }
            Order::Pct { drawn, .. } => {
                drawn.push(task, wake, arrival, |t, _| pct_rank(choices, t.metadata()))
            }
        }
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Task> {
        match &mut self.order {
            Order::Fifo(queue) => queue.pop_front(),
            Order::Drawn(drawn) => drawn.pop(),
            Order::Pct { drawn, changes, polls, lowest } => {
                let task = drawn.pop()?;
                *polls += 1;
                if changes.last().is_some_and(|at| at < polls) {
                    changes.pop();
                    // The task that runs here falls behind all others from its next wake on.
                    task.metadata().rank.store(*lowest, Relaxed);
                    *lowest -= 1;
                }
                Some(task)
            }
        }
    }

    /// Takes out every task for which `leaves` holds, in no particular order of priority but always the same.
    pub(crate) fn remove(&mut self, mut leaves: impl FnMut(&Meta) -> bool) -> Vec<Task> {
        match &mut self.order {
            Order::Fifo(queue) => {
                if !queue.iter().any(|t| leaves(t.metadata())) {
                    return Vec::new();
                }
                let (out, stay) = queue.drain(..).partition(|t| leaves(t.metadata()));
                *queue = stay;
                Vec::from(out)
            }
            Order::Drawn(drawn) | Order::Pct { drawn, .. } => {
                drawn.remove(|t| leaves(t.metadata()))
            }
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
