//! Unique ids: no two acknowledged ids are the same.

use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;

/// Ids that were given out more than once, with how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateId<V> {
    /// How often each was given out.
    pub counts: BTreeMap<V, usize>,
}

impl<V: fmt::Display> fmt::Display for DuplicateId<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (id, count)) in self.counts.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}id {id} was given out {count} times")?;
        }
        Ok(())
    }
}

/// Judges acknowledged ids. The certificate is their number.
///
/// ```
/// use sim_check::workload::check_unique_ids;
///
/// assert!(check_unique_ids(&[1, 2, 3]).is_ok());
/// assert!(check_unique_ids(&[1, 2, 1]).is_violation());
/// ```
pub fn check_unique_ids<V: Ord + Clone>(ids: &[V]) -> Verdict<usize, DuplicateId<V>> {
    let mut counts: BTreeMap<&V, usize> = BTreeMap::new();
    for id in ids {
        *counts.entry(id).or_default() += 1;
    }
    let again = counts.into_iter().filter(|(_, count)| *count > 1);
    let counts: BTreeMap<V, usize> = again.map(|(id, count)| (id.clone(), count)).collect();
    if counts.is_empty() {
        Verdict::Ok(ids.len())
    } else {
        Verdict::Violation(DuplicateId { counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_duplicates_are_counted() {
        let Verdict::Violation(found) = check_unique_ids(&["a", "b", "a", "a"]) else { panic!() };
        assert_eq!(found.counts, [("a", 3)].into());
    }
}
