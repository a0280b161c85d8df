//! Operations in groups whose order is known.

use super::Decision;
use crate::history::OperationId;

/// An operation and the group that it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// Groups follow each other in ascending order; the order within a group is free.
    pub(super) group: u32,
    pub(super) invoked: u32,
    pub(super) returned: u32,
    pub(super) id: OperationId,
    pub(super) is_read: bool,
}

/// Whether real time allows the order of the groups. It does unless an operation returned before another of
/// an earlier group was invoked. `longest` is a read that saw all that any read saw.
pub(super) fn decide_chain(mut links: Vec<Link>, longest: OperationId) -> Decision {
    links.sort_unstable_by_key(|link| (link.group, link.invoked));
    // The latest invocation in the groups before this one, and in those up to this one.
    let (mut before, mut so_far): (Option<Link>, Option<Link>) = (None, None);
    let mut group = 0;
    for link in &links {
        if link.group != group {
            group = link.group;
            before = so_far;
        }
        if let Some(earlier) = before
            && link.returned < earlier.invoked
        {
            // Two updates are ordered by a read that saw only the first, or saw both.
            let mut ids = vec![earlier.id, link.id];
            if !earlier.is_read && !link.is_read {
                let between = links.iter().find(|read| {
                    read.is_read && earlier.group < read.group && read.group < link.group
                });
                ids.push(between.map_or(longest, |read| read.id));
            }
            ids.sort_unstable();
            return Decision::Violation(ids);
        }
        if so_far.is_none_or(|latest| latest.invoked < link.invoked) {
            so_far = Some(*link);
        }
    }
    Decision::Linearizable(links.into_iter().map(|link| link.id).collect())
}
