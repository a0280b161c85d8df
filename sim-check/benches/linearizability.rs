//! Speed of the linearizability judge: `cargo bench -p sim-check --bench linearizability [FILTER]`.
//!
//! Times are the least of several runs, parsing excluded, preparation of the search included. The recorded histories are
//! read from `histories/public` where that exists (see `tests/corpus.rs`); the others are made up here.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use sim_check::history::{HistoryRecorder, RawHistory};
use sim_check::judge::prepare;
use sim_check::linearizability::{StreamingChecker, check_linearizability};
use sim_check::spec::{
    CasRegister, CasRegisterOp, FifoQueue, NondeterministicSpec, QueueOp, QueueRet, Register,
    RegisterOp, RegisterRet,
};
use sim_check::{Budget, Event, EventKind, History, OperationId, ProcessId, Verdict};

fn main() {
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    recorded(&filter);
    made_up(&filter);
    if "streaming".contains(&filter) {
        streaming();
    }
}

/// The least time of several runs.
fn least(mut run: impl FnMut()) -> Duration {
    let (mut least, mut total) = (Duration::MAX, Duration::ZERO);
    for i in 0..200 {
        let start = Instant::now();
        run();
        let elapsed = start.elapsed();
        least = least.min(elapsed);
        total += elapsed;
        if i >= 3 && total > Duration::from_millis(60) {
            break;
        }
    }
    least
}

/// Porcupine's time for whole groups of recorded histories, measured on such a machine with one thread: how many
/// histories, and microseconds in all. The groups here may hold only some of those.
const PORCUPINE_RECORDED: [(&str, f64, f64); 2] =
    [("porcupine/jepsen", 102.0, 707_000.0), ("knossos/cas-register", 7.0, 650.0)];

/// Porcupine's milliseconds for histories of the same making; infinite if it had not decided after 8 s.
const PORCUPINE_MADE_UP: [(&str, f64); 11] = [
    ("cas n=1000 c=10 crash=0% bad", 195.0),
    ("cas n=1000 c=20 crash=0% ok", 1_761.0),
    ("cas n=1000 c=20 crash=0% bad", f64::INFINITY),
    ("cas n=5000 c=10 crash=0% bad", 1_540.0),
    ("cas n=200 c=10 crash=5% bad", 4_104.0),
    ("cas n=500 c=5 crash=5% bad", f64::INFINITY),
    ("cas n=500 c=5 crash=5% ok", 0.27),
    ("register n=5000 c=10 crash=0% ok", 188.0),
    ("register n=1000 c=20 crash=0% ok", f64::INFINITY),
    ("queue n=1000 c=20 crash=0% ok", f64::INFINITY),
    ("queue n=5000 c=10 crash=0% ok", f64::INFINITY),
];

/// How many times faster than Porcupine, as far as that was measured.
fn ratio_made_up(name: &str, millis: f64) -> String {
    match PORCUPINE_MADE_UP.iter().find(|(known, _)| *known == name) {
        None => String::new(),
        Some((_, theirs)) if theirs.is_finite() => format!("{:.0}", theirs / millis),
        Some(_) => {
            assert!(millis <= 1_000.0, "{name} takes {millis} ms");
            format!(">{:.0}", 8_000.0 / millis)
        }
    }
}

/// Name, operations, time, configurations and verdict of a history.
type Row = (String, usize, Duration, u64, &'static str);

fn recorded(filter: &str) {
    let shared = std::env::var_os("SQUALL_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("histories/public");
    let Ok(index) = std::fs::read_to_string(folder.join("index.json")) else {
        println!("no recorded histories at {}", folder.display());
        return;
    };
    let index: Vec<serde_json::Value> = serde_json::from_str(&index).expect("the index is JSON");
    let mut groups: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for entry in &index {
        let id = entry["id"].as_str().expect("an entry has an id");
        if entry["property"] != "linearizable" || !id.contains(filter) {
            continue;
        }
        let text =
            std::fs::read_to_string(folder.join(format!("{id}.jsonl"))).expect("it is listed");
        let raw = RawHistory::from_json_lines(&text).expect("it is a history");
        let prepared = prepare(&raw, None).expect("it has a judge");
        let budget = Budget::default();
        let time = least(|| {
            black_box(prepared.decide(budget).configurations());
        });
        let ruling = prepared.decide(budget);
        let group = id.rsplit_once('/').map_or(id, |(group, _)| group);
        groups.entry(group.to_string()).or_default().push((
            id.to_string(),
            prepared.operations(),
            time,
            ruling.configurations(),
            ruling.verdict().word(),
        ));
    }
    println!(
        "{:44} {:>4} {:>12} {:>12} {:>12} {:>12}",
        "recorded", "n", "total us", "geomean us", "worst us", "x Porcupine"
    );
    for (group, rows) in &groups {
        let micros: Vec<f64> = rows.iter().map(|row| row.2.as_secs_f64() * 1e6).collect();
        let total: f64 = micros.iter().sum();
        let geomean = (micros.iter().map(|t| t.ln()).sum::<f64>() / micros.len() as f64).exp();
        let worst = micros.iter().copied().fold(0.0, f64::max);
        let ratio = PORCUPINE_RECORDED.iter().find(|(name, ..)| group == name).map_or_else(
            String::new,
            |(_, histories, micros)| {
                // The mean of a history here against the mean of one there.
                format!("{:.1}", micros / histories / (total / rows.len() as f64))
            },
        );
        let n = rows.len();
        println!("{group:44} {n:>4} {total:>12.1} {geomean:>12.2} {worst:>12.1} {ratio:>12}");
    }
    println!("\n{:44} {:>6} {:>10} {:>10}  verdict", "slowest recorded", "ops", "us", "configs");
    let mut all: Vec<_> = groups.into_values().flatten().collect();
    all.sort_by_key(|row| std::cmp::Reverse(row.2));
    for (id, operations, time, configurations, verdict) in all.iter().take(10) {
        let micros = time.as_secs_f64() * 1e6;
        println!("{id:44} {operations:>6} {micros:>10.1} {configurations:>10}  {verdict}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

#[derive(Clone, Copy)]
struct Shape {
    operations: usize,
    clients: usize,
    crash_percent: u64,
    /// Whether one result near the end is spoilt.
    bad: bool,
}

/// Clients that use a linearizable object; `step` takes an operation's effect and gives its result.
fn make_up<Op: Clone, Ret: Clone>(
    shape: Shape,
    mut draw: impl FnMut(&mut Random) -> Op,
    mut step: impl FnMut(&Op) -> Ret,
    mut spoil: impl FnMut(&Op, &mut Ret) -> bool,
) -> History<Op, Ret> {
    let mut random = Random(11);
    let mut recorder = HistoryRecorder::new();
    let mut open: Vec<Option<(OperationId, Op, Option<Ret>)>> = vec![None; shape.clients];
    let mut processes: Vec<u64> = (0..shape.clients as u64).collect();
    let mut spoilt = !shape.bad;
    while recorder.len() < shape.operations || open.iter().any(Option::is_some) {
        let client = random.below(shape.clients as u64) as usize;
        let process = ProcessId(processes[client]);
        match &mut open[client] {
            None if recorder.len() < shape.operations => {
                let op = draw(&mut random);
                open[client] = Some((recorder.invoke(process, None, op.clone()), op, None));
            }
            None => {}
            Some((id, op, result @ None)) => {
                let crashes = random.below(100) < shape.crash_percent;
                if !crashes || random.below(2) == 0 {
                    *result = Some(step(op));
                }
                if crashes {
                    recorder.info(*id, None).expect("it is open");
                    open[client] = None;
                    processes[client] += shape.clients as u64;
                }
            }
            Some((id, op, Some(result))) => {
                let mut told = result.clone();
                if !spoilt && recorder.len() * 10 > shape.operations * 9 {
                    spoilt = spoil(op, &mut told);
                }
                recorder.ok(*id, None, told).expect("it is open");
                open[client] = None;
            }
        }
    }
    recorder.finish()
}

fn cas_history(shape: Shape) -> History<CasRegisterOp<u64>, RegisterRet<u64>> {
    let mut value = 0;
    make_up(
        shape,
        |random| match random.below(3) {
            0 => CasRegisterOp::Read,
            1 => CasRegisterOp::Write(random.below(5)),
            _ => CasRegisterOp::Cas(random.below(5), random.below(5)),
        },
        |op| match op {
            CasRegisterOp::Read => RegisterRet::Value(value),
            CasRegisterOp::Write(v) => {
                value = *v;
                RegisterRet::Written
            }
            CasRegisterOp::Cas(from, to) => {
                let swaps = value == *from;
                value = if swaps { *to } else { value };
                RegisterRet::Swapped(swaps)
            }
        },
        |_, told| {
            let is_read = matches!(told, RegisterRet::Value(_));
            if is_read {
                *told = RegisterRet::Value(9);
            }
            is_read
        },
    )
}

fn register_history(shape: Shape) -> History<RegisterOp<u64>, RegisterRet<u64>> {
    let (mut value, mut next) = (0, 0);
    make_up(
        shape,
        |random| {
            next += 1;
            if random.below(2) == 0 { RegisterOp::Read } else { RegisterOp::Write(next) }
        },
        |op| match op {
            RegisterOp::Read => RegisterRet::Value(value),
            RegisterOp::Write(v) => {
                value = *v;
                RegisterRet::Written
            }
        },
        |_, told| {
            let is_read = matches!(told, RegisterRet::Value(_));
            if is_read {
                *told = RegisterRet::Value(1);
            }
            is_read
        },
    )
}

fn queue_history(shape: Shape) -> History<QueueOp<u64>, QueueRet<u64>> {
    let mut queue = std::collections::VecDeque::new();
    let mut next = 0;
    make_up(
        shape,
        |random| {
            next += 1;
            if random.below(2) == 0 { QueueOp::Dequeue } else { QueueOp::Enqueue(next) }
        },
        |op| match op {
            QueueOp::Enqueue(v) => {
                queue.push_back(*v);
                QueueRet::Enqueued
            }
            QueueOp::Dequeue => QueueRet::Dequeued(queue.pop_front()),
        },
        |_, told| {
            let is_value = matches!(told, QueueRet::Dequeued(Some(_)));
            if is_value {
                *told = QueueRet::Dequeued(None);
            }
            is_value
        },
    )
}

fn report<S: NondeterministicSpec>(name: &str, spec: &S, history: &History<S::Op, S::Ret>) {
    let budget = Budget::configurations(50_000_000);
    let time = least(|| {
        black_box(check_linearizability(spec, history, budget).is_ok());
    });
    let verdict = check_linearizability(spec, history, budget);
    let configurations = match &verdict {
        Verdict::Ok(found) => found.configurations,
        Verdict::Violation(violation) => violation.configurations,
        Verdict::Unknown(exhausted) => exhausted.configurations,
    };
    let millis = time.as_secs_f64() * 1e3;
    let per_second = history.len() as f64 / time.as_secs_f64();
    let word = verdict.word();
    let ratio = ratio_made_up(name, millis);
    println!(
        "{name:44} {millis:>10.3} {configurations:>10} {per_second:>12.0} {ratio:>12}  {word}"
    );
}

fn made_up(filter: &str) {
    println!(
        "\n{:44} {:>10} {:>10} {:>12} {:>12}  verdict",
        "made up", "ms", "configs", "ops/s", "x Porcupine"
    );
    for (operations, clients, crash_percent) in
        [(1_000, 10, 0), (1_000, 20, 0), (5_000, 10, 0), (200, 10, 5), (500, 5, 5), (5_000, 40, 0)]
    {
        for bad in [false, true] {
            let shape = Shape { operations, clients, crash_percent, bad };
            let ending = format!(
                "n={operations} c={clients} crash={crash_percent}% {}",
                if bad { "bad" } else { "ok" }
            );
            let name = format!("cas {ending}");
            if name.contains(filter) && clients <= 20 {
                report(&name, &CasRegister::new(0), &cas_history(shape));
            }
            let name = format!("register {ending}");
            if name.contains(filter) {
                report(&name, &Register::new(0), &register_history(shape));
            }
            let name = format!("queue {ending}");
            if name.contains(filter) && crash_percent == 0 {
                report(&name, &FifoQueue::new(), &queue_history(shape));
            }
        }
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
