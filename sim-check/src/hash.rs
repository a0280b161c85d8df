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

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(u64::from_le_bytes(word.try_into().expect("a chunk of eight bytes")));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
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
    hashes: Vec<u64>,
    /// Open addressing; a slot holds a number plus one, or zero. Unused while there are few things.
    slots: Vec<u32>,
}

/// Up to this many things a scan is faster than a table.
const SCANNED: usize = 12;

impl NumberTable {
    /// A table that expects this many things.
    pub(crate) fn with_capacity(things: usize) -> Self {
        let slots = if things > SCANNED { (things * 2 + 2).next_power_of_two() } else { 0 };
        NumberTable { hashes: Vec::with_capacity(things), slots: vec![0; slots.min(1 << 12)] }
    }

    /// The number of the thing with this hash for which `is_it` holds, or a new number and true.
    #[inline]
    pub(crate) fn number(&mut self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> (u32, bool) {
        let len = self.hashes.len();
        if self.slots.is_empty() {
            for (i, known) in self.hashes.iter().enumerate() {
                if *known == hash && is_it(i as u32) {
                    return (i as u32, false);
                }
            }
            if len == 0 {
                self.hashes.reserve(SCANNED + 1);
            }
            self.hashes.push(hash);
            if len >= SCANNED {
                self.rebuild(64);
            }
            return (len as u32, true);
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => break,
                entry => {
                    let number = entry - 1;
                    if self.hashes[number as usize] == hash && is_it(number) {
                        return (number, false);
                    }
                }
            }
            at = (at + 1) & mask;
        }
        self.hashes.push(hash);
        self.slots[at] = len as u32 + 1;
        if (len + 1) * 2 > self.slots.len() {
            self.rebuild(self.slots.len() * 2);
        }
        (len as u32, true)
    }

    /// The number of the thing with this hash for which `is_it` holds.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            let mut known = self.hashes.iter().enumerate();
            let found = known.find(|(i, known)| **known == hash && is_it(*i as u32));
            return found.map(|(i, _)| i as u32);
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(number) = self.slots[at].checked_sub(1) {
            if self.hashes[number as usize] == hash && is_it(number) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn rebuild(&mut self, size: usize) {
        self.slots = vec![0; size];
        let mask = size - 1;
        for (i, hash) in self.hashes.iter().enumerate() {
            let mut at = *hash as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = i as u32 + 1;
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
