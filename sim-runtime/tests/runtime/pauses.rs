//! Pausing and resuming a process.

use crate::{Log, Says, fifo, ms, now_ms, start, value};
use sim_runtime::time::{Duration, Instant, interval, sleep};
use sim_runtime::{End, NodeId, World, node};
use std::future::pending;

fn pause(id: NodeId) {
    World::current(|world| world.pause(id));
}

fn resume(id: NodeId) {
    World::current(|world| world.resume(id));
}

/// Tasks stand still, time goes on; timers that fell due meanwhile all fire at the resume, the others when they are due.
#[test]
fn due_timers_fire_at_the_resume() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let id = start("n", move || {
            let log = inner.clone();
            async move {
                for n in [5, 20, 10, 60] {
                    let log = log.clone();
                    sim_runtime::task::spawn(async move {
                        sleep(ms(n)).await;
                        log.say(format!("slept {n}"));
                    });
                }
                pending::<()>().await;
            }
        });
        sleep(ms(7)).await;
        pause(id);
        pause(id);
        assert!(World::current(|world| world.node_is_paused(id) && world.node_is_up(id)));
        sleep(ms(43)).await;
        resume(id);
        resume(id);
        assert!(World::current(|world| !world.node_is_paused(id)));
        sleep(ms(50)).await;
    });
    assert_eq!(log.take(), ["5 slept 5", "50 slept 10", "50 slept 20", "60 slept 60"]);
}

/// Ticks that were missed during a pause come in a burst, as after a `SIGSTOP`.
#[test]
fn an_interval_bursts_after_a_pause() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let id = start("n", move || {
            let log = inner.clone();
            async move {
                let mut ticks = interval(ms(10));
                loop {
                    log.say(ticks.tick().await.as_nanos() / 1_000_000);
                }
            }
        });
        sleep(ms(15)).await;
        pause(id);
        sleep(ms(30)).await;
        resume(id);
        sleep(ms(10)).await;
    });
    assert_eq!(log.take(), ["0 0", "10 10", "45 20", "45 30", "45 40", "50 50"]);
}

/// A process that is killed while it is paused is gone; the next one is not paused.
#[test]
fn a_paused_process_can_be_killed() {
    let log = Log::default();
    let inner = log.clone();
    value(fifo(), async move {
        let id = start("n", move || {
            let log = inner.clone();
            async move {
                let _says = Says(log.clone(), "main");
                log.say(format!("life {}", node::incarnation()));
                loop {
                    sleep(ms(1)).await;
                }
            }
        });
        sleep(ms(5)).await;
        pause(id);
        sleep(ms(5)).await;
        World::current(|world| {
            world.end(id, End::PowerOff);
            assert!(!world.node_is_paused(id));
            world.pause(id);
            assert!(!world.node_is_paused(id), "a node that is down cannot be paused");
            world.start(id);
        });
        sleep(ms(5)).await;
    });
    assert_eq!(
        log.take(),
        ["0 life 0", "10 main dropped dead", "10 life 1", "15 main dropped dead"]
    );
}

/// A process that pauses itself stops at its next await.
#[test]
fn a_process_pauses_itself() {
    value(fifo(), async {
        let id = start("n", || async {
            let before = Instant::now();
            pause(node::current());
            sleep(ms(1)).await;
            assert_eq!(before.elapsed(), Duration::from_millis(30));
        });
        sleep(ms(30)).await;
        resume(id);
        World::exited(id).await.unwrap();
        assert_eq!(now_ms(), 30);
    });
}
