//! Two right ways to treat a repeated `Prepare`.

use serde::{Deserialize, Serialize};

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
