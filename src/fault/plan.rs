//! The faults of a run, as plain data.

use super::names::{PlanError, resolve_all};
use super::point::Point;
use crate::span::Span;
use crate::{NodeId, World};
use serde::{Deserialize, Serialize};
use sim_runtime::fault::{Aim, FaultKind, Target, kind, kinds};

/// The faults of a run. Replayed without any draw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

/// One fault: when, what, to whom, for how long. When is said by exactly one of `at`, `point` and `after`, or by `at` and `point`: then
/// occurrences of the point count from that time on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// At this time since the faults began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
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
    /// At the n-th occurrence of a point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// Soon after another fault began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
}

/// Some time after another fault of the plan began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The position of the other fault in the plan, from 0.
    pub fault: usize,
    /// How long after.
    pub by: Span,
}

/// When a fault strikes, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    At(Span),
    Point { from: Option<Span>, point: sim_runtime::point::Point, nth: u64 },
    After { fault: usize, by: Span },
}

/// A fault whose names were found in the world.
pub(crate) struct Resolved {
    pub(crate) kind: &'static FaultKind,
    pub(crate) target: Target,
    pub(crate) trigger: Trigger,
}

impl Fault {
    /// What the names stand for. `index` is the fault's place in the plan.
    ///
    /// # Errors
    /// When a kind or a node of that name does not exist, the target does not fit the kind, or it is not said when.
    pub(crate) fn resolve(&self, world: &World, index: usize) -> Result<Resolved, PlanError> {
        let kind = kind(&self.kind).ok_or_else(|| {
            let known: Vec<&str> = kinds().iter().map(|kind| kind.name).collect();
            PlanError(format!(
                "there is no fault kind `{}`: there are {}",
                self.kind,
                known.join(", ")
            ))
        })?;
        Ok(Resolved {
            kind,
            target: self.target(world, kind)?,
            trigger: self.trigger(world, index)?,
        })
    }

    fn target(&self, world: &World, kind: &FaultKind) -> Result<Target, PlanError> {
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
                let text =
                    format!("a fault `{}` needs magnitude = {} in {}", self.kind, m.name, m.unit);
                return Err(PlanError(text));
            }
            (None, Some(_)) => {
                return Err(PlanError(format!("a fault `{}` takes no magnitude", self.kind)));
            }
        };
        let nodes = match kind.aim {
            Aim::Everything => (1..world.node_count()).map(|id| NodeId(id as u16)).collect(),
            Aim::Node | Aim::Link | Aim::Groups => resolve_all(world, &self.on)?,
        };
        Ok(Target { nodes, peers: resolve_all(world, &self.against)?, magnitude })
    }

    fn trigger(&self, world: &World, index: usize) -> Result<Trigger, PlanError> {
        match (&self.at, &self.point, &self.after) {
            (Some(at), None, None) => Ok(Trigger::At(*at)),
            (from, Some(point), None) => {
                Ok(Trigger::Point { from: *from, point: point.resolve(world)?, nth: point.nth })
            }
            (None, None, Some(after)) if after.fault < index => {
                Ok(Trigger::After { fault: after.fault, by: after.by })
            }
            (None, None, Some(after)) => Err(PlanError(format!(
                "fault {index} comes after fault {}: it can only come after an earlier one of the plan, counted from 0",
                after.fault
            ))),
            _ => Err(PlanError(format!(
                "fault {index} (`{}`) does not say when: write one of at, point and after, or at and point",
                self.kind
            ))),
        }
    }

    /// What it does and what made it strike, if not the time, in words.
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
        text.push_str(&format!(" for {}", self.lasts.rounded()));
        if let Some(point) = &self.point {
            text.push_str(&format!(", at {point}"));
        }
        if let Some(After { fault, .. }) = &self.after {
            text.push_str(&format!(", soon after fault {fault}"));
        }
        text
    }
}
