//! Finding out why nothing moves: what each stuck task awaits, and which tasks spin.

use super::{Current, World};
use crate::node::NodeId;
use crate::task::TaskId;
use crate::verdict::{Failure, FailureKind};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How many tasks a report names.
const NAMED: usize = 20;
/// How many polls of a livelock are looked at.
const SAMPLED: u64 = 1_000;

impl World {
    /// Says what the current task is about to wait for. Costs nothing except in a run that has stalled: then
    /// each stuck task is polled once more and the answers go into the report.
    #[inline]
    pub fn waiting(&self, what: impl FnOnce() -> String) {
        if self.stopping.get() {
            self.note(what);
        }
    }

    #[cold]
    fn note(&self, what: impl FnOnce() -> String) {
        if let Some(notes) = &mut *self.notes.borrow_mut() {
            notes.push(what());
        }
    }

    /// A task in words: where it runs, what it is called, where it was spawned.
    pub(crate) fn task_name(&self, id: TaskId) -> String {
        let tasks = self.tasks.borrow();
        let (Some(slot), Some(details)) = (tasks.get(id), tasks.details(id)) else {
            return format!("task {id} (ended)");
        };
        let node = self.nodes.borrow().get(slot.node).name.clone();
        match &details.name {
            Some(name) => format!("{node}/{name}"),
            None => format!("{node}, spawned at {}:{}", details.place.file(), details.place.line()),
        }
    }

    /// The task in a slot, in words.
    pub(crate) fn task_name_at(&self, index: u32) -> String {
        let id = self.tasks.borrow().live().map(|(id, _)| id).find(|id| id.index == index);
        id.map_or_else(|| format!("task {index}"), |id| self.task_name(id))
    }

    /// What each live task awaits, in words. Only for a run that is over: it polls the tasks, which counts no more.
    pub(super) fn stuck_tasks(&self) -> Vec<String> {
        self.stopping.set(true);
        let before = self.trace.mark();
        let lines = self.ask_tasks();
        self.trace.rewind(before);
        lines
    }

    fn ask_tasks(&self) -> Vec<String> {
        let current = self.current_task();
        let ids: Vec<TaskId> =
            self.tasks.borrow().live().map(|(id, _)| id).filter(|id| *id != current).collect();
        let mut lines = Vec::new();
        for id in ids {
            let name = self.task_name(id);
            let node = self.tasks.borrow().get(id).map(|slot| (slot.node, slot.waker.clone()));
            let Some((node, Some(waker))) = node else { continue };
            if self.node_is_paused(node) {
                lines.push(format!("{name}: its node is paused"));
                continue;
            }
            *self.notes.borrow_mut() = Some(Vec::new());
            waker.wake();
            let woken = self.ready.borrow_mut().remove(|meta| meta.id == id);
            for task in woken {
                // What it does now counts no more; a panic neither.
                catch_unwind(AssertUnwindSafe(|| self.poll(task))).unwrap_or(());
            }
            let notes = self.notes.take().unwrap_or_default();
            let what = match notes.as_slice() {
                [] => "something outside of squall, such as a channel or a lock".to_owned(),
                notes => notes.join(", or "),
            };
            lines.push(format!("{name}: awaits {what}"));
        }
        lines
    }

    /// What each live task awaits, as lines of text, for a failure about to be reported. The run must not go on after it:
    /// every task was polled.
    pub fn describe_tasks(&self) -> String {
        let current = self.current.get();
        let tasks = self.stuck_tasks();
        self.current.set(current);
        listed(&tasks)
    }

    pub(super) fn stalled(&self) {
        self.current.set(Current::NOBODY);
        let stuck = self.stuck_tasks();
        let message = format!(
            "nothing can run and nothing is due, at {:.6} s; these tasks are stuck:{}",
            self.now() as f64 / 1e9,
            listed(&stuck)
        );
        self.fail(Failure {
            kind: FailureKind::Stall,
            property: String::new(),
            site: self.site_of_main(),
            message,
        });
    }

    #[cold]
    pub(super) fn livelocked(&self) {
        let mut polls: BTreeMap<TaskId, u64> = BTreeMap::new();
        let before = self.trace.mark();
        for _ in 0..SAMPLED {
            let Some(task) = self.ready.borrow_mut().pop() else { break };
            *polls.entry(task.metadata().id).or_default() += 1;
            if catch_unwind(AssertUnwindSafe(|| self.poll(task))).is_err() {
                break;
            }
        }
        self.trace.rewind(before);
        let mut busiest: Vec<(u64, TaskId)> =
            polls.into_iter().map(|(id, count)| (count, id)).collect();
        busiest.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let lines: Vec<String> = busiest
            .iter()
            .map(|(count, id)| {
                format!("{}: {count} of the next {SAMPLED} polls", self.task_name(*id))
            })
            .collect();
        let message = format!(
            "{} polls and time stood still at {:.6} s; the busiest tasks:{}",
            self.bounds.polls_at_one_instant,
            self.now() as f64 / 1e9,
            listed(&lines)
        );
        let site = busiest.first().map(|(_, id)| self.site_of(*id)).unwrap_or_default();
        self.fail(Failure { kind: FailureKind::Livelock, property: String::new(), site, message });
    }

    /// A device that has one token after another due at the same instant.
    #[cold]
    pub(super) fn device_livelocked(&self, device: u8) {
        let name = self.devices.name(device);
        self.fail(Failure {
            kind: FailureKind::Livelock,
            property: String::new(),
            site: name.to_owned(),
            message: format!(
                "{} tokens fell due and time stood still at {:.6} s, the last of them one of the device {name}",
                self.bounds.polls_at_one_instant,
                self.now() as f64 / 1e9,
            ),
        });
    }

    /// Where a task was spawned: the same for all seeds.
    fn site_of(&self, id: TaskId) -> String {
        let tasks = self.tasks.borrow();
        tasks.details(id).map_or_else(String::new, |details| {
            format!("{}:{}", details.place.file(), details.place.line())
        })
    }

    fn site_of_main(&self) -> String {
        let tasks = self.tasks.borrow();
        let main = tasks.live().find(|(_, slot)| slot.node == NodeId::TEST).map(|(id, _)| id);
        drop(tasks);
        main.map(|id| self.site_of(id)).unwrap_or_default()
    }
}

/// Lines below a sentence, the first of them.
pub(super) fn listed(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines.iter().take(NAMED) {
        text.push_str("\n    ");
        text.push_str(line);
    }
    if lines.len() > NAMED {
        text.push_str(&format!("\n    and {} more", lines.len() - NAMED));
    }
    text
}
