//! The trace of a run: fixed-size records, a rolling hash that is always on, and text only when asked for.

mod difference;
mod log;
mod record;

use crate::node::NodeId;
use crate::time::Nanos;
use crate::world::World;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

pub use difference::{Difference, first_difference};
pub(crate) use log::capture;
pub use record::{Record, TraceKind};

/// How many events lie between two checkpoints of the hash.
pub const CHECKPOINT_EVERY: u64 = 256;

/// What is kept of a run besides the hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The hash and its checkpoints. The fast way.
    #[default]
    Hash,
    /// Every record as well, to name the first event in which two runs differ.
    Records,
    /// Readable lines as well, with the `tracing` events of the code under test among them.
    Text,
}

/// A line of readable trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in virtual nanoseconds.
    pub at: Nanos,
    /// The node on which it happened.
    pub node: Arc<str>,
    /// What happened.
    pub text: String,
}

/// A moment to which a trace can be taken back.
pub(crate) struct Mark {
    hash: u64,
    events: u64,
    lines: usize,
    kept: usize,
}

/// The trace of the run in progress.
pub(crate) struct Trace {
    hash: Cell<u64>,
    events: Cell<u64>,
    keep: Keep,
    checkpoints: RefCell<Vec<u64>>,
    lines: RefCell<Vec<Line>>,
    kept: RefCell<Vec<(Record, Arc<str>)>>,
    names: RefCell<Vec<Arc<str>>>,
}

impl Trace {
    pub(crate) fn new(keep: Keep) -> Trace {
        Trace {
            hash: Cell::new(0x243F_6A88_85A3_08D3),
            events: Cell::new(0),
            keep,
            checkpoints: RefCell::default(),
            lines: RefCell::default(),
            kept: RefCell::default(),
            names: RefCell::default(),
        }
    }

    #[inline]
    pub(crate) fn push(&self, world: &World, record: Record) {
        let hash = record.chain(self.hash.get());
        self.hash.set(hash);
        let events = self.events.get() + 1;
        self.events.set(events);
        if events.is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoints.borrow_mut().push(hash);
        }
        if self.keep != Keep::Hash {
            self.keep(world, record);
        }
    }

    #[cold]
    fn keep(&self, world: &World, record: Record) {
        let node = self.name(world, record.node);
        match self.keep {
            Keep::Hash => {}
            Keep::Records => self.kept.borrow_mut().push((record, node)),
            Keep::Text => {
                let text = record.text(world);
                self.lines.borrow_mut().push(Line { at: record.at, node, text });
            }
        }
    }

    /// Adds a line of the code under test's own log. It is not part of the hash.
    pub(crate) fn say(&self, world: &World, text: String) {
        if self.keep == Keep::Text {
            let node = self.name(world, world.current_node());
            self.lines.borrow_mut().push(Line { at: world.now(), node, text });
        }
    }

    /// The name of a node, shared among lines and fit to leave the thread.
    fn name(&self, world: &World, node: NodeId) -> Arc<str> {
        let mut names = self.names.borrow_mut();
        while names.len() <= node.index() {
            let next = NodeId(names.len() as u16);
            names.push(world.node_name(next).as_ref().into());
        }
        names[node.index()].clone()
    }

    #[inline]
    pub(crate) fn keeps_text(&self) -> bool {
        self.keep == Keep::Text
    }

    /// Where the trace stands, for [`Trace::rewind`].
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            hash: self.hash.get(),
            events: self.events.get(),
            lines: self.lines.borrow().len(),
            kept: self.kept.borrow().len(),
        }
    }

    /// Forgets what was recorded since: what stuck tasks do when they are asked what they await is not a part of the run.
    pub(crate) fn rewind(&self, mark: Mark) {
        self.hash.set(mark.hash);
        self.events.set(mark.events);
        self.checkpoints.borrow_mut().truncate((mark.events / CHECKPOINT_EVERY) as usize);
        self.lines.borrow_mut().truncate(mark.lines);
        self.kept.borrow_mut().truncate(mark.kept);
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.get()
    }

    #[inline]
    pub(crate) fn events(&self) -> u64 {
        self.events.get()
    }

    pub(crate) fn take_checkpoints(&self) -> Vec<u64> {
        self.checkpoints.take()
    }

    pub(crate) fn take_lines(&self) -> Vec<Line> {
        self.lines.take()
    }

    /// The kept records, each with its node's name.
    pub(crate) fn take_kept(&self) -> Vec<(Record, Arc<str>)> {
        self.kept.take()
    }
}
