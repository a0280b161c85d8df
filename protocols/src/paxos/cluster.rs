//! What each role is told about the cluster.

use super::acceptor_set::ACCEPTORS_MAX;
use super::equal_ballots::EqualBallots;
use super::mutants::Mutant;

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
}
