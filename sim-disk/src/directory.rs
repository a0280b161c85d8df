//! Directories: the names that a reader sees, and those that are durable.

use crate::ino::Ino;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A name within a directory.
pub(crate) type Name = Rc<str>;

/// The names of one directory.
pub(crate) struct Directory {
    /// The directory above. The root's is itself.
    pub(crate) parent: Ino,
    entries: BTreeMap<Name, Ino>,
    durable: BTreeMap<Name, Ino>,
    /// Names that a crash set back and that nobody has looked up or set since.
    lost: BTreeSet<Name>,
}

impl Directory {
    pub(crate) fn new(parent: Ino) -> Directory {
        Directory {
            parent,
            entries: BTreeMap::new(),
            durable: BTreeMap::new(),
            lost: BTreeSet::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn entries(&self) -> &BTreeMap<Name, Ino> {
        &self.entries
    }

    pub(crate) fn get(&self, name: &str) -> Option<Ino> {
        self.entries.get(name).copied()
    }

    /// Points a name somewhere, or nowhere. Returns where it pointed.
    pub(crate) fn set(&mut self, name: &Name, ino: Option<Ino>) -> Option<Ino> {
        if !self.lost.is_empty() {
            self.lost.remove(name);
        }
        set(&mut self.entries, name, ino)
    }

    /// The same in the durable image.
    pub(crate) fn set_durable(&mut self, name: &Name, ino: Option<Ino>) -> Option<Ino> {
        set(&mut self.durable, name, ino)
    }

    /// The power failed: only what is durable is left.
    pub(crate) fn settle(&mut self) {
        for (name, ino) in &self.entries {
            if self.durable.get(name) != Some(ino) {
                self.lost.insert(name.clone());
            }
        }
        for name in self.durable.keys().filter(|name| !self.entries.contains_key(*name)) {
            self.lost.insert(name.clone());
        }
        self.entries = self.durable.clone();
    }

    /// Whether a crash had set this name back. Told once.
    pub(crate) fn meet_lost(&mut self, name: &str) -> u32 {
        u32::from(!self.lost.is_empty() && self.lost.remove(name))
    }

    /// How many names a crash had set back. Told once.
    pub(crate) fn meet_all_lost(&mut self) -> u32 {
        std::mem::take(&mut self.lost).len() as u32
    }

    /// Whether nothing here is unsynced. For tests of the log of names.
    #[cfg(test)]
    pub(crate) fn is_durable(&self) -> bool {
        self.entries == self.durable
    }
}

fn set(map: &mut BTreeMap<Name, Ino>, name: &Name, ino: Option<Ino>) -> Option<Ino> {
    match ino {
        Some(ino) => map.insert(name.clone(), ino),
        None => map.remove(name),
    }
}
