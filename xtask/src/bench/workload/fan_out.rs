//! w4: a proposer that sends to four followers and goes on when two have answered.

use super::super::deliveries::Deliveries;
use super::super::params::Params;
use super::{MESSAGE, Prepared, config, done, network, start};
use sim_net::UdpSocket;
use sim_runtime::time::{Duration, Instant, timeout_at};
use sim_runtime::{Simulation, World};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

const NODES: usize = 5;
/// How many followers must answer.
const NEED: u32 = 2;
/// One message in a hundred is lost.
const LOSS_PER_MILLION: u32 = 10_000;
/// When the proposer asks those again that have not answered.
const RETRY: Duration = Duration::from_millis(30);
const PORT: u16 = 1;
const PROPOSE: u8 = 0;
const ACK: u8 = 1;

/// Kind, sender, round.
type Message = (u8, usize, u64);

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (rounds, map) = (params.number("r")?, params.switch_or("map", false)?);
    let config = config(params)?;
    Ok(Box::new(move || {
        let deliveries = Rc::new(Deliveries::default());
        let seen = deliveries.clone();
        let run = Simulation::new(config).device(network(LOSS_PER_MILLION));
        let outcome = run.run(async move {
            let followers: Vec<_> = (1..NODES).map(|me| (me, follower(me, &seen))).collect();
            let proposer =
                start("node-0", move || propose(rounds, in_order(map, &followers), seen.clone()));
            World::exited(proposer).await.expect("the proposer decides every round");
            rounds
        });
        let totals = deliveries.totals();
        let mut done = done(&outcome, rounds);
        (done.events, done.deliveries) = (totals.count, totals);
        done
    }))
}

fn follower(me: usize, seen: &Rc<Deliveries>) -> SocketAddr {
    let seen = seen.clone();
    let node = start(&format!("node-{me}"), move || follow(me, seen.clone()));
    SocketAddr::new(World::current(|world| world.node_address(node)), PORT)
}

/// The followers in the order in which the proposer talks to them: with `map` that of a `HashMap`, as in code that
/// was never written for simulation.
#[expect(clippy::disallowed_types, reason = "the leak is what the parameter asks for")]
fn in_order(map: bool, followers: &[(usize, SocketAddr)]) -> Vec<(usize, SocketAddr)> {
    match map {
        true => followers
            .iter()
            .copied()
            .collect::<std::collections::HashMap<_, _>>()
            .into_iter()
            .collect(),
        false => followers.to_vec(),
    }
}

async fn follow(me: usize, seen: Rc<Deliveries>) -> io::Result<()> {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let mut buffer = [0; MESSAGE];
    loop {
        let (_, from) = socket.recv_from(&mut buffer).await?;
        let message = decode(&buffer);
        seen.add(now(), me, message);
        socket.send_to(&encode(ACK, me, message.2), from).await?;
    }
}

async fn propose(
    rounds: u64,
    followers: Vec<(usize, SocketAddr)>,
    seen: Rc<Deliveries>,
) -> io::Result<()> {
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let mut buffer = [0; MESSAGE];
    for number in 0..rounds {
        let mut round = Round { number, acked: 0 };
        'decided: loop {
            for (id, address) in &followers {
                if round.acked & (1 << id) == 0 {
                    socket.send_to(&encode(PROPOSE, 0, number), *address).await?;
                }
            }
            let deadline = Instant::now() + RETRY;
            while let Ok(received) = timeout_at(deadline, socket.recv_from(&mut buffer)).await {
                received?;
                let message = decode(&buffer);
                seen.add(now(), 0, message);
                if round.take(message) {
                    break 'decided;
                }
            }
        }
    }
    Ok(())
}

/// The proposer without its I/O: which followers answered in this round.
struct Round {
    number: u64,
    acked: u32,
}

impl Round {
    /// Whether the round is decided now.
    fn take(&mut self, (kind, from, round): Message) -> bool {
        if kind == ACK && round == self.number {
            self.acked |= 1 << from;
        }
        self.acked.count_ones() >= NEED
    }
}

fn now() -> Duration {
    Duration::from_nanos(Instant::now().as_nanos())
}

fn encode(kind: u8, from: usize, round: u64) -> [u8; MESSAGE] {
    let mut bytes = [0; MESSAGE];
    bytes[0] = kind;
    bytes[1] = from as u8;
    bytes[8..16].copy_from_slice(&round.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8; MESSAGE]) -> Message {
    let round = bytes[8..16].try_into().expect("a round has eight bytes");
    (bytes[0], usize::from(bytes[1]), u64::from_le_bytes(round))
}
