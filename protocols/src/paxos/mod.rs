//! Single-decree Paxos: a set of processes chooses one value, once.
//!
//! Source: Leslie Lamport, "Paxos Made Simple", 2001 (PMS below). Section 2.1 states the problem,
//! 2.2 derives the two phases, 2.3 is about learners, 2.4 about progress, 2.5 about stable storage
//! and about numbers that no two proposals share.
//!
//! # Roles
//!
//! | role | file | what it does |
//! |---|---|---|
//! | client | [`client`] | proposes a value to a proposer, asks a learner what was decided |
//! | proposer | [`proposer`] | picks a ballot, gathers promises, proposes a safe value |
//! | acceptor | [`acceptor`] | promises and votes; a majority of them is the memory of the group |
//! | learner | [`learner`] | counts votes, announces the decision, answers clients |
//!
//! Each role is a state machine without clock, executor, disk or randomness: an [`Input`] goes in,
//! a list of [`Action`]s comes out. A [`shell`] performs the list **in order**; a
//! [`Action::Persist`] has reached the disk (write, then fsync) before the next action starts.
//!
//! # What must be durable before which message is sent
//!
//! | message | durable before it leaves | else |
//! |---|---|---|
//! | `Prepare(b)` (1a) | the proposer's counter, at least that of `b` | a later life uses `b` again for another value |
//! | `Promise(b, ..)` (1b) | the acceptor's promise `b` | after a crash it votes below `b` |
//! | `Accepted(b, v)` (2b) | the vote `(b, v)` and the promise `b` | a chosen value is forgotten |
//! | any answer at all | the mark that this identity has been initialised | a wiped acceptor answers as if it were new |
//!
//! The mark is kept **outside** the role's disk, by whoever configures the cluster: a disk that was
//! wiped cannot say that it was not always empty. See [`Boot`].
//!
//! # Booting a role with a disk
//!
//! 1. Open (create) the file, sync file and directory, **then** read it. What is read is then
//!    durable: a record that a killed process had written but not yet synced must not be acted on
//!    while it can still be lost.
//! 2. [`record::recover`] gives the journal and the newest record.
//! 3. `boot(..)` of the role gives the role and its first actions.
//! 4. If a write or sync fails, stop the process: nobody knows what the disk holds.
//!
//! # Properties
//!
//! | property | PMS | function |
//! |---|---|---|
//! | agreement: only one value is chosen | 2.1 | [`invariants::Observer`], `decided` |
//! | validity: only a proposed value is chosen | 2.1 | `proposed`, `decided` |
//! | integrity: a process learns once in a life | 2.1 | `decided` |
//! | numbers are unique | 2.2, 2.5 | [`Ballot`], `Proposer::next_ballot` |
//! | P1a: an acceptor votes at `b` unless it promised more | 2.2 | `Acceptor::accept` |
//! | P2c: a proposal is safe at a majority | 2.2 | `Proposer::promise`, `Observer::shows_safe` |
//! | a decision needs a majority at one number | 2.3 | `Learner::accepted` |
//! | progress once one proposer runs alone | 2.4 | back-off in `Proposer::nack` |
//! | stable storage before the answer | 2.5 | order of the actions; [`record`] |
//!
//! The invariants that are checked on every event stand in [`invariants`], the planted bugs in
//! [`mutants`].
//!
//! # What is not modelled
//!
//! Byzantine messages, change of membership, more than one decision. A decision is not durable at
//! the learner: the acceptors remember it, and a new round finds it again.

pub mod acceptor;
pub mod acceptor_set;
pub mod action;
pub mod ballot;
pub mod client;
pub mod cluster;
pub mod equal_ballots;
pub mod event;
pub mod invariants;
pub mod learner;
pub mod members;
pub mod message;
pub mod mutants;
pub mod pace;
pub mod property;
pub mod proposer;
pub mod record;
pub mod scenario;
pub mod shell;

pub use acceptor::Acceptor;
pub use acceptor_set::AcceptorSet;
pub use action::{Action, Input, Peer, Role, Timer};
pub use ballot::{Ballot, Value, Vote};
pub use cluster::{Boot, Cluster, Standing};
pub use equal_ballots::EqualBallots;
pub use event::Event;
pub use invariants::{Observer, Scope};
pub use learner::Learner;
pub use members::{Deployment, Members};
pub use message::{Message, RequestId};
pub use mutants::Mutant;
pub use pace::Pace;
pub use property::{Property, Violation};
pub use proposer::Proposer;
pub use record::{AcceptorRecord, Journal, ProposerRecord, Record};
