//! What `#[squall::test]` runs.

use crate::case::Case;
use crate::corpus::{Corpus, target};
use crate::error::{Error, Result};
use crate::outcome::Verdict;
use crate::report::Report;
use crate::run::{Record, run};
use crate::scenario::Scenario;
use crate::settings::Settings;
use crate::sim::Sim;
use crate::swarm::{Event, Found, Swarm};
use std::future::Future;
use std::path::{Path, PathBuf};

/// A test, as the macro describes it.
pub struct Test {
    /// Its path, beginning with the crate.
    pub path: &'static str,
    /// Its package.
    pub package: &'static str,
    /// The folder of its package.
    pub folder: &'static str,
    /// How many seeds.
    pub seeds: u64,
    /// The version of its cases.
    pub version: u32,
    /// Whether the leak guard is on.
    pub guard: bool,
}

/// What a test may return.
pub trait IntoResult {
    /// As a result of squall.
    fn into_result(self) -> Result;
}

impl IntoResult for () {
    fn into_result(self) -> Result {
        Ok(())
    }
}

impl<E: Into<Error>> IntoResult for std::result::Result<(), E> {
    fn into_result(self) -> Result {
        self.map_err(Into::into)
    }
}

/// Runs a test: the corpus first, then its seeds; or what the environment asks for.
///
/// # Panics
/// When the test fails, after the report was printed.
pub fn run_test<F, Fut>(test: Test, body: F)
where
    F: Fn(Sim) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result> + 'static,
{
    let scenario =
        Scenario::new(test.path, body).version(test.version).guard(test.guard).seeds(test.seeds);
    let runner =
        Runner { corpus: Corpus::new(Path::new(test.folder), test.name()), test, scenario };
    if let Err(report) = Settings::from_env().and_then(|settings| runner.run(&settings)) {
        eprintln!("{report}");
        // The report says everything; the usual message and place of a panic would say nothing more.
        std::panic::resume_unwind(Box::new("the simulation failed"));
    }
}

impl Test {
    /// The path without the crate, as `cargo test` takes it.
    fn name(&self) -> &'static str {
        without_crate(self.path)
    }

    /// Whether a scenario is a test of the same name in some program.
    fn shares_name(&self, scenario: &str) -> bool {
        without_crate(scenario) == self.name()
    }
}

fn without_crate(path: &str) -> &str {
    path.split_once("::").map_or(path, |(_, name)| name)
}

struct Runner {
    test: Test,
    scenario: Scenario,
    corpus: Corpus,
}

impl Runner {
    fn run(&self, settings: &Settings) -> std::result::Result<(), String> {
        if let Some(path) = &settings.case {
            let path = self.find(path);
            let case = Case::read(&path).map_err(|error| error.to_string())?;
            if case.scenario != self.scenario.name() {
                eprintln!("{}: of another test, {}; skipped", path.display(), case.scenario);
                return Ok(());
            }
            return self.run_case(&case, &path, true);
        }
        if let Some(seed) = settings.seed {
            let case = Case::from_seed(&self.scenario, seed);
            let outcome =
                run(&self.scenario, &case, Record::default()).map_err(|error| error.to_string())?;
            return match outcome.verdict {
                Verdict::Pass => Ok(()),
                Verdict::Undecided(why) => {
                    Err(format!("{}: seed {seed}: undecided: {why}", self.test.path))
                }
                Verdict::Fail(_) => Err(self.report(&case, outcome.trace_hash)),
            };
        }
        self.run_corpus()?;
        self.run_swarm(settings)
    }

    /// The regressions. One that is stale or cannot be read fails the test: silence would pass for success.
    fn run_corpus(&self) -> std::result::Result<(), String> {
        for (path, case) in self.corpus.cases() {
            let case = case.map_err(|error| error.to_string())?;
            // Tests of one name in several test programs of the package share a folder.
            if case.scenario == self.scenario.name() || !self.test.shares_name(&case.scenario) {
                self.run_case(&case, &path, false)?;
            }
        }
        Ok(())
    }

    fn run_case(&self, case: &Case, path: &Path, alone: bool) -> std::result::Result<(), String> {
        let at = |error: crate::CaseError| format!("{}: {error}", path.display());
        case.check(&self.scenario).map_err(at)?;
        let outcome = run(&self.scenario, case, Record::default()).map_err(at)?;
        if !outcome.unmatched.is_empty() {
            return Err(format!(
                "{}: a stale case: the run never asked for {}; find the failure again or delete the case",
                path.display(),
                outcome.unmatched.join(", ")
            ));
        }
        match &outcome.verdict {
            Verdict::Pass if alone => {
                match &case.expected {
                    Some(expected) => {
                        eprintln!("{}: passes; it was written for {expected}", path.display())
                    }
                    None => eprintln!("{}: passes", path.display()),
                }
                Ok(())
            }
            Verdict::Pass => Ok(()),
            Verdict::Undecided(why) => Err(format!("{}: undecided: {why}", path.display())),
            Verdict::Fail(_) => Err(self.report_kept(case, path, outcome.trace_hash)),
        }
    }

    fn run_swarm(&self, settings: &Settings) -> std::result::Result<(), String> {
        let mut swarm = Swarm::new(&self.scenario).shard(settings.shard.unwrap_or_default());
        match (settings.seeds, settings.time) {
            (Some(seeds), _) => swarm = swarm.seeds(seeds),
            (None, Some(_)) => {}
            (None, None) => swarm = swarm.seeds(self.test.seeds),
        }
        if let Some(time) = settings.time {
            swarm = swarm.time(time);
        }
        if let Some(jobs) = settings.jobs {
            swarm = swarm.jobs(jobs);
        }
        let mut found: Option<Found> = None;
        let summary = swarm
            .run(|event| match event {
                Event::Failure(failure) => found = Some(*failure),
                Event::Progress { .. } | Event::Divergence(..) => {}
            })
            .map_err(|error| error.to_string())?;
        if let Some(found) = found {
            let tried = summary.first_failure_after.unwrap_or(summary.seeds);
            let report = self.report(&found.case, found.trace_hash);
            return Err(format!(
                "{report}after {tried} seeds, at {:.0} seeds a second",
                summary.seeds_per_second()
            ));
        }
        if summary.undecided > 0 {
            return Err(format!(
                "{}: {} of {} seeds undecided",
                self.test.path, summary.undecided, summary.seeds
            ));
        }
        eprintln!("{} seeds passed, {:.0} a second", summary.seeds, summary.seeds_per_second());
        Ok(())
    }

    fn report(&self, case: &Case, trace_hash: u64) -> String {
        let traces = target(Path::new(self.test.folder));
        match Report::make(&self.scenario, case, trace_hash, &self.corpus, &traces) {
            Ok(report) => report.text(|path| self.replay(case, path)),
            Err(error) => error.to_string(),
        }
    }

    /// The report of a case that has its file already.
    fn report_kept(&self, case: &Case, path: &Path, trace_hash: u64) -> String {
        let traces = target(Path::new(self.test.folder));
        let aside = Corpus::aside(Path::new(self.test.folder), self.test.name());
        match Report::make(&self.scenario, case, trace_hash, &aside, &traces) {
            Ok(report) => report.text(|_| self.replay(case, Some(path))),
            Err(error) => error.to_string(),
        }
    }

    /// The line that runs a case again: by its file, or by its seed where there is no file.
    fn replay(&self, case: &Case, path: Option<&Path>) -> String {
        let (package, name) = (self.test.package, self.test.name());
        match path {
            Some(path) => {
                let shown = path.strip_prefix(self.test.folder).unwrap_or(path);
                format!("SQUALL_CASE={} cargo test -p {package} {name}", shown.display())
            }
            None => format!("SQUALL_SEED={} cargo test -p {package} {name}", case.seed),
        }
    }

    /// A path as it was given, or below the package where the case stands.
    fn find(&self, path: &Path) -> PathBuf {
        let inside = Path::new(self.test.folder).join(path);
        if path.exists() || !inside.exists() { path.to_owned() } else { inside }
    }
}
