//! Unique ids: no two acknowledged ids are the same.

use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;

/// Proof that all ids differ, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistinctIds {
    /// The places of all ids, in ascending order of the ids.
    pub ascending: Vec<usize>,
}

/// Ids that were given out more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateId<V> {
    /// The places of each, ascending.
    pub places: BTreeMap<V, Vec<usize>>,
}

impl<V: fmt::Display> fmt::Display for DuplicateId<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (id, places)) in self.places.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}id {id} was given out {} times", places.len())?;
        }
        Ok(())
    }
}

/// Judges acknowledged ids.
///
/// ```
/// use sim_check::workload::check_unique_ids;
///
/// assert!(check_unique_ids(&[1, 2, 3]).is_ok());
/// assert!(check_unique_ids(&[1, 2, 1]).is_violation());
/// ```
pub fn check_unique_ids<V: Ord + Clone>(ids: &[V]) -> Verdict<DistinctIds, DuplicateId<V>> {
    let mut ascending: Vec<usize> = (0..ids.len()).collect();
    ascending.sort_by_key(|place| &ids[*place]);
    let same = ascending.chunk_by(|a, b| ids[*a] == ids[*b]).filter(|places| places.len() > 1);
    let places: BTreeMap<V, Vec<usize>> =
        same.map(|places| (ids[places[0]].clone(), places.to_vec())).collect();
    if places.is_empty() {
        Verdict::Ok(DistinctIds { ascending })
    } else {
        Verdict::Violation(DuplicateId { places })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_duplicates_are_named() {
        let Verdict::Violation(found) = check_unique_ids(&["a", "b", "a", "a"]) else { panic!() };
        assert_eq!(found.places, [("a", vec![0, 2, 3])].into());
        assert_eq!(found.to_string(), "id a was given out 3 times");
    }
}
