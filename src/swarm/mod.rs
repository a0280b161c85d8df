//! Swarms: many seeds of one scenario, on several threads, each run in a world of its own.

mod depth;
mod ledger;
mod summary;
mod worker;

use crate::case::{Case, CaseError};
use crate::determinism::Divergence;
use crate::fault::{Profile, Selection};
use crate::scenario::Scenario;
use crate::seed::Seed;
use crate::settings::Shard;
use crate::task::Policy;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use depth::{Percentiles, Spread};
pub use ledger::{EffectTotal, LedgerTotal};
pub use summary::{ProbeTotal, Summary};

/// A swarm about to run.
///
/// ```
/// use squall::{Scenario, Swarm};
///
/// let scenario = Scenario::new("steady", |_| async { Ok(()) });
/// let summary = Swarm::new(&scenario).seeds(100).run(|_| {}).unwrap();
/// assert_eq!((summary.seeds, summary.failures), (100, 0));
/// ```
#[derive(Clone, Debug)]
pub struct Swarm<'a> {
    scenario: &'a Scenario,
    first: Seed,
    seeds: Option<u64>,
    time: Option<Duration>,
    jobs: Option<NonZeroUsize>,
    shard: Shard,
    mutant: Option<String>,
    faults: Selection,
    policy: Policy,
    profile: Profile,
    determinism_every: Option<u64>,
    keep_going: bool,
    reversed: bool,
    hashes: bool,
    stop: Arc<AtomicBool>,
}

/// What a swarm tells while it runs.
#[derive(Debug)]
pub enum Event {
    /// So many seeds were run, so many of them failed.
    Progress {
        /// Seeds so far.
        seeds: u64,
        /// Failures so far.
        failures: u64,
    },
    /// A seed failed.
    Failure(Box<Found>),
    /// A case had two outcomes.
    Divergence(Seed, Divergence),
}

/// A failing seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which seed of the swarm, from 0 in the order in which they are run.
    pub index: u64,
    /// The case as it was run.
    pub case: Case,
    /// The failure.
    pub failure: crate::Failure,
    /// The trace hash of the run.
    pub trace_hash: u64,
}

impl<'a> Swarm<'a> {
    /// A swarm of one scenario: its usual number of seeds from 1 on, on all processors.
    pub fn new(scenario: &'a Scenario) -> Swarm<'a> {
        Swarm {
            scenario,
            first: Seed(1),
            seeds: None,
            time: None,
            jobs: None,
            shard: Shard::default(),
            mutant: None,
            faults: Selection::default(),
            policy: Policy::default(),
            profile: Profile::default(),
            determinism_every: None,
            keep_going: false,
            reversed: false,
            hashes: false,
            stop: Arc::default(),
        }
    }

    /// The first seed; the others follow it.
    pub fn first_seed(mut self, seed: Seed) -> Self {
        self.first = seed;
        self
    }

    /// How many seeds.
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = Some(seeds);
        self
    }

    /// For how long in real time. Without a number of seeds: as many as fit.
    pub fn time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// How many worker threads.
    pub fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// Only a part of the seeds.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// With a planted bug.
    pub fn mutant(mut self, name: &str) -> Self {
        self.mutant = Some(name.to_owned());
        self
    }

    /// Only some kinds of fault.
    pub fn faults(mut self, faults: Selection) -> Self {
        self.faults = faults;
        self
    }

    /// Which runnable task is polled next.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How hostile the plans are: a preset, or one with some values changed.
    pub fn profile(mut self, profile: impl Into<Profile>) -> Self {
        self.profile = profile.into();
        self
    }

    /// Runs every so-manieth seed twice more and compares.
    pub fn determinism_every(mut self, every: u64) -> Self {
        self.determinism_every = Some(every.max(1));
        self
    }

    /// Does not end at the first failure.
    pub fn keep_going(mut self) -> Self {
        self.keep_going = true;
        self
    }

    /// From the last seed to the first. Not for swarms that are bounded by time alone.
    pub fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    /// Keeps the trace hash of every seed in [`Summary::hashes`].
    pub fn keep_hashes(mut self) -> Self {
        self.hashes = true;
        self
    }

    /// Ends early, with a summary of what ran, once the flag is set.
    pub fn stop_on(mut self, flag: Arc<AtomicBool>) -> Self {
        self.stop = flag;
        self
    }

    /// Runs it. `tell` is called on this thread. Failures come in the order in which they were met; of a swarm that ends
    /// at the first failure, the one with the lowest index is told, whatever the number of threads.
    ///
    /// # Errors
    /// When the cases cannot be run at all: an unknown mutant.
    pub fn run(self, tell: impl FnMut(Event)) -> Result<Summary, CaseError> {
        worker::run(&self, tell)
    }

    /// The case of seed number `index`.
    pub fn case(&self, index: u64) -> Case {
        let step = index.wrapping_mul(self.shard.count).wrapping_add(self.shard.index);
        let seed = Seed(self.first.0.wrapping_add(step));
        Case {
            mutant: self.mutant.clone(),
            faults: self.faults.clone(),
            policy: self.policy,
            profile: self.profile,
            ..Case::from_seed(self.scenario, seed)
        }
    }

    /// How many seeds it may run at most.
    fn limit(&self) -> u64 {
        let all = match (self.seeds, self.time) {
            (Some(seeds), _) => seeds,
            (None, Some(_)) => return u64::MAX,
            (None, None) => self.scenario.default_seeds(),
        };
        all.saturating_sub(self.shard.index).div_ceil(self.shard.count)
    }

    fn threads(&self) -> usize {
        let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.jobs.map_or(all, NonZeroUsize::get)
    }
}
