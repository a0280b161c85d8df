//! The faults of a run, as plain data.

use crate::span::Span;
use crate::{NodeId, World};
use serde::{Deserialize, Serialize};
use sim_runtime::fault::{Aim, FaultKind, Target, kind, kinds};
use std::fmt;

/// The faults of a run, in the order of their times. Replayed without any draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// One fault: when, what, to whom, for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When, since the faults began.
    pub at: Span,
    /// The kind, by name.
    pub kind: String,
    /// The node, the source of a link, or the first group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// The destination of a link, or the second group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<String>,
    /// For how long.
    #[serde(rename = "for")]
    pub lasts: Span,
    /// How much, for kinds that carry a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnitude: Option<u64>,
}

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

impl Fault {
    /// The kind and the target that the names stand for.
    ///
    /// # Errors
    /// When a kind or a node of that name does not exist, or the target does not fit the kind.
    pub(crate) fn resolve(&self, world: &World) -> Result<(&'static FaultKind, Target), PlanError> {
        let kind = kind(&self.kind).ok_or_else(|| {
            let known: Vec<&str> = kinds().iter().map(|kind| kind.name).collect();
            PlanError(format!(
                "there is no fault kind `{}`: there are {}",
                self.kind,
                known.join(", ")
            ))
        })?;
        let fits = match kind.aim {
            Aim::Node => self.on.len() == 1 && self.against.is_empty(),
            Aim::Link => self.on.len() == 1 && self.against.len() == 1,
            Aim::Groups => !self.on.is_empty() && !self.against.is_empty(),
            Aim::Everything => self.on.is_empty() && self.against.is_empty(),
        };
        if !fits {
            let right = match kind.aim {
                Aim::Node => "on = [one node]",
                Aim::Link => "on = [one node] and against = [one node]",
                Aim::Groups => "on = [nodes] and against = [nodes]",
                Aim::Everything => "neither `on` nor `against`",
            };
            return Err(PlanError(format!("a fault `{}` takes {right}", self.kind)));
        }
        let magnitude = match (kind.magnitude, self.magnitude) {
            (None, None) => 0,
            (Some(_), Some(value)) => value,
            (Some(m), None) => {
                return Err(PlanError(format!(
                    "a fault `{}` needs magnitude = {} in {}",
                    self.kind, m.name, m.unit
                )));
            }
            (None, Some(_)) => {
                return Err(PlanError(format!("a fault `{}` takes no magnitude", self.kind)));
            }
        };
        let nodes = match kind.aim {
            Aim::Everything => (1..world.node_count()).map(|id| NodeId(id as u16)).collect(),
            Aim::Node | Aim::Link | Aim::Groups => resolve_all(world, &self.on)?,
        };
        let target = Target { nodes, peers: resolve_all(world, &self.against)?, magnitude };
        Ok((kind, target))
    }

    /// The fault in words, without its time.
    pub fn text(&self) -> String {
        let mut text = self.kind.clone();
        match (self.on.is_empty(), self.against.is_empty()) {
            (true, _) => {}
            (false, true) => text.push_str(&format!(" {}", self.on.join(" "))),
            (false, false) => {
                text.push_str(&format!(" {{{} | {}}}", self.on.join(" "), self.against.join(" ")))
            }
        }
        if let Some(magnitude) = self.magnitude {
            let unit = kind(&self.kind).and_then(|kind| kind.magnitude).map_or("", |m| m.unit);
            text.push_str(&format!(" {magnitude} {unit}"));
        }
        text.push_str(&format!(" for {}", self.lasts));
        text
    }
}

fn resolve_all(world: &World, names: &[String]) -> Result<Vec<NodeId>, PlanError> {
    names
        .iter()
        .map(|name| {
            world.node_named(name).filter(|id| *id != NodeId::TEST).ok_or_else(|| {
                let known: Vec<String> = (1..world.node_count())
                    .map(|id| world.node_name(NodeId(id as u16)).to_string())
                    .collect();
                PlanError(format!("there is no node `{name}`: there are {}", known.join(", ")))
            })
        })
        .collect()
}
