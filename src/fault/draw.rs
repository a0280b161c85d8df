//! How a seed becomes a plan.

use super::plan::After;
use super::point::{MESSAGES, Point, WRITES};
use super::profile::{Class, Profile};
use super::{Fault, FaultModel, FaultPlan, Selection};
use crate::net::Net;
use crate::span::Span;
use crate::{NodeId, World};
use sim_runtime::choice::{Choices, Distribution, Kind, Ratio, Stream};
use sim_runtime::fault::{Aim, Cost, FaultKind, Magnitude};

/// Faults of one kind in one plan, at most.
const FAULTS_MAX: usize = 200;
/// How long a process is down that was struck at a boundary, in half of the cases: it comes back while what it was doing is still under way.
const BRIEF: (u64, u64) = (100_000, 50_000_000);
/// How soon a coupled fault follows.
const SOON: (u64, u64) = (1_000_000, 300_000_000);
/// No fault strikes earlier than that, if its time is drawn over orders of magnitude.
const EARLIEST: u64 = 10_000;
/// How often a magnitude is the greatest there is.
const EXTREME: Ratio = Ratio::new(1, 4);
/// The occurrences of boundaries that are aimed at.
const OCCURRENCE_MAX: u64 = 32;
/// The same for messages of one kind.
const OF_A_KIND_MAX: u64 = 8;

/// Draws the plan of a run. Each kind that is on has a mean gap drawn log-uniformly from its range, and then gaps, targets,
/// durations and magnitudes; never a coin per event. Each kind draws from a stream of its own.
pub(crate) fn draw(
    world: &World,
    model: &FaultModel,
    selection: &Selection,
    profile: &Profile,
) -> (FaultPlan, Class) {
    let choices = world.choices();
    let kinds: Vec<&FaultKind> =
        model.kinds().into_iter().filter(|kind| selection.allows(kind)).collect();
    let mut stream = choices.stream(&["fault".into(), "class".into()]);
    let class = profile.class(choices, &mut stream);
    let single = match u32::try_from(kinds.len()) {
        Ok(0) | Err(_) => return (FaultPlan::default(), Class::Quiet),
        Ok(count) => choices.pick(&mut stream, Kind::Fault, count) as usize,
    };
    let all: Vec<NodeId> = (1..world.node_count()).map(|id| NodeId(id as u16)).collect();
    let failing = model.nodes(&all);
    let draw = Draw { world, choices, all: &all, failing: &failing, profile, lasts: model.lasts() };
    let mut faults = Vec::new();
    let mut on = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let mut stream = choices.stream(&["fault".into(), kind.name.into()]);
        let coin = choices.chance(&mut stream, Kind::Fault, kind.coin);
        let is_on = match class {
            Class::Quiet | Class::Given => false,
            Class::SingleFault | Class::SingleKind => index == single,
            Class::Coins => coin,
            Class::Everything => true,
        };
        if is_on {
            on.push(*kind);
            draw.faults_of(kind, &mut stream, class, &mut faults);
        }
    }
    faults.sort_by_key(|fault: &Fault| fault.at);
    if class != Class::SingleFault {
        draw.couple(&on, &mut faults);
    }
    (FaultPlan { faults }, class)
}

struct Draw<'a> {
    world: &'a World,
    choices: &'a Choices,
    all: &'a [NodeId],
    failing: &'a [NodeId],
    profile: &'a Profile,
    lasts: Span,
}

impl Draw<'_> {
    fn faults_of(
        &self,
        kind: &FaultKind,
        stream: &mut Stream,
        class: Class,
        faults: &mut Vec<Fault>,
    ) {
        let percent = self.profile.gap_percent.max(1);
        let (least, most) = (kind.gap.0 * percent / 100, kind.gap.1 * percent / 100);
        let mean = self.sample(stream, &Distribution::log_uniform(least.max(1), most.max(1)));
        let gaps = Distribution::exponential(0, mean, 20 * mean);
        // Nobody knows how fast the system is, and many a run is over long before faults cease: the first one may come at any order of
        // magnitude. So a kind that is on strikes at least once, and early enough to matter: rare is not absent.
        let first = Distribution::log_uniform(EARLIEST, mean.min(self.lasts.0).max(EARLIEST));
        let mut at = self.sample(stream, &first);
        let most = if class == Class::SingleFault { 1 } else { FAULTS_MAX };
        for number in 0..most {
            // A boundary may never be reached: where the first one waits for one, the second has the first one's time.
            if number > 1 || faults.last().is_some_and(|last| number == 1 && last.point.is_none()) {
                at += self.sample(stream, &gaps);
            }
            if at > self.lasts.0 {
                return;
            }
            let Some(fault) = self.fault(kind, stream, Some(at)) else { return };
            faults.push(fault);
        }
    }

    /// One fault of a kind, at a time or, for some faults of processes, at a boundary of a durable write.
    fn fault(&self, kind: &FaultKind, stream: &mut Stream, at: Option<u64>) -> Option<Fault> {
        let (on, against) = self.target(kind.aim, stream)?;
        let durations = Distribution::log_uniform(kind.duration.0.max(1), kind.duration.1.max(1));
        let mut lasts = self.sample(stream, &durations);
        let magnitude = kind.magnitude.map(|m| self.magnitude(m, stream));
        let mut fault = Fault {
            at: at.map(Span),
            kind: kind.name.to_owned(),
            on: self.names(on),
            against: self.names(against),
            magnitude,
            ..Fault::default()
        };
        let ends_a_process = kind.aim == Aim::Node && kind.cost != Cost::Free;
        if ends_a_process && self.choices.chance(stream, Kind::Fault, self.profile.at_boundary) {
            // Half of them count from the beginning: early crashes, close together. The others are spread over the run.
            if self.choices.pick(stream, Kind::Fault, 2) == 0 {
                fault.at = None;
            }
            fault.point = Some(Point { on: fault.on.first().cloned(), ..self.boundary(stream) });
            if self.choices.pick(stream, Kind::Fault, 2) == 1 {
                lasts = self.sample(stream, &Distribution::log_uniform(BRIEF.0, BRIEF.1));
            }
        }
        fault.lasts = Span(lasts);
        Some(fault)
    }

    /// Any order of magnitude, or as much as there is: every message twice is not a little more than nine in ten.
    fn magnitude(&self, of: Magnitude, stream: &mut Stream) -> u64 {
        if self.choices.chance(stream, Kind::Fault, EXTREME) {
            return of.max;
        }
        self.sample(stream, &Distribution::log_uniform(of.min, of.max))
    }

    /// A boundary at which processes are struck. Where the test told the kinds of its messages, half of those are of one kind: the n-th of
    /// all is another one in each run, the first promise is the same step of the protocol in all.
    fn boundary(&self, stream: &mut Stream) -> Point {
        let at_message = self.choices.chance(stream, Kind::Fault, self.profile.at_message);
        let names: &[&str] = if at_message { &MESSAGES } else { &WRITES };
        let name = *self.one(names, stream).expect("there are names");
        let kinds = self.world.with_device(|net: &Net| net.message_names());
        let of_a_kind =
            at_message && !kinds.is_empty() && self.choices.pick(stream, Kind::Fault, 2) == 1;
        let message = of_a_kind.then(|| self.one(kinds, stream)).flatten();
        let most = if of_a_kind { OF_A_KIND_MAX } else { OCCURRENCE_MAX };
        Point {
            name: name.to_owned(),
            message: message.map(|kind| (*kind).to_owned()),
            nth: self.sample(stream, &Distribution::log_uniform(1, most)),
            ..Point::default()
        }
    }

    /// Has some faults followed by others: what is dangerous is often the second thing that happens.
    fn couple(&self, on: &[&FaultKind], faults: &mut Vec<Fault>) {
        let Ok(count @ 1..) = u32::try_from(on.len()) else { return };
        let mut stream = self.choices.stream(&["fault".into(), "coupling".into()]);
        for fault in 0..faults.len() {
            if !self.choices.chance(&mut stream, Kind::Fault, self.profile.coupled) {
                continue;
            }
            let kind = on[self.choices.pick(&mut stream, Kind::Fault, count) as usize];
            let by = Span(self.sample(&mut stream, &Distribution::log_uniform(SOON.0, SOON.1)));
            if let Some(mut follower) = self.fault(kind, &mut stream, None) {
                follower.point = None;
                follower.after = Some(After { fault, by });
                faults.push(follower);
            }
        }
    }

    fn target(&self, aim: Aim, stream: &mut Stream) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
        match aim {
            Aim::Everything => Some((Vec::new(), Vec::new())),
            Aim::Node => self.one(self.failing, stream).map(|node| (vec![*node], Vec::new())),
            Aim::Link => {
                let from = *self.one(self.all, stream)?;
                let rest: Vec<NodeId> =
                    self.all.iter().copied().filter(|node| *node != from).collect();
                Some((vec![from], vec![*self.one(&rest, stream)?]))
            }
            Aim::Groups => self.groups(stream),
        }
    }

    /// Two groups: one node and the rest, halves of all, or, with a bridge, halves of all but one.
    fn groups(&self, stream: &mut Stream) -> Option<(Vec<NodeId>, Vec<NodeId>)> {
        let shape = self.choices.pick(stream, Kind::Fault, 3);
        let lonely = *self.one(self.all, stream)?;
        let mut sides = (Vec::new(), Vec::new());
        for node in self.all {
            let coin = self.choices.pick(stream, Kind::Fault, 2) == 1;
            let first = match shape {
                0 => *node == lonely,
                1 => coin,
                _ if *node == lonely => continue,
                _ => coin,
            };
            if first { sides.0.push(*node) } else { sides.1.push(*node) }
        }
        // A side without nodes would be no cut: a node changes over.
        if sides.0.is_empty() {
            sides.0.extend(sides.1.pop());
        }
        if sides.1.is_empty() {
            sides.1.extend(sides.0.pop());
        }
        (!sides.0.is_empty() && !sides.1.is_empty()).then_some(sides)
    }

    fn one<'a, T>(&self, from: &'a [T], stream: &mut Stream) -> Option<&'a T> {
        let count = u32::try_from(from.len()).ok().filter(|count| *count > 0)?;
        Some(&from[self.choices.pick(stream, Kind::Fault, count) as usize])
    }

    fn sample(&self, stream: &mut Stream, distribution: &Distribution) -> u64 {
        self.choices.sample(stream, Kind::Fault, distribution)
    }

    fn names(&self, ids: Vec<NodeId>) -> Vec<String> {
        ids.into_iter().map(|id| self.world.node_name(id).to_string()).collect()
    }
}
