//! Faults of links do what they say, are lifted, and are counted when code under test could notice.

mod common;

use common::{counts, end, ms, node, passes, run_on, start};
use sim_net::control::{self, block, duplicate, lose, partition, slow};
use sim_net::{LinkFault, Links, Net, NetConfig, NodeId, Partition, UdpSocket};
use sim_runtime::choice::Ratio;
use sim_runtime::fault::{self, Aim, Target};
use sim_runtime::time::{Instant, sleep_until};
use sim_runtime::trace::Keep;
use sim_runtime::{Config, End, Simulation, World};
use std::collections::BTreeSet;

const TEST: NodeId = NodeId::TEST;

/// The test's socket and one on a node called `peer` that throws away what it gets.
async fn pair() -> (UdpSocket, NodeId) {
    let peer = node("peer", || async {
        let socket = UdpSocket::bind("0.0.0.0:7").await?;
        let mut buffer = [0; 64];
        loop {
            let (bytes, from) = socket.recv_from(&mut buffer).await?;
            socket.send_to(&buffer[..bytes], from).await?;
        }
        #[allow(unreachable_code)]
        std::io::Result::Ok(())
    });
    let socket = UdpSocket::bind("0.0.0.0:1").await.unwrap();
    ms(1).await;
    (socket, peer)
}

/// The numbers of the datagrams that are there.
fn drain(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 1];
    std::iter::from_fn(|| socket.try_recv(&mut buffer).ok().map(|_| buffer[0])).collect()
}

#[test]
fn a_partition_catches_what_is_under_way_when_it_lasts() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        // Links take 10 ms. Lifted in time, after the arrival would have been, and during the way back.
        for (from, to, arrives) in [(2, 8, true), (5, 12, false), (12, 18, true), (15, 25, false)] {
            let start = Instant::now();
            let at = |ms: u64| start + std::time::Duration::from_millis(ms);
            socket.send_to(&[1], "peer:7").await.unwrap();
            sleep_until(at(from)).await;
            let cut = partition(Partition::isolate(peer));
            assert!(control::is_blocked(TEST, peer));
            sleep_until(at(to)).await;
            cut.lift();
            sleep_until(at(40)).await;
            assert_eq!(drain(&socket).len(), usize::from(arrives), "cut from {from} to {to} ms");
        }
    });
    assert_eq!(counts(&ledger, "partition"), (4, 2));
}

#[test]
fn one_direction_can_be_blocked_and_guards_overlap() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let exchange = async || {
            socket.send_to(&[1], "peer:7").await.unwrap();
            ms(50).await;
            !drain(&socket).is_empty()
        };
        let there = block(TEST, peer);
        assert!(!control::is_blocked(peer, TEST));
        assert!(!exchange().await);
        let both = partition(Partition::halves([TEST], [peer]));
        there.lift();
        assert!(!exchange().await);
        drop(both);
        assert!(exchange().await);
        let kept = block(peer, TEST).keep();
        assert!(!exchange().await);
        assert!(World::current(|world| world.with_device(|net: &Net| net.lift(world, kept))));
        assert!(exchange().await);
        block(peer, TEST).keep();
        control::lift_all();
        assert!(exchange().await);
    });
    assert_eq!(counts(&ledger, "block_link"), (3, 2));
    assert_eq!(counts(&ledger, "partition"), (1, 1));
}

#[test]
fn a_fault_that_nobody_can_notice_is_not_observed() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let _cut = partition(Partition::isolate(peer));
        lose(Links::All, Ratio::ONE).keep();
        socket.send_to(b"x", "peer:99").await.unwrap();
        World::current(|world| world.end(peer, sim_runtime::End::PowerOff));
        socket.send_to(b"x", "peer:7").await.unwrap();
        ms(50).await;
    });
    assert_eq!(counts(&ledger, "partition"), (1, 0));
}

#[test]
fn loss_is_observed_with_each_datagram() {
    let ledger = passes(async {
        let (socket, _) = pair().await;
        let lossy = lose(Links::From(TEST), Ratio::new(1, 4));
        for _ in 0..400 {
            socket.send_to(&[1], "peer:7").await.unwrap();
            ms(1).await;
        }
        ms(50).await;
        let back = drain(&socket).len();
        assert!((250..350).contains(&back), "{back}");
        lossy.lift();
        socket.send_to(&[1], "peer:7").await.unwrap();
        ms(50).await;
        assert_eq!(drain(&socket).len(), 1);
    });
    let (injected, observed) = counts(&ledger, "loss");
    assert!(injected == 1 && (50..150).contains(&observed), "{injected} {observed}");
}

#[test]
fn slow_links_and_copies_are_counted_where_they_arrive() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let slow = slow(Links::One(peer, TEST), 30);
        let copies = duplicate(Links::To(TEST), Ratio::ONE);
        let start = Instant::now();
        socket.send_to(&[1], "peer:7").await.unwrap();
        socket.recv(&mut [0; 8]).await.unwrap();
        assert_eq!(start.elapsed(), std::time::Duration::from_millis(310));
        ms(1).await;
        assert_eq!(drain(&socket), [1]);
        slow.lift();
        copies.lift();
    });
    assert_eq!(counts(&ledger, "slow_link"), (1, 2));
    assert_eq!(counts(&ledger, "duplicate"), (1, 1));
}

/// What is sent while a link holds back comes late, however short the fault was; what is sent afterwards overtakes it.
#[test]
fn a_held_message_comes_very_much_later() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let held = control::inject(LinkFault::hold(Links::One(peer, TEST), 5_000_000_000));
        let start = Instant::now();
        socket.send_to(&[1], "peer:7").await.unwrap();
        ms(25).await;
        held.lift();
        socket.send_to(&[2], "peer:7").await.unwrap();
        let mut buffer = [0; 8];
        socket.recv(&mut buffer).await.unwrap();
        assert_eq!((buffer[0], start.elapsed() < std::time::Duration::from_secs(1)), (2, true));
        socket.recv(&mut buffer).await.unwrap();
        assert_eq!((buffer[0], start.elapsed() > std::time::Duration::from_secs(5)), (1, true));
    });
    assert_eq!(counts(&ledger, "hold"), (1, 1));
}

/// Of what is sent on a link one message is chosen, and the fault is over; a fault of a plan is the kind that does so.
#[test]
fn one_message_is_held_and_no_other() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let target = Target { nodes: vec![TEST], peers: vec![peer], magnitude: 1_000 };
        let hold = fault::kind("hold").unwrap();
        World::current(|world| world.strike_with(|| (hold.start)(world, &target)));
        for n in 0..10 {
            socket.send_to(&[n], "peer:7").await.unwrap();
        }
        ms(25).await;
        assert_eq!(drain(&socket), (1..10).collect::<Vec<_>>());
        assert!(World::current(|world| world.with_device(|net: &Net| net.in_force().is_empty())));
        World::current(|world| (hold.stop)(world, &target));
        ms(1_000).await;
        assert_eq!(drain(&socket), [0]);
    });
    let line = ledger.iter().find(|line| line.kind == "hold").unwrap();
    assert_eq!((line.struck, line.noticed, line.injected, line.observed), (1, 1, 1, 1));
}

/// Each fault of a plan is noticed once, however often; what a test does itself is none of the plan's.
#[test]
fn faults_of_a_plan_are_told_from_those_of_the_test() {
    let ledger = passes(async {
        let (socket, peer) = pair().await;
        let own = lose(Links::From(peer), Ratio::ONE);
        for n in 0..10 {
            socket.send_to(&[n], "peer:7").await.unwrap();
        }
        ms(50).await;
        own.lift();
        let target = Target { nodes: vec![], peers: vec![], magnitude: 1_000_000 };
        let loss = fault::kind("loss").unwrap();
        for messages in [0, 10] {
            World::current(|world| world.strike_with(|| (loss.start)(world, &target)));
            for n in 0..messages {
                socket.send_to(&[n], "peer:7").await.unwrap();
            }
            World::current(|world| (loss.stop)(world, &target));
        }
        end(peer, End::PowerOff);
        start(peer);
    });
    let of = |kind: &str| ledger.iter().find(|line| line.kind == kind).copied().unwrap();
    let loss = of("loss");
    assert_eq!((loss.struck, loss.noticed, loss.injected, loss.observed), (2, 1, 3, 20));
    let power = of("power_off");
    assert_eq!((power.struck, power.noticed, power.observed), (0, 0, 1));
}

#[test]
fn what_links_do_by_themselves_is_no_fault() {
    let mut net = common::steady();
    (net.link.loss, net.link.duplicate) = (Ratio::new(1, 4), Ratio::new(1, 4));
    let outcome = run_on(net, 1, async {
        let (socket, _) = pair().await;
        for n in 0..100 {
            socket.send_to(&[n], "peer:7").await.unwrap();
        }
        ms(100).await;
    });
    let ledger = outcome.ledger.lines();
    for kind in ["model_loss", "model_copy"] {
        let (injected, observed) = counts(ledger, kind);
        assert!(injected > 10 && observed > 10, "{kind}: {injected} {observed}");
    }
    assert_eq!([counts(ledger, "loss"), counts(ledger, "duplicate")], [(0, 0); 2]);
}

#[test]
fn independent_delays_reorder_and_fifo_links_do_not() {
    for fifo in [false, true] {
        let mut net = NetConfig::default();
        net.link.fifo = fifo;
        let outcome = run_on(net, 3, async move {
            let (socket, _) = pair().await;
            for n in 0..100 {
                socket.send_to(&[n], "peer:7").await.unwrap();
            }
            ms(1_000).await;
            assert_eq!(drain(&socket).is_sorted(), fifo);
        });
        outcome.result.unwrap();
        let (injected, observed) = counts(outcome.ledger.lines(), "reorder");
        assert_eq!(observed == 0, fifo);
        assert_eq!(injected, observed);
    }
}

#[test]
fn a_healed_core_talks_whatever_is_in_force() {
    passes(async {
        let (socket, peer) = pair().await;
        lose(Links::All, Ratio::ONE).keep();
        partition(Partition::isolate(peer)).keep();
        World::current(|world| world.heal(&[TEST, peer]));
        block(TEST, peer).keep();
        socket.send_to(&[1], "peer:7").await.unwrap();
        ms(50).await;
        assert_eq!(drain(&socket), [1]);
    });
}

#[test]
fn each_kind_starts_and_stops() {
    let mine = [
        "block_link",
        "duplicate",
        "hold",
        "isolate",
        "loss",
        "one_way",
        "partition",
        "ring",
        "slow_link",
        "slow_node",
    ];
    for name in mine {
        let kind = fault::kind(name).unwrap();
        let ledger = passes(async move {
            let (socket, peer) = pair().await;
            let third = node("third", || async {});
            let fourth = node("fourth", || async {});
            let (nodes, peers) = match kind.aim {
                Aim::Node => (vec![peer], vec![]),
                Aim::Link | Aim::Groups => (vec![TEST], vec![peer]),
                Aim::Everything => (vec![TEST, third, peer, fourth], vec![]),
            };
            let magnitude = kind.magnitude.map_or(0, |magnitude| magnitude.max);
            let target = Target { nodes, peers, magnitude };
            World::current(|world| (kind.start)(world, &target));
            for n in 0..20 {
                socket.send_to(&[n], "peer:7").await.unwrap();
            }
            ms(60_000).await;
            drain(&socket);
            World::current(|world| (kind.stop)(world, &target));
            assert!(World::current(
                |world| world.with_device(|net: &Net| net.in_force().is_empty())
            ));
            for n in 0..20 {
                socket.send_to(&[n], "peer:7").await.unwrap();
            }
            ms(100).await;
            assert_eq!(drain(&socket), (0..20).collect::<Vec<_>>());
        });
        let (injected, observed) = counts(&ledger, name);
        assert!(injected > 0 && observed > 0, "{name}: {injected} {observed}");
    }
}

#[test]
fn the_trace_tells_the_story() {
    let config = Config { keep: Keep::Text, ..Config::default() };
    let outcome = Simulation::new(config).device(Net::new(common::steady())).run(async {
        let (socket, peer) = pair().await;
        socket.send_to(&[1], "peer:7").await.unwrap();
        ms(50).await;
        let cut = partition(Partition::isolate(peer));
        socket.send_to(&[1], "peer:7").await.unwrap();
        cut.lift();
        drop(slow(Links::From(peer), 9));
        drop(control::inject(LinkFault::lose(Links::All, Ratio::ONE).named("flaky")));
    });
    outcome.result.unwrap();
    let lines: Vec<&str> = outcome
        .lines
        .iter()
        .map(|line| line.text.as_str())
        .filter(|text| text.starts_with("net"))
        .collect();
    let want = [
        "net send to peer:7, takes 10.000 ms",
        "net deliver from test:1 to port 7, number 1",
        "net send to test:1, takes 10.000 ms",
        "net deliver from peer:7 to port 1, number 1",
        "net fault partition: {n1 | all others}",
        "net drop to peer:7, blocked",
        "net lift partition: {n1 | all others}",
        "net fault slow_link: n1 -> all, 9 times slower",
        "net lift slow_link: n1 -> all, 9 times slower",
        "net fault flaky: all links, 1/1 lost",
        "net lift flaky: all links, 1/1 lost",
    ];
    assert_eq!(lines, want);
}

#[test]
fn names_of_kinds_are_unique() {
    let kinds = fault::kinds();
    let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds.len());
}
