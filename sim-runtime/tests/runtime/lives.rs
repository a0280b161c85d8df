//! Processes: starts, lives, returns, and what belongs to one.

use crate::{Log, Says, fifo, ms, now_ms, start, value};
use sim_runtime::node::{self, NodeSpec, shutdown_requested};
use sim_runtime::task::{spawn, yield_now};
use sim_runtime::time::{sleep, timeout};
use sim_runtime::{Config, End, NodeId, World, node_local};
use std::cell::Cell;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

fn restart(id: NodeId) {
    World::current(|world| world.restart(id));
}

#[test]
fn the_program_is_made_anew_at_each_start() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let made = Cell::new(0);
        let id = start("n", move || {
            made.set(made.get() + 1);
            let (made, log) = (made.get(), inner.clone());
            async move {
                log.say(format!("program {made} incarnation {}", node::incarnation()));
                log.say(format!("{} {} {:?}", node::name(), node::address(), node::current()));
                pending::<()>().await;
            }
        });
        sleep(ms(1)).await;
        restart(id);
        sleep(ms(1)).await;
        World::current(|world| {
            world.end(id, End::PowerOff);
            assert!(!world.node_is_up(id));
            assert_eq!(world.incarnation(id), 1);
            world.start(id);
            world.start(id);
            assert_eq!(world.incarnation(id), 2);
        });
        sleep(ms(1)).await;
    });
    assert_eq!(
        log.take(),
        [
            "0 program 1 incarnation 0",
            "0 n 10.0.0.2 NodeId(1)",
            "1 program 2 incarnation 1",
            "1 n 10.0.0.2 NodeId(1)",
            "2 program 3 incarnation 2",
            "2 n 10.0.0.2 NodeId(1)",
        ]
    );
}

#[test]
fn nodes_are_found_by_name_and_address() {
    value(fifo(), async {
        World::current(|world| {
            let [a, b] = ["a", "b"].map(|name| world.add_node(NodeSpec::new(name, pending::<()>)));
            assert_eq!(world.node_count(), 3);
            assert_eq!((world.node_named("b"), world.node_named("c")), (Some(b), None));
            assert_eq!(world.node_at(world.node_address(a)), Some(a));
            assert_eq!(world.node_at("10.0.0.4".parse().unwrap()), None);
            assert_eq!(&*world.node_name(NodeId::TEST), "test");
            assert!(!world.node_is_up(a) && world.node_is_up(NodeId::TEST));
        });
    });
}

#[test]
fn names_of_nodes_are_unique() {
    let failure = crate::run(fifo(), async {
        start("twin", pending::<()>);
        start("twin", pending::<()>);
    })
    .result
    .unwrap_err();
    assert!(failure.message.contains("a node called `twin` already"), "{failure}");
}

#[test]
fn a_process_returns_well_or_with_an_error() {
    value(fifo(), async {
        let well = start("well", || async { sleep(ms(3)).await });
        let badly = start("badly", || async {
            sleep(ms(5)).await;
            Err::<(), _>("no quorum")
        });
        assert_eq!(World::exited(badly).await, Err("no quorum".to_owned()));
        assert_eq!((World::exited(well).await, now_ms()), (Ok(()), 5));
        World::current(|world| assert!(!world.node_is_up(well)));
        // The next life has not returned yet.
        World::current(|world| world.start(well));
        assert!(timeout(ms(2), World::exited(well)).await.is_err());
        assert_eq!((World::exited(well).await, now_ms()), (Ok(()), 8));
    });
}

#[test]
fn a_return_ends_the_other_tasks_of_the_process() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let id = start("n", move || {
            let says = Says(inner.clone(), "background");
            async move {
                spawn(async move {
                    let _says = says;
                    pending::<()>().await;
                });
                sleep(ms(2)).await;
            }
        });
        World::exited(id).await.unwrap();
    });
    assert_eq!(log.take(), ["2 background dropped dead"]);
}

/// With tolerated panics, a program's panic is an error of its process; a task's is an error of its handle.
#[test]
fn tolerated_panics_end_the_process_or_the_task() {
    let config = || Config { panics_tolerated: true, ..fifo() };
    value(config(), async {
        let id = start("n", || async {
            let task = spawn(async { panic!("of a task") });
            assert!(task.await.is_err());
            sleep(ms(1)).await;
            panic!("of the program");
        });
        let error = World::exited(id).await.unwrap_err();
        assert!(error.ends_with(": of the program") && error.contains("lives.rs:"), "{error}");
    });
    let failure = crate::run(config(), async { panic!("of the test") }).result.unwrap_err();
    assert_eq!(failure.message, "of the test");
}

#[test]
fn shutdown_asks_and_then_kills() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let obeys = start("obeys", move || {
            let log = inner.clone();
            async move {
                shutdown_requested().await;
                log.say("told");
                sleep(ms(30)).await;
            }
        });
        let stubborn = start("stubborn", pending::<()>);
        sleep(ms(1)).await;
        World::current(|world| {
            world.shutdown(obeys, ms(50));
            world.shutdown(stubborn, ms(50));
        });
        assert_eq!((World::exited(obeys).await, now_ms()), (Ok(()), 31));
        let up = |id| World::current(|world| world.node_is_up(id));
        sleep(ms(19)).await;
        assert!(up(stubborn), "the grace is not over at 50 ms");
        sleep(ms(1)).await;
        yield_now().await;
        assert!(!up(stubborn), "the grace is over at 51 ms");
        // A new life of a node is not killed by the grace of an old one.
        World::current(|world| {
            world.start(obeys);
            world.shutdown(obeys, ms(40));
            world.restart(obeys);
        });
        sleep(ms(60)).await;
        assert!(up(obeys));
    });
    assert_eq!(log.take(), ["1 told"]);
}

/// A start that comes while a shutdown is under way is not lost: it takes place when the shutdown is over.
#[test]
fn a_start_during_a_shutdown_waits_for_its_end() {
    value(fifo(), async {
        let slow = start("slow", || async {
            shutdown_requested().await;
            sleep(ms(30)).await;
        });
        let state = |id| {
            World::current(|world| {
                (world.node_is_up(id), world.node_is_leaving(id), world.incarnation(id))
            })
        };
        World::current(|world| {
            world.shutdown(slow, ms(500));
            world.start(slow);
        });
        assert_eq!(state(slow), (true, true, 0));
        sleep(ms(31)).await;
        assert_eq!(state(slow), (true, false, 1));
        // Losing the power meanwhile calls the start off.
        World::current(|world| {
            world.shutdown(slow, ms(500));
            world.start(slow);
            world.end(slow, End::PowerOff);
        });
        sleep(ms(600)).await;
        assert_eq!(state(slow), (false, false, 1));
    });
}

/// A loop that asks again and again keeps one waker, not one for each question.
#[test]
fn waiting_in_a_loop_keeps_one_waker() {
    struct Counted;
    impl Wake for Counted {
        fn wake(self: Arc<Counted>) {}
    }
    value(fifo(), async {
        let other = start("other", pending::<()>);
        let counted = Arc::new(Counted);
        let waker = Waker::from(counted.clone());
        for _ in 0..100 {
            let cx = &mut Context::from_waker(&waker);
            assert!(pin!(shutdown_requested()).poll(cx).is_pending());
            assert!(pin!(World::exited(other)).poll(cx).is_pending());
        }
        assert_eq!(Arc::strong_count(&counted), 4, "ours, the waker's, and one kept by each node");
    });
}

node_local! {
    static COUNT: Cell<u32> = Cell::new(10);
    static OTHER: Cell<u32> = Cell::new(10);
}

fn count() -> u32 {
    COUNT.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

#[test]
fn locals_belong_to_one_process() {
    value(fifo(), async {
        let program = || async {
            assert_eq!(spawn(async { count() }).await.unwrap(), 11);
            assert_eq!(count(), 12);
            assert_eq!(OTHER.with(Cell::get), 10);
        };
        assert_eq!((count(), count(), count()), (11, 12, 13));
        let (a, b) = (start("a", program), start("b", program));
        World::exited(a).await.unwrap();
        World::exited(b).await.unwrap();
        // The next life starts afresh.
        World::current(|world| world.start(a));
        World::exited(a).await.unwrap();
        assert_eq!(count(), 14);
    });
    // And so does the next run.
    value(fifo(), async { assert_eq!(count(), 11) });
}

/// A process that ended leaves nothing to its next life, whatever its values did in their `Drop`.
#[test]
fn locals_touched_at_the_end_do_not_outlive_it() {
    struct Counts;
    impl Drop for Counts {
        fn drop(&mut self) {
            count();
        }
    }
    node_local! {
        static COUNTS: Counts = Counts;
    }
    value(fifo(), async {
        let id = start("n", || async {
            assert_eq!(count(), 11);
            COUNTS.with(|_| ());
            let _counts = Counts;
            World::current(|world| world.end(node::current(), End::Kill));
            count();
            pending::<()>().await;
        });
        yield_now().await;
        restart(id);
        World::current(|world| world.start(id));
        yield_now().await;
        sleep(ms(1)).await;
    });
}
