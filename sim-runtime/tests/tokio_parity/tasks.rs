//! Spawning, joining, aborting, panicking.

use super::scenarios;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Becomes runnable again at once.
async fn wakes_itself() {
    let mut woken = false;
    poll_fn(|cx| {
        if woken {
            return Poll::Ready(());
        }
        woken = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

scenarios! {
    /// Tasks run in the order in which they were spawned and woken; the spawner goes on first. (tokio's `yield_now` is left
    /// out: it defers wakes, and documents no order.)
    turns(log) {
        let tasks = [0, 1, 2].map(|i| {
            let log = log.clone();
            rt::task::spawn(async move {
                for turn in 0..3 {
                    log.say(format!("task {i} turn {turn}"));
                    wakes_itself().await;
                }
                i
            })
        });
        log.say("spawned");
        for task in tasks {
            log.say(task.await.unwrap());
        }
    }

    /// Tasks that spawn tasks.
    generations(log) {
        let inner = log.clone();
        let handle = rt::task::spawn(async move {
            inner.say("child");
            let innermost = inner.clone();
            let grandchild = rt::task::spawn(async move {
                innermost.say("grandchild");
                rt::time::sleep(ms(3)).await;
                7
            });
            inner.say("child spawned");
            grandchild.await.unwrap() + 1
        });
        log.say(handle.await.unwrap());
    }

    /// A handle that is dropped lets its task run on.
    detached(log) {
        let inner = log.clone();
        drop(rt::task::spawn(async move {
            rt::time::sleep(ms(5)).await;
            inner.say("still here");
        }));
        rt::time::sleep(ms(10)).await;
        log.say("end");
    }

    is_finished(log) {
        let handle = rt::task::spawn(async { rt::time::sleep(ms(5)).await });
        let abort = handle.abort_handle();
        log.say((handle.is_finished(), abort.is_finished()).0);
        rt::time::sleep(ms(4)).await;
        log.say(handle.is_finished());
        rt::time::sleep(ms(2)).await;
        log.say(handle.is_finished());
        log.say(abort.is_finished());
        log.say(handle.id() == abort.id());
        handle.await.unwrap();
        log.say(abort.is_finished());
        abort.abort();
    }

    /// Aborted before its first turn, a task never runs, but what it holds is dropped.
    abort_before_the_first_poll(log) {
        let (inner, says) = (log.clone(), Says(log.clone(), "dropped"));
        let handle = rt::task::spawn(async move {
            inner.say("never");
            drop(says);
        });
        handle.abort();
        log.say("aborted");
        log.say(handle.is_finished());
        let error = handle.await.unwrap_err();
        log.say(format!("{} {}", error.is_cancelled(), error.is_panic()));
        log.say(error.try_into_panic().is_err());
    }

    /// Aborted while it waits, a task is dropped at its next turn and not before.
    abort_while_pending(log) {
        let (says, other) = (Says(log.clone(), "dropped"), log.clone());
        let handle = rt::task::spawn(async move {
            let _says = says;
            pending::<()>().await;
        });
        let abort = handle.abort_handle();
        rt::time::sleep(ms(5)).await;
        let bystander = rt::task::spawn(async move { other.say("a turn for another") });
        abort.abort();
        abort.abort();
        log.say("aborted");
        log.say(abort.is_finished());
        rt::task::yield_now().await;
        log.say(abort.is_finished());
        log.say(handle.await.unwrap_err().is_cancelled());
        bystander.await.unwrap();
    }

    /// A task that is runnable already when it is aborted has no more turn.
    abort_while_runnable(log) {
        let inner = log.clone();
        let handle = rt::task::spawn(async move {
            for turn in 0..10 {
                inner.say(turn);
                rt::task::yield_now().await;
            }
        });
        rt::task::yield_now().await;
        rt::task::yield_now().await;
        handle.abort();
        log.say("aborted");
        log.say(handle.await.unwrap_err().is_cancelled());
    }

    /// Aborting what has ended changes nothing.
    abort_after_the_end(log) {
        let handle = rt::task::spawn(async { 5 });
        rt::task::yield_now().await;
        handle.abort();
        log.say(handle.await.unwrap());
    }

    /// A task that aborts itself goes on to its next await and no further.
    abort_of_oneself(log) {
        let (tx, rx) = tokio::sync::oneshot::channel::<rt::task::AbortHandle>();
        let (inner, says) = (log.clone(), Says(log.clone(), "dropped"));
        let handle = rt::task::spawn(async move {
            let _says = says;
            rx.await.unwrap().abort();
            inner.say("goes on");
            rt::task::yield_now().await;
            inner.say("never");
        });
        tx.send(handle.abort_handle()).unwrap();
        log.say(handle.await.unwrap_err().is_cancelled());
    }

    /// A task that aborts itself and ends in the same turn has ended well or not as in tokio.
    abort_of_oneself_and_end(log) {
        let (tx, rx) = tokio::sync::oneshot::channel::<rt::task::AbortHandle>();
        let handle = rt::task::spawn(async move {
            rx.await.unwrap().abort();
            9
        });
        tx.send(handle.abort_handle()).unwrap();
        log.say(handle.await.is_ok());
    }

    /// What a dropped task does in its `Drop` happens: its process lives.
    drops_of_aborted_tasks_act(log) {
        struct Spawns(Option<Log>);
        impl Drop for Spawns {
            fn drop(&mut self) {
                let log = self.0.take().unwrap();
                log.say("dropping");
                rt::task::spawn(async move { log.say("spawned in a drop") });
            }
        }
        let spawns = Spawns(Some(log.clone()));
        let handle = rt::task::spawn(async move {
            let _spawns = spawns;
            pending::<()>().await;
        });
        rt::time::sleep(ms(1)).await;
        handle.abort();
        log.say(handle.await.unwrap_err().is_cancelled());
        rt::time::sleep(ms(1)).await;
        log.say("end");
    }

    /// A lock that an aborter holds is not entered by the drop of its victim.
    an_abort_does_not_reenter(log) {
        struct Unlists(Arc<std::sync::Mutex<Vec<u8>>>, Log);
        impl Drop for Unlists {
            fn drop(&mut self) {
                self.1.say(self.0.try_lock().is_ok());
            }
        }
        let list = Arc::new(std::sync::Mutex::new(Vec::new()));
        let unlists = Unlists(list.clone(), log.clone());
        let handle = rt::task::spawn(async move {
            let _unlists = unlists;
            pending::<()>().await;
        });
        rt::time::sleep(ms(1)).await;
        {
            let mut list = list.lock().unwrap();
            handle.abort();
            list.push(1);
        }
        log.say(handle.await.is_err());
    }

    /// A panic is an error of the handle, with its payload.
    panics(log) {
        let handle = rt::task::spawn(async {
            rt::task::yield_now().await;
            panic!("boom");
        });
        let error: rt::task::JoinError = match handle.await {
            Ok(()) => return,
            Err(error) => error,
        };
        log.say(format!("{} {}", error.is_panic(), error.is_cancelled()));
        log.say(error.into_panic().downcast_ref::<&str>().unwrap());

        let handle = rt::task::spawn(async {
            std::panic::panic_any(42_u32);
        });
        rt::time::sleep(ms(1)).await;
        log.say(handle.is_finished());
        let payload = handle.await.unwrap_err().try_into_panic().unwrap();
        log.say(payload.downcast_ref::<u32>().unwrap());
    }

    /// What a panicking task holds is dropped, and those who wait for it are woken.
    a_panic_drops_what_the_task_holds(log) {
        let (tx, rx) = tokio::sync::oneshot::channel::<()>();
        let says = Says(log.clone(), "dropped");
        rt::task::spawn(async move {
            let (_tx, _says) = (tx, says);
            rt::time::sleep(ms(2)).await;
            panic!("boom");
        });
        log.say(rx.await.is_err());
    }

    ids(log) {
        let mine = rt::task::id();
        log.say(rt::task::try_id() == Some(mine));
        let handle = rt::task::spawn(async { rt::task::id() });
        let id = handle.id();
        log.say(id == handle.await.unwrap());
        log.say(id == mine);
    }
}
