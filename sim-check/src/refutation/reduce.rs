//! Operations that are bad by themselves, of those whose operations with common elements go or stay together.

use crate::history::{History, OperationId};
use crate::minimize::minimize;
use crate::sequential::has_sequential_order;
use crate::spec::NondeterministicSpec;
use crate::verdict::Meter;

/// Leaves out as much of `part`, ascending, as may be left out of a legal sequence (what changes nothing, and what
/// shares no element with what stays), while what stays has no sequential order.
pub(super) fn reduce<S: NondeterministicSpec>(
    spec: &S,
    history: &History<S::Op, S::Ret>,
    part: &[OperationId],
    meter: &mut Meter,
) -> Vec<OperationId> {
    let asked = |at: usize| {
        let operation = history.operation(part[at]);
        (&operation.op, operation.outcome.ok())
    };
    let key = |at: usize| {
        let (op, ret) = asked(at);
        spec.key(op, ret)
    };
    let has_parts = (0..part.len()).all(|at| key(at).is_some());
    let shares = |a: usize, b: usize| {
        (!has_parts || key(a) == key(b)) && spec.shares_element(asked(a), asked(b))
    };
    let is_pure = |at: &usize| {
        let (op, ret) = asked(*at);
        spec.is_pure(op, ret)
    };
    let (pure, changing): (Vec<usize>, Vec<usize>) = (0..part.len()).partition(is_pure);
    // Groups of operations that change something and share elements; each pure one is a group by itself.
    let mut groups: Vec<Vec<usize>> = pure.iter().map(|at| vec![*at]).collect();
    let first_changing = groups.len();
    let mut open = changing;
    while let Some(start) = open.pop() {
        let mut group = vec![start];
        let mut next = 0;
        while let Some(&member) = group.get(next) {
            let (found, rest) = open.into_iter().partition::<Vec<_>, _>(|at| shares(member, *at));
            group.extend(found);
            open = rest;
            next += 1;
        }
        groups.push(group);
    }
    // The groups of changing operations with which each pure operation shares an element.
    let tells_of: Vec<Vec<usize>> = (0..first_changing)
        .map(|pure| {
            let tells =
                |group: &usize| groups[*group].iter().any(|at| shares(groups[pure][0], *at));
            (first_changing..groups.len()).filter(tells).collect()
        })
        .collect();
    let ids = |kept: &[usize]| {
        let members = kept.iter().flat_map(|group| &groups[*group]);
        let mut ids: Vec<OperationId> = members.map(|at| part[*at]).collect();
        ids.sort_unstable();
        ids
    };
    let mut kept: Vec<usize> = (0..groups.len()).collect();
    minimize(&mut kept, |kept| {
        let mut stays = vec![false; groups.len()];
        kept.iter().for_each(|group| stays[*group] = true);
        let tells = kept.iter().filter(|group| **group < first_changing);
        tells.flat_map(|pure| &tells_of[*pure]).all(|group| stays[*group])
            && has_sequential_order(spec, history, &ids(kept), &|_| false, meter) == Some(false)
    });
    ids(&kept)
}
