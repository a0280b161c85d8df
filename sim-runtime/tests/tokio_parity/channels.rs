//! tokio's own channels and locks: they know no executor, so they must work in a simulation as they do at home.

use super::scenarios;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

scenarios! {
    /// A bounded queue between two tasks: back pressure, order, and the end.
    a_bounded_queue(log) {
        let (tx, mut rx) = mpsc::channel(2);
        let inner = log.clone();
        rt::task::spawn(async move {
            for i in 0..6 {
                tx.send(i).await.unwrap();
                inner.say(format!("sent {i}"));
            }
        });
        rt::time::sleep(ms(1)).await;
        while let Some(i) = rx.recv().await {
            log.say(format!("got {i}"));
            rt::time::sleep(ms(2)).await;
        }
        log.say("closed");
    }

    /// Requests with a channel for the answer, as actors have them.
    an_actor(log) {
        let (tx, mut rx) = mpsc::unbounded_channel::<(u32, oneshot::Sender<u32>)>();
        rt::task::spawn(async move {
            while let Some((n, answer)) = rx.recv().await {
                rt::time::sleep(ms(u64::from(n))).await;
                answer.send(n * n).unwrap();
            }
        });
        let clients = [3, 1, 2].map(|n| {
            let (tx, log) = (tx.clone(), log.clone());
            rt::task::spawn(async move {
                let (answer, reply) = oneshot::channel();
                tx.send((n, answer)).unwrap();
                log.say(reply.await.unwrap());
            })
        });
        drop(tx);
        for client in clients {
            client.await.unwrap();
        }
    }

    /// A sender that is dropped, and one whose task is aborted, wake the receiver.
    gone_senders(log) {
        let (tx, rx) = oneshot::channel::<()>();
        drop(tx);
        log.say(rx.await.unwrap_err());
        let (tx, rx) = oneshot::channel::<()>();
        let holds = rt::task::spawn(async move {
            let _tx = tx;
            std::future::pending::<()>().await;
        });
        rt::task::spawn(async move {
            rt::time::sleep(ms(4)).await;
            holds.abort();
        });
        log.say(rx.await.unwrap_err());
    }

    /// Waiters of a lock are served in order; the lock is held over awaits.
    a_lock(log) {
        let lock = Arc::new(Mutex::new(0));
        let tasks = [0, 1, 2].map(|i| {
            let (lock, log) = (lock.clone(), log.clone());
            rt::task::spawn(async move {
                for _ in 0..2 {
                    let mut held = lock.lock().await;
                    *held += 1;
                    log.say(format!("task {i} has {held}"));
                    rt::time::sleep(ms(3)).await;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        log.say(*lock.lock().await);
    }

    a_read_write_lock(log) {
        let lock = Arc::new(RwLock::new(1));
        let reader = lock.clone().read_owned().await;
        let (other, inner) = (lock.clone(), log.clone());
        let writes = rt::task::spawn(async move {
            *other.write().await += 1;
            inner.say("written");
        });
        rt::time::sleep(ms(5)).await;
        log.say(*reader);
        drop(reader);
        writes.await.unwrap();
        log.say(*lock.read().await);
    }

    notifications(log) {
        let notify = Arc::new(Notify::new());
        let waiters = [0, 1, 2].map(|i| {
            let (notify, log) = (notify.clone(), log.clone());
            rt::task::spawn(async move {
                notify.notified().await;
                log.say(format!("notified {i}"));
            })
        });
        rt::time::sleep(ms(1)).await;
        notify.notify_one();
        rt::time::sleep(ms(1)).await;
        notify.notify_waiters();
        for waiter in waiters {
            waiter.await.unwrap();
        }
        notify.notify_one();
        notify.notified().await;
        log.say("a permit was kept");
    }

    permits(log) {
        let permits = Arc::new(Semaphore::new(2));
        let tasks = [4, 3, 2, 1].map(|n| {
            let (permits, log) = (permits.clone(), log.clone());
            rt::task::spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                rt::time::sleep(ms(n)).await;
                log.say(n);
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        permits.close();
        log.say(permits.acquire().await.is_err());
    }

    watching(log) {
        let (tx, mut rx) = watch::channel(0);
        rt::task::spawn(async move {
            for i in 1..=4 {
                rt::time::sleep(ms(3)).await;
                tx.send(i).unwrap();
            }
        });
        while rx.changed().await.is_ok() {
            let seen = *rx.borrow_and_update();
            log.say(seen);
            rt::time::sleep(ms(5)).await;
        }
        log.say("closed");
    }

    broadcasting(log) {
        let (tx, mut fast) = broadcast::channel(2);
        let mut slow = tx.subscribe();
        let inner = log.clone();
        let reads = rt::task::spawn(async move {
            while let Ok(i) = fast.recv().await {
                inner.say(format!("fast {i}"));
            }
        });
        for i in 0..5 {
            tx.send(i).unwrap();
            rt::time::sleep(ms(1)).await;
        }
        drop(tx);
        loop {
            match slow.recv().await {
                Ok(i) => log.say(format!("slow {i}")),
                Err(broadcast::error::RecvError::Lagged(n)) => log.say(format!("lagged {n}")),
                Err(broadcast::error::RecvError::Closed) => break,
            }
        }
        reads.await.unwrap();
    }

    a_barrier(log) {
        let barrier = Arc::new(Barrier::new(3));
        let tasks = [5, 1, 3].map(|n| {
            let (barrier, log) = (barrier.clone(), log.clone());
            rt::task::spawn(async move {
                rt::time::sleep(ms(n)).await;
                // Only the leader speaks: the order of the others is drawn by tokio itself, on each thread anew.
                if barrier.wait().await.is_leader() {
                    log.say(format!("{n} leads"));
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
    }

    /// A loop over several sources, with branches that are given up and taken up again.
    a_loop_over_sources(log) {
        let (tx, mut numbers) = mpsc::channel(1);
        let (done, mut stop) = oneshot::channel();
        rt::task::spawn(async move {
            for i in 0.. {
                rt::time::sleep(ms(4)).await;
                if tx.send(i).await.is_err() {
                    break;
                }
            }
        });
        rt::task::spawn(async move {
            rt::time::sleep(ms(21)).await;
            done.send("stop").unwrap();
        });
        let idle = rt::time::sleep(ms(6));
        tokio::pin!(idle);
        loop {
            tokio::select! {
                biased;
                why = &mut stop => break log.say(why.unwrap()),
                Some(n) = numbers.recv() => log.say(n),
                () = &mut idle, if !idle.is_elapsed() => log.say("idle"),
            }
        }
    }
}
