//! Plans by enumeration instead of chance.
//!
//! Most failures of production systems need three nodes or fewer and three events or fewer, in the right order (Yuan et al., OSDI 2014). So
//! consecutive seeds go through one to three faults of every kind, on every target, at every moment of a small grid.

use super::draw::BOUNDARIES;
use super::plan::{After, Point};
use super::{Fault, FaultModel, FaultPlan, Selection};
use crate::span::Span;
use crate::{NodeId, World};
use sim_runtime::fault::{Aim, Cost, FaultKind};

/// How long faults last.
const DURATIONS: [u64; 3] = [2_000_000, 60_000_000, 1_500_000_000];
/// When the first fault strikes if not at a boundary.
const TIMES: [u64; 4] = [0, 5_000_000, 40_000_000, 250_000_000];
/// How soon another fault follows.
const FOLLOWS: [u64; 3] = [0, 8_000_000, 100_000_000];
/// Which occurrences of a boundary.
const OCCURRENCES: [u64; 5] = [1, 2, 3, 5, 8];

/// The plan number `number` of the enumeration. Numbers are read as digits in a mixed base, the fastest digit first, so that
/// neighbours differ in one fault.
pub(crate) fn directed(
    world: &World,
    model: &FaultModel,
    selection: &Selection,
    number: u64,
) -> FaultPlan {
    let kinds: Vec<&FaultKind> =
        model.kinds().into_iter().filter(|kind| selection.allows(kind)).collect();
    let all: Vec<NodeId> = (1..world.node_count()).map(|id| NodeId(id as u16)).collect();
    let failing = model.nodes(&all);
    if kinds.is_empty() || all.is_empty() {
        return FaultPlan::default();
    }
    let mut digits = Digits(number);
    let count = 1 + digits.below(3);
    let mut faults = Vec::new();
    for index in 0..count {
        let kind = kinds[digits.below(kinds.len())];
        let Some(mut fault) = aimed(world, kind, &mut digits, &all, &failing) else { continue };
        if faults.is_empty() {
            time(&mut fault, kind, &mut digits);
        } else {
            let by = Span(FOLLOWS[digits.below(FOLLOWS.len())]);
            fault.after = Some(After { fault: index.min(faults.len()) - 1, by });
        }
        fault.lasts = Span(DURATIONS[digits.below(DURATIONS.len())]);
        faults.push(fault);
    }
    FaultPlan { faults }
}

/// A number read digit by digit, each in a base of its own.
struct Digits(u64);

impl Digits {
    fn below(&mut self, base: usize) -> usize {
        let base = base as u64;
        let digit = self.0 % base;
        self.0 /= base;
        digit as usize
    }
}

fn time(fault: &mut Fault, kind: &FaultKind, digits: &mut Digits) {
    let grid = BOUNDARIES.len() * OCCURRENCES.len();
    let at_boundaries = kind.aim == Aim::Node && kind.cost != Cost::Free;
    let moment = digits.below(TIMES.len() + if at_boundaries { grid } else { 0 });
    match moment.checked_sub(TIMES.len()) {
        None => fault.at = Some(Span(TIMES[moment])),
        Some(cell) => {
            fault.point = Some(Point {
                name: BOUNDARIES[cell % BOUNDARIES.len()].to_owned(),
                on: fault.on.first().cloned(),
                nth: OCCURRENCES[cell / BOUNDARIES.len()],
            });
        }
    }
}

fn aimed(
    world: &World,
    kind: &FaultKind,
    digits: &mut Digits,
    all: &[NodeId],
    failing: &[NodeId],
) -> Option<Fault> {
    let name = |id: &NodeId| world.node_name(*id).to_string();
    let (on, against) = match kind.aim {
        Aim::Everything => (Vec::new(), Vec::new()),
        Aim::Node if failing.is_empty() => return None,
        Aim::Node => (vec![name(&failing[digits.below(failing.len())])], Vec::new()),
        Aim::Link if all.len() < 2 => return None,
        Aim::Link => {
            let from = digits.below(all.len());
            let to = (from + 1 + digits.below(all.len() - 1)) % all.len();
            (vec![name(&all[from])], vec![name(&all[to])])
        }
        Aim::Groups if all.len() < 2 => return None,
        Aim::Groups => {
            // Every way to cut the nodes in two, by the bits of a number; both sides have a node.
            let bits = u32::try_from(all.len()).unwrap_or(16).min(16);
            let cut = 1 + digits.below((1 << bits) - 2);
            let first = |index: usize| cut & (1 << (index as u32 % bits)) != 0;
            let side = |wanted: bool| {
                let members = all.iter().enumerate().filter(|(index, _)| first(*index) == wanted);
                members.map(|(_, id)| name(id)).collect::<Vec<_>>()
            };
            (side(true), side(false))
        }
    };
    let magnitude = kind.magnitude.map(|m| [m.min, (m.min + m.max) / 2, m.max][digits.below(3)]);
    Some(Fault { kind: kind.name.to_owned(), on, against, magnitude, ..Fault::default() })
}
