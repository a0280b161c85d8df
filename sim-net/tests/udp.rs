//! Sockets behave as UDP sockets do on Linux, whatever happens to the processes.

mod common;

use common::{MS, counts, end, ms, node, passes, run_on, start, steady};
use sim_net::{DATAGRAM_BYTES_MAX, DATAGRAM_OVERHEAD_BYTES, Errno, NetConfig, UdpSocket};
use sim_runtime::task::spawn;
use sim_runtime::time::{Duration, Instant, timeout};
use sim_runtime::{End, World};
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

async fn bound(port: u16) -> UdpSocket {
    UdpSocket::bind(("0.0.0.0", port)).await.unwrap()
}

async fn echo() -> io::Result<()> {
    let socket = bound(7).await;
    let mut buffer = [0; 1024];
    loop {
        let (bytes, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..bytes], from).await?;
    }
}

/// Receives one datagram within a second.
async fn next(socket: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = [0; 64];
    let bytes = timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.ok()?.unwrap();
    Some(buffer[..bytes].to_vec())
}

#[test]
fn an_echo_comes_back_from_where_it_was_sent_to() {
    passes(async {
        node("server", echo);
        let socket = bound(0).await;
        ms(1).await;
        assert_eq!(socket.send_to(b"hello", "server:7").await.unwrap(), 5);
        let mut buffer = [0; 3];
        let answer = socket.recv_from(&mut buffer).await.unwrap();
        assert_eq!(answer, (3, "10.0.0.2:7".parse().unwrap()), "the rest of a datagram is lost");
        assert_eq!(&buffer, b"hel");
        assert_eq!(Instant::now().as_nanos(), 21 * MS);
        assert!(socket.try_recv(&mut buffer).is_err_and(|e| e.kind() == ErrorKind::WouldBlock));
        let error = socket.send_to(b"x", "nobody:7").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no node is called `nobody`: a host name is the name of a node"
        );
    });
}

#[test]
fn within_a_node_nothing_is_lost_and_order_is_kept() {
    passes(async {
        sim_net::control::lose(sim_net::Links::All, sim_runtime::choice::Ratio::ONE).keep();
        let (one, two) = (bound(1).await, bound(2).await);
        for n in 0..100 {
            let to = if n % 2 == 0 { "127.0.0.1:2" } else { "10.0.0.1:2" };
            one.send_to(&[n], to).await.unwrap();
        }
        for n in 0..100 {
            assert_eq!(next(&two).await, Some(vec![n]));
        }
        assert_eq!(Instant::now().as_nanos(), 20_000);
    });
}

#[test]
fn the_size_of_a_datagram_is_bounded() {
    passes(async {
        let (one, two) = (bound(1).await, bound(2).await);
        let bytes = vec![7; DATAGRAM_BYTES_MAX + 1];
        let error = one.send_to(&bytes, "127.0.0.1:2").await.unwrap_err();
        assert_eq!(Errno::of(&error), Some(Errno::MessageTooLong));
        one.send_to(&bytes[1..], "127.0.0.1:2").await.unwrap();
        let mut buffer = vec![0; 70_000];
        assert_eq!(two.recv(&mut buffer).await.unwrap(), DATAGRAM_BYTES_MAX);
    });
}

#[test]
fn a_killed_process_refuses_and_a_machine_without_power_is_silent() {
    for (how, refuses) in
        [(End::Shutdown, true), (End::Kill, true), (End::PowerOff, false), (End::Wipe, false)]
    {
        passes(async move {
            let server = node("server", echo);
            let (plain, connected) = (bound(1).await, bound(2).await);
            connected.connect("server:7").await.unwrap();
            ms(1).await;
            end(server, how);
            plain.send_to(b"x", "server:7").await.unwrap();
            connected.send(b"x").await.unwrap();
            ms(100).await;
            let mut buffer = [0; 8];
            let kind = |result: io::Result<usize>| result.unwrap_err().kind();
            assert_eq!(kind(plain.try_recv(&mut buffer)), ErrorKind::WouldBlock);
            let first = kind(connected.try_recv(&mut buffer));
            assert_eq!(first == ErrorKind::ConnectionRefused, refuses, "{how}: {first}");
            assert_eq!(kind(connected.try_recv(&mut buffer)), ErrorKind::WouldBlock);
            start(server);
            ms(1).await;
            connected.send(b"again").await.unwrap();
            assert_eq!(next(&connected).await.unwrap(), b"again");
        });
    }
}

#[test]
fn a_refusal_wakes_who_waits_and_can_get_lost() {
    passes(async {
        let server = node("server", echo);
        let socket = bound(2).await;
        socket.connect("server:9").await.unwrap();
        socket.send(b"x").await.unwrap();
        let error = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(Instant::now().as_nanos(), 20 * MS);
        socket.send(b"x").await.unwrap();
        let cut = sim_net::control::block(server, sim_net::NodeId::TEST);
        assert_eq!(next(&socket).await, None);
        cut.lift();
        // A node that has never started is a machine that is off.
        let spec = sim_runtime::node::NodeSpec::new("later", echo);
        World::current(|world| world.add_node(spec));
        socket.connect("later:7").await.unwrap();
        socket.send(b"x").await.unwrap();
        assert_eq!(next(&socket).await, None);
    });
}

#[test]
fn a_datagram_to_an_address_without_a_machine_vanishes() {
    passes(async {
        let socket = bound(0).await;
        assert_eq!(socket.send_to(b"x", "10.9.9.9:1").await.unwrap(), 1);
        let error = socket.send_to(b"x", "8.8.8.8:1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        assert_eq!(next(&socket).await, None);
    });
}

#[test]
fn a_paused_process_keeps_what_fits_into_its_buffer() {
    let net = NetConfig { receive_buffer_bytes: 5 * (DATAGRAM_OVERHEAD_BYTES + 1), ..steady() };
    let outcome = run_on(net, 1, async {
        let got = Rc::new(RefCell::new(Vec::new()));
        let sink = got.clone();
        let server = node("server", move || {
            let sink = sink.clone();
            async move {
                let socket = bound(7).await;
                while let Some(datagram) = next(&socket).await {
                    sink.borrow_mut().extend(datagram);
                }
            }
        });
        let socket = bound(0).await;
        ms(1).await;
        World::current(|world| world.pause(server));
        for n in 0..9 {
            socket.send_to(&[n], "server:7").await.unwrap();
        }
        ms(900).await;
        assert_eq!(*got.borrow(), []);
        World::current(|world| world.resume(server));
        ms(50).await;
        assert_eq!(*got.borrow(), [0, 1, 2, 3, 4]);
    });
    outcome.result.unwrap();
    assert_eq!(counts(outcome.ledger.lines(), "overflow"), (4, 4));
}

#[test]
fn a_datagram_for_an_earlier_process_reaches_its_successor() {
    let ledger = passes(async {
        let lives = Rc::new(RefCell::new(Vec::new()));
        let seen = lives.clone();
        let server = node("server", move || {
            let seen = seen.clone();
            async move {
                let socket = bound(7).await;
                let got = next(&socket).await;
                seen.borrow_mut().push((sim_runtime::node::incarnation(), got));
            }
        });
        let socket = bound(0).await;
        ms(1).await;
        socket.send_to(b"stale", "server:7").await.unwrap();
        ms(5).await;
        end(server, End::PowerOff);
        start(server);
        ms(2_000).await;
        assert_eq!(*lives.borrow(), [(1, Some(b"stale".to_vec()))]);
    });
    assert_eq!(counts(&ledger, "stale"), (1, 1));
}

#[test]
fn a_datagram_of_an_earlier_process_still_arrives() {
    let ledger = passes(async {
        let client = node("client", || async {
            let socket = bound(5).await;
            socket.send_to(&[sim_runtime::node::incarnation() as u8], "test:1").await?;
            std::future::pending::<io::Result<()>>().await
        });
        let socket = bound(1).await;
        ms(5).await;
        end(client, End::Kill);
        start(client);
        assert_eq!(next(&socket).await, Some(vec![0]));
        assert_eq!(next(&socket).await, Some(vec![1]));
    });
    assert_eq!(counts(&ledger, "stale"), (1, 1));
}

/// Sends when it is dropped, and notes what came of it.
struct LastWords(UdpSocket, Rc<RefCell<Vec<Option<Errno>>>>);

impl Drop for LastWords {
    fn drop(&mut self) {
        let sent = self.0.try_send_to(b"farewell", "10.0.0.1:1".parse().unwrap());
        self.1.borrow_mut().push(sent.map_or_else(|error| Errno::of(&error), |_| None));
    }
}

#[test]
fn a_process_that_ended_sends_nothing() {
    passes(async {
        let words = Rc::new(RefCell::new(Vec::new()));
        let spoken = words.clone();
        let client = node("client", move || {
            let spoken = spoken.clone();
            async move {
                let _words = LastWords(bound(5).await, spoken);
                std::future::pending::<()>().await;
            }
        });
        let socket = bound(1).await;
        ms(5).await;
        for how in [End::Kill, End::PowerOff, End::Wipe, End::Shutdown] {
            end(client, how);
            assert_eq!(words.borrow_mut().pop(), Some(Some(Errno::BadDescriptor)));
            assert_eq!(next(&socket).await, None);
            start(client);
            ms(5).await;
        }
        // A task that is aborted in a process that goes on may send.
        let spoken = words.clone();
        let task = spawn(async move {
            let _words = LastWords(bound(6).await, spoken);
            std::future::pending::<()>().await;
        });
        ms(1).await;
        task.abort();
        assert_eq!(next(&socket).await.unwrap(), b"farewell");
        assert_eq!(words.borrow_mut().pop(), Some(None));
    });
}

#[test]
fn dropping_a_socket_or_ending_its_process_frees_the_port() {
    passes(async {
        let socket = bound(1).await;
        let error = UdpSocket::bind("0.0.0.0:1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let several: &[std::net::SocketAddr] =
            &["0.0.0.0:1".parse().unwrap(), "0.0.0.0:2".parse().unwrap()];
        assert_eq!(UdpSocket::bind(several).await.unwrap().local_addr().unwrap().port(), 2);
        drop(socket);
        bound(1).await;
        let task = spawn(async {
            let _socket = bound(3).await;
            std::future::pending::<()>().await;
        });
        ms(1).await;
        task.abort();
        ms(1).await;
        bound(3).await;
        let elsewhere = node("elsewhere", || async { bound(1).await.local_addr().map(drop) });
        World::exited(elsewhere).await.unwrap();
    });
}

#[test]
fn two_tasks_can_wait_for_one_socket_and_one_can_give_up() {
    passes(async {
        let socket = Arc::new(bound(1).await);
        let got = Rc::new(Cell::new(0));
        for _ in 0..3 {
            let (socket, got) = (socket.clone(), got.clone());
            spawn(async move {
                socket.recv(&mut [0; 8]).await.unwrap();
                got.set(got.get() + 1);
            });
        }
        let waiting = timeout(Duration::from_millis(5), socket.readable()).await;
        assert!(waiting.is_err());
        for n in 1..=3 {
            socket.send_to(b"x", "127.0.0.1:1").await.unwrap();
            ms(1).await;
            assert_eq!(got.get(), n);
        }
        socket.send_to(b"kept", "127.0.0.1:1").await.unwrap();
        ms(1).await;
        socket.readable().await.unwrap();
        assert_eq!(socket.peek(&mut [0; 8]).await.unwrap(), 4);
        assert_eq!(socket.peek_sender().await.unwrap(), "127.0.0.1:1".parse().unwrap());
        assert_eq!(next(&socket).await.unwrap(), b"kept");
    });
}

#[test]
fn a_stall_says_which_socket_is_waited_for() {
    let outcome = run_on(steady(), 1, async {
        let socket = bound(4_000).await;
        socket.recv(&mut [0; 8]).await.unwrap();
    });
    let failure = outcome.result.unwrap_err();
    assert!(failure.message.contains("awaits a datagram on test:4000"), "{}", failure.message);
}

#[test]
fn a_socket_of_another_run_is_no_socket() {
    static KEPT: OnceLock<UdpSocket> = OnceLock::new();
    passes(async {
        KEPT.set(bound(1).await).unwrap();
    });
    passes(async {
        let socket = bound(1).await;
        let error = KEPT.get().unwrap().local_addr().unwrap_err();
        assert_eq!(Errno::of(&error), Some(Errno::BadDescriptor));
        socket.local_addr().unwrap();
    });
}

#[test]
fn equal_seeds_make_equal_runs_and_others_differ() {
    let hash = |seed, payload: u8| {
        let outcome = run_on(NetConfig::default(), seed, async move {
            node("server", echo);
            let socket = bound(0).await;
            ms(1).await;
            for _ in 0..20 {
                socket.send_to(&[payload], "server:7").await.unwrap();
            }
            for _ in 0..20 {
                socket.recv(&mut [0; 8]).await.unwrap();
            }
        });
        outcome.result.unwrap();
        outcome.trace_hash
    };
    assert_eq!(hash(1, 0), hash(1, 0));
    assert_ne!(hash(1, 0), hash(2, 0));
    assert_ne!(hash(1, 0), hash(1, 1), "the trace sees what is sent");
}
