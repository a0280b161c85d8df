//! Faults as data: drawn from the seed, kept in cases, carried out by a nemesis.

mod model;
mod nemesis;
mod plan;
mod profile;

pub use model::{Budget, FaultModel, majority, minority};
pub(crate) use nemesis::Nemesis;
pub use plan::{Fault, FaultPlan, PlanError};
pub use profile::Selection;
pub(crate) use profile::draw;
pub use sim_runtime::fault::{
    Aim, Cost, FAULT_KINDS, FaultKind, HALF, Magnitude, Target, kind, kinds,
};
