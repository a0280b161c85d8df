//! How a seed becomes a plan.

use super::{Fault, FaultModel, FaultPlan};
use crate::span::Span;
use crate::{NodeId, World};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_runtime::choice::{Choices, Distribution, Kind, Stream};
use sim_runtime::fault::{Aim, FaultKind};
use std::fmt;
use std::str::FromStr;

/// Faults of one kind in one plan, at most.
const FAULTS_MAX: usize = 200;

/// Which of the kinds of a model a case may draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All.
    #[default]
    All,
    /// None.
    None,
    /// Those, by name.
    Only(Vec<String>),
}

impl Selection {
    pub(super) fn allows(&self, kind: &FaultKind) -> bool {
        match self {
            Selection::All => true,
            Selection::None => false,
            Selection::Only(names) => names.iter().any(|name| name == kind.name),
        }
    }

    /// Whether it is the usual one.
    pub fn is_all(&self) -> bool {
        *self == Selection::All
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::All => f.write_str("all"),
            Selection::None => f.write_str("none"),
            Selection::Only(names) => f.write_str(&names.join(",")),
        }
    }
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Selection, String> {
        match text {
            "all" => Ok(Selection::All),
            "none" => Ok(Selection::None),
            _ => {
                let names: Vec<String> =
                    text.split(',').map(|name| name.trim().to_owned()).collect();
                match names.iter().find(|name| super::kind(name).is_none()) {
                    None => Ok(Selection::Only(names)),
                    Some(unknown) => {
                        let known: Vec<&str> =
                            super::kinds().iter().map(|kind| kind.name).collect();
                        Err(format!(
                            "there is no fault kind `{unknown}`: write all, none, or some of {}",
                            known.join(",")
                        ))
                    }
                }
            }
        }
    }
}

impl Serialize for Selection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Selection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Selection, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Draws the plan of a run: 10% of cases have no fault, 10% a single kind, 60% throw a coin for each kind, 20%
/// have everything. Each kind that is on has a mean gap drawn log-uniformly from its range, and then gaps, targets, durations
/// and magnitudes; never a coin per event. Each kind draws from a stream of its own.
pub(crate) fn draw(world: &World, model: &FaultModel, selection: &Selection) -> FaultPlan {
    let choices = world.choices();
    let kinds: Vec<&FaultKind> =
        model.kinds().into_iter().filter(|kind| selection.allows(kind)).collect();
    let mut class = choices.stream(&["fault".into(), "class".into()]);
    let class_drawn = choices.pick(&mut class, Kind::Fault, 10);
    let single = match kinds.len() {
        0 => return FaultPlan::default(),
        len => choices.pick(&mut class, Kind::Fault, len as u32) as usize,
    };
    let all: Vec<NodeId> = (1..world.node_count()).map(|id| NodeId(id as u16)).collect();
    let failing = model.nodes(&all);
    let mut faults = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let mut stream = choices.stream(&["fault".into(), kind.name.into()]);
        let coin = choices.chance(&mut stream, Kind::Fault, kind.coin);
        let on = match class_drawn {
            0 => false,
            1 => index == single,
            2..8 => coin,
            _ => true,
        };
        if on {
            draw_kind(
                &Draw { world, choices, all: &all, failing: &failing },
                kind,
                &mut stream,
                model.lasts(),
                &mut faults,
            );
        }
    }
    faults.sort_by_key(|fault| fault.at);
    FaultPlan { faults }
}

struct Draw<'a> {
    world: &'a World,
    choices: &'a Choices,
    all: &'a [NodeId],
    failing: &'a [NodeId],
}

fn draw_kind(
    draw: &Draw<'_>,
    kind: &FaultKind,
    stream: &mut Stream,
    lasts: Span,
    faults: &mut Vec<Fault>,
) {
    let choices = draw.choices;
    let mean =
        choices.sample(stream, Kind::Fault, &Distribution::log_uniform(kind.gap.0, kind.gap.1));
    let gaps = Distribution::exponential(0, mean, 20 * mean);
    let durations = Distribution::log_uniform(kind.duration.0.max(1), kind.duration.1.max(1));
    let mut at = 0;
    for _ in 0..FAULTS_MAX {
        at += choices.sample(stream, Kind::Fault, &gaps);
        if at > lasts.0 {
            return;
        }
        let Some((on, against)) = draw_target(draw, kind.aim, stream) else { return };
        let duration = choices.sample(stream, Kind::Fault, &durations);
        let magnitude = kind
            .magnitude
            .map(|m| choices.sample(stream, Kind::Fault, &Distribution::log_uniform(m.min, m.max)));
        let names = |ids: Vec<NodeId>| {
            ids.into_iter().map(|id| draw.world.node_name(id).to_string()).collect()
        };
        faults.push(Fault {
            at: Span(at),
            kind: kind.name.to_owned(),
            on: names(on),
            against: names(against),
            lasts: Span(duration),
            magnitude,
        });
    }
}

fn draw_target(
    draw: &Draw<'_>,
    aim: Aim,
    stream: &mut Stream,
) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
    let one = |from: &[NodeId], stream: &mut Stream| {
        (!from.is_empty())
            .then(|| from[draw.choices.pick(stream, Kind::Fault, from.len() as u32) as usize])
    };
    match aim {
        Aim::Everything => Some((Vec::new(), Vec::new())),
        Aim::Node => one(draw.failing, stream).map(|node| (vec![node], Vec::new())),
        Aim::Link => {
            let from = one(draw.all, stream)?;
            let rest: Vec<NodeId> = draw.all.iter().copied().filter(|node| *node != from).collect();
            Some((vec![from], vec![one(&rest, stream)?]))
        }
        Aim::Groups => groups(draw, stream),
    }
}

/// Two groups that are cut off from each other: one node from the rest, halves of all, or, with a bridge, halves of all but one.
fn groups(draw: &Draw<'_>, stream: &mut Stream) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
    let shape = draw.choices.pick(stream, Kind::Fault, 3);
    let lonely =
        draw.all.get(draw.choices.pick(stream, Kind::Fault, draw.all.len() as u32) as usize)?;
    let mut sides = (Vec::new(), Vec::new());
    for node in draw.all {
        let coin = draw.choices.pick(stream, Kind::Fault, 2) == 1;
        let first = match shape {
            0 => node == lonely,
            1 => coin,
            _ if node == lonely => continue,
            _ => coin,
        };
        if first { sides.0.push(*node) } else { sides.1.push(*node) }
    }
    // A side without nodes would be no cut: the first node changes over.
    if sides.0.is_empty() {
        sides.0.extend(sides.1.pop());
    }
    if sides.1.is_empty() {
        sides.1.extend(sides.0.pop());
    }
    (!sides.0.is_empty() && !sides.1.is_empty()).then_some(sides)
}
