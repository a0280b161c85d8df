//! w1: many tasks that sleep.

use super::super::generator::Generator;
use super::super::params::Params;
use super::{Prepared, config, done};
use sim_runtime::Simulation;
use sim_runtime::task::spawn;
use sim_runtime::time::sleep;
use std::cell::Cell;
use std::rc::Rc;

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (n, m, seed) = (params.number("n")?, params.number("m")?, params.seed()?);
    let config = config(params)?;
    Ok(Box::new(move || {
        let outcome = Simulation::new(config).run(async move {
            let fired = Rc::new(Cell::new(0));
            let tasks: Vec<_> =
                (0..n).map(|task| spawn(naps(seed, task, m, fired.clone()))).collect();
            for task in tasks {
                task.await.expect("a nap ends");
            }
            fired.get()
        });
        done(&outcome, n * m)
    }))
}

async fn naps(seed: u64, task: u64, count: u64, fired: Rc<Cell<u64>>) {
    let mut generator = Generator::new(seed, task);
    for _ in 0..count {
        sleep(generator.nap()).await;
        fired.set(fired.get() + 1);
    }
}
