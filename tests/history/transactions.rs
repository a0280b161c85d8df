//! Transactions over lists, each in one critical section or not.

use super::wire::below;
use super::{fails, passes};
use squall::Scenario;
use squall::check::txn::{IsolationLevel, MicroOp, Seen};
use squall::history::ListAppend;
use squall::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

type Lists = Rc<RefCell<BTreeMap<u64, Vec<u64>>>>;

/// Appends `element` to one key and reads another one.
async fn transact(lists: &Lists, read: u64, append: u64, element: u64, serial: bool) -> Vec<u64> {
    let seen = lists.borrow().get(&read).cloned().unwrap_or_default();
    if !serial {
        // BUG: other transactions run between the read and the write.
        sleep(below(20).millis()).await;
    }
    lists.borrow_mut().entry(append).or_default().push(element);
    seen
}

fn scenario(serial: bool, level: IsolationLevel) -> Scenario {
    Scenario::new("transactions", move |sim| async move {
        let (lists, history) = (Lists::default(), sim.history::<ListAppend>());
        let mut tasks = JoinSet::new();
        for task in 0..3_u64 {
            let lists = lists.clone();
            tasks.spawn(async move {
                let mut client = history.client();
                for step in 0..5 {
                    let element = task * 100 + step;
                    let read = below(2);
                    let (r, a) = (read as i64, 1 - read as i64);
                    let ops = |seen| {
                        vec![MicroOp::Read(r.into(), seen), MicroOp::append(a, element as i64)]
                    };
                    let pending = client.invoke(ops(Seen::Unknown));
                    let seen = transact(&lists, read, 1 - read, element, serial).await;
                    let seen = seen.into_iter().map(|element| (element as i64).into()).collect();
                    pending.ok(ops(Seen::List(seen)));
                    sleep(below(20).millis()).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        history.check(isolation(level))
    })
}

#[test]
fn interleaved_transactions_are_found_and_their_anomaly_is_named() {
    let messages = fails(&scenario(false, IsolationLevel::SERIALIZABLE), 20, "serializable");
    assert!(messages.iter().any(|message| message.contains("write-skew")), "{messages:?}");
    assert!(messages.iter().all(|message| message.contains("would come before itself")));
}

#[test]
fn interleaved_transactions_are_read_committed() {
    passes(&scenario(false, IsolationLevel::READ_COMMITTED), 20);
}

#[test]
fn serial_transactions_pass() {
    passes(&scenario(true, IsolationLevel::STRICT_SERIALIZABLE), 40);
}
