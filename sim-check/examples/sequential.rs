//! What it takes to judge sequential consistency, in configurations: a table of histories that are sequentially consistent
//! and hardly ever linearizable, and of the same ones with one wrong result.
//!
//! ```text
//! cargo run --release -p sim-check --example sequential
//! ```

use sim_check::Budget;

#[path = "../tests/support/mod.rs"]
mod support;

use support::random::Random;
use support::stale::{Kind, judge_stale};

const SEEDS: u64 = 10;

fn main() {
    println!(
        "| object | processes x operations | result | good | bad | median | most | evidence |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for kind in Kind::ALL {
        for shape in [(3, 20), (4, 50), (5, 100), (5, 200)] {
            for wrong in [false, true] {
                row(kind, shape, wrong);
            }
        }
    }
}

fn row(kind: Kind, shape: (usize, usize), wrong: bool) {
    let (mut good, mut bad, mut evidence) = (0, 0, 0);
    let mut spent = Vec::new();
    for seed in 0..SEEDS {
        let budget = Budget::configurations(1_000_000);
        let judged = judge_stale(kind, &mut Random::new(seed), shape, wrong, budget);
        match judged.word {
            "ok" => good += 1,
            "violation" => bad += 1,
            _ => {}
        }
        evidence = evidence.max(judged.evidence);
        spent.push(judged.configurations);
    }
    spent.sort_unstable();
    println!(
        "| {} | {} x {} | {} | {good} | {bad} | {} | {} | {evidence} |",
        kind.name(),
        shape.0,
        shape.1,
        if wrong { "one wrong" } else { "right" },
        spent[spent.len() / 2],
        spent[spent.len() - 1],
    );
}
