//! The names of streams.

use super::mix::{combine, hash_text, mix64};
use std::fmt;
use std::rc::Rc;

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// A name fixed in the source.
    Label(&'static str),
    /// A name given by a user.
    Text(Rc<str>),
    /// A position among siblings.
    Index(u32),
    /// A node in one of its lives, shown as `name.incarnation`.
    Life(Rc<str>, u32),
    /// A direction between two nodes, shown as `from>to`.
    Link(Rc<str>, Rc<str>),
}

impl Segment {
    fn hash(&self) -> u64 {
        match self {
            Segment::Label(text) => hash_text(text),
            Segment::Text(text) => hash_text(text),
            Segment::Index(index) => mix64(u64::from(*index) ^ 0x1D8A_F3C9_0000_0000),
            Segment::Life(name, incarnation) => combine(hash_text(name), u64::from(*incarnation)),
            Segment::Link(from, to) => combine(hash_text(from), hash_text(to)),
        }
    }
}

impl From<&'static str> for Segment {
    fn from(label: &'static str) -> Segment {
        Segment::Label(label)
    }
}

impl From<Rc<str>> for Segment {
    fn from(text: Rc<str>) -> Segment {
        Segment::Text(text)
    }
}

impl From<u32> for Segment {
    fn from(index: u32) -> Segment {
        Segment::Index(index)
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Label(text) => f.write_str(text),
            Segment::Text(text) => f.write_str(text),
            Segment::Index(index) => write!(f, "{index}"),
            Segment::Life(name, incarnation) => write!(f, "{name}.{incarnation}"),
            Segment::Link(from, to) => write!(f, "{from}>{to}"),
        }
    }
}

/// A stable name of a stream: a hash that decides its draws, and an index that finds its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    hash: u64,
    id: u32,
}

impl Path {
    /// The path of no segments.
    pub const ROOT: Path = Path { hash: 0, id: 0 };

    /// What the stream's key is derived from.
    pub fn hash(self) -> u64 {
        self.hash
    }

    /// The index in the table of paths.
    pub fn id(self) -> u32 {
        self.id
    }
}

/// The table of the paths of a run. Text is made only for reports.
#[derive(Default)]
pub struct Paths {
    entries: Vec<(u32, Segment)>,
}

impl Paths {
    /// Interns `segment` under `parent`.
    pub fn child(&mut self, parent: Path, segment: Segment) -> Path {
        let hash = combine(parent.hash, segment.hash());
        self.entries.push((parent.id, segment));
        Path { hash, id: u32::try_from(self.entries.len()).expect("fewer than 2^32 paths") }
    }

    /// Forgets all paths, keeping the memory.
    pub(crate) fn reset(&mut self) {
        self.entries.clear();
    }

    /// The path in words, parts joined by `/`.
    pub fn text(&self, id: u32) -> String {
        let mut parts = Vec::new();
        let mut at = id;
        while at != 0 {
            let (parent, segment) = &self.entries[at as usize - 1];
            parts.push(segment.to_string());
            at = *parent;
        }
        parts.reverse();
        parts.join("/")
    }
}
