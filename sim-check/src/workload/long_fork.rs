//! Long fork: two writes that two readers see in opposite orders.
//!
//! Each key is written at most once. Reads of groups of keys then show which of the writes they
//! know. Under snapshot isolation the known sets of two reads of one group are comparable; parallel
//! snapshot isolation allows that they are not.

use crate::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One read of a group of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRead<K> {
    /// The keys read, each with whether its write was seen.
    pub seen: BTreeMap<K, bool>,
}

/// Proof that the writes have an order, checked by [`verify`](Self::verify).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkChains {
    /// For each group of keys, ascending, the numbers of its reads: each saw all that the one before it saw.
    pub chains: Vec<Vec<usize>>,
}

/// Two reads that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongFork<K> {
    /// The number of the read that saw `first_key` without `second_key`.
    pub first: usize,
    /// The number of the read that saw `second_key` without `first_key`.
    pub second: usize,
    /// A key.
    pub first_key: K,
    /// Another key.
    pub second_key: K,
}

impl<K: fmt::Display> fmt::Display for LongFork<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, second, first_key, second_key } = self;
        write!(
            f,
            "read {first} saw the write of {first_key} and not that of {second_key}, read {second} the \
             other way round: no one order of the two writes explains both"
        )
    }
}

/// Judges reads of keys that are written once.
///
/// Reads are compared if they read the same keys.
///
/// ```
/// use sim_check::workload::{ForkRead, check_long_fork};
///
/// let read = |x, y| ForkRead { seen: [("x", x), ("y", y)].into() };
/// assert!(check_long_fork(&[read(false, false), read(true, false), read(true, true)]).is_ok());
/// assert!(check_long_fork(&[read(true, false), read(false, true)]).is_violation());
/// ```
pub fn check_long_fork<K: Ord + Clone>(reads: &[ForkRead<K>]) -> Verdict<ForkChains, LongFork<K>> {
    let mut groups: BTreeMap<BTreeSet<&K>, Vec<usize>> = BTreeMap::new();
    for (number, read) in reads.iter().enumerate() {
        groups.entry(read.seen.keys().collect()).or_default().push(number);
    }
    let mut chains = Vec::with_capacity(groups.len());
    for mut group in groups.into_values() {
        // If all are comparable, they form a chain when sorted by how much they saw.
        let known = |number: &usize| reads[*number].seen.values().filter(|seen| **seen).count();
        group.sort_by_key(known);
        for pair in group.windows(2) {
            let (smaller, larger) = (&reads[pair[0]].seen, &reads[pair[1]].seen);
            let only = |a: &BTreeMap<K, bool>, b: &BTreeMap<K, bool>| {
                a.iter().find(|(key, seen)| **seen && !b[*key]).map(|(key, _)| key.clone())
            };
            if let (Some(first_key), Some(second_key)) =
                (only(smaller, larger), only(larger, smaller))
            {
                let (first, second) = (pair[0], pair[1]);
                return Verdict::Violation(LongFork { first, second, first_key, second_key });
            }
        }
        chains.push(group);
    }
    Verdict::Ok(ForkChains { chains })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_reads_and_keys_are_named() {
        let read =
            |seen: [bool; 3]| ForkRead { seen: ["x", "y", "z"].into_iter().zip(seen).collect() };
        let reads =
            [read([true, true, true]), read([true, false, false]), read([false, false, true])];
        let expected = LongFork { first: 1, second: 2, first_key: "x", second_key: "z" };
        assert_eq!(check_long_fork(&reads), Verdict::Violation(expected));
        assert_eq!(
            check_long_fork(&reads[..2]),
            Verdict::Ok(ForkChains { chains: vec![vec![1, 0]] })
        );
    }

    #[test]
    fn reads_of_different_groups_are_not_compared() {
        let a = ForkRead { seen: [("x", true), ("y", false)].into() };
        let b = ForkRead { seen: [("y", true), ("z", false)].into() };
        assert_eq!(
            check_long_fork(&[a, b]),
            Verdict::Ok(ForkChains { chains: vec![vec![0], vec![1]] })
        );
    }
}
