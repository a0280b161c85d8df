//! Sets of acceptors: majorities.

/// The most acceptors that a cluster can have.
pub const ACCEPTORS_MAX: u16 = 32;

/// A set of acceptors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AcceptorSet(u32);

impl AcceptorSet {
    /// Adds one; a repeated answer changes nothing.
    pub fn insert(&mut self, acceptor: u16) {
        assert!(acceptor < ACCEPTORS_MAX, "no acceptor has number {acceptor}");
        self.0 |= 1 << acceptor;
    }

    /// Whether it is in the set.
    pub fn contains(self, acceptor: u16) -> bool {
        acceptor < ACCEPTORS_MAX && self.0 & (1 << acceptor) != 0
    }

    /// How many are in the set.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_counts_each_acceptor_once() {
        let mut set = AcceptorSet::default();
        set.insert(3);
        set.insert(3);
        set.insert(31);
        assert_eq!(set.count(), 2);
        assert!(set.contains(31) && !set.contains(0));
    }
}
