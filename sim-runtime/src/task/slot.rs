//! What the runtime knows of each task besides its future.

use super::TaskId;
use crate::choice::{Choices, Path, Segment};
use crate::node::NodeId;
use rand_chacha::ChaCha8Rng;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

/// What a task is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// By the runtime.
    Fixed(&'static str),
    /// By a user.
    Given(Rc<str>),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Name::Fixed(name) => name,
            Name::Given(name) => name,
        })
    }
}

/// What is looked at whenever a timer fires: small, so that many tasks fit into the processor's caches.
pub(crate) struct Slot {
    generation: u32,
    live: bool,
    pub(crate) node: NodeId,
    pub(crate) waker: Option<Waker>,
}

/// The rest.
pub(crate) struct Details {
    pub(crate) path: Path,
    pub(crate) name: Option<Name>,
    pub(crate) place: &'static Location<'static>,
    pub(crate) rng: Option<Box<(u64, ChaCha8Rng)>>,
    children: u32,
    named_children: Vec<(Rc<str>, u32)>,
}

/// The table of live tasks.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Slot>,
    details: Vec<Details>,
    free: Vec<u32>,
}

impl Tasks {
    pub(crate) fn add(
        &mut self,
        node: NodeId,
        path: Path,
        name: Option<Name>,
        place: &'static Location<'static>,
    ) -> TaskId {
        let details =
            Details { path, name, place, rng: None, children: 0, named_children: Vec::new() };
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.live = true;
            slot.node = node;
            self.details[index as usize] = details;
            return TaskId { index, generation: slot.generation };
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 tasks");
        self.slots.push(Slot { generation: 0, live: true, node, waker: None });
        self.details.push(details);
        TaskId { index, generation: 0 }
    }

    /// Removes a task; its waker is returned so that it is dropped outside of any borrow.
    pub(crate) fn remove(&mut self, id: TaskId) -> Option<Waker> {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation, id.generation, "a task is removed once");
        slot.live = false;
        slot.generation = slot.generation.wrapping_add(1);
        let details = &mut self.details[id.index as usize];
        details.rng = None;
        details.name = None;
        self.free.push(id.index);
        slot.waker.take()
    }

    /// Forgets all tasks, keeping the memory.
    pub(crate) fn reset(&mut self) {
        self.slots.clear();
        self.details.clear();
        self.free.clear();
    }

    #[inline]
    pub(crate) fn get(&self, id: TaskId) -> Option<&Slot> {
        let slot = self.slots.get(id.index as usize)?;
        (slot.live && slot.generation == id.generation).then_some(slot)
    }

    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(id.index as usize)?;
        (slot.live && slot.generation == id.generation).then_some(slot)
    }

    pub(crate) fn details(&self, id: TaskId) -> Option<&Details> {
        self.get(id).map(|_| &self.details[id.index as usize])
    }

    pub(crate) fn details_mut(&mut self, id: TaskId) -> Option<&mut Details> {
        self.get(id)?;
        Some(&mut self.details[id.index as usize])
    }

    /// The live tasks in the order of their slots.
    pub(crate) fn live(&self) -> impl Iterator<Item = (TaskId, &Slot)> {
        let numbered = (0_u32..).zip(&self.slots);
        numbered
            .filter(|(_, slot)| slot.live)
            .map(|(index, slot)| (TaskId { index, generation: slot.generation }, slot))
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// For how many tasks there is memory.
    pub(crate) fn capacity(&self) -> usize {
        self.details.capacity()
    }
}

impl Details {
    /// The path of the next child: its name, with a number from the second of that name on, or its number
    /// among the unnamed ones.
    pub(crate) fn child(&mut self, choices: &Choices, name: Option<&Rc<str>>) -> Path {
        let Some(name) = name else {
            self.children += 1;
            return choices.child(self.path, Segment::Index(self.children - 1));
        };
        let path = choices.child(self.path, Segment::Text(name.clone()));
        match self.named_children.iter_mut().find(|(known, _)| known == name) {
            None => {
                self.named_children.push((name.clone(), 1));
                path
            }
            Some((_, count)) => {
                *count += 1;
                choices.child(path, Segment::Index(*count - 1))
            }
        }
    }
}
