//! `JoinSet`.

use super::scenarios;
use std::future::pending;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

scenarios! {
    /// Tasks are joined in the order in which they ended.
    in_the_order_of_the_ends(log) {
        let mut set = rt::task::JoinSet::new();
        for n in [30, 10, 20, 10, 0] {
            set.spawn(async move {
                rt::time::sleep(ms(n)).await;
                n
            });
        }
        log.say(set.len());
        while let Some(ended) = set.join_next().await {
            log.say(ended.unwrap());
        }
        log.say(set.is_empty());
        log.say(set.join_next().await.is_none());
    }

    /// Also when all had ended before anybody asked.
    ends_before_the_first_question(log) {
        let mut set = rt::task::JoinSet::new();
        for n in [30, 10, 20, 10] {
            set.spawn(async move {
                rt::time::sleep(ms(n)).await;
                n
            });
        }
        rt::time::sleep(ms(15)).await;
        log.say(set.try_join_next().unwrap().unwrap());
        rt::time::sleep(ms(100)).await;
        log.say(set.len());
        while let Some(ended) = set.try_join_next() {
            log.say(ended.unwrap());
        }
        log.say(set.is_empty());
    }

    join_all_is_in_the_order_of_the_ends(log) {
        let mut set = rt::task::JoinSet::new();
        for n in [3, 1, 2] {
            set.spawn(async move {
                rt::time::sleep(ms(n)).await;
                n
            });
        }
        rt::time::sleep(ms(10)).await;
        log.say(format!("{:?}", set.join_all().await));
        let set: rt::task::JoinSet<u8> = [5, 6].into_iter().map(|n| async move { n }).collect();
        log.say(format!("{:?}", set.join_all().await));
    }

    ids(log) {
        let mut set = rt::task::JoinSet::new();
        let first = set.spawn(async { 1 });
        let second = set.spawn(async { 2 });
        let (id, value) = set.join_next_with_id().await.unwrap().unwrap();
        log.say(format!("{} {value}", id == first.id()));
        let (id, value) = set.try_join_next_with_id().unwrap().unwrap();
        log.say(format!("{} {value}", id == second.id()));
        log.say(set.try_join_next_with_id().is_none());
        let third = set.spawn(pending());
        third.abort();
        let error = set.join_next_with_id().await.unwrap().unwrap_err();
        log.say(error.id() == third.id());
    }

    /// A task of the set that is aborted or panics is joined as an error.
    errors(log) {
        let mut set = rt::task::JoinSet::<u8>::new();
        let aborted = set.spawn(pending());
        set.spawn(async { panic!("boom") });
        set.spawn(async { 3 });
        rt::time::sleep(ms(1)).await;
        aborted.abort();
        while let Some(ended) = set.join_next().await {
            match ended {
                Ok(value) => log.say(value),
                Err(error) => log.say(format!("{} {}", error.is_panic(), error.is_cancelled())),
            }
        }
        log.say(aborted.is_finished());
    }

    /// `join_all` passes a panic on.
    join_all_panics(log) {
        let mut set = rt::task::JoinSet::<u8>::new();
        set.spawn(async { panic!("boom") });
        let outer = rt::task::spawn(async move { set.join_all().await });
        let payload = outer.await.unwrap_err().into_panic();
        log.say(payload.downcast_ref::<&str>().unwrap());
    }

    shutdown(log) {
        let mut set = rt::task::JoinSet::new();
        for name in ["one", "two", "three"] {
            let says = Says(log.clone(), name);
            set.spawn(async move {
                let _says = says;
                pending::<()>().await;
            });
        }
        rt::time::sleep(ms(1)).await;
        set.shutdown().await;
        log.say(set.len());
    }

    abort_all(log) {
        let mut set = rt::task::JoinSet::new();
        set.spawn(pending::<()>());
        set.spawn(async { rt::time::sleep(ms(1)).await });
        rt::time::sleep(ms(2)).await;
        set.abort_all();
        log.say(set.len());
        let mut cancelled = 0;
        while let Some(ended) = set.join_next().await {
            cancelled += usize::from(ended.is_err());
        }
        log.say(cancelled);
    }

    /// Detached tasks run on; tasks of a set that is dropped do not.
    detaching_and_dropping(log) {
        let mut set = rt::task::JoinSet::new();
        let inner = log.clone();
        set.spawn(async move {
            rt::time::sleep(ms(5)).await;
            inner.say("runs on");
        });
        set.detach_all();
        log.say(set.len());
        let (inner, says) = (log.clone(), Says(log.clone(), "dropped"));
        set.spawn(async move {
            rt::time::sleep(ms(5)).await;
            inner.say("never");
            drop(says);
        });
        rt::time::sleep(ms(1)).await;
        drop(set);
        log.say("set dropped");
        rt::time::sleep(ms(10)).await;
        log.say("end");
    }

    /// Waiting for the next end can be given up and taken up again.
    join_next_is_cancel_safe(log) {
        let mut set = rt::task::JoinSet::new();
        for n in [5, 12] {
            set.spawn(async move {
                rt::time::sleep(ms(n)).await;
                n
            });
        }
        for _ in 0..5 {
            match rt::time::timeout(ms(3), set.join_next()).await {
                Ok(ended) => log.say(ended.unwrap().unwrap()),
                Err(_) => log.say("gave up"),
            }
        }
    }
}
