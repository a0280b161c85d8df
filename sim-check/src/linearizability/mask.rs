//! Sets of open operations, by slot.

use std::hash::Hash;

/// Which of the open operations have taken effect: one bit for each slot.
pub(super) trait Mask: Clone + Eq + Hash {
    /// How many slots it can have.
    const SLOTS_MAX: usize;
    /// No slot of this many.
    fn empty(slots: usize) -> Self;
    fn has(&self, slot: u32) -> bool;
    fn add(&mut self, slot: u32);
    fn remove(&mut self, slot: u32);
}

impl Mask for u64 {
    const SLOTS_MAX: usize = 64;

    fn empty(slots: usize) -> u64 {
        assert!(slots <= Self::SLOTS_MAX, "a word has 64 slots, not {slots}");
        0
    }

    #[inline]
    fn has(&self, slot: u32) -> bool {
        self & (1 << slot) != 0
    }

    #[inline]
    fn add(&mut self, slot: u32) {
        *self |= 1 << slot;
    }

    #[inline]
    fn remove(&mut self, slot: u32) {
        *self &= !(1 << slot);
    }
}

/// More than 64 slots.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct WideMask(Box<[u64]>);

impl Mask for WideMask {
    const SLOTS_MAX: usize = usize::MAX;

    fn empty(slots: usize) -> WideMask {
        WideMask(vec![0; slots.div_ceil(64)].into())
    }

    fn has(&self, slot: u32) -> bool {
        self.0[slot as usize / 64].has(slot % 64)
    }

    fn add(&mut self, slot: u32) {
        self.0[slot as usize / 64].add(slot % 64);
    }

    fn remove(&mut self, slot: u32) {
        self.0[slot as usize / 64].remove(slot % 64);
    }
}
