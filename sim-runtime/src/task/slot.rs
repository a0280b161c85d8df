//! What the runtime knows of each task besides its future.

use super::TaskId;
use crate::choice::{Choices, Path, Segment};
use crate::node::NodeId;
use rand_chacha::ChaCha8Rng;
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

/// A live task.
pub(crate) struct Slot {
    generation: u32,
    live: bool,
    pub(crate) node: NodeId,
    pub(crate) path: Path,
    pub(crate) name: Option<Rc<str>>,
    pub(crate) place: &'static Location<'static>,
    pub(crate) waker: Option<Waker>,
    pub(crate) rng: Option<Box<(u64, ChaCha8Rng)>>,
    children: u32,
    named_children: Vec<(Rc<str>, u32)>,
}

/// The table of live tasks.
#[derive(Default)]
pub(crate) struct Tasks {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Tasks {
    pub(crate) fn add(
        &mut self,
        node: NodeId,
        path: Path,
        name: Option<Rc<str>>,
        place: &'static Location<'static>,
    ) -> TaskId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.live = true;
            slot.node = node;
            slot.path = path;
            slot.name = name;
            slot.place = place;
            slot.children = 0;
            slot.named_children.clear();
            return TaskId { index, generation: slot.generation };
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 tasks");
        self.slots.push(Slot {
            generation: 0,
            live: true,
            node,
            path,
            name,
            place,
            waker: None,
            rng: None,
            children: 0,
            named_children: Vec::new(),
        });
        TaskId { index, generation: 0 }
    }

    /// Removes a task; its waker is returned so that it is dropped outside of any borrow.
    pub(crate) fn remove(&mut self, id: TaskId) -> Option<Waker> {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation, id.generation, "a task is removed once");
        slot.live = false;
        slot.generation = slot.generation.wrapping_add(1);
        slot.rng = None;
        slot.name = None;
        self.free.push(id.index);
        slot.waker.take()
    }

    pub(crate) fn get(&self, id: TaskId) -> Option<&Slot> {
        let slot = self.slots.get(id.index as usize)?;
        (slot.live && slot.generation == id.generation).then_some(slot)
    }

    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(id.index as usize)?;
        (slot.live && slot.generation == id.generation).then_some(slot)
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
}

impl Slot {
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
