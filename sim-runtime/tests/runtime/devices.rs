//! The device trait, seen by a device that writes down what it is told.

use crate::{Log, run as run_plain};
use crate::{Says, ms};
use sim_runtime::node::{self, NodeSpec};
use sim_runtime::time::{TimerKey, sleep};
use sim_runtime::{
    Bounds, Config, Device, End, FailureKind, NodeId, RunOutcome, Simulation, World,
};
use std::cell::Cell;
use std::future::pending;

/// Writes down every call.
struct Recorder {
    log: Log,
    memory: Cell<usize>,
}

impl Device for Recorder {
    fn node_created(&self, world: &World, node: NodeId) {
        self.log.say(format!("created {} {}", node.0, world.node_name(node)));
    }

    fn node_started(&self, world: &World, node: NodeId, incarnation: u32) {
        assert!(world.node_is_up(node));
        assert_eq!(world.incarnation(node), incarnation);
        self.log.say(format!("started {} incarnation {incarnation}", node.0));
    }

    fn node_ended(&self, world: &World, node: NodeId, end: End) {
        assert!(!world.node_is_up(node));
        self.log.say(format!("ended {} by {end}", node.0));
    }

    fn due(&self, world: &World, token: u64) {
        assert_eq!(world.current_node(), NodeId::TEST);
        self.log.say(format!("due {token}"));
    }

    fn memory(&self) -> usize {
        self.memory.get()
    }
}

fn run<F: Future + 'static>(config: Config, log: &Log, main: F) -> RunOutcome<F::Output> {
    let recorder = Recorder { log: log.clone(), memory: Cell::new(0) };
    Simulation::new(config).device(recorder).run(main)
}

fn schedule(at_ms: u64, token: u64) -> TimerKey {
    World::current(|world| world.schedule(world.device_id::<Recorder>(), at_ms * 1_000_000, token))
}

#[test]
fn a_device_is_told_of_every_life() {
    let log = Log::default();
    let inner = log.clone();
    let outcome = run(crate::fifo(), &log, async move {
        let id = World::current(|world| {
            let log = inner.clone();
            world.add_node(NodeSpec::new("db", move || {
                let says = Says(log.clone(), "task");
                async move {
                    let _says = says;
                    pending::<()>().await;
                }
            }))
        });
        let quick = World::current(|world| world.add_node(NodeSpec::new("quick", || async {})));
        sleep(ms(1)).await;
        World::current(|world| world.start(id));
        sleep(ms(1)).await;
        for how in [End::Kill, End::PowerOff, End::Wipe, End::Shutdown] {
            World::current(|world| {
                world.end(id, how);
                world.end(id, how);
                world.start(id);
            });
            sleep(ms(1)).await;
        }
        World::current(|world| {
            world.restart(id);
            world.pause(id);
            world.resume(id);
            world.start(quick);
        });
        World::exited(quick).await.unwrap();
    });
    outcome.result.unwrap();
    assert_eq!(
        log.take(),
        [
            "0 created 0 test",
            "0 started 0 incarnation 0",
            "0 created 1 db",
            "0 created 2 quick",
            "1 started 1 incarnation 0",
            "2 task dropped dead",
            "2 ended 1 by kill",
            "2 started 1 incarnation 1",
            "3 task dropped dead",
            "3 ended 1 by power_off",
            "3 started 1 incarnation 2",
            "4 task dropped dead",
            "4 ended 1 by wipe",
            "4 started 1 incarnation 3",
            "5 task dropped dead",
            "5 ended 1 by shutdown",
            "5 started 1 incarnation 4",
            // Never polled, the fifth program was never made.
            "6 task dropped dead",
            "6 ended 1 by kill",
            "6 started 1 incarnation 5",
            "6 started 2 incarnation 0",
            "6 ended 2 by shutdown",
            "6 task dropped dead",
        ]
    );
}

#[test]
fn tokens_fall_due_in_order_unless_cancelled() {
    let log = Log::default();
    run(crate::fifo(), &log, async {
        let keys = [(5, 1), (3, 2), (5, 3), (5, 4), (0, 5)].map(|(at, token)| schedule(at, token));
        let cancel = |key| World::current(|world| world.cancel(key));
        assert!(cancel(keys[2]));
        assert!(!cancel(keys[2]), "a token is cancelled once");
        sleep(ms(4)).await;
        assert!(!cancel(keys[1]), "a token that fell due cannot be cancelled");
        // What is past is due now.
        schedule(1, 6);
        sleep(ms(2)).await;
    })
    .result
    .unwrap();
    let lines = log.take();
    assert_eq!(lines[2..], ["0 due 5", "3 due 2", "4 due 6", "5 due 1", "5 due 4"]);
}

#[test]
fn a_device_that_is_missing_is_named() {
    let failure = run_plain(crate::fifo(), async {
        World::current(|world| {
            assert!(!world.has_device::<Recorder>());
            world.device_id::<Recorder>();
        });
    })
    .result
    .unwrap_err();
    assert!(failure.message.contains("no device of type runtime::devices::Recorder"), "{failure}");
}

#[test]
fn what_devices_hold_counts_towards_the_memory_bound() {
    let log = Log::default();
    let bounds = Bounds { memory: 10 << 20, ..Bounds::default() };
    let hog = |bytes: usize| {
        let config = Config { bounds: bounds.clone(), ..crate::fifo() };
        run(config, &log, async move {
            World::current(|world| world.with_device(|r: &Recorder| r.memory.set(bytes)));
            for _ in 0..10_000 {
                sleep(ms(1)).await;
            }
            node::name()
        })
    };
    let outcome = hog(9 << 20);
    assert!(outcome.result.is_ok());
    assert!((9 << 20..10 << 20).contains(&outcome.figures.memory));
    let failure = hog(11 << 20).result.unwrap_err();
    assert_eq!(failure.fingerprint(), "budget:memory");
    assert!(failure.message.starts_with("the run held about 11 MiB"), "{failure}");
}

/// Always has something to do now.
struct Busy;

impl Device for Busy {
    fn due(&self, world: &World, token: u64) {
        world.schedule(world.device_id::<Busy>(), world.now(), token);
    }
}

/// Many tokens at one instant are none: those of this test are more than the bound.
#[test]
fn a_device_that_never_lets_time_pass_is_a_livelock() {
    let bounds = Bounds { polls_at_one_instant: 100, ..Bounds::default() };
    let config = Config { bounds, ..crate::fifo() };
    let log = Log::default();
    let outcome = run(config.clone(), &log, async {
        for token in 0..1_000 {
            schedule(2, token);
        }
        sleep(ms(3)).await;
    });
    outcome.result.unwrap();
    assert_eq!(log.take().iter().filter(|line| line.contains("due")).count(), 1_000);

    let outcome = Simulation::new(config).device(Busy).run(async {
        World::current(|world| world.schedule(world.device_id::<Busy>(), 1_000_000, 7));
        pending::<()>().await
    });
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Livelock);
    assert!(failure.site.ends_with("Busy"), "{}", failure.site);
    assert!(failure.message.starts_with("100 tokens fell due and time stood still at 0.001000 s"));
}

/// A process that starts itself again in its last moments does so after its devices were told of its end.
#[test]
fn a_start_in_a_drop_comes_after_the_end() {
    struct Starts;
    impl Drop for Starts {
        fn drop(&mut self) {
            World::current(|world| world.start(NodeId(1)));
        }
    }
    let log = Log::default();
    run(crate::fifo(), &log, async {
        let first = Cell::new(true);
        crate::start("phoenix", move || {
            let starts = first.take().then_some(Starts);
            async move {
                let _starts = starts;
                pending::<()>().await;
            }
        });
        sleep(ms(1)).await;
        World::current(|world| world.end(NodeId(1), End::Kill));
        sleep(ms(1)).await;
        assert!(World::current(|world| world.node_is_up(NodeId(1))));
    })
    .result
    .unwrap();
    let told = [
        "0 created 1 phoenix",
        "0 started 1 incarnation 0",
        "1 ended 1 by kill",
        "1 started 1 incarnation 1",
    ];
    assert_eq!(log.take()[2..], told);
}
