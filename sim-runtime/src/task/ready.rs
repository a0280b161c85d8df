//! The queue of runnable tasks.

use super::{Meta, Policy};
use crate::choice::{Choices, Kind};
use async_task::Runnable;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;

type Task = Runnable<Meta>;

/// How many polls PCT takes a run to have when it places its changes of priority.
const PCT_POLLS: u32 = 2_000;
/// Bits of a key below the priority, for the order of arrival.
const ARRIVAL_BITS: u32 = 40;

/// Runnable tasks in the order of the policy: highest priority first, first come first among equals.
pub(crate) struct Ready {
    order: Order,
    arrivals: u64,
}

enum Order {
    Fifo(VecDeque<Task>),
    Drawn(Drawn),
    Pct { drawn: Drawn, changes: Vec<u32>, polls: u32, lowest: u32 },
}

/// Tasks by drawn priority. A task that is alone waits in `solo` undrawn: with one outcome there is no choice.
#[derive(Default)]
struct Drawn {
    solo: Option<(Task, u32)>,
    heap: Heap,
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
                let (out, stay) = queue.drain(..).partition(|t| leaves(t.metadata()));
                *queue = stay;
                Vec::from(out)
            }
            Order::Drawn(drawn) | Order::Pct { drawn, .. } => drawn.remove(leaves),
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

impl Drawn {
    #[inline]
    fn push(&mut self, task: Task, wake: u32, arrival: u64, draw: impl Fn(&Task, u32) -> u32) {
        if self.heap.is_empty() {
            match self.solo.take() {
                None => {
                    self.solo = Some((task, wake));
                    return;
                }
                Some((other, other_wake)) => {
                    let priority = draw(&other, other_wake);
                    self.heap.push(key(priority, arrival - 1), other);
                }
            }
        }
        let priority = draw(&task, wake);
        self.heap.push(key(priority, arrival), task);
    }

    #[inline]
    fn pop(&mut self) -> Option<Task> {
        match self.solo.take() {
            Some((task, _)) => Some(task),
            None => self.heap.pop(),
        }
    }

    fn remove(&mut self, mut leaves: impl FnMut(&Meta) -> bool) -> Vec<Task> {
        let mut out = Vec::new();
        if self.solo.as_ref().is_some_and(|(task, _)| leaves(task.metadata())) {
            out.extend(self.solo.take().map(|(task, _)| task));
        }
        let mut stay = Heap::default();
        while let Some((key, task)) = self.heap.pop_entry() {
            if leaves(task.metadata()) {
                out.push(task);
            } else {
                stay.push(key, task);
            }
        }
        self.heap = stay;
        out
    }
}

/// Smaller comes first: higher priority, then earlier arrival.
#[inline]
fn key(priority: u32, arrival: u64) -> u64 {
    let place = u64::from(!priority) >> (ARRIVAL_BITS - 32) << ARRIVAL_BITS;
    place | (arrival & ((1 << ARRIVAL_BITS) - 1))
}

/// A four-ary heap: a node's children share a cache line.
#[derive(Default)]
struct Heap {
    entries: Vec<(u64, Task)>,
}

impl Heap {
    #[inline]
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    fn push(&mut self, key: u64, task: Task) {
        self.entries.push((key, task));
        let mut at = self.entries.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.entries[parent].0 <= key {
                break;
            }
            self.entries.swap(at, parent);
            at = parent;
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Task> {
        self.pop_entry().map(|(_, task)| task)
    }

    #[inline]
    fn pop_entry(&mut self) -> Option<(u64, Task)> {
        let last = self.entries.pop()?;
        if self.entries.is_empty() {
            return Some(last);
        }
        let first = std::mem::replace(&mut self.entries[0], last);
        let key = self.entries[0].0;
        let (mut at, len) = (0, self.entries.len());
        loop {
            let child = 4 * at + 1;
            if child >= len {
                break;
            }
            let mut least = child;
            for sibling in child + 1..(child + 4).min(len) {
                if self.entries[sibling].0 < self.entries[least].0 {
                    least = sibling;
                }
            }
            if self.entries[least].0 >= key {
                break;
            }
            self.entries.swap(at, least);
            at = least;
        }
        Some(first)
    }
}
