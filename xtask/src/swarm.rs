//! `swarm`: many seeds of the scenarios.

use crate::exit::Exit;
use crate::progress::Progress;
use crate::{output, scenarios, table};
use clap::Args;
use serde::Serialize;
use squall::fault::{Profile, Selection};
use squall::task::Policy;
use squall::{
    Case, Corpus, EffectTotal, Event, Found, LedgerTotal, Percentiles, Report, Scenario, Seed,
    Shard, Summary, Swarm, parse_time,
};
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// Over fewer seeds than this, a fault without effect or a probe that was not reached may be chance.
const GATE_FROM: u64 = 1_000;

/// What `swarm` is asked to do.
#[derive(Args)]
pub struct Command {
    /// The scenario; may be given several times. All of them unless given.
    #[arg(long)]
    scenario: Vec<String>,
    /// The planted bug.
    #[arg(long)]
    mutant: Option<String>,
    /// How many seeds of each scenario.
    #[arg(long)]
    seeds: Option<NonZeroU64>,
    /// The first seed, decimal or 0x hex.
    #[arg(long, default_value = "1")]
    first_seed: Seed,
    /// For how long, such as 90s or 2m; as many seeds as fit unless --seeds is given.
    #[arg(long, value_parser = parse_time)]
    time: Option<Duration>,
    /// How many threads. As many as there are processors unless given.
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Which part of the seeds: I/N.
    #[arg(long)]
    shard: Option<Shard>,
    /// Which kinds of fault: all, none, or KIND,KIND.
    #[arg(long, default_value = "all")]
    faults: Selection,
    /// Which runnable task goes first: portfolio, fifo, random or pct:D.
    #[arg(long, default_value = "portfolio")]
    policy: Policy,
    /// How hostile the faults are: calm, realistic, stormy, or directed, which enumerates instead of drawing. Single values
    /// may be changed, as in realistic,coupled=1/4.
    #[arg(long, default_value = "realistic")]
    profile: Profile,
    /// Run every so-manieth seed twice more and compare.
    #[arg(long)]
    determinism_check: Option<NonZeroU64>,
    /// Do not end at the first failure.
    #[arg(long)]
    keep_going: bool,
    /// From the last seed to the first.
    #[arg(long, requires = "seeds")]
    reverse: bool,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct FailureLine<'a> {
    r#type: &'static str,
    scenario: &'a str,
    seed: String,
    fingerprint: String,
    message: String,
    trace_hash: String,
    case: Option<String>,
}

#[derive(Serialize)]
struct Faults {
    planned: u64,
    cases: u64,
    injected: u64,
    observed: u64,
}

#[derive(Serialize)]
struct Effect {
    cases: u64,
    times: u64,
    met: u64,
}

#[derive(Serialize)]
struct Probe {
    kind: &'static str,
    hits: u64,
    cases: u64,
}

#[derive(Serialize)]
struct Spread {
    p50: u64,
    p95: u64,
    p99: u64,
}

impl From<Percentiles> for Spread {
    fn from(p: Percentiles) -> Spread {
        Spread { p50: p.p50, p95: p.p95, p99: p.p99 }
    }
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    r#type: &'static str,
    scenario: &'a str,
    seeds: u64,
    failures: u64,
    fingerprints: &'a BTreeMap<String, u64>,
    first_failure_after: Option<u64>,
    events: u64,
    sim_seconds: f64,
    wall_seconds: f64,
    seeds_per_second: f64,
    ledger: BTreeMap<&'static str, Faults>,
    effects: BTreeMap<&'static str, Effect>,
    probes: BTreeMap<&'static str, Probe>,
    classes: BTreeMap<&'static str, u64>,
    events_of_runs: Spread,
    exports_of_runs: Spread,
    memory_of_runs: Spread,
    pairs_unmet: Vec<(&'static str, &'static str)>,
    unseen: Option<f64>,
    nondeterministic: u64,
    undecided: u64,
    postponed: u64,
    digest: String,
    interrupted: bool,
}

/// Runs the swarm.
///
/// # Errors
/// When the arguments are wrong, or a case cannot be written.
pub fn run(command: &Command) -> Result<Exit, String> {
    let scenarios = match command.scenario.as_slice() {
        [] => scenarios::all(),
        names => names.iter().map(|name| scenarios::named(name)).collect::<Result<_, _>>()?,
    };
    let stop = on_interrupt()?;
    let mut worst = Exit::Well;
    for scenario in &scenarios {
        if stop.load(Relaxed) {
            break;
        }
        worst = worst.max(run_one(command, scenario, &stop)?);
    }
    Ok(worst)
}

/// A flag that Ctrl-C sets.
fn on_interrupt() -> Result<Arc<AtomicBool>, String> {
    let flag = Arc::new(AtomicBool::new(false));
    let set = flag.clone();
    ctrlc::set_handler(move || set.store(true, Relaxed)).map_err(|error| error.to_string())?;
    Ok(flag)
}

fn run_one(command: &Command, scenario: &Scenario, stop: &Arc<AtomicBool>) -> Result<Exit, String> {
    let mut swarm = Swarm::new(scenario)
        .first_seed(command.first_seed)
        .shard(command.shard.unwrap_or_default())
        .faults(command.faults.clone())
        .policy(command.policy)
        .profile(command.profile)
        .stop_on(stop.clone());
    let total = match (command.seeds, command.time) {
        (Some(seeds), _) => Some(seeds.get()),
        (None, Some(_)) => None,
        (None, None) => Some(scenario.default_seeds()),
    };
    if let Some(total) = total {
        swarm = swarm.seeds(total);
    }
    if let Some(time) = command.time {
        swarm = swarm.time(time);
    }
    if let Some(jobs) = command.jobs {
        swarm = swarm.jobs(jobs);
    }
    if let Some(mutant) = &command.mutant {
        swarm = swarm.mutant(mutant);
    }
    if let Some(every) = command.determinism_check {
        swarm = swarm.determinism_every(every.get());
    }
    if command.reverse {
        swarm = swarm.reversed();
    }
    if command.keep_going {
        swarm = swarm.keep_going();
    }
    let corpus = scenarios::corpus(scenario, command.mutant.as_deref());
    let mut keeper = Keeper {
        scenario,
        corpus: &corpus,
        json: command.json,
        known: BTreeSet::new(),
        trouble: None,
    };
    let progress = Progress::new(scenario.name(), total);
    let summary = swarm
        .run(|event| match event {
            Event::Progress { seeds, failures } => progress.show(seeds, failures),
            Event::Failure(found) => keeper.failure(&found, &progress),
            Event::Divergence(seed, divergence) => {
                progress.say(&format!("seed {seed}: {divergence}"))
            }
        })
        .map_err(|error| error.to_string())?;
    drop(progress);
    if command.json {
        output::line(&summary_line(&summary))?;
    } else {
        println!("{}", table::summary(&summary));
    }
    if let Some(trouble) = keeper.trouble {
        return Err(trouble);
    }
    Ok(verdict(&summary))
}

fn verdict(summary: &Summary) -> Exit {
    if summary.failures > 0 {
        return Exit::Violated;
    }
    let short = shortcomings(summary);
    for reason in &short {
        eprintln!("gate: {}: {reason}", summary.scenario);
    }
    if short.is_empty() { Exit::Well } else { Exit::Gate }
}

/// What a swarm without failures falls short of.
fn shortcomings(summary: &Summary) -> Vec<String> {
    let mut short = Vec::new();
    if summary.nondeterministic > 0 {
        short.push(format!("{} cases had two outcomes", summary.nondeterministic));
    }
    if summary.undecided > 0 {
        short.push(format!("{} verdicts stayed undecided", summary.undecided));
    }
    if summary.seeds >= GATE_FROM && !summary.interrupted {
        let unobserved = summary.unobserved();
        if !unobserved.is_empty() {
            short.push(format!("declared faults without effect: {}", unobserved.join(", ")));
        }
        let module = format!("protocols::{}", summary.scenario.replace('-', "_"));
        let unreached: Vec<&str> =
            summary.unreached(&module).iter().map(|site| site.name).collect();
        if !unreached.is_empty() {
            short.push(format!("probes never reached: {}", unreached.join(", ")));
        }
    }
    short
}

/// Keeps failing cases: the first of each fingerprint looked at again and told in full, the others as they were drawn.
struct Keeper<'a> {
    scenario: &'a Scenario,
    corpus: &'a Corpus,
    json: bool,
    known: BTreeSet<String>,
    trouble: Option<String>,
}

impl Keeper<'_> {
    fn failure(&mut self, found: &Found, progress: &Progress) {
        let first = self.known.insert(found.failure.fingerprint());
        let written = if first { self.look_again(found, progress) } else { self.keep(found) };
        if let Err(error) = &written {
            self.trouble.get_or_insert_with(|| error.clone());
        }
        if self.json {
            let line = FailureLine {
                r#type: "failure",
                scenario: self.scenario.name(),
                seed: found.case.seed.to_string(),
                fingerprint: found.failure.fingerprint(),
                message: found.failure.to_string(),
                trace_hash: output::hash(found.trace_hash),
                case: written.ok(),
            };
            if let Err(error) = output::line(&line) {
                self.trouble.get_or_insert(error);
            }
        }
    }

    fn look_again(&self, found: &Found, progress: &Progress) -> Result<String, String> {
        let traces = squall::target(&scenarios::root());
        let report =
            Report::make(self.scenario, &found.case, found.trace_hash, self.corpus, &traces)
                .map_err(|error| error.to_string())?;
        progress.say(&report.text(|path| replay_line(path, &found.case)));
        report.written.map(|path| shown(&path)).map_err(|error| error.to_string())
    }

    fn keep(&self, found: &Found) -> Result<String, String> {
        let case = Case {
            expected: Some(found.failure.fingerprint()),
            trace_hash: Some(output::hash(found.trace_hash)),
            ..found.case.clone()
        };
        self.corpus.add(&case).map(|path| shown(&path)).map_err(|error| error.to_string())
    }
}

/// The line that runs a case again.
pub fn replay_line(path: Option<&Path>, case: &Case) -> String {
    match path {
        Some(path) => format!("cargo xtask replay {}", shown(path)),
        None => {
            let mutant = case
                .mutant
                .as_ref()
                .map_or_else(String::new, |mutant| format!(" --mutant {mutant}"));
            format!("cargo xtask replay --scenario {} --seed {}{mutant}", case.scenario, case.seed)
        }
    }
}

/// A path from where the command was called, if it lies below.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

fn summary_line(summary: &Summary) -> SummaryLine<'_> {
    let kinds: BTreeSet<&'static str> =
        summary.declared.iter().chain(summary.ledger.keys()).copied().collect();
    let line = |kind: &'static str| {
        let LedgerTotal { planned, cases, injected, observed } =
            summary.ledger.get(kind).copied().unwrap_or_default();
        (kind, Faults { planned, cases, injected, observed })
    };
    let ledger = kinds.into_iter().map(line).collect();
    let effect = |(name, total): (&&'static str, &EffectTotal)| {
        let EffectTotal { cases, times, met } = *total;
        (*name, Effect { cases, times, met })
    };
    let effects = summary.effects.iter().map(effect).collect();
    let mut probes: BTreeMap<&'static str, Probe> = BTreeMap::new();
    for total in summary.probes() {
        let probe = probes.entry(total.site.name).or_insert(Probe {
            kind: total.site.kind.name(),
            hits: 0,
            cases: 0,
        });
        probe.hits += total.hits;
        probe.cases = probe.cases.max(total.cases);
    }
    SummaryLine {
        r#type: "summary",
        scenario: &summary.scenario,
        seeds: summary.seeds,
        failures: summary.failures,
        fingerprints: &summary.fingerprints,
        first_failure_after: summary.first_failure_after,
        events: summary.events,
        sim_seconds: summary.virtual_time as f64 / 1e9,
        wall_seconds: summary.wall.as_secs_f64(),
        seeds_per_second: summary.seeds_per_second(),
        ledger,
        effects,
        probes,
        classes: summary.classes().iter().map(|(class, count)| (class.name(), *count)).collect(),
        events_of_runs: summary.events_of_runs().into(),
        exports_of_runs: summary.exports_of_runs().into(),
        memory_of_runs: summary.memory_of_runs().into(),
        pairs_unmet: summary.pairs_unmet(),
        unseen: summary.unseen().map(|r| f64::from(r.numerator()) / f64::from(r.denominator())),
        nondeterministic: summary.nondeterministic,
        undecided: summary.undecided,
        postponed: summary.postponed,
        digest: output::hash(summary.digest),
        interrupted: summary.interrupted,
    }
}

#[cfg(test)]
mod tests;
