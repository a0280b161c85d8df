//! Sleeps and timeouts.

use super::scenarios;
use std::future::{pending, ready};
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

scenarios! {
    /// Sleepers wake in the order of their deadlines, whatever the order in which they went to sleep.
    sleepers_wake_by_deadline(log) {
        let sleepers = [30, 10, 20, 1, 0, 4_000, 64, 65, 100_000].map(|n| {
            let log = log.clone();
            rt::task::spawn(async move {
                rt::time::sleep(ms(n)).await;
                log.say(format!("slept {n}"));
            })
        });
        for sleeper in sleepers {
            sleeper.await.unwrap();
        }
        log.say("all");
    }

    /// A sleep of nothing, and one until an instant that has passed, end at once.
    sleeping_no_time(log) {
        rt::time::sleep(Duration::ZERO).await;
        log.say("zero");
        let start = rt::time::Instant::now();
        rt::time::sleep(ms(10)).await;
        rt::time::sleep_until(start).await;
        log.say("past");
        rt::time::sleep_until(rt::time::Instant::now()).await;
        log.say("now");
        let sleep = rt::time::sleep(ms(5));
        log.say(log.ms(sleep.deadline()));
        log.say(sleep.is_elapsed());
    }

    /// A task that sleeps no time against one that yields: who gets the turns.
    no_time_against_a_yield(log) {
        let other = log.clone();
        let yields = rt::task::spawn(async move {
            for i in 0..3 {
                other.say(format!("yields {i}"));
                rt::task::yield_now().await;
            }
        });
        let other = log.clone();
        let sleeps = rt::task::spawn(async move {
            for i in 0..3 {
                other.say(format!("sleeps {i}"));
                rt::time::sleep(Duration::ZERO).await;
            }
        });
        yields.await.unwrap();
        sleeps.await.unwrap();
    }

    /// A pinned sleep can be moved, back and forth, before and after it ended.
    resetting_a_sleep(log) {
        let sleep = rt::time::sleep(ms(50));
        futures::pin_mut!(sleep);
        let later = rt::time::Instant::now() + ms(80);
        sleep.as_mut().reset(later);
        sleep.as_mut().await;
        log.say("later");
        sleep.as_mut().reset(later + ms(20));
        log.say(sleep.is_elapsed());
        let now = rt::time::Instant::now();
        assert!(futures::poll!(sleep.as_mut()).is_pending());
        sleep.as_mut().reset(now + ms(5));
        sleep.as_mut().await;
        log.say("sooner");
        sleep.as_mut().reset(now);
        sleep.as_mut().await;
        log.say(sleep.is_elapsed());
    }

    /// A timeout asks the value first: ready at the deadline, it wins. Otherwise time wins.
    a_value_at_the_deadline_wins(log) {
        for n in [9, 10, 11] {
            let bounded = rt::time::timeout(ms(10), rt::time::sleep(ms(n))).await;
            log.say(format!("{n} {}", bounded.is_ok()));
        }
        log.say(rt::time::timeout(Duration::ZERO, ready(1)).await.unwrap());
        log.say(rt::time::timeout(Duration::ZERO, pending::<()>()).await.unwrap_err());
        let past = rt::time::Instant::now() - ms(5);
        log.say(rt::time::timeout_at(past, ready(2)).await.unwrap());
        log.say(rt::time::timeout_at(past, pending::<()>()).await.is_err());
        log.say(rt::time::timeout_at(past + ms(10), pending::<()>()).await.is_err());
    }

    /// A value that another task delivers at the very instant of the deadline.
    a_message_at_the_deadline(log) {
        for n in [9, 10, 11] {
            let (tx, rx) = tokio::sync::oneshot::channel();
            let sends = rt::task::spawn(async move {
                rt::time::sleep(ms(n)).await;
                tx.send(n).is_ok()
            });
            let got = rt::time::timeout(ms(10), rx).await;
            log.say(format!("{n} {}", got.is_ok()));
            log.say(sends.await.unwrap());
        }
    }

    /// Timeouts in timeouts: the inner one speaks first when both are due.
    nested_timeouts(log) {
        for (outer, inner) in [(10, 20), (20, 10), (10, 10)] {
            let nested = rt::time::timeout(ms(outer), rt::time::timeout(ms(inner), pending::<()>()));
            match nested.await {
                Ok(inner) => log.say(format!("inner {}", inner.is_err())),
                Err(_) => log.say("outer"),
            }
        }
        let error: std::io::Error = rt::time::timeout(ms(1), pending::<()>()).await.unwrap_err().into();
        log.say(format!("{:?}", error.kind()));
    }

    /// A dropped timer wakes nobody; one that never ends holds nobody up.
    dropped_timers(log) {
        drop(rt::time::sleep(ms(5)));
        let forgotten = rt::task::spawn(rt::time::sleep(Duration::MAX));
        let (tx, rx) = tokio::sync::oneshot::channel::<()>();
        {
            let sleep = rt::time::sleep(ms(7));
            futures::pin_mut!(sleep);
            assert!(futures::poll!(sleep.as_mut()).is_pending());
        }
        rt::task::spawn(async move {
            rt::time::sleep(ms(20)).await;
            tx.send(()).unwrap();
        });
        rx.await.unwrap();
        log.say("only the sender woke us");
        forgotten.abort();
        log.say(forgotten.await.unwrap_err().is_cancelled());
    }

    /// Races between timers, by both families of macros.
    races(log) {
        let fast = rt::time::sleep(ms(5));
        let slow = rt::time::sleep(ms(6));
        futures::pin_mut!(fast, slow);
        match futures::future::select(fast, slow).await {
            futures::future::Either::Left(((), slow)) => {
                log.say("fast");
                slow.await;
                log.say("slow");
            }
            futures::future::Either::Right(_) => log.say("wrong"),
        }
        for n in [3, 4, 5] {
            tokio::select! {
                biased;
                () = rt::time::sleep(ms(4)) => log.say(format!("four before {n}")),
                () = rt::time::sleep(ms(n)) => log.say(format!("{n} before four")),
            }
        }
        let mut many: futures::stream::FuturesUnordered<_> = [9, 3, 6, 3]
            .into_iter()
            .enumerate()
            .map(|(i, n)| async move {
                rt::time::sleep(ms(n)).await;
                i
            })
            .collect();
        while let Some(i) = futures::StreamExt::next(&mut many).await {
            log.say(i);
        }
    }

    /// Instants count, compare and saturate alike.
    instants(log) {
        let early = rt::time::Instant::now();
        rt::time::sleep(ms(15)).await;
        let late = rt::time::Instant::now();
        log.say(format!("{:?}", late.duration_since(early)));
        log.say(format!("{:?}", early.duration_since(late)));
        log.say(format!("{:?}", early.checked_duration_since(late)));
        log.say(format!("{:?}", early.saturating_duration_since(late)));
        log.say(format!("{:?} {:?}", late - early, early - late));
        log.say(early.elapsed().as_millis());
        log.say(late.checked_add(Duration::MAX).is_none());
        log.say(early + ms(15) == late && late - ms(15) == early && early < late);
    }
}
