//! Echo over datagrams: `c` clients send `r` requests of 64 bytes to one server and wait for each answer.
//! `cargo bench -p sim-net -- c=10 r=20000`; prints processor time per message (two messages a request).

use sim_net::{LinkModel, Net, NetConfig, UdpSocket};
use sim_runtime::choice::Distribution;
use sim_runtime::node::NodeSpec;
use sim_runtime::task::Policy;
use sim_runtime::{Bounds, Config, Simulation, World};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

const BYTES: usize = 64;

async fn serve() -> std::io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:7").await?;
    let mut buffer = [0; BYTES];
    loop {
        let (bytes, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..bytes], from).await?;
    }
}

async fn ask(client: u64, requests: u64, good: Rc<Cell<u64>>) -> std::io::Result<()> {
    let server = World::current(|world| world.node_address(sim_net::NodeId(1)));
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    let mut answer = [0; BYTES];
    for number in 0..requests {
        let mut request = [0x5a; BYTES];
        request[..8].copy_from_slice(&client.to_le_bytes());
        request[8..16].copy_from_slice(&number.to_le_bytes());
        socket.send_to(&request, (server, 7)).await?;
        socket.recv_from(&mut answer).await?;
        good.set(good.get() + u64::from(answer == request));
    }
    Ok(())
}

fn run(clients: u64, requests: u64, policy: Policy) -> (u64, u64) {
    let link = LinkModel::with_latency(Distribution::uniform(1_000_000, 9_999_999));
    let net = Net::new(NetConfig { link, ..NetConfig::default() });
    let bounds = Bounds { events: u64::MAX, virtual_time: u64::MAX, ..Bounds::default() };
    let config = Config { seed: 1, policy, bounds, ..Config::default() };
    let outcome = Simulation::new(config).device(net).run(async move {
        let good = Rc::new(Cell::new(0));
        let nodes: Vec<_> = World::current(|world| {
            let server = world.add_node(NodeSpec::new("server", serve));
            world.start(server);
            let client = |number| {
                let good = good.clone();
                let program = move || ask(number, requests, good.clone());
                world.add_node(NodeSpec::new(&format!("client-{number}"), program))
            };
            let nodes: Vec<_> = (0..clients).map(client).collect();
            nodes.iter().for_each(|node| world.start(*node));
            nodes
        });
        for node in nodes {
            World::exited(node).await.expect("a client ends well");
        }
        good.get()
    });
    (outcome.result.expect("the run passes"), outcome.trace_hash)
}

/// Nanoseconds on the processor, as Linux counts them; elsewhere those of the wall clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn cpu_ns() -> u64 {
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let counted = counted.and_then(|text| text.split(' ').next()?.parse().ok());
    counted.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
        since.as_nanos() as u64
    })
}

fn main() {
    let argument = |name: &str, otherwise: u64| {
        let prefix = format!("{name}=");
        let given = std::env::args().find_map(|a| Some(a.strip_prefix(&prefix)?.to_owned()));
        given.map_or(otherwise, |text| text.parse().expect("arguments are name=number"))
    };
    let (clients, requests) = (argument("c", 10), argument("r", 20_000));
    let repeats = argument("repeat", 5);
    let policy = if argument("fifo", 0) == 1 { Policy::Fifo } else { Policy::Random };
    let mut best = f64::INFINITY;
    for _ in 0..repeats {
        let start = cpu_ns();
        let (good, hash) = run(clients, requests, policy);
        let ns = (cpu_ns() - start) as f64 / (2 * clients * requests) as f64;
        assert_eq!(good, clients * requests);
        best = best.min(ns);
        println!("c={clients} r={requests} {ns:.1} ns per message, trace {hash:016x}");
    }
    println!("best {best:.1} ns per message");
}
