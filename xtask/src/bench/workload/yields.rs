//! w2: many tasks that yield.

use super::super::params::Params;
use super::{Prepared, config, done};
use sim_runtime::Simulation;
use sim_runtime::task::{spawn, yield_now};
use std::cell::Cell;
use std::rc::Rc;

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (n, k) = (params.number("n")?, params.number("k")?);
    let config = config(params)?;
    Ok(Box::new(move || {
        let outcome = Simulation::new(config).run(async move {
            let yields = Rc::new(Cell::new(0));
            let tasks: Vec<_> = (0..n).map(|_| spawn(turns(k, yields.clone()))).collect();
            for task in tasks {
                task.await.expect("a yielding task ends");
            }
            yields.get()
        });
        done(&outcome, n * k)
    }))
}

async fn turns(count: u64, yields: Rc<Cell<u64>>) {
    for _ in 0..count {
        yield_now().await;
        yields.set(yields.get() + 1);
    }
}
