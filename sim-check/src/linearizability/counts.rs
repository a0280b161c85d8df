//! How many operations of unknown outcome were used, class by class.

use crate::hash::{NumberTable, hash_of};

/// The number of a vector of counts; 0 is "none used".
pub(super) type CountsId = u32;

/// Vectors of counts by number.
pub(super) struct Counts {
    width: usize,
    vectors: Vec<u32>,
    numbers: NumberTable,
    scratch: Vec<u32>,
}

impl Counts {
    /// For this many classes.
    pub(super) fn new(width: usize) -> Counts {
        let mut counts = Counts {
            width,
            vectors: Vec::new(),
            numbers: NumberTable::default(),
            scratch: Vec::new(),
        };
        if width > 0 {
            counts.scratch = vec![0; width];
            assert_eq!(counts.intern(), 0, "the first vector is zero");
        }
        counts
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    fn intern(&mut self) -> CountsId {
        let (width, vectors, scratch) = (self.width, &self.vectors, &self.scratch);
        let (number, new) = self.numbers.number(hash_of(scratch.as_slice()), |number| {
            vectors[number as usize * width..][..width] == **scratch
        });
        if new {
            self.vectors.extend_from_slice(&self.scratch);
        }
        number
    }

    pub(super) fn get(&self, id: CountsId) -> &[u32] {
        &self.vectors[id as usize * self.width..][..self.width]
    }

    #[inline]
    pub(super) fn count(&self, id: CountsId, class: usize) -> u32 {
        self.vectors[id as usize * self.width + class]
    }

    /// One more of `class`.
    pub(super) fn increment(&mut self, id: CountsId, class: usize) -> CountsId {
        let start = id as usize * self.width;
        self.scratch.clear();
        self.scratch.extend_from_slice(&self.vectors[start..start + self.width]);
        self.scratch[class] =
            self.scratch[class].checked_add(1).expect("fewer than 2^32 of one class");
        self.intern()
    }

    /// Whether `a` used no more of any class than `b`: then whatever `b` can do, `a` can do.
    #[inline]
    pub(super) fn at_most(&self, a: CountsId, b: CountsId) -> bool {
        a == b || a == 0 || self.get(a).iter().zip(self.get(b)).all(|(a, b)| a <= b)
    }

    /// The same vectors with room for more classes, as these are met. `living` are renumbered; others are forgotten.
    pub(super) fn rebuild<'c>(
        &mut self,
        width: usize,
        living: impl Iterator<Item = &'c mut CountsId>,
    ) {
        let mut rebuilt = Counts::new(width);
        if width > 0 {
            for id in living {
                rebuilt.scratch.fill(0);
                rebuilt.scratch[..self.width].copy_from_slice(self.get(*id));
                *id = rebuilt.intern();
            }
        }
        *self = rebuilt;
    }
}
