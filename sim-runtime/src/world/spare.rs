//! The memory of a finished world, kept for the next one of the thread.
//!
//! A swarm runs thousands of small worlds one after another, and making their tables would cost more than
//! filling them. What is handed on is memory alone: every table is empty.

use super::{Due, World};
use crate::choice::Paths;
use crate::node::Nodes;
use crate::task::{Ready, Tasks};
use crate::time::wheel::Wheel;
use std::cell::Cell;

/// Tables for more tasks or timers than this are given back to the allocator.
const KEPT_MAX: usize = 1 << 16;

/// Empty tables.
#[derive(Default)]
pub(super) struct Spare {
    pub(super) wheel: Wheel<Due>,
    pub(super) tasks: Tasks,
    pub(super) nodes: Nodes,
    pub(super) paths: Paths,
    pub(super) ready: Ready,
}

thread_local! {
    static SPARE: Cell<Option<Spare>> = const { Cell::new(None) };
}

impl Spare {
    /// The tables that the last world of this thread left, or new ones.
    pub(super) fn take() -> Spare {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }
}

impl World {
    /// Ends a world whose run is over, and keeps the memory of its tables.
    pub(crate) fn recycle(self) {
        let mut spare = Spare {
            wheel: self.wheel.into_inner(),
            tasks: self.tasks.into_inner(),
            nodes: self.nodes.into_inner(),
            paths: self.choices.into_paths(),
            ready: self.ready.into_inner(),
        };
        if spare.wheel.capacity() > KEPT_MAX || spare.tasks.capacity() > KEPT_MAX {
            return;
        }
        spare.wheel.reset();
        spare.tasks.reset();
        spare.nodes.reset();
        spare.paths.reset();
        spare.ready.reset();
        // A thread that is about to end has no use for it.
        SPARE.try_with(|kept| kept.set(Some(spare))).unwrap_or(());
    }
}
