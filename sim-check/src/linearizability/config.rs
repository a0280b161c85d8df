//! Configurations of the search, and sets of them.

use super::counts::{Counts, CountsId};
use super::mask::Mask;
use crate::hash::hash_of;

/// Where a search stands between two returns.
#[derive(Clone, Debug)]
pub(super) struct Config<M> {
    pub(super) state: u32,
    /// How many operations of unknown outcome were used.
    pub(super) used: CountsId,
    /// The open operations that have taken effect.
    pub(super) mask: M,
}

/// A set of configurations in which none is dominated by another of the same step, state and mask.
///
/// One configuration dominates another if it used no more operations of unknown outcome: whatever the other
/// can still do, it can do too.
pub(super) struct ConfigSet<M> {
    entries: Vec<Entry<M>>,
    /// Open addressing; a slot holds a number plus one, or zero. Unused while there are few entries.
    slots: Vec<u32>,
    /// How many entries there may be, once there are more than a few.
    expected: usize,
}

struct Entry<M> {
    hash: u64,
    step: u32,
    config: Config<M>,
}

/// Up to this many entries a scan is faster than a table.
const SCANNED: usize = 8;

impl<M: Mask> ConfigSet<M> {
    pub(super) fn new() -> Self {
        ConfigSet { entries: Vec::new(), slots: Vec::new(), expected: 0 }
    }

    /// A set that stays small or gets about so many entries.
    pub(super) fn expecting(entries: usize) -> Self {
        ConfigSet { expected: entries.min(1 << 15), ..ConfigSet::new() }
    }

    /// Adds the configuration unless one that is at least as good is there. Returns whether it was added;
    /// an entry that it dominates may be replaced.
    #[inline]
    pub(super) fn insert(&mut self, step: u32, config: &Config<M>, counts: &Counts) -> bool {
        let hash = hash_of(&((u64::from(step) << 32) | u64::from(config.state), &config.mask));
        let same = |entry: &Entry<M>| {
            entry.hash == hash
                && entry.step == step
                && entry.config.state == config.state
                && entry.config.mask == config.mask
        };
        if self.slots.is_empty() {
            for entry in &mut self.entries {
                if same(entry) {
                    if counts.at_most(entry.config.used, config.used) {
                        return false;
                    }
                    if counts.at_most(config.used, entry.config.used) {
                        entry.config.used = config.used;
                        return true;
                    }
                }
            }
            if self.entries.is_empty() {
                self.entries.reserve(SCANNED + 1);
            }
            self.entries.push(Entry { hash, step, config: config.clone() });
            if self.entries.len() > SCANNED {
                self.entries.reserve(self.expected);
                self.rebuild((2 * self.expected).next_power_of_two().max(64));
            }
            return true;
        }
        let table = self.slots.len() - 1;
        let mut at = hash as usize & table;
        loop {
            match self.slots[at] {
                0 => break,
                number => {
                    let entry = &mut self.entries[number as usize - 1];
                    if same(entry) {
                        if counts.at_most(entry.config.used, config.used) {
                            return false;
                        }
                        if counts.at_most(config.used, entry.config.used) {
                            entry.config.used = config.used;
                            return true;
                        }
                    }
                }
            }
            at = (at + 1) & table;
        }
        self.entries.push(Entry { hash, step, config: config.clone() });
        self.slots[at] = self.entries.len() as u32;
        if self.entries.len() * 2 > self.slots.len() {
            self.rebuild(self.slots.len() * 2);
        }
        true
    }

    /// Empties the set. Costs no more than filling it did.
    pub(super) fn clear(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        if self.entries.len() * 4 > self.slots.len() {
            self.slots.fill(0);
        } else {
            let table = self.slots.len() - 1;
            for entry in &self.entries {
                // Entries lie in runs from their home slot: clear the whole run.
                let mut at = entry.hash as usize & table;
                while self.slots[at] != 0 {
                    self.slots[at] = 0;
                    at = (at + 1) & table;
                }
            }
        }
        self.entries.clear();
    }

    fn rebuild(&mut self, size: usize) {
        self.slots.clear();
        self.slots.resize(size, 0);
        let table = size - 1;
        for (i, entry) in self.entries.iter().enumerate() {
            let mut at = entry.hash as usize & table;
            while self.slots[at] != 0 {
                at = (at + 1) & table;
            }
            self.slots[at] = i as u32 + 1;
        }
    }
}
