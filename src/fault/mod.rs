//! Faults as data: drawn from the seed, kept in cases, carried out by a nemesis.

mod directed;
mod draw;
mod model;
mod names;
mod nemesis;
mod plan;
mod point;
mod profile;
mod selection;

pub(crate) use directed::directed;
pub(crate) use draw::draw;
pub use model::{Budget, FaultModel, majority, minority};
pub use names::PlanError;
pub(crate) use nemesis::Nemesis;
pub use plan::{After, Fault, FaultPlan};
pub use point::Point;
pub use profile::{Class, Preset, Profile};
pub use selection::Selection;
pub use sim_runtime::fault::{
    Aim, Cost, FAULT_KINDS, FaultKind, HALF, Magnitude, Target, kind, kinds,
};
