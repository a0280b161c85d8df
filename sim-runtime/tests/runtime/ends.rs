//! The ends of a process: every task dropped once, without effect on the world.

use crate::{Log, Says, fifo, ms, start, value};
use sim_runtime::node;
use sim_runtime::task::{AbortHandle, spawn, yield_now};
use sim_runtime::time::sleep;
use sim_runtime::{End, NodeId, World};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

fn end(id: NodeId, how: End) {
    World::current(|world| world.end(id, how));
}

/// Runs a closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Waiting, runnable and never polled: all are dropped at the end, in the order of their starts.
#[test]
fn every_task_is_dropped_once() {
    for how in [End::Shutdown, End::Kill, End::PowerOff, End::Wipe] {
        let log = Log::default();
        let inner = log.clone();
        value(fifo(), async move {
            let outer = inner.clone();
            let id = start("n", move || {
                let log = inner.clone();
                async move {
                    let says = ["waits", "sleeps", "runs"].map(|name| Says(log.clone(), name));
                    let [waits, sleeps, runs] = says;
                    spawn(async move {
                        let _says = waits;
                        pending::<()>().await;
                    });
                    spawn(async move {
                        let _says = sleeps;
                        sleep(ms(100)).await;
                    });
                    spawn(async move {
                        let _says = runs;
                        loop {
                            yield_now().await;
                            sleep(ms(1)).await;
                        }
                    });
                    sleep(ms(1)).await;
                    let unpolled = Says(log.clone(), "unpolled");
                    spawn(async move { drop(unpolled) });
                    let _main = Says(log.clone(), "main");
                    pending::<()>().await;
                }
            });
            sleep(ms(1)).await;
            yield_now().await;
            outer.say("end");
            end(id, how);
            outer.say("ended");
            end(id, how);
            sleep(ms(200)).await;
        });
        let mut lines = log.take();
        assert_eq!((lines.remove(0), lines.pop().unwrap()), ("1 end".into(), "1 ended".into()));
        lines.sort();
        let all = ["main", "runs", "sleeps", "unpolled", "waits"];
        assert_eq!(lines, all.map(|name| format!("1 {name} dropped dead")), "{how}");
    }
}

/// A process that ends itself goes on to its next await, with no effect, and no further.
#[test]
fn a_process_ends_itself() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let outer = inner.clone();
        let id = start("n", move || {
            let log = inner.clone();
            async move {
                let _main = Says(log.clone(), "main");
                let other = Says(log.clone(), "other");
                spawn(async move {
                    let _other = other;
                    pending::<()>().await;
                });
                yield_now().await;
                end(node::current(), End::Kill);
                log.say(format!("lives {}", World::current(World::current_process_lives)));
                let says = Says(log.clone(), "spawned too late");
                assert!(spawn(async move { drop(says) }).is_finished());
                yield_now().await;
                log.say("never");
            }
        });
        sleep(ms(1)).await;
        outer.say(format!("up {}", World::current(|world| world.node_is_up(id))));
        World::current(|world| world.start(id));
        sleep(ms(1)).await;
    });
    let life =
        ["other dropped dead", "lives false", "spawned too late dropped dead", "main dropped dead"];
    let mut expected: Vec<_> = life.iter().map(|line| format!("0 {line}")).collect();
    expected.push("1 up false".into());
    expected.extend(life.iter().map(|line| format!("1 {line}")));
    assert_eq!(log.take(), expected);
}

/// A program that restarts itself and returns at once does not end its next life.
#[test]
fn a_process_restarts_itself() {
    value(fifo(), async {
        let id = start("n", || async {
            if node::incarnation() < 3 {
                World::current(|world| world.restart(node::current()));
                return;
            }
            pending::<()>().await;
        });
        sleep(ms(1)).await;
        World::current(|world| {
            assert_eq!((world.incarnation(id), world.node_is_up(id)), (3, true));
        });
    });
}

/// What a dead process drops starts nothing.
#[test]
fn a_drop_in_a_dead_process_spawns_nothing() {
    let ran = Rc::new(Cell::new(false));
    let inner = ran.clone();
    value(fifo(), async move {
        let id = start("n", move || {
            let ran = inner.clone();
            async move {
                let _spawns = OnDrop(move || {
                    let ran = ran.clone();
                    let handle = spawn(async move { ran.set(true) });
                    assert!(handle.is_finished());
                });
                pending::<()>().await;
            }
        });
        yield_now().await;
        end(id, End::Kill);
        sleep(ms(1)).await;
    });
    assert!(!ran.get());
}

/// Ends that cause ends: node 1's drop ends node 2, whose drop ends node 3 and node 1 again.
#[test]
fn ends_within_drops() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let names = ["one", "two", "three"];
        for (i, name) in names.into_iter().enumerate() {
            let log = inner.clone();
            start(name, move || {
                let log = log.clone();
                async move {
                    let _says = Says(log.clone(), name);
                    let _ends = OnDrop(move || {
                        for next in [(i + 1) % 3 + 1, (i + 2) % 3 + 1] {
                            end(NodeId(next as u16), End::PowerOff);
                        }
                    });
                    pending::<()>().await;
                }
            });
        }
        sleep(ms(1)).await;
        end(NodeId(1), End::Kill);
        World::current(|world| {
            assert!((1..=3).all(|id| !world.node_is_up(NodeId(id))));
        });
        sleep(ms(1)).await;
    });
    assert_eq!(log.take(), ["1 three dropped dead", "1 two dropped dead", "1 one dropped dead"]);
}

/// A task ends a node whose drop ends the node of that very task: it is dropped when it yields.
#[test]
fn a_drop_ends_the_one_that_caused_it() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let victim = start("victim", || async {
            let _ends = OnDrop(|| end(NodeId(2), End::Kill));
            pending::<()>().await;
        });
        let killer = start("killer", move || {
            let log = inner.clone();
            async move {
                let _says = Says(log.clone(), "killer");
                yield_now().await;
                end(victim, End::Kill);
                log.say(format!("lives {}", World::current(World::current_process_lives)));
                yield_now().await;
                log.say("never");
            }
        });
        sleep(ms(1)).await;
        assert!(!World::current(|world| world.node_is_up(killer)));
        sleep(ms(1)).await;
    });
    assert_eq!(log.take(), ["0 lives false", "0 killer dropped dead"]);
}

/// A task that aborts itself in its `Drop`, or whose drop ends its own node, harms nobody else.
#[test]
fn a_drop_aborts_itself() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let slot: Rc<RefCell<Option<AbortHandle>>> = Rc::default();
        let own = slot.clone();
        let task = spawn(async move {
            let _aborts = OnDrop(move || own.borrow().as_ref().unwrap().abort());
            pending::<()>().await;
        });
        *slot.borrow_mut() = Some(task.abort_handle());
        yield_now().await;
        task.abort();
        for turn in 0..3 {
            yield_now().await;
            inner.say(turn);
        }
        let id = start("n", || async {
            let task = spawn(async {
                let _ends = OnDrop(|| end(NodeId(1), End::Kill));
                pending::<()>().await;
            });
            yield_now().await;
            task.abort();
            pending::<()>().await;
        });
        for turn in 3..9 {
            yield_now().await;
            inner.say(turn);
        }
        assert!(!World::current(|world| world.node_is_up(id)));
    });
    assert_eq!(log.take(), (0..9).map(|turn| format!("0 {turn}")).collect::<Vec<_>>());
}

/// The end of a run drops everything inside of it, and nothing has an effect any more.
#[test]
fn the_end_of_a_run_drops_all_tasks() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        for name in ["background", "another"] {
            let says = Says(inner.clone(), name);
            spawn(async move {
                let _says = says;
                pending::<()>().await;
            });
        }
        let on_node = inner.clone();
        start("n", move || {
            let says = Says(on_node.clone(), "on a node");
            async move {
                let _says = says;
                pending::<()>().await;
            }
        });
        let spawns = OnDrop(|| assert!(spawn(async {}).is_finished()));
        spawn(async move {
            let _spawns = spawns;
            pending::<()>().await;
        });
        sleep(ms(1)).await;
    });
    assert_eq!(
        log.take(),
        ["1 background dropped dead", "1 another dropped dead", "1 on a node dropped dead"]
    );
}

#[test]
fn the_tests_own_node_has_no_end() {
    for what in [
        (|world: &World| world.end(NodeId::TEST, End::Kill)) as fn(&World),
        |world| world.pause(NodeId::TEST),
        |world| world.shutdown(NodeId::TEST, ms(1)),
    ] {
        let outcome = crate::run(fifo(), async move { World::current(what) });
        let failure = outcome.result.unwrap_err();
        assert!(failure.message.starts_with("the test's own node cannot be "), "{failure}");
        assert!(failure.site.contains("ends.rs"), "{failure}");
    }
}

/// A panic in a `Drop` at the end of a process fails the run, and the world stays in order.
#[test]
fn a_panic_in_a_drop_is_a_failure() {
    let outcome = crate::run(fifo(), async {
        let id = start("n", || async {
            let _panics = OnDrop(|| panic!("in a drop"));
            pending::<()>().await;
        });
        yield_now().await;
        end(id, End::Kill);
        assert_eq!(&*node::name(), "test");
    });
    let failure = outcome.result.unwrap_err();
    assert_eq!((failure.kind.name(), failure.message.as_str()), ("panic", "in a drop"));
}
