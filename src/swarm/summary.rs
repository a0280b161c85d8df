//! What a swarm comes to.

use super::depth::{Depth, Percentiles};
use super::ledger::{self, EffectTotal, LedgerTotal};
use crate::choice::Ratio;
use crate::fault::Class;
use crate::outcome::{Outcome, Verdict};
use crate::probe::{ProbeKind, SITES, Site};
use crate::seed::Seed;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The hits of one probe over a swarm.
#[derive(Clone, Copy, Debug)]
pub struct ProbeTotal {
    /// The site.
    pub site: &'static Site,
    /// How often it was hit.
    pub hits: u64,
    /// In how many cases.
    pub cases: u64,
}

/// What a swarm comes to. Bounded in size, however many seeds ran.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The scenario.
    pub scenario: String,
    /// Seeds that were run.
    pub seeds: u64,
    /// Seeds that failed.
    pub failures: u64,
    /// Failures by fingerprint.
    pub fingerprints: BTreeMap<String, u64>,
    /// After how many seeds the first failure came, counting it.
    pub first_failure_after: Option<u64>,
    /// Seeds whose check could not decide.
    pub undecided: u64,
    /// Cases that had two outcomes.
    pub nondeterministic: u64,
    /// Events of all runs.
    pub events: u64,
    /// Virtual time of all runs in nanoseconds.
    pub virtual_time: u128,
    /// Real time.
    pub wall: Duration,
    /// Faults of plans by kind.
    pub ledger: BTreeMap<&'static str, LedgerTotal>,
    /// What faults and devices brought about, by name.
    pub effects: BTreeMap<&'static str, EffectTotal>,
    /// The fault kinds that the scenario declares.
    pub declared: BTreeSet<&'static str>,
    /// How many faults were put off because of the budget.
    pub postponed: u64,
    /// Hits and cases of probes, by their index in the registry.
    pub(super) probes: BTreeMap<usize, (u64, u64)>,
    /// A digest of the seeds and their trace hashes, whatever their order and the number of threads: equal swarms of equal
    /// code have equal digests.
    pub digest: u64,
    /// How deep it went.
    pub(super) depth: Depth,
    /// Whether it was ended before its time.
    pub interrupted: bool,
    /// The trace hash of each seed, where asked for.
    pub hashes: BTreeMap<Seed, u64>,
}

impl Summary {
    /// Seeds a second of real time.
    pub fn seeds_per_second(&self) -> f64 {
        let seconds = self.wall.as_secs_f64();
        if seconds > 0.0 { self.seeds as f64 / seconds } else { 0.0 }
    }

    /// The probes of the program, reached or not, in the order of file and line.
    pub fn probes(&self) -> Vec<ProbeTotal> {
        let numbered = SITES.iter().enumerate();
        let mut totals: Vec<ProbeTotal> = numbered
            .map(|(index, site)| {
                let (hits, cases) = self.probes.get(&index).copied().unwrap_or_default();
                ProbeTotal { site, hits, cases }
            })
            .collect();
        totals.sort_by_key(|total| (total.site.file, total.site.line, total.site.name));
        totals
    }

    /// The `sometimes!` and `reachable!` probes below a module that were never hit.
    pub fn unreached(&self, module: &str) -> Vec<&'static Site> {
        let wanted = |site: &Site| {
            matches!(site.kind, ProbeKind::Sometimes | ProbeKind::Reachable)
                && site.module.starts_with(module)
        };
        let missed =
            self.probes().into_iter().filter(|total| total.hits == 0 && wanted(total.site));
        missed.map(|total| total.site).collect()
    }

    /// How many cases there were of each class.
    pub fn classes(&self) -> &BTreeMap<Class, u64> {
        &self.depth.classes
    }

    /// Events of a run.
    pub fn events_of_runs(&self) -> Percentiles {
        self.depth.events.percentiles()
    }

    /// Events that code under test exported in a run: how far it came.
    pub fn exports_of_runs(&self) -> Percentiles {
        self.depth.exported.percentiles()
    }

    /// Memory at the end of a run in bytes, roughly: how much state it had built up.
    pub fn memory_of_runs(&self) -> Percentiles {
        self.depth.memory.percentiles()
    }

    /// Pairs of declared kinds that never met in a case.
    pub fn pairs_unmet(&self) -> Vec<(&'static str, &'static str)> {
        let kinds: Vec<&'static str> = self.declared.iter().copied().collect();
        let pairs =
            kinds.iter().enumerate().flat_map(|(i, a)| kinds[i + 1..].iter().map(|b| (*a, *b)));
        pairs.filter(|pair| !self.depth.pairs.contains(pair)).collect()
    }

    /// How likely the next seed shows something new, in the sense of probes and faults: the estimate of Good and Turing.
    pub fn unseen(&self) -> Option<Ratio> {
        self.depth.unseen(self.seeds)
    }

    /// The declared fault kinds of which code under test could never notice anything.
    pub fn unobserved(&self) -> Vec<&'static str> {
        let observed = |kind: &&str| self.ledger.get(kind).is_some_and(|line| line.observed > 0);
        self.declared.iter().copied().filter(|kind| !observed(kind)).collect()
    }

    pub(super) fn add(&mut self, seed: Seed, outcome: &Outcome) {
        self.seeds += 1;
        self.digest = self.digest.wrapping_add(digest_of(seed, outcome.trace_hash));
        self.events += outcome.figures.events;
        self.virtual_time += u128::from(outcome.figures.virtual_time);
        self.postponed += outcome.postponed;
        self.depth.add(outcome);
        self.declared.extend(&outcome.declared);
        ledger::add(&mut self.ledger, &mut self.effects, outcome);
        for hit in &outcome.probes {
            let (hits, cases) = self.probes.entry(hit.index).or_default();
            *hits += hit.hits;
            *cases += 1;
        }
        match &outcome.verdict {
            Verdict::Pass => {}
            Verdict::Undecided(_) => self.undecided += 1,
            Verdict::Fail(failure) => {
                self.failures += 1;
                *self.fingerprints.entry(failure.fingerprint()).or_default() += 1;
            }
        }
    }

    pub(super) fn merge(&mut self, other: Summary) {
        self.seeds += other.seeds;
        self.digest = self.digest.wrapping_add(other.digest);
        self.failures += other.failures;
        self.undecided += other.undecided;
        self.nondeterministic += other.nondeterministic;
        self.events += other.events;
        self.virtual_time += other.virtual_time;
        self.postponed += other.postponed;
        self.hashes.extend(other.hashes);
        self.depth.merge(other.depth);
        self.declared.extend(other.declared);
        ledger::merge(&mut self.ledger, other.ledger);
        ledger::merge_effects(&mut self.effects, other.effects);
        for (fingerprint, count) in other.fingerprints {
            *self.fingerprints.entry(fingerprint).or_default() += count;
        }
        for (index, (hits, cases)) in other.probes {
            let total = self.probes.entry(index).or_default();
            total.0 += hits;
            total.1 += cases;
        }
    }
}

/// What one seed adds to a digest: its hash, spread so that sums of several do not cancel out.
fn digest_of(seed: Seed, trace_hash: u64) -> u64 {
    let spread = |x: u64| (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = spread(spread(seed.0).wrapping_add(trace_hash));
    x ^ (x >> 32)
}
