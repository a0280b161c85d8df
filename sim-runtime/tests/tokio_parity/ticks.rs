//! Intervals.

use super::scenarios;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Ticks, with a stall before some of them, and says when each tick came and for when it was planned.
macro_rules! stalling {
    ($rt:ident, $log:ident, $behavior:ident) => {{
        let mut ticks = $rt::time::interval(ms(10));
        ticks.set_missed_tick_behavior($rt::time::MissedTickBehavior::$behavior);
        for stall in [0, 3, 0, 14, 0, 15, 0, 16, 0, 57, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 4, 0] {
            $rt::time::sleep(ms(stall)).await;
            let planned = ticks.tick().await;
            $log.say(format!("planned {}", $log.ms(planned)));
        }
        $log.say(format!("{:?}", ticks.missed_tick_behavior()));
    }};
}

scenarios! {
    bursts_make_up_for_missed_ticks(log) {
        stalling!(rt, log, Burst);
    }

    delays_start_anew(log) {
        stalling!(rt, log, Delay);
    }

    skips_keep_to_the_period(log) {
        stalling!(rt, log, Skip);
    }

    /// The first tick comes at once, or at the start that was asked for, in the past too.
    starts(log) {
        let mut ticks = rt::time::interval(ms(10));
        log.say(log.ms(ticks.tick().await));
        log.say(log.ms(ticks.tick().await));
        log.say(ticks.period().as_millis());
        let now = rt::time::Instant::now();
        let mut later = rt::time::interval_at(now + ms(25), ms(10));
        log.say(log.ms(later.tick().await));
        log.say(log.ms(later.tick().await));
        let mut past = rt::time::interval_at(now - ms(8), ms(10));
        for _ in 0..4 {
            log.say(log.ms(past.tick().await));
        }
    }

    resets(log) {
        let mut ticks = rt::time::interval(ms(100));
        ticks.tick().await;
        rt::time::sleep(ms(40)).await;
        ticks.reset();
        log.say(log.ms(ticks.tick().await));
        rt::time::sleep(ms(40)).await;
        ticks.reset_immediately();
        log.say(log.ms(ticks.tick().await));
        log.say(log.ms(ticks.tick().await));
        ticks.reset_after(ms(7));
        log.say(log.ms(ticks.tick().await));
        log.say(log.ms(ticks.tick().await));
        let at = rt::time::Instant::now() + ms(333);
        ticks.reset_at(at);
        log.say(log.ms(ticks.tick().await));
        ticks.reset_at(at);
        log.say(log.ms(ticks.tick().await));
        log.say(log.ms(ticks.tick().await));
    }

    /// A tick that was polled for and given up is not lost.
    ticks_are_cancel_safe(log) {
        let mut ticks = rt::time::interval(ms(10));
        for _ in 0..8 {
            match rt::time::timeout(ms(6), ticks.tick()).await {
                Ok(planned) => log.say(format!("planned {}", log.ms(planned))),
                Err(_) => log.say("gave up"),
            }
        }
    }

    /// Ticks beside messages, as a server's loop has them.
    ticks_beside_messages(log) {
        let (tx, mut rx) = tokio::sync::mpsc::channel(4);
        rt::task::spawn(async move {
            for i in 0..6 {
                rt::time::sleep(ms(7)).await;
                tx.send(i).await.unwrap();
            }
        });
        let mut ticks = rt::time::interval(ms(10));
        loop {
            tokio::select! {
                biased;
                planned = ticks.tick() => log.say(format!("tick {}", log.ms(planned))),
                message = rx.recv() => match message {
                    Some(message) => log.say(format!("message {message}")),
                    None => break,
                },
            }
        }
    }
}

#[test]
fn no_interval_has_a_period_of_zero() {
    let tokio = super::run_tokio(|log| async move {
        rt_panics(&log, || drop(tokio::time::interval(Duration::ZERO)));
        fn rt_panics(log: &crate::on_tokio::Log, f: fn()) {
            log.say(crate::ticks::panic_of(f));
        }
    });
    let ours = super::run_ours(|log| async move {
        log.say(panic_of(|| drop(sim_runtime::time::interval(Duration::ZERO))));
    });
    assert_eq!(tokio, ours);
}

fn panic_of(f: fn()) -> String {
    let payload = std::panic::catch_unwind(f).expect_err("it panics");
    payload.downcast_ref::<&str>().map_or_else(String::new, |text| (*text).to_owned())
}
