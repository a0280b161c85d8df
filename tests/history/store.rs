//! A key-value store on one node, with a cache that nobody invalidates or without.

use super::wire::{ask, below, serve};
use super::{fails, passes};
use squall::check::spec::{KeyValue, KeyValueOp, KeyValueRet};
use squall::prelude::*;
use squall::{Scenario, history};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const GET: u64 = 0;
const PUT: u64 = 1;
const DELETE: u64 = 2;

type Store = KeyValue<u64, u64>;

async fn server(cached: bool) -> std::io::Result<()> {
    let held = Rc::new(RefCell::new(BTreeMap::new()));
    let cache = Rc::new(RefCell::new(BTreeMap::new()));
    serve(move |question| {
        let (held, cache) = (held.clone(), cache.clone());
        async move {
            let (mut held, mut cache) = (held.borrow_mut(), cache.borrow_mut());
            match question[..] {
                [GET, key] => {
                    let known: Option<u64> = held.get(&key).copied();
                    // BUG, where there is a cache: a delete does not reach it.
                    let told = if cached { *cache.entry(key).or_insert(known) } else { known };
                    told.into_iter().collect()
                }
                [PUT, key, value] => {
                    held.insert(key, value);
                    cache.insert(key, Some(value));
                    vec![]
                }
                _ => {
                    held.remove(&question[1]);
                    vec![]
                }
            }
        }
    })
    .await
}

async fn load() {
    let server = ["server-0".to_owned()];
    let mut client = history::of::<Store>().client();
    for _ in 0..12 {
        let (key, value) = (below(3), below(1000));
        let (op, question) = match below(5) {
            0 | 1 => (KeyValueOp::Put(key, value), vec![PUT, key, value]),
            2 => (KeyValueOp::Delete(key), vec![DELETE, key]),
            _ => (KeyValueOp::Get(key), vec![GET, key]),
        };
        let answer = async {
            let answer = ask(&server, &question, 1).await?.remove(0);
            Ok::<_, super::wire::GaveUp>(match question[0] {
                GET => KeyValueRet::Value(answer.first().copied()),
                _ => KeyValueRet::Done,
            })
        };
        client.call(op, answer).await.ok();
    }
}

fn scenario(cached: bool) -> Scenario {
    Scenario::new("store", move |sim| async move {
        sim.nodes("server", 1, move || server(cached));
        let clients = sim.nodes("client", 3, load);
        // A datagram that comes twice would put again what was deleted since.
        sim.faults(FaultModel::none().and(&["kill"]).also(&clients));
        clients.finished().within(10.minutes()).await?;
        sim.history::<Store>().check(linearizable(KeyValue::new()))
    })
}

#[test]
fn a_cache_that_is_not_invalidated_is_found() {
    let messages = fails(&scenario(true), 20, "linearizable");
    // Keys are judged one by one: an explanation is about a single one.
    assert!(messages.iter().any(|message| message.contains("delete(")), "{messages:?}");
}

#[test]
fn a_store_without_a_cache_passes() {
    passes(&scenario(false), 60);
}
