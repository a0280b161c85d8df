//! What each role is told about the cluster, and sets of acceptors.

use super::mutants::Mutant;
use serde::{Deserialize, Serialize};

/// The most acceptors that a cluster can have.
pub const ACCEPTORS_MAX: u16 = 32;

/// What an acceptor does with a `Prepare` for exactly the ballot that it has promised. Both are
/// right, because a ballot belongs to one proposer, but they hide different bugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EqualBallots {
    /// Refuse: the literal reading of PMS 2.2, phase 1(b). A proposer whose 1b got lost takes a
    /// new ballot.
    Refuse,
    /// Answer again: the proposer is repeating itself.
    Answer,
}

/// What is fixed for the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    acceptors: u16,
    equal_ballots: EqualBallots,
    mutant: Mutant,
}

impl Cluster {
    /// A cluster of `acceptors` acceptors, correct unless [`Cluster::with_mutant`] says otherwise.
    ///
    /// # Panics
    /// Unless there are 1 to [`ACCEPTORS_MAX`] acceptors.
    pub fn new(acceptors: u16, equal_ballots: EqualBallots) -> Cluster {
        assert!(acceptors >= 1, "a cluster needs an acceptor");
        assert!(acceptors <= ACCEPTORS_MAX, "at most {ACCEPTORS_MAX} acceptors");
        Cluster { acceptors, equal_ballots, mutant: Mutant::None }
    }

    /// The same cluster with one planted bug.
    pub fn with_mutant(self, mutant: Mutant) -> Cluster {
        Cluster { mutant, ..self }
    }

    /// How many acceptors there are.
    pub fn acceptors(&self) -> u16 {
        self.acceptors
    }

    /// How acceptors treat a repeated `Prepare`.
    pub fn equal_ballots(&self) -> EqualBallots {
        self.equal_ballots
    }

    /// The planted bug.
    pub fn mutant(&self) -> Mutant {
        self.mutant
    }

    /// How many acceptors choose a value. The checkers compute their own: they must not share a
    /// mistake with the roles.
    pub fn majority(&self) -> u32 {
        match self.mutant {
            Mutant::Pax11 => u32::from(self.acceptors).div_ceil(2),
            _ => u32::from(self.acceptors) / 2 + 1,
        }
    }
}

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

/// What the operator knows about an identity, kept outside the disk of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Never initialised: an empty disk is what one expects.
    First,
    /// Initialised in an earlier life: an empty disk has lost something.
    Again,
}

/// Whether a process may speak under its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It remembers all it ever said.
    Member,
    /// Its disk is empty or unreadable though it had been initialised: it stays silent for ever.
    /// It may come back only as somebody else.
    StorageLost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_majorities_meet() {
        for acceptors in 1..=ACCEPTORS_MAX {
            let cluster = Cluster::new(acceptors, EqualBallots::Refuse);
            assert!(cluster.majority() * 2 > u32::from(acceptors));
            assert!((cluster.majority() - 1) * 2 <= u32::from(acceptors));
        }
    }

    #[test]
    fn the_wrong_majority_is_wrong_for_even_sizes_only() {
        for acceptors in 1..=ACCEPTORS_MAX {
            let right = Cluster::new(acceptors, EqualBallots::Refuse);
            let wrong = right.with_mutant(Mutant::Pax11);
            assert_eq!(right.majority() == wrong.majority(), acceptors % 2 == 1);
        }
    }

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
