//! Prints how often plain random walks over the roles of Paxos meet each planted bug, from outside and from inside:
//! `cargo run --release -p protocols --example paxos_rates [WALKS]`. A minute for the default of 50,000 walks.

#[path = "../tests/walk/mod.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod walk;

use protocols::paxos::{Mutant, Scope};
use walk::Walk;

const STEPS: usize = 150;

fn main() {
    let walks = match std::env::args().nth(1).map(|text| text.parse::<u64>()) {
        None => 50_000,
        Some(Ok(walks)) if walks > 0 => walks,
        Some(_) => {
            eprintln!("error: the number of walks is a whole number above 0");
            std::process::exit(2);
        }
    };
    for mutant in Mutant::ALL {
        let share = |scope| {
            let met = (0..walks).filter(|&seed| Walk::new(seed, mutant, scope).run(STEPS).is_err());
            met.count() as f64 * 100.0 / walks as f64
        };
        let (outside, inside) = (share(Scope::EndToEnd), share(Scope::WhiteBox));
        println!("{mutant} {} end to end {outside:.3} %, white box {inside:.3} %", mutant.class());
    }
}
