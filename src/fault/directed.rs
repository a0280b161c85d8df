//! Plans by enumeration instead of chance.
//!
//! Most failures of production systems need three nodes or fewer and three events or fewer, in the right order (Yuan et al., OSDI 2014). So
//! consecutive seeds go through one to three faults of every kind, on every target, at every moment of a small grid: at some times, soon after
//! one another, and for faults of processes at the first boundaries of durable writes and of messages. No plan comes
//! twice before all have come: plans of one fault, of two and of three take turns, and so do the kinds within them, until the shorter
//! list is through.

use super::plan::After;
use super::point::{MESSAGES, Point, WRITES};
use super::{Fault, FaultModel, FaultPlan, Selection};
use crate::net::Net;
use crate::span::Span;
use crate::{NodeId, World};
use sim_runtime::fault::{Aim, Cost, FaultKind};

/// How long faults last.
const DURATIONS: [u64; 3] = [2_000_000, 60_000_000, 1_500_000_000];
/// When a fault strikes if not at a boundary, nor after another.
const TIMES: [u64; 4] = [0, 5_000_000, 40_000_000, 250_000_000];
/// How soon another fault follows.
const FOLLOWS: [u64; 3] = [0, 8_000_000, 100_000_000];
/// Which occurrences of a boundary.
const OCCURRENCES: [u64; 8] = [1, 2, 3, 4, 5, 6, 8, 12];
/// The values of a magnitude: one in the middle and the greatest.
const MAGNITUDES: usize = 2;

/// The plan number `number` of the enumeration.
pub(crate) fn directed(
    world: &World,
    model: &FaultModel,
    selection: &Selection,
    number: u64,
) -> FaultPlan {
    let all: Vec<NodeId> = (1..world.node_count()).map(|id| NodeId(id as u16)).collect();
    let failing = model.nodes(&all);
    let messages = world.with_device(|net: &Net| net.message_names());
    let boundaries = boundaries(messages);
    let mut grid = Grid { world, all, failing, kinds: Vec::new(), boundaries };
    let allowed = model.kinds().into_iter().filter(|kind| selection.allows(kind));
    grid.kinds = allowed.filter(|kind| grid.targets(kind) > 0).collect();
    if grid.kinds.is_empty() {
        return FaultPlan::default();
    }
    grid.plan(u128::from(number))
}

/// All that plans are put together from.
struct Grid<'a> {
    world: &'a World,
    all: Vec<NodeId>,
    failing: Vec<NodeId>,
    kinds: Vec<&'static FaultKind>,
    boundaries: Vec<Boundary>,
}

impl Grid<'_> {
    fn plan(&self, number: u128) -> FaultPlan {
        let firsts: Vec<u128> = self.kinds.iter().map(|kind| self.ways(kind, 0)).collect();
        let others: Vec<u128> =
            self.kinds.iter().map(|kind| self.ways(kind, FOLLOWS.len())).collect();
        let (first, other): (u128, u128) = (firsts.iter().sum(), others.iter().sum());
        let (more, place) = turn(number, &[first, first * other, first * other * other]);
        // Lanes: the kind of the first fault, and of the second if there is one. A third is a part of the place in the lane.
        let mut lanes: Vec<(u128, usize, usize)> = Vec::new();
        for (a, first) in firsts.iter().enumerate() {
            match more {
                0 => lanes.push((*first, a, 0)),
                _ => {
                    let third = if more == 2 { other } else { 1 };
                    lanes.extend(others.iter().enumerate().map(|(b, n)| (first * n * third, a, b)));
                }
            }
        }
        lanes.sort_unstable();
        let lengths: Vec<u128> = lanes.iter().map(|(length, ..)| *length).collect();
        let (lane, place) = turn(place, &lengths);
        let (length, a, b) = lanes[lane];
        let mut digits = Digits(spread(place, length));
        let mut faults = vec![self.first(self.kinds[a], &mut digits)];
        if more > 0 {
            faults.push(self.other(self.kinds[b], &mut digits, 0));
        }
        if more == 2 {
            let mut kind = 0;
            while digits.0 >= others[kind] {
                digits.0 -= others[kind];
                kind += 1;
            }
            faults.push(self.other(self.kinds[kind], &mut digits, 1));
        }
        FaultPlan { faults }
    }

    /// In how many ways a kind can be in a plan, at a moment of its own or after another fault.
    fn ways(&self, kind: &FaultKind, follows: usize) -> u128 {
        let magnitudes = kind.magnitude.map_or(1, |_| MAGNITUDES);
        self.targets(kind) * (magnitudes * DURATIONS.len() * (self.moments(kind) + follows)) as u128
    }

    /// How many moments of its own a fault has: times, and for the ends of processes the boundaries of durable writes and of messages.
    fn moments(&self, kind: &FaultKind) -> usize {
        let at_boundaries = kind.aim == Aim::Node && kind.cost != Cost::Free;
        TIMES.len() + if at_boundaries { self.boundaries.len() * OCCURRENCES.len() } else { 0 }
    }

    fn targets(&self, kind: &FaultKind) -> u128 {
        let all = self.all.len() as u128;
        match kind.aim {
            Aim::Everything => 1,
            Aim::Node => self.failing.len() as u128,
            Aim::Link => all * all.saturating_sub(1),
            Aim::Groups => self.cuts() as u128,
        }
    }

    /// In how many ways the nodes can be cut in two with a node on both sides, by the bits of a number.
    fn cuts(&self) -> usize {
        (1_usize << self.bits()).saturating_sub(2)
    }

    /// Beyond sixteen nodes some share a bit.
    fn bits(&self) -> usize {
        self.all.len().min(16)
    }

    fn first(&self, kind: &FaultKind, digits: &mut Digits) -> Fault {
        let fault = self.fault(kind, digits);
        self.at_moment(fault, digits.below(self.moments(kind)))
    }

    fn at_moment(&self, mut fault: Fault, moment: usize) -> Fault {
        match moment.checked_sub(TIMES.len()) {
            None => fault.at = Some(Span(TIMES[moment])),
            Some(cell) => {
                let (name, message) = self.boundaries[cell % self.boundaries.len()];
                fault.point = Some(Point {
                    name: name.to_owned(),
                    on: fault.on.first().cloned(),
                    message: message.map(str::to_owned),
                    nth: OCCURRENCES[cell / self.boundaries.len()],
                    ..Point::default()
                });
            }
        }
        fault
    }

    fn other(&self, kind: &FaultKind, digits: &mut Digits, after: usize) -> Fault {
        let fault = self.fault(kind, digits);
        let moments = self.moments(kind);
        let moment = digits.below(moments + FOLLOWS.len());
        match moment.checked_sub(moments) {
            None => self.at_moment(fault, moment),
            Some(soon) => {
                let by = Span(FOLLOWS[soon]);
                Fault { after: Some(After { fault: after, by }), ..fault }
            }
        }
    }

    fn fault(&self, kind: &FaultKind, digits: &mut Digits) -> Fault {
        let (all, name) = (&self.all, |id: &NodeId| self.world.node_name(*id).to_string());
        let (on, against) = match kind.aim {
            Aim::Everything => (Vec::new(), Vec::new()),
            Aim::Node => (vec![name(&self.failing[digits.below(self.failing.len())])], Vec::new()),
            Aim::Link => {
                let from = digits.below(all.len());
                let to = (from + 1 + digits.below(all.len() - 1)) % all.len();
                (vec![name(&all[from])], vec![name(&all[to])])
            }
            Aim::Groups => {
                let cut = 1 + digits.below(self.cuts());
                let first = |index: usize| cut & (1 << (index % self.bits())) != 0;
                let side = |wanted: bool| {
                    let nodes = all.iter().enumerate().filter(|(index, _)| first(*index) == wanted);
                    nodes.map(|(_, id)| name(id)).collect::<Vec<_>>()
                };
                (side(true), side(false))
            }
        };
        let magnitude =
            kind.magnitude.map(|m| [middle(m.min, m.max), m.max][digits.below(MAGNITUDES)]);
        let lasts = Span(DURATIONS[digits.below(DURATIONS.len())]);
        Fault { kind: kind.name.to_owned(), on, against, magnitude, lasts, ..Fault::default() }
    }
}

/// The geometric mean, as magnitudes are drawn over orders of magnitude.
fn middle(least: u64, most: u64) -> u64 {
    let middle = (u128::from(least) * u128::from(most)).isqrt();
    u64::try_from(middle).expect("a mean lies below the greatest")
}

/// The name of a point, and the kind of a message.
type Boundary = (&'static str, Option<&'static str>);

/// Those of durable writes, of messages, and of messages of each kind.
fn boundaries(messages: &'static [&'static str]) -> Vec<Boundary> {
    let any = WRITES.into_iter().chain(MESSAGES).map(|name| (name, None));
    let of_a_kind = messages.iter().flat_map(|kind| MESSAGES.map(|name| (name, Some(*kind))));
    any.chain(of_a_kind).collect()
}

/// A number read digit by digit, each in a base of its own.
struct Digits(u128);

impl Digits {
    fn below(&mut self, base: usize) -> usize {
        let base = base as u128;
        let digit = self.0 % base;
        self.0 /= base;
        digit as usize
    }
}

/// Lanes take turns, shortest first, until each is through; then from the beginning. Says whose turn number `number` is, and the
/// how-manieth of that lane.
fn turn(number: u128, lanes: &[u128]) -> (usize, u128) {
    let sum: u128 = lanes.iter().sum();
    let (mut left, mut done) = (number % sum, 0);
    for (shortest, length) in lanes.iter().enumerate() {
        let open = (lanes.len() - shortest) as u128;
        let rounds = length - done;
        if left < rounds * open {
            return (shortest + spread(left % open, open) as usize, done + left / open);
        }
        left -= rounds * open;
        done = *length;
    }
    unreachable!("a number below the sum of all lanes is in one of them")
}

/// Goes through `0..length` in long strides, each number once: neighbours lie far apart, and any few cover the whole evenly.
fn spread(place: u128, length: u128) -> u128 {
    // The golden section, then the next number that has no divisor in common.
    let mut stride = (length * 618 / 1_000).max(1);
    while gcd(stride, length) > 1 {
        stride += 1;
    }
    place % length * stride % length
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn turns_and_strides_leave_out_nothing_and_repeat_nothing() {
        for lanes in [vec![1], vec![3, 3], vec![1, 2, 50], vec![12, 12, 90, 91, 400]] {
            let sum: u128 = lanes.iter().sum();
            let places: BTreeSet<_> = (0..sum).map(|number| turn(number, &lanes)).collect();
            assert_eq!(places.len() as u128, sum);
            assert!(places.iter().all(|(lane, place)| *place < lanes[*lane]), "{places:?}");
            assert_eq!(turn(sum, &lanes), turn(0, &lanes));
        }
        for length in 1..300 {
            let all: BTreeSet<_> = (0..length).map(|place| spread(place, length)).collect();
            assert_eq!(all.len() as u128, length);
        }
    }
}
