//! How fast transactions are judged: one thread, the least time of some repeated runs, without the
//! time to make or read the history.
//!
//! `cargo bench -p sim-check --bench txn`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use sim_check::txn::{
    Anomaly, ClientOrder, IsolationLevel, MicroOp, Model, Status, TxnHistory, TxnHistoryBuilder,
    Witness, analyze, check, from_raw,
};
use sim_check::{Budget, history::RawHistory};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) % sides
    }
}

/// Transactions of 1 to `ops_max` operations by overlapping clients, each applied at one moment.
struct Workload {
    model: Model,
    txns: u32,
    clients: u64,
    ops_max: u64,
    keys: u64,
    /// After so many writes a key makes place for a new one; zero for never.
    writes_per_key: u64,
}

fn generate(workload: &Workload) -> TxnHistory {
    let mut dice = Dice(7);
    let mut builder = TxnHistoryBuilder::new(workload.model);
    let mut keys: Vec<i64> = (0..workload.keys as i64).collect();
    let mut next_key = workload.keys as i64;
    let mut values: Vec<Vec<i64>> = vec![Vec::new(); workload.keys as usize];
    let mut next_value = 1;
    let mut open: Vec<(u32, Vec<MicroOp>)> = Vec::new();
    let mut idle: Vec<u32> = (0..workload.clients as u32).collect();
    for _ in 0..workload.txns {
        if idle.is_empty() || dice.roll(2) == 0 && !open.is_empty() {
            let (client, ops) = open.swap_remove(dice.roll(open.len() as u64) as usize);
            builder.complete(client, Status::Ok, ops).unwrap();
            idle.push(client);
        }
        let mut ops = Vec::new();
        for _ in 0..1 + dice.roll(workload.ops_max) {
            let slot = dice.roll(workload.keys) as usize;
            if dice.roll(2) == 0 {
                if workload.writes_per_key > 0
                    && values[slot].len() as u64 >= workload.writes_per_key
                {
                    keys[slot] = next_key;
                    next_key += 1;
                    values[slot].clear();
                }
                values[slot].push(next_value);
                ops.push(match workload.model {
                    Model::ListAppend => MicroOp::append(keys[slot], next_value),
                    Model::RwRegister => MicroOp::write(keys[slot], next_value),
                });
                next_value += 1;
            } else {
                ops.push(match (workload.model, values[slot].last()) {
                    (Model::ListAppend, _) => {
                        MicroOp::read_list(keys[slot], values[slot].iter().copied())
                    }
                    (Model::RwRegister, Some(value)) => MicroOp::read(keys[slot], *value),
                    (Model::RwRegister, None) => MicroOp::read_initial(keys[slot]),
                });
            }
        }
        let client = idle.swap_remove(dice.roll(idle.len() as u64) as usize);
        builder.invoke(client, ops.clone()).unwrap();
        open.push((client, ops));
    }
    for (client, ops) in open {
        builder.complete(client, Status::Ok, ops).unwrap();
    }
    builder.build()
}

/// A knot of 2,000 transactions, full of short cycles with neighbouring anti-dependencies; the only
/// cycle with exactly one anti-dependency has 1,000 transactions.
fn hidden_g_single() -> TxnHistory {
    let mut builder = TxnHistoryBuilder::new(Model::ListAppend);
    let key = |name: &str, number: i64| format!("{name}{number}");
    let len = 1_000;
    let mut txns = Vec::new();
    for i in 0..len {
        let mut ops = vec![MicroOp::append(key("chain", i), 1), MicroOp::append(key("back", i), 1)];
        if i > 0 {
            ops.push(MicroOp::read_list(key("chain", i - 1), [1]));
            ops.push(MicroOp::read_list(key("over", i - 1), [0i64; 0]));
        }
        if i == 0 {
            ops.push(MicroOp::append("first", 1));
        }
        if i == len - 1 {
            ops.push(MicroOp::read_list("first", [0i64; 0]));
        }
        txns.push(ops);
        txns.push(vec![
            MicroOp::append(key("over", i), 1),
            MicroOp::read_list(key("back", i), [0i64; 0]),
        ]);
    }
    for (client, ops) in txns.iter().enumerate() {
        builder.invoke(client as u32, ops.clone()).unwrap();
    }
    for (client, ops) in txns.into_iter().enumerate() {
        builder.complete(client as u32, Status::Ok, ops).unwrap();
    }
    builder.build()
}

fn least(mut run: impl FnMut()) -> Duration {
    let mut best = Duration::MAX;
    let start = Instant::now();
    for round in 0..7 {
        if round > 1 && start.elapsed() > Duration::from_secs(6) {
            break;
        }
        let from = Instant::now();
        run();
        best = best.min(from.elapsed());
    }
    best
}

fn judge(name: &str, history: &TxnHistory, level: IsolationLevel, expected: &str) -> Duration {
    let mut word = "";
    let time = least(|| word = check(history, level, Budget::default()).word());
    assert_eq!(word, expected, "{name} at {level}");
    time
}

fn lists() {
    println!("list-append, transactions a second (target: 500,000)");
    for (txns, clients) in [(200_000, 10), (1_000_000, 10), (200_000, 100)] {
        let workload = Workload {
            model: Model::ListAppend,
            txns,
            clients,
            ops_max: 4,
            keys: 10,
            writes_per_key: 32,
        };
        let history = generate(&workload);
        for level in [
            IsolationLevel::READ_COMMITTED,
            IsolationLevel::SNAPSHOT_ISOLATION,
            IsolationLevel::SERIALIZABLE,
            IsolationLevel::STRICT_SERIALIZABLE,
        ] {
            let time = judge("list-append", &history, level, "ok");
            let rate = f64::from(txns) / time.as_secs_f64();
            let ratio = rate / 500_000.0;
            println!(
                "  {txns:>9} by {clients:>3} clients, {level:<22} {rate:>12.0}  {time:.1?}  {ratio:.1}x"
            );
        }
        let time = least(|| {
            let analysis = analyze(&history, ClientOrder::RealTime, Budget::default());
            assert!(analysis.counts.is_empty());
        });
        let rate = f64::from(txns) / time.as_secs_f64();
        println!(
            "  {txns:>9} by {clients:>3} clients, all anomalies          {rate:>12.0}  {time:.1?}"
        );
    }
}

fn hard_lists() {
    println!("hard cases (target: 1 s each)");
    let hidden = hidden_g_single();
    let time = judge("hidden", &hidden, IsolationLevel::CONSISTENT_VIEW, "violation");
    println!("  one G-single of 1,000 transactions, explained  {time:.1?}");
    let time = least(|| {
        let analysis = analyze(&hidden, ClientOrder::Free, Budget::default());
        assert!(!analysis.incomplete);
        let free = ClientOrder::Free;
        assert!(analysis.contains(Anomaly::GSingle { order: free }), "{:?}", analysis.anomalies());
        let Witness::Cycle(cycle) = &analysis.findings[0].witness else { panic!("no cycle") };
        assert_eq!(cycle.steps.len(), 1_000);
    });
    println!("  one G-single of 1,000 transactions, named      {time:.1?}");
    let shared = std::env::var_os("SQUALL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = shared.join("histories/public/elle/histories/huge-scc.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("  skipped: there is no {}", path.display());
        return;
    };
    let huge = from_raw(&RawHistory::from_json_lines(&text).unwrap()).unwrap();
    for level in [IsolationLevel::STRONG_SNAPSHOT_ISOLATION, IsolationLevel::STRICT_SERIALIZABLE] {
        let time = judge("huge", &huge, level, "violation");
        println!("  knot of {} transactions, {level:<27} {time:.1?}", huge.len());
    }
    let time = least(|| {
        let analysis = analyze(&huge, ClientOrder::RealTime, Budget::default());
        assert!(!analysis.incomplete && !analysis.counts.is_empty());
    });
    println!("  knot of {} transactions, named                       {time:.1?}", huge.len());
}

fn registers() {
    println!(
        "rw-register, 200,000 operations (AWDIT, measured on such a machine: 69 ms, 340 ms, 5.3 s)"
    );
    for (clients, keys) in [(50, 1_000), (20, 200), (100, 10_000)] {
        let workload = Workload {
            model: Model::RwRegister,
            txns: 10_000,
            clients,
            ops_max: 39,
            keys,
            writes_per_key: 0,
        };
        let history = generate(&workload);
        let ops: usize = (0..history.len() as u32).map(|txn| history.ops(txn).len()).sum();
        for (level, awdit) in [
            (IsolationLevel::SESSION_MONOTONIC_ATOMIC_VIEW, 0.069),
            (IsolationLevel::SESSION_READ_ATOMIC, 0.340),
            (IsolationLevel::CAUSAL, 5.3),
        ] {
            let time = judge("rw-register", &history, level, "ok");
            let ratio = awdit / time.as_secs_f64();
            println!(
                "  {ops} operations, {clients:>3} clients, {keys:>5} keys, {level:<30} {time:.1?}  {ratio:.1}x AWDIT"
            );
        }
    }
}

fn main() {
    lists();
    hard_lists();
    registers();
}
