//! w5: whole simulations, set-up and tear-down included.

use super::super::deliveries::Totals;
use super::super::params::Params;
use super::{Done, Prepared, config, start};
use sim_runtime::time::{Duration, sleep};
use sim_runtime::{Config, Simulation, World};
use std::cell::Cell;
use std::rc::Rc;

const NODES: [&str; 5] = ["n0", "n1", "n2", "n3", "n4"];
/// Every node ticks so often, so far apart.
const TICKS: u64 = 10;
const TICK: Duration = Duration::from_millis(100);

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (runs, config) = (params.number("s")?, config(params)?);
    Ok(Box::new(move || {
        let (mut virtual_time, mut ticks, mut trace_hash) = (0, 0, 0_u64);
        for seed in 0..runs {
            let outcome = Simulation::new(Config { seed, ..config.clone() }).run(one_second());
            ticks += outcome.result.unwrap_or(0);
            virtual_time += outcome.figures.virtual_time;
            trace_hash = trace_hash.rotate_left(5) ^ outcome.trace_hash;
        }
        Done {
            events: runs,
            virtual_time,
            ok: ticks == runs * NODES.len() as u64 * TICKS,
            deliveries: Totals::default(),
            trace_hash,
        }
    }))
}

async fn one_second() -> u64 {
    let ticks = Rc::new(Cell::new(0));
    let nodes = NODES.map(|name| {
        let ticks = ticks.clone();
        start(name, move || tick(ticks.clone()))
    });
    for node in nodes {
        World::exited(node).await.expect("a node ticks and ends");
    }
    ticks.get()
}

async fn tick(ticks: Rc<Cell<u64>>) {
    for _ in 0..TICKS {
        sleep(TICK).await;
        ticks.set(ticks.get() + 1);
    }
}
