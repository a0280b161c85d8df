//! Finds an order where the history leaves a choice: which of two writers of a key came first.
//!
//! Each choice brings edges with it (the version order itself, and anti-dependencies of those who
//! read the earlier version); the history is of the level if some choice for all pairs leaves the
//! graph without a cycle. This is the polygraph of Papadimitriou (1979), as used by Cobra (OSDI
//! 2020) and PolySI (VLDB 2023); it is solved by a small conflict-driven search that keeps the
//! graph in topological order.

mod order;
mod problem;
mod prune;
mod search;

pub(super) use problem::{Choice, Layout, Mode, Problem};
pub(super) use search::{Solution, solve};
