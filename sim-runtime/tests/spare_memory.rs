//! A world takes over the memory of the one before it on the thread, and nothing else.

use sim_runtime::guard::on_clean_thread;
use sim_runtime::node::NodeSpec;
use sim_runtime::task::{Policy, spawn, yield_now};
use sim_runtime::time::{Duration, sleep};
use sim_runtime::{Config, End, RunOutcome, Simulation, World};

/// Uses tasks, timers, nodes, paths and the queue, and leaves some of each behind.
fn messy(seed: u64, policy: Policy) -> RunOutcome<()> {
    Simulation::new(Config { seed, policy, ..Config::default() }).run(async move {
        for name in ["a", "b", "c"] {
            World::current(|world| {
                let node = world.add_node(NodeSpec::new(name, || async {
                    for pause in 1..20 {
                        spawn(sleep(Duration::from_millis(pause)));
                        yield_now().await;
                    }
                    sleep(Duration::from_secs(3600)).await;
                }));
                world.start(node);
            });
        }
        sleep(Duration::from_millis(7)).await;
        let node = World::current(|world| world.node_named("b")).expect("b was added");
        World::current(|world| world.end(node, End::Kill));
        World::current(|world| world.start(node));
        World::current(|world| world.pause(node));
        spawn(async { yield_now().await });
        if seed % 3 == 1 {
            panic!("a run that fails");
        }
        sleep(Duration::from_millis(seed % 5)).await;
    })
}

fn hash(seed: u64, policy: Policy) -> (u64, u64) {
    let outcome = messy(seed, policy);
    (outcome.trace_hash, outcome.figures.events)
}

#[test]
fn runs_do_not_depend_on_those_before_them() {
    for policy in [Policy::Fifo, Policy::Random, Policy::Pct(3)] {
        let fresh: Vec<_> = (0..8).map(|seed| on_clean_thread(|| hash(seed, policy))).collect();
        let upward: Vec<_> = (0..8).map(|seed| hash(seed, policy)).collect();
        let mut downward: Vec<_> = (0..8).rev().map(|seed| hash(seed, policy)).collect();
        downward.reverse();
        assert_eq!(upward, fresh);
        assert_eq!(downward, fresh);
    }
}
