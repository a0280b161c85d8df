//! Circles: of versions that come before themselves, and of transactions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::txn::{Cycle, IsolationLevel, Kind, Step, TxnId, VersionId};

/// Pairs of versions, each of which the first comes before the second.
pub(super) type Order = BTreeSet<(VersionId, VersionId)>;

fn after(order: &Order, version: VersionId) -> impl Iterator<Item = VersionId> + '_ {
    order.range((version, 0)..=(version, VersionId::MAX)).map(|(_, later)| *later)
}

/// All that comes later, for each version; or a circle of versions.
pub(super) fn closure(order: &Order) -> Result<Order, Vec<VersionId>> {
    let mut closed = Order::new();
    let starts: BTreeSet<VersionId> = order.iter().map(|(before, _)| *before).collect();
    for start in starts {
        let mut cause: BTreeMap<VersionId, VersionId> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(version) = queue.pop_front() {
            for later in after(order, version) {
                if later == start {
                    let mut cycle = vec![version];
                    while let Some(earlier) = cause.get(&cycle[cycle.len() - 1]) {
                        cycle.push(*earlier);
                    }
                    cycle.reverse();
                    return Err(cycle);
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = cause.entry(later) {
                    entry.insert(version);
                    queue.push_back(later);
                }
            }
        }
        closed.extend(cause.into_keys().map(|later| (start, later)));
    }
    Ok(closed)
}

pub(super) fn leads_to(order: &Order, from: VersionId, to: VersionId) -> bool {
    let (mut known, mut queue) = (BTreeSet::from([from]), VecDeque::from([from]));
    while let Some(version) = queue.pop_front() {
        for later in after(order, version) {
            if later == to {
                return true;
            }
            if known.insert(later) {
                queue.push_back(later);
            }
        }
    }
    false
}

/// The shortest circle through `start` that the level forbids, of those without a knot. How many
/// anti-dependencies there were, and whether two met, is all that a level asks of a circle.
pub(super) fn forbidden_cycle(
    steps: &BTreeMap<TxnId, Vec<Step>>,
    start: TxnId,
    level: IsolationLevel,
) -> Option<Cycle> {
    type Place = (TxnId, usize, bool, bool, bool);
    let mut cause: BTreeMap<Place, (Option<Place>, Step)> = BTreeMap::new();
    let mut queue: VecDeque<Place> = VecDeque::new();
    let path = |cause: &BTreeMap<Place, (Option<Place>, Step)>, end: Place| {
        let mut path = Vec::new();
        let mut at = Some(end);
        while let Some(place) = at {
            let (before, step) = cause[&place];
            path.push(step);
            at = before;
        }
        path.reverse();
        path
    };
    let reach = |from: Option<Place>,
                 step: Step,
                 cause: &mut BTreeMap<Place, (Option<Place>, Step)>|
     -> Option<Place> {
        let is_rw = step.kind == Kind::Rw;
        let (rws, last, began, met) = match from {
            Some((_, rws, last, began, met)) => (rws, last, began, met),
            None => (0, false, is_rw, false),
        };
        let place =
            (step.to, (rws + usize::from(is_rw)).min(2), is_rw, began, met || last && is_rw);
        if cause.contains_key(&place) {
            return None;
        }
        cause.insert(place, (from, step));
        Some(place)
    };
    for step in steps.get(&start).into_iter().flatten() {
        queue.extend(reach(None, *step, &mut cause));
    }
    while let Some(place) = queue.pop_front() {
        if place.0 == start {
            let cycle = Cycle { steps: path(&cause, place) };
            if cycle.is_simple() && cycle.violates(level) {
                return Some(cycle);
            }
            continue;
        }
        for step in steps.get(&place.0).into_iter().flatten() {
            queue.extend(reach(Some(place), *step, &mut cause));
        }
    }
    None
}
