//! A fast hash that is the same in each run, and tables of numbered things that are found by it.

use std::hash::{Hash, Hasher};

/// A multiply-rotate hash. Not meant to withstand an adversary: who writes the history is on our side.
#[derive(Clone, Copy, Default)]
pub(crate) struct FastHasher(u64);

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

impl FastHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SEED);
    }
}

impl Hasher for FastHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.add(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    #[inline]
    fn write_i64(&mut self, n: i64) {
        self.add(n as u64);
    }

    #[inline]
    fn write_isize(&mut self, n: isize) {
        self.add(n as u64);
    }
}

#[inline]
pub(crate) fn hash_of<T: Hash + ?Sized>(thing: &T) -> u64 {
    let mut hasher = FastHasher::default();
    thing.hash(&mut hasher);
    hasher.finish()
}

/// Finds the numbers of things by their hashes. The things themselves are kept by the caller.
#[derive(Clone, Default)]
pub(crate) struct NumberTable {
    /// Open addressing; a slot holds half a hash and a number plus one, or zero.
    slots: Vec<u64>,
    things: usize,
}

const SLOTS_MIN: usize = 16;

impl NumberTable {
    /// A table that expects this many things.
    pub(crate) fn with_capacity(things: usize) -> Self {
        let slots = (things * 2).next_power_of_two().clamp(SLOTS_MIN, 1 << 12);
        NumberTable { slots: vec![0; slots], things: 0 }
    }

    /// The number of the thing with this hash for which `is_it` holds, or a new number and true.
    #[inline]
    pub(crate) fn number(&mut self, hash: u64, is_it: impl FnMut(u32) -> bool) -> (u32, bool) {
        match self.find(hash, is_it) {
            Some(number) => (number, false),
            None => (self.add(hash), true),
        }
    }

    /// The number of the thing with this hash for which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        self.candidates(hash).find(|number| is_it(*number))
    }

    /// The numbers of the things that may have this hash.
    #[inline(always)]
    pub(crate) fn candidates(&self, hash: u64) -> Candidates<'_> {
        Candidates { slots: &self.slots, hash: hash as u32, at: hash as usize }
    }

    /// The number of a new thing with this hash.
    pub(crate) fn add(&mut self, hash: u64) -> u32 {
        let number = self.things as u32;
        self.things += 1;
        if self.things * 2 > self.slots.len() {
            let slots = (2 * self.slots.len()).max(SLOTS_MIN);
            for slot in std::mem::replace(&mut self.slots, vec![0; slots]) {
                if slot != 0 {
                    self.place(slot);
                }
            }
        }
        self.place(hash << 32 | u64::from(number + 1));
        number
    }

    fn place(&mut self, slot: u64) {
        let mask = self.slots.len() - 1;
        let mut at = (slot >> 32) as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }
}

/// See [`NumberTable::candidates`].
pub(crate) struct Candidates<'t> {
    slots: &'t [u64],
    hash: u32,
    at: usize,
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        loop {
            let slot = self.slots[self.at & mask];
            self.at = self.at.wrapping_add(1);
            let number = (slot as u32).checked_sub(1)?;
            if (slot >> 32) as u32 == self.hash {
                return Some(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_one_number() {
        let mut table = NumberTable::default();
        let mut things: Vec<u64> = Vec::new();
        for round in 0..2 {
            for thing in 0..1_000_u64 {
                let (number, new) =
                    table.number(hash_of(&thing), |number| things[number as usize] == thing);
                assert_eq!(new, round == 0);
                assert_eq!(u64::from(number), thing);
                if new {
                    things.push(thing);
                }
                let found = table.find(hash_of(&thing), |n| things[n as usize] == thing);
                assert_eq!(found, Some(number));
                assert_eq!(table.find(hash_of(&(thing + 1_000)), |_| true), None);
            }
        }
    }
}
