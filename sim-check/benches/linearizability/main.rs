//! Speed of the linearizability judge:
//! `cargo bench -p sim-check --bench linearizability -- [FILTER] [--rows] [--peer=FILE] [--write=FOLDER]`.
//!
//! Times are the least of many runs on one thread, parsing excluded, preparation of the search included. The recorded
//! histories are read from `histories/public` where that exists (see `tests/corpus.rs`); the others are made up here.
//!
//! Ratios are those of a peer's time to ours. `--peer` names lines of a history's name, a tab and the peer's nanoseconds
//! (`>8000000000`: undecided after these), which somebody has measured on this machine just before; it may be given
//! several times, and the peer's best time for a history counts. Without it they are those of Porcupine in `porcupine.tsv`,
//! recorded on another machine, and say no more than what to expect. `--write` writes the made-up histories as JSON
//! Lines, for the peer to read, and `--rows` prints a line for each history: its name, operations, least and median
//! nanoseconds, configurations and verdict, with tabs between. `docs/linearizability.md` tells how it was done.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod made_up;
mod peer;
mod timing;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use made_up::{Shape, cas_history, queue_history, register_history};
use peer::{Comparison, Peer, PeerTime};
use sim_check::history::{Header, RawHistory, Recorded};
use sim_check::judge::prepare;
use sim_check::linearizability::{StreamingChecker, check_linearizability};
use sim_check::spec::{CasRegister, FifoQueue, NondeterministicSpec, Register};
use sim_check::{Budget, Event, EventKind, History, Verdict};
use timing::Timing;

/// Porcupine's times, recorded on one machine.
const PORCUPINE: &str = include_str!("porcupine.tsv");

struct Options {
    filter: String,
    rows: bool,
    peer: Peer,
    /// Whether the peer's times are of this machine and hour.
    peer_is_here: bool,
    write: Option<PathBuf>,
}

impl Options {
    fn of(args: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options {
            filter: String::new(),
            rows: false,
            peer: Peer::default(),
            peer_is_here: false,
            write: None,
        };
        for arg in args {
            match arg.split_once('=') {
                Some(("--peer", file)) => {
                    let lines = std::fs::read_to_string(file)
                        .map_err(|error| format!("{file}: {error}"))?;
                    options.peer.add(&lines).map_err(|error| format!("{file}: {error}"))?;
                    options.peer_is_here = true;
                }
                Some(("--write", folder)) => options.write = Some(PathBuf::from(folder)),
                _ if arg == "--rows" => options.rows = true,
                // What cargo adds.
                _ if arg == "--bench" => {}
                _ if arg.starts_with('-') => {
                    return Err(format!("{arg}; expected --rows, --peer=FILE or --write=FOLDER"));
                }
                _ => options.filter = arg,
            }
        }
        if !options.peer_is_here {
            options.peer.add(PORCUPINE)?;
        }
        Ok(options)
    }
}

fn main() {
    let options = match Options::of(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    if !options.rows {
        println!(
            "ratios: {}\n",
            match options.peer_is_here {
                true => "the times of --peer over ours",
                false =>
                    "Porcupine's times as recorded on another machine over ours: no measurement",
            }
        );
    }
    recorded(&options);
    made_up(&options);
    if "streaming".contains(&options.filter) && !options.rows {
        streaming();
    }
}

/// What was measured of a history.
struct Row {
    name: String,
    operations: usize,
    timing: Timing,
    configurations: u64,
    verdict: &'static str,
}

impl Row {
    fn print_all(&self) {
        let Row { name, operations, timing: Timing { least, median }, configurations, verdict } =
            self;
        println!("{name}\t{operations}\t{least:.0}\t{median:.0}\t{configurations}\t{verdict}");
    }
}

fn recorded(options: &Options) {
    let shared = std::env::var_os("SQUALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("histories/public");
    let Ok(index) = std::fs::read_to_string(folder.join("index.json")) else {
        eprintln!("no recorded histories at {}", folder.display());
        return;
    };
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).expect("the index is JSON");
    let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for entry in &index {
        let id = entry["id"].as_str().expect("an entry has an id");
        if entry["property"] != "linearizable" || !id.contains(&options.filter) {
            continue;
        }
        let text =
            std::fs::read_to_string(folder.join(format!("{id}.jsonl"))).expect("it is listed");
        let raw = RawHistory::from_json_lines(&text).expect("it is a history");
        let prepared = prepare(&raw, None).expect("it has a judge");
        let budget = Budget::default();
        let timing = Timing::of(|| {
            black_box(prepared.decide(budget).configurations());
        });
        let ruling = prepared.decide(budget);
        let row = Row {
            name: id.to_string(),
            operations: prepared.operations(),
            timing,
            configurations: ruling.configurations(),
            verdict: ruling.verdict().word(),
        };
        if options.rows {
            row.print_all();
        }
        let group = id.rsplit_once('/').map_or(id, |(group, _)| group);
        groups.entry(group.to_string()).or_default().push(row);
    }
    if !options.rows {
        report_groups(&options.peer, &groups);
    }
}

fn report_groups(peer: &Peer, groups: &BTreeMap<String, Vec<Row>>) {
    println!(
        "{:32} {:>4} {:>12} {:>12} {:>12}  ratios",
        "recorded", "n", "total us", "geomean us", "worst us"
    );
    let line = |name: &str, rows: &[&Row]| {
        let micros: Vec<f64> = rows.iter().map(|row| row.timing.least / 1e3).collect();
        let total: f64 = micros.iter().sum();
        let geomean = (micros.iter().map(|t| t.ln()).sum::<f64>() / micros.len() as f64).exp();
        let worst = micros.iter().copied().fold(0.0, f64::max);
        let mut comparison = Comparison::default();
        for row in rows {
            if let Some(theirs) = peer.time(&row.name) {
                comparison.add(&row.name, row.timing.least, theirs);
            }
        }
        let n = rows.len();
        println!("{name:32} {n:>4} {total:>12.1} {geomean:>12.2} {worst:>12.1}  {comparison}");
    };
    for (group, rows) in groups {
        line(group, &rows.iter().collect::<Vec<_>>());
    }
    let mut all: Vec<&Row> = groups.values().flatten().collect();
    line("all", &all);
    println!("\n{:44} {:>6} {:>10} {:>10}  verdict", "slowest recorded", "ops", "us", "configs");
    all.sort_by(|a, b| b.timing.least.total_cmp(&a.timing.least));
    for Row { name, operations, timing, configurations, verdict } in all.iter().take(10) {
        let micros = timing.least / 1e3;
        println!("{name:44} {operations:>6} {micros:>10.1} {configurations:>10}  {verdict}");
    }
}

/// Measures made-up histories, and compares them with the peer.
struct MadeUp<'o> {
    options: &'o Options,
    comparison: Comparison,
}

impl MadeUp<'_> {
    fn judge<S, Op: Clone, Ret: Clone>(
        &mut self,
        name: &str,
        spec: &S,
        make: impl FnOnce() -> History<Op, Ret>,
    ) where
        S: NondeterministicSpec<Op = Op, Ret = Ret> + Recorded<Op = Op, Ret = Ret>,
    {
        if !name.contains(&self.options.filter) {
            return;
        }
        let history = make();
        if let Some(folder) = &self.options.write {
            write(folder, name, spec, &history);
        }
        let budget = Budget::configurations(50_000_000);
        let timing = Timing::of(|| {
            black_box(check_linearizability(spec, &history, budget).is_ok());
        });
        let verdict = check_linearizability(spec, &history, budget);
        let configurations = match &verdict {
            Verdict::Ok(found) => found.configurations,
            Verdict::Violation(violation) => violation.configurations,
            Verdict::Unknown(exhausted) => exhausted.configurations,
        };
        let row = Row {
            name: name.to_string(),
            operations: history.len(),
            timing,
            configurations,
            verdict: verdict.word(),
        };
        if self.options.rows {
            row.print_all();
            return;
        }
        let nanos = timing.least;
        let ratio = match self.options.peer.time(name) {
            None => String::new(),
            Some(theirs) => {
                self.comparison.add(name, nanos, theirs);
                match theirs {
                    PeerTime::Decided(theirs) => format!("{:.1}", theirs / nanos),
                    PeerTime::Undecided(theirs) => format!(">{:.0}", theirs / nanos),
                }
            }
        };
        let (millis, per_second) = (nanos / 1e6, history.len() as f64 / (nanos / 1e9));
        println!(
            "{name:44} {millis:>10.3} {configurations:>10} {per_second:>12.0} {ratio:>12}  {}",
            row.verdict
        );
    }
}

fn write<S: Recorded>(folder: &Path, name: &str, spec: &S, history: &History<S::Op, S::Ret>) {
    let header = Header::empty().with("model", S::MODEL).with("property", "linearizable");
    let header = spec.header().into_iter().fold(header, |header, (field, v)| header.with(field, v));
    let raw = RawHistory::of_history(header, history, S::call, S::result);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    std::fs::write(folder.join(format!("{name}.jsonl")), raw.to_json_lines())
        .expect("the file can be written");
}

fn made_up(options: &Options) {
    if !options.rows {
        println!(
            "\n{:44} {:>10} {:>10} {:>12} {:>12}  verdict",
            "made up", "ms", "configs", "ops/s", "ratio"
        );
    }
    let mut judge = MadeUp { options, comparison: Comparison::default() };
    for (operations, clients, crash_percent) in
        [(1_000, 10, 0), (1_000, 20, 0), (5_000, 10, 0), (200, 10, 5), (500, 5, 5), (5_000, 40, 0)]
    {
        for bad in [false, true] {
            let shape = Shape { operations, clients, crash_percent, bad };
            let ending = format!(
                "n={operations} c={clients} crash={crash_percent}% {}",
                if bad { "bad" } else { "ok" }
            );
            if clients <= 20 {
                let spec = CasRegister::new(0);
                judge.judge(&format!("cas {ending}"), &spec, || cas_history(shape));
            }
            let spec = Register::new(0);
            judge.judge(&format!("register {ending}"), &spec, || register_history(shape));
            if crash_percent == 0 {
                let spec = FifoQueue::new();
                judge.judge(&format!("queue {ending}"), &spec, || queue_history(shape));
            }
        }
    }
    if !options.rows {
        println!("{}", judge.comparison);
    }
}

/// A million operations of ten clients, event by event.
fn streaming() {
    let shape = Shape { operations: 1_000_000, clients: 10, crash_percent: 0, bad: false };
    let events: Vec<Event<_, _>> = cas_history(shape).events();
    let spec = CasRegister::new(0);
    let start = Instant::now();
    let mut checker = StreamingChecker::new(&spec, Budget::UNLIMITED);
    let mut states = 0;
    for event in events {
        let completes = !matches!(event.kind, EventKind::Invoke(_));
        checker.push(event).expect("the events of a history are in order");
        if completes {
            states = states.max(checker.live().states);
        }
    }
    let verdict = checker.finish();
    let seconds = start.elapsed().as_secs_f64();
    let Verdict::Ok(summary) = &verdict else { panic!("the register is linearizable") };
    println!(
        "\nstreaming a million operations of ten clients: {seconds:.2} s, {:.0} ops/s, at most {} configurations, \
         {} events and {states} states at a time",
        1e6 / seconds,
        summary.live.configurations_max,
        summary.live.events_max
    );
}
