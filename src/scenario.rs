//! Scenarios: named things that can be run from a case.

use crate::{Bounds, Result, Sim};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

type Body = Arc<dyn Fn(Sim) -> Pin<Box<dyn Future<Output = Result>>> + Send + Sync>;

/// A named thing that can be run from a case: a cluster, its workload, its checks, and the faults it tolerates.
#[derive(Clone)]
pub struct Scenario {
    name: String,
    version: u32,
    mutants: Vec<Mutant>,
    bounds: Bounds,
    guard: bool,
    default_seeds: u64,
    body: Body,
}

/// A planted bug, switchable at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Its name in the catalogue.
    pub name: &'static str,
    /// What it violates.
    pub violates: &'static str,
    /// How hard it is to find, as seeds within which it must be found; `None` where only directed search can.
    pub seeds_max: Option<u64>,
}

impl Scenario {
    /// A scenario called `name`, whose runs execute what `body` returns.
    pub fn new<F, Fut>(name: &str, body: F) -> Scenario
    where
        F: Fn(Sim) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result> + 'static,
    {
        Scenario {
            name: name.to_owned(),
            version: 1,
            mutants: Vec::new(),
            bounds: Bounds::default(),
            guard: true,
            default_seeds: 300,
            body: Arc::new(move |sim| Box::pin(body(sim))),
        }
    }

    /// Its version: raise it when a change makes saved cases mean something else.
    pub fn version(mut self, version: u32) -> Scenario {
        self.version = version;
        self
    }

    /// The planted bugs that [`Sim::mutant`] may name.
    pub fn mutants(mut self, mutants: Vec<Mutant>) -> Scenario {
        self.mutants = mutants;
        self
    }

    /// What a run may use.
    pub fn bounds(mut self, bounds: Bounds) -> Scenario {
        self.bounds = bounds;
        self
    }

    /// Whether the leak guard is on, as it is unless said otherwise.
    pub fn guard(mut self, guard: bool) -> Scenario {
        self.guard = guard;
        self
    }

    /// How many seeds a swarm of all scenarios gives it.
    pub fn seeds(mut self, seeds: u64) -> Scenario {
        self.default_seeds = seeds;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    pub fn version_number(&self) -> u32 {
        self.version
    }

    /// Its planted bugs.
    pub fn all_mutants(&self) -> &[Mutant] {
        &self.mutants
    }

    /// How many seeds a swarm of all scenarios gives it.
    pub fn default_seeds(&self) -> u64 {
        self.default_seeds
    }

    pub(crate) fn run_bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(crate) fn guarded(&self) -> bool {
        self.guard
    }

    pub(crate) fn start(&self, sim: Sim) -> Pin<Box<dyn Future<Output = Result>>> {
        (self.body)(sim)
    }

    pub(crate) fn check_mutant(&self, name: &str) -> std::result::Result<(), String> {
        if self.mutants.iter().any(|mutant| mutant.name == name) {
            return Ok(());
        }
        let known: Vec<&str> = self.mutants.iter().map(|mutant| mutant.name).collect();
        Err(match known.as_slice() {
            [] => format!("scenario `{}` has no mutants", self.name),
            known => format!(
                "scenario `{}` has no mutant `{name}`: it has {}",
                self.name,
                known.join(", ")
            ),
        })
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
