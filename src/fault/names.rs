//! Names in a plan, and what is wrong with them.

use crate::{NodeId, World};
use std::fmt;

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(pub(super) String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

pub(super) fn resolve_all(world: &World, names: &[String]) -> Result<Vec<NodeId>, PlanError> {
    names.iter().map(|name| resolve(world, name)).collect()
}

pub(super) fn resolve(world: &World, name: &str) -> Result<NodeId, PlanError> {
    world.node_named(name).filter(|id| *id != NodeId::TEST).ok_or_else(|| {
        let known: Vec<String> = (1..world.node_count())
            .map(|id| world.node_name(NodeId(id as u16)).to_string())
            .collect();
        PlanError(format!("there is no node `{name}`: there are {}", known.join(", ")))
    })
}
