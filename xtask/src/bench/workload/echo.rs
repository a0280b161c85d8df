//! w3udp: clients that ask a server and wait for the answer, with datagrams.

use super::super::params::Params;
use super::{MESSAGE, Prepared, config, done, network, start};
use sim_net::UdpSocket;
use sim_runtime::task::spawn;
use sim_runtime::{Simulation, World};
use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (clients, rounds) = (params.number("c")?, params.number("r")?);
    let hosts = params.number_or("h", clients)?;
    if hosts != clients && hosts != 1 {
        return Err(format!("h={hosts}: write 1, or leave it out for a node for each client"));
    }
    let config = config(params)?;
    Ok(Box::new(move || {
        let run = Simulation::new(config).device(network(0));
        let outcome = run.run(async move {
            let good = Rc::new(Cell::new(0));
            let server = start("server", serve);
            let server = SocketAddr::new(World::current(|world| world.node_address(server)), 1);
            let count = good.clone();
            let nodes: Vec<_> = (0..hosts)
                .map(|host| {
                    let good = count.clone();
                    start(&format!("client-{host}"), move || {
                        let ids = if hosts == 1 { 0..clients } else { host..host + 1 };
                        ask_together(ids, rounds, server, good.clone())
                    })
                })
                .collect();
            for node in nodes {
                World::exited(node).await.expect("a client gets its answers");
            }
            2 * good.get()
        });
        done(&outcome, 2 * clients * rounds)
    }))
}

async fn serve() -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:1").await?;
    let mut buffer = [0; MESSAGE];
    loop {
        let (bytes, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..bytes], from).await?;
    }
}

/// The clients of one node.
async fn ask_together(
    ids: std::ops::Range<u64>,
    rounds: u64,
    server: SocketAddr,
    good: Rc<Cell<u64>>,
) -> io::Result<()> {
    if ids.end - ids.start == 1 {
        return ask(ids.start, rounds, server, good).await;
    }
    let tasks: Vec<_> = ids.map(|id| spawn(ask(id, rounds, server, good.clone()))).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn ask(id: u64, rounds: u64, server: SocketAddr, good: Rc<Cell<u64>>) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    let mut reply = [0; MESSAGE];
    for round in 0..rounds {
        let request = request(id, round);
        socket.send_to(&request, server).await?;
        socket.recv_from(&mut reply).await?;
        good.set(good.get() + u64::from(reply == request));
    }
    Ok(())
}

fn request(client: u64, round: u64) -> [u8; MESSAGE] {
    let mut bytes = [0x5A; MESSAGE];
    bytes[..8].copy_from_slice(&client.to_le_bytes());
    bytes[8..16].copy_from_slice(&round.to_le_bytes());
    bytes
}
