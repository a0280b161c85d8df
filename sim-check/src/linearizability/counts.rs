//! How many operations of unknown outcome were used, class by class.

use crate::hash::{NumberTable, hash_of};

/// The number of a vector of counts; 0 is "none used".
pub(super) type CountsId = u32;

/// Vectors of counts by number. None ends with a zero, so that classes may be added at any time.
#[derive(Default)]
pub(super) struct Counts {
    /// Where each vector ends in `counts`; it begins where the one before ends.
    ends: Vec<u32>,
    counts: Vec<u32>,
    numbers: NumberTable,
    scratch: Vec<u32>,
}

impl Counts {
    fn get(&self, id: CountsId) -> &[u32] {
        vector(&self.ends, &self.counts, id)
    }

    #[inline]
    pub(super) fn count(&self, id: CountsId, class: usize) -> u32 {
        if id == 0 { 0 } else { self.get(id).get(class).copied().unwrap_or(0) }
    }

    /// One more of `class`.
    pub(super) fn increment(&mut self, id: CountsId, class: usize) -> CountsId {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend_from_slice(self.get(id));
        if scratch.len() <= class {
            scratch.resize(class + 1, 0);
        }
        scratch[class] = scratch[class].checked_add(1).expect("fewer than 2^32 of one class");
        let number = self.number(&scratch);
        self.scratch = scratch;
        number
    }

    fn number(&mut self, counts: &[u32]) -> CountsId {
        let (ends, known) = (&self.ends, &self.counts);
        let (number, new) = self
            .numbers
            .number(hash_of(counts), |number| vector(ends, known, number + 1) == counts);
        if new {
            self.counts.extend_from_slice(counts);
            self.ends.push(self.counts.len() as u32);
        }
        number + 1
    }

    /// Whether `a` used no more of any class than `b`: then whatever `b` can do, `a` can do.
    #[inline]
    pub(super) fn at_most(&self, a: CountsId, b: CountsId) -> bool {
        if a == b || a == 0 {
            return true;
        }
        let (a, b) = (self.get(a), self.get(b));
        a.len() <= b.len() && a.iter().zip(b).all(|(a, b)| a <= b)
    }

    /// Forgets all vectors but the `living`, which are renumbered.
    pub(super) fn forget_others<'c>(&mut self, living: impl Iterator<Item = &'c mut CountsId>) {
        let mut kept = Counts::default();
        for id in living {
            if *id != 0 {
                *id = kept.number(self.get(*id));
            }
        }
        *self = kept;
    }
}

fn vector<'c>(ends: &[u32], counts: &'c [u32], id: CountsId) -> &'c [u32] {
    let end = |id: CountsId| if id == 0 { 0 } else { ends[id as usize - 1] as usize };
    if id == 0 { &[] } else { &counts[end(id - 1)..end(id)] }
}
