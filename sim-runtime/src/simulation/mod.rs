//! One run: configured, executed, and what came of it.

mod config;
mod outcome;
mod panic_note;

use crate::choice::{Path, Segment};
use crate::device::Device;
use crate::node::NodeId;
use crate::task::{Name, start};
use crate::trace::{self, Keep};
use crate::world::{Fitted, World};
use futures::FutureExt;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location};
use std::rc::Rc;

pub use config::Config;
pub use outcome::{Figures, RunOutcome};
pub(crate) use panic_note::take_panic_note;

/// A run about to happen: a configuration and the devices of its world.
///
/// ```
/// use sim_runtime::time::{Duration, Instant, sleep};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     sleep(Duration::from_secs(3600)).await;
///     Instant::now().as_nanos()
/// });
/// assert_eq!(outcome.result, Ok(3_600_000_000_000));
/// ```
pub struct Simulation {
    config: Config,
    devices: Vec<Fitted>,
}

impl Simulation {
    /// A run without devices.
    pub fn new(config: Config) -> Simulation {
        Simulation { config, devices: Vec::new() }
    }

    /// Adds simulated hardware.
    pub fn device(mut self, device: impl Device) -> Simulation {
        self.devices.push(Fitted::new(device));
        self
    }

    /// Runs `main` on the test's own node until it ends, the run fails or a bound is crossed.
    ///
    /// # Panics
    /// Inside of another simulation.
    #[track_caller]
    pub fn run<F>(self, main: F) -> RunOutcome<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        panic_note::install();
        let place = Location::caller();
        let world = World::new(&self.config, self.devices);
        let value = Rc::new(RefCell::new(None));
        let slot = value.clone();
        let outcome = world.enter(|| {
            world.with_guard(self.config.guard, || {
                let body = || {
                    world.boot();
                    let path = world.choices().child(Path::ROOT, "task".into());
                    let path = world
                        .choices()
                        .child(path, Segment::Life(world.node_name(NodeId::TEST), 0));
                    let (_, task) = start(
                        &world,
                        NodeId::TEST,
                        path,
                        Some(Name::Fixed("test")),
                        place,
                        async move {
                            // The main future's panic fails the run also where those of tasks are tolerated.
                            match AssertUnwindSafe(main).catch_unwind().await {
                                Ok(result) => {
                                    World::current(World::stop);
                                    *slot.borrow_mut() = Some(result);
                                }
                                Err(payload) => {
                                    World::current(|world| world.fail_of_panic(&*payload));
                                }
                            }
                        },
                    );
                    task.detach();
                    world.run_to_end();
                };
                match self.config.keep {
                    Keep::Text => trace::capture(body),
                    Keep::Hash | Keep::Records => body(),
                }
                world.drop_all_tasks();
            });
            let value = value.borrow_mut().take();
            RunOutcome::of(&world, value)
        });
        world.recycle();
        outcome
    }
}
