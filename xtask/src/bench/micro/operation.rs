//! The operations that have a budget, each as a loop.

use super::bell::{Bell, rings};
use crate::bench::params::Params;
use crate::bench::workload::{self, Workload};
use sim_runtime::choice::{Choices, Kind};
use sim_runtime::node::{NodeId, NodeSpec};
use sim_runtime::task::{Policy, spawn, yield_now};
use sim_runtime::time::{Duration, sleep};
use sim_runtime::trace::TraceKind;
use sim_runtime::{Config, Simulation, World};
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::task::Poll;

static MARK: TraceKind = TraceKind::new("bench", "mark", |_, _, _| Ok(()));

/// Something that has a budget.
#[derive(Clone, Copy)]
pub enum Operation {
    Choice,
    Event,
    Timer,
    Trace,
    PollInOrder,
    PollDrawn,
    Message,
    SetUp,
}

impl Operation {
    pub const ALL: [Operation; 8] = [
        Operation::Choice,
        Operation::Event,
        Operation::Timer,
        Operation::Trace,
        Operation::PollInOrder,
        Operation::PollDrawn,
        Operation::Message,
        Operation::SetUp,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Operation::Choice => "choice",
            Operation::Event => "event pop and push, 1k pending",
            Operation::Timer => "timer arm and cancel",
            Operation::Trace => "trace record and hash",
            Operation::PollInOrder => "task wake and poll, 100 ready, policy fifo",
            Operation::PollDrawn => "task wake and poll, 100 ready, policy random",
            Operation::Message => "message: send, deliver, receive, 10 clients",
            Operation::SetUp => "set-up and tear-down of a 5-node run",
        }
    }

    pub fn budget_ns(self) -> f64 {
        match self {
            Operation::Choice => 2.5,
            Operation::Event => 40.0,
            Operation::Timer => 20.0,
            Operation::Trace => 3.0,
            Operation::PollInOrder | Operation::PollDrawn => 35.0,
            Operation::Message => 150.0,
            Operation::SetUp => 10_000.0,
        }
    }

    /// Does it many times, and says how many.
    pub fn repeat(self) -> u64 {
        match self {
            Operation::Choice => choices(2_000_000),
            Operation::Event => events(500_000),
            Operation::Timer => in_a_run(timers(1_000_000)),
            Operation::Trace => in_a_run(traces(2_000_000)),
            Operation::PollInOrder => polls(Policy::Fifo),
            Operation::PollDrawn => polls(Policy::Random),
            Operation::Message => messages(),
            Operation::SetUp => set_ups(2_000),
        }
    }
}

fn config(policy: Policy) -> Config {
    Config { policy, bounds: workload::UNBOUNDED, ..Config::default() }
}

fn in_a_run(operation: impl Future<Output = u64> + 'static) -> u64 {
    Simulation::new(config(Policy::Fifo)).run(operation).result.expect("the run ends well")
}

fn choices(count: u64) -> u64 {
    let choices = Choices::new(1);
    let mut stream = choices.stream(&["bench".into()]);
    let mut sum = 0;
    for _ in 0..count {
        sum += choices.pick(black_box(&mut stream), Kind::Device, 10);
    }
    black_box(sum);
    count
}

fn events(count: u64) -> u64 {
    let run = Simulation::new(config(Policy::Fifo)).device(Bell::default());
    run.run(rings(1_000, count)).result.expect("the bells ring");
    count
}

async fn timers(count: u64) -> u64 {
    poll_fn(|cx| {
        for i in 0..count {
            let mut timer = pin!(sleep(Duration::from_nanos(1_000_000 + (i & 0xFFFF) * 97)));
            assert!(timer.as_mut().poll(cx).is_pending(), "a timer waits");
        }
        Poll::Ready(count)
    })
    .await
}

async fn traces(count: u64) -> u64 {
    World::current(|world| {
        for i in 0..count {
            world.trace(&MARK, NodeId::TEST, i as u32, i, 0);
        }
    });
    count
}

fn polls(policy: Policy) -> u64 {
    const TASKS: u64 = 100;
    const YIELDS: u64 = 5_000;
    let run = Simulation::new(config(policy)).run(async {
        let tasks = [(); TASKS as usize].map(|()| {
            spawn(async {
                for _ in 0..YIELDS {
                    yield_now().await;
                }
            })
        });
        for task in tasks {
            task.await.expect("a yielding task ends");
        }
    });
    run.result.expect("all tasks end");
    TASKS * YIELDS
}

/// The echo of w3udp.
fn messages() -> u64 {
    let size = Params::default().or(&[("c", 10), ("r", 2_000)]);
    let run = Workload::W3Udp.prepare(&size).expect("the parameters are right");
    run().events
}

fn set_ups(count: u64) -> u64 {
    for seed in 0..count {
        let run = Simulation::new(Config { seed, ..config(Policy::Fifo) }).run(async {
            let nodes = ["n0", "n1", "n2", "n3", "n4"].map(|name| {
                World::current(|world| {
                    let node = world.add_node(NodeSpec::new(name, || async {}));
                    world.start(node);
                    node
                })
            });
            for node in nodes {
                World::exited(node).await.expect("a process returns");
            }
        });
        run.result.expect("all processes return");
    }
    count
}
