//! Compares the judges with exhaustive ones on many random small histories of each specification and isolation level:
//! `cargo run --release -p sim-check --example agree -- [HISTORIES] [NAME]`.
//!
//! NAME is the name of a specification or a part of some, `sessions`, `transactions-list` or `transactions-register`. Exits with
//! a panic that shows the first history on which two judges differ, or whose certificate does not hold.

#[path = "../tests/support/mod.rs"]
mod support;

use sim_check::session::SessionGuarantee;
use sim_check::txn::{IsolationLevel, Model};
use support::agree::{Depth, all, draw_shape};
use support::random::Random;
use support::sessions::{Held, draw_sessions, sessions_agree};
use support::transactions::{Met, draw_transactions, transactions_agree};

/// Every so many histories of a specification are explained too.
const EXPLAINED: u64 = 16;

fn main() {
    let mut args = std::env::args().skip(1);
    let histories: u64 =
        args.next().map_or(1_000_000, |n| n.parse().expect("a number of histories"));
    let only = args.next().unwrap_or_default();
    let all = all();
    let is_name = all.iter().any(|judged| judged.name() == only);
    for judged in &all {
        let name = judged.name();
        if !name.contains(&only) || is_name && name != only {
            continue;
        }
        let (mut linearizable, mut sequential) = (0_u64, 0_u64);
        for seed in 0..histories {
            let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9));
            let shape = draw_shape(&mut random);
            let depth = if seed % EXPLAINED == 0 { Depth::Explanations } else { Depth::Verdicts };
            let found = judged.agree(&mut random, shape, depth, true);
            linearizable += u64::from(found.0);
            sequential += u64::from(found.1);
        }
        println!(
            "{name}: {histories} histories agree, {linearizable} are linearizable, {sequential} sequentially consistent"
        );
    }
    if "sessions".contains(&only) {
        let mut held: Held = [0; 4];
        for seed in 0..histories {
            sessions_agree(&draw_sessions(&mut Random::new(seed)), &mut held);
        }
        for (guarantee, held) in SessionGuarantee::ALL.iter().zip(held) {
            println!("sessions: {histories} histories agree on {guarantee}, {held} have it");
        }
    }
    for (name, model) in
        [("transactions-list", Model::ListAppend), ("transactions-register", Model::RwRegister)]
    {
        if !name.contains(&only) || is_name {
            continue;
        }
        let mut met = Met::new();
        for seed in 0..histories {
            // Two to five transactions are most of them.
            let mut random = Random::new(seed);
            let txns_max = [3, 4, 4, 5, 5, 5, 6, 6][random.below(8)];
            transactions_agree(&draw_transactions(model, &mut random, txns_max), &mut met);
        }
        for level in IsolationLevel::ALL {
            let (good, bad) = met.get(level).copied().unwrap_or_default();
            println!("{name}: {} histories agree on {level}, {good} are of it", good + bad);
        }
    }
}
