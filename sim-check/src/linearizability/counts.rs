//! How many operations of unknown outcome were used, class by class.

use crate::hash::{NumberTable, hash_of};

/// The number of a vector of counts; 0 is "none used".
pub(super) type CountsId = u32;

/// Vectors of counts by number. Classes may be added at any time.
#[derive(Default)]
pub(super) struct Counts {
    /// How many classes each vector has room for.
    width: usize,
    vectors: Vec<u32>,
    /// The hash of each vector: the sum of the weights of what was used.
    hashes: Vec<u64>,
    numbers: NumberTable,
}

impl Counts {
    fn get(&self, id: CountsId) -> &[u32] {
        &self.vectors[id as usize * self.width..][..self.width]
    }

    #[inline]
    pub(super) fn count(&self, id: CountsId, class: usize) -> u32 {
        let none = id == 0 || class >= self.width;
        if none { 0 } else { self.vectors[id as usize * self.width + class] }
    }

    /// One more of `class`.
    pub(super) fn increment(&mut self, id: CountsId, class: usize) -> CountsId {
        if class >= self.width {
            self.widen((class + 1).max(2 * self.width).max(8));
        }
        let hash = self.hashes[id as usize].wrapping_add(weight(class));
        let (width, vectors) = (self.width, &self.vectors);
        let before = &vectors[id as usize * width..][..width];
        let more = before[class].checked_add(1).expect("fewer than 2^32 of one class");
        let (number, new) = self.numbers.number(hash, |number| {
            let known = &vectors[number as usize * width..][..width];
            let mut pairs = known.iter().zip(before).enumerate();
            known[class] == more && pairs.all(|(i, (known, before))| i == class || known == before)
        });
        if new {
            let start = id as usize * width;
            self.vectors.extend_from_within(start..start + width);
            self.vectors[number as usize * width + class] = more;
            self.hashes.push(hash);
        }
        number
    }

    /// Makes room for this many classes.
    fn widen(&mut self, width: usize) {
        if self.hashes.is_empty() {
            // The vector of zeros.
            self.numbers.add(0);
            self.hashes.reserve(16);
            self.hashes.push(0);
        }
        let mut vectors = Vec::with_capacity(self.hashes.capacity() * width);
        for id in 0..self.hashes.len() {
            vectors.extend_from_slice(self.get(id as u32));
            vectors.resize((id + 1) * width, 0);
        }
        (self.vectors, self.width) = (vectors, width);
    }

    /// Whether `a` used no more of any class than `b`: then whatever `b` can do, `a` can do.
    #[inline]
    pub(super) fn at_most(&self, a: CountsId, b: CountsId) -> bool {
        a == b || a == 0 || self.get(a).iter().zip(self.get(b)).all(|(a, b)| a <= b)
    }

    /// Forgets all vectors but the `living`, which are renumbered.
    pub(super) fn forget_others<'c>(&mut self, living: impl Iterator<Item = &'c mut CountsId>) {
        let mut kept = Counts::default();
        kept.widen(self.width);
        for id in living {
            let counts = self.get(*id);
            let hash = self.hashes.get(*id as usize).copied().unwrap_or(0);
            let (width, vectors) = (kept.width, &kept.vectors);
            let (number, new) = kept
                .numbers
                .number(hash, |number| vectors[number as usize * width..][..width] == *counts);
            if new {
                kept.vectors.extend_from_slice(counts);
                kept.hashes.push(hash);
            }
            *id = number;
        }
        *self = kept;
    }
}

fn weight(class: usize) -> u64 {
    hash_of(&(class as u64 + 1))
}
