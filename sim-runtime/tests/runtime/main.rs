//! The runtime from the outside: one module for each promise of the machine room.

mod choices;
mod devices;
mod ends;
mod executor;
mod leaks;
mod lives;
mod pauses;
mod probes;
mod traces;
mod verdicts;

use sim_runtime::node::NodeSpec;
use sim_runtime::task::Policy;
use sim_runtime::time::{Duration, Instant};
use sim_runtime::{Config, NodeId, RunOutcome, Simulation, World};
use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// First in, first out: what a test of an order needs.
fn fifo() -> Config {
    Config { policy: Policy::Fifo, ..Config::default() }
}

#[track_caller]
fn run<F: Future + 'static>(config: Config, main: F) -> RunOutcome<F::Output> {
    Simulation::new(config).run(main)
}

/// What `main` returns, in a run that must not fail.
#[track_caller]
fn value<F: Future + 'static>(config: Config, main: F) -> F::Output {
    match run(config, main).result {
        Ok(value) => value,
        Err(failure) => panic!("the run failed: {failure}"),
    }
}

/// Lines with the virtual milliseconds at which they were said.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn say(&self, text: impl Display) {
        let at = World::try_current(|world| world.now() / 1_000_000).unwrap_or(u64::MAX);
        self.0.borrow_mut().push(format!("{at} {text}"));
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Says a line when it is dropped, with whether its process lives.
struct Says(Log, &'static str);

impl Drop for Says {
    fn drop(&mut self) {
        let lives = World::try_current(World::current_process_lives);
        let how = match lives {
            Some(true) => "alive",
            Some(false) => "dead",
            None => "outside",
        };
        self.0.say(format!("{} dropped {how}", self.1));
    }
}

/// Adds a node and starts it.
fn start<F, Fut>(name: &str, program: F) -> NodeId
where
    F: Fn() -> Fut + 'static,
    Fut: Future + 'static,
    Fut::Output: sim_runtime::node::ExitStatus,
{
    World::current(|world| {
        let id = world.add_node(NodeSpec::new(name, program));
        world.start(id);
        id
    })
}

fn now_ms() -> u64 {
    Instant::now().as_nanos() / 1_000_000
}
