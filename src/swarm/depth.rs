//! How deep a swarm went, and how much of what there is to see it saw: figures against taking shallow runs for deep ones.

use crate::Ledger;
use crate::choice::Ratio;
use crate::fault::Class;
use crate::outcome::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// A histogram over orders of magnitude: four buckets to a power of two, so percentiles are right to a fifth.
#[derive(Clone, Debug)]
pub struct Spread {
    buckets: Vec<u64>,
    count: u64,
}

impl Default for Spread {
    fn default() -> Spread {
        Spread { buckets: vec![0; 4 * 64 + 4], count: 0 }
    }
}

/// Some percentiles of a [`Spread`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// The median.
    pub p50: u64,
    /// A twentieth lies above.
    pub p95: u64,
    /// A hundredth lies above.
    pub p99: u64,
}

fn bucket(value: u64) -> usize {
    if value < 4 {
        return value as usize;
    }
    let power = 63 - value.leading_zeros();
    let quarter = (value >> (power - 2)) & 3;
    (power as usize) * 4 - 4 + quarter as usize
}

/// The least value of a bucket.
fn floor(bucket: usize) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let (power, quarter) = ((bucket + 4) / 4, (bucket % 4) as u64);
    (4 + quarter) << (power - 2)
}

impl Spread {
    pub(super) fn add(&mut self, value: u64) {
        self.buckets[bucket(value)] += 1;
        self.count += 1;
    }

    pub(super) fn merge(&mut self, other: &Spread) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(mine, more)| *mine += more);
        self.count += other.count;
    }

    /// The percentiles.
    pub fn percentiles(&self) -> Percentiles {
        Percentiles { p50: self.at(50), p95: self.at(95), p99: self.at(99) }
    }

    fn at(&self, percent: u64) -> u64 {
        let mut left = (self.count * percent).div_ceil(100).max(1);
        for (index, held) in self.buckets.iter().enumerate() {
            if *held >= left {
                return floor(index);
            }
            left -= held;
        }
        0
    }
}

/// What a swarm saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Depth {
    pub(super) classes: BTreeMap<Class, u64>,
    pub(super) events: Spread,
    pub(super) exported: Spread,
    pub(super) memory: Spread,
    pub(super) pairs: BTreeSet<(&'static str, &'static str)>,
    /// In how many cases each feature was seen, at each order of magnitude of its count.
    features: BTreeMap<(Feature, u32), u64>,
}

/// Something there is to see in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Feature {
    /// A probe, by its index in the registry.
    Probe(usize),
    /// A kind of fault, or an effect.
    Fault(&'static str),
}

impl Depth {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        *self.classes.entry(outcome.class).or_default() += 1;
        self.events.add(outcome.figures.events);
        self.exported.add(outcome.exported);
        self.memory.add(outcome.figures.memory as u64);
        let injected: Vec<&'static str> = outcome
            .ledger
            .lines()
            .iter()
            .filter(|line| line.struck > 0)
            .map(|line| line.kind)
            .collect();
        for a in &injected {
            self.pairs.extend(injected.iter().filter(|b| a < *b).map(|b| (*a, *b)));
        }
        let probes = outcome.probes.iter().map(|hit| (hit.index, hit.hits));
        self.see(probes, &outcome.ledger);
    }

    /// Counts features: each probe and each fault kind, by order of magnitude of its count.
    fn see(&mut self, probes: impl IntoIterator<Item = (usize, u64)>, ledger: &Ledger) {
        let magnitude = |count: u64| u64::BITS - count.leading_zeros();
        for (index, hits) in probes {
            *self.features.entry((Feature::Probe(index), magnitude(hits))).or_default() += 1;
        }
        for line in ledger.lines() {
            let feature = (Feature::Fault(line.kind), magnitude(line.observed));
            *self.features.entry(feature).or_default() += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Depth) {
        for (class, count) in other.classes {
            *self.classes.entry(class).or_default() += count;
        }
        self.events.merge(&other.events);
        self.exported.merge(&other.exported);
        self.memory.merge(&other.memory);
        self.pairs.extend(other.pairs);
        for (feature, count) in other.features {
            *self.features.entry(feature).or_default() += count;
        }
    }

    /// How likely the next seed shows something that none showed before: the share of features seen once, by
    /// Good and Turing (I. J. Good, "The population frequencies of species", Biometrika 1953).
    pub(super) fn unseen(&self, seeds: u64) -> Option<Ratio> {
        let once = self.features.values().filter(|count| **count == 1).count() as u64;
        let seeds = u32::try_from(seeds).ok().filter(|seeds| *seeds > 0)?;
        Some(Ratio::new(u32::try_from(once).unwrap_or(seeds).min(seeds), seeds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_what_they_say() {
        for value in (0..5_000).chain([1 << 20, (1 << 40) + 12345, u64::MAX / 3, u64::MAX]) {
            let low = floor(bucket(value));
            assert!(low <= value && value - low <= value / 4, "{value} {low}");
        }
    }

    #[test]
    fn percentiles_are_right_to_a_fifth() {
        let mut spread = Spread::default();
        (1..=1_000).for_each(|value| spread.add(value));
        let found = spread.percentiles();
        for (found, wanted) in [(found.p50, 500), (found.p95, 950), (found.p99, 990)] {
            assert!(found <= wanted && found * 5 >= wanted * 4, "{found} {wanted}");
        }
        assert_eq!(Spread::default().percentiles(), Percentiles::default());
    }

    fn unseen(cases: &[&[(usize, u64)]]) -> Option<Ratio> {
        let mut depth = Depth::default();
        for probes in cases {
            depth.see(probes.iter().copied(), &Ledger::default());
        }
        depth.unseen(cases.len() as u64)
    }

    #[test]
    fn what_was_seen_once_says_what_is_to_come() {
        assert_eq!(unseen(&[]), None);
        // Everything new in every case: so will be the next.
        assert_eq!(unseen(&[&[(0, 1)], &[(1, 1)], &[(2, 1)]]), Some(Ratio::new(3, 3)));
        // Nothing but what was there before.
        assert_eq!(unseen(&[&[(0, 1)], &[(0, 1)]]), Some(Ratio::new(0, 2)));
        // Of the same probe 2 and 3 are one order of magnitude, 4 is another.
        assert_eq!(unseen(&[&[(0, 2)], &[(0, 3)], &[(0, 4)], &[]]), Some(Ratio::new(1, 4)));
        // More new things than cases is still no more than certain.
        assert_eq!(unseen(&[&[(0, 1), (1, 1), (2, 1)]]), Some(Ratio::new(1, 1)));
    }

    #[test]
    fn faults_are_things_to_see_too() {
        let mut ledger = Ledger::default();
        ledger.injected("kill");
        ledger.observed("kill");
        let mut depth = Depth::default();
        depth.see([], &ledger);
        depth.see([], &Ledger::default());
        assert_eq!(depth.unseen(2), Some(Ratio::new(1, 2)));
        depth.see([], &ledger);
        assert_eq!(depth.unseen(3), Some(Ratio::new(0, 3)));
    }

    #[test]
    fn halves_put_together_are_the_whole() {
        let mut cases: Vec<Vec<(usize, u64)>> =
            (0..40).map(|n| (0..n % 7).map(|index| (index as usize, n * n)).collect()).collect();
        // Once in each half is twice.
        cases[0].push((99, 1));
        cases[39].push((99, 1));
        let see = |cases: &[Vec<(usize, u64)>]| {
            let mut depth = Depth::default();
            for case in cases {
                depth.see(case.iter().copied(), &Ledger::default());
                depth.events.add(case.len() as u64 * 100);
            }
            depth
        };
        let whole = see(&cases);
        for cut in [0, 1, 17, 40] {
            let mut halves = see(&cases[cut..]);
            halves.merge(see(&cases[..cut]));
            assert_eq!(halves.unseen(40), whole.unseen(40));
            assert_eq!(halves.events.percentiles(), whole.events.percentiles());
        }
    }
}
