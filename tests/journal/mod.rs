//! A small service that uses most of what there is: servers keep a journal and answer over datagrams once it is durable, clients
//! ask with retries and back-off, and everything that a crash-recovery system meets is done to the servers.

use rand::RngExt;
use squall::fs::OpenOptions;
use squall::prelude::*;
use squall::{Error, Failure, Scenario, buggify, knob, sometimes};
use std::io;

/// Requests that each client wants answered.
const REQUESTS: u64 = 6;

/// The scenario.
pub fn journal() -> Scenario {
    Scenario::new("journal", run)
}

/// What a server exports: an entry is durable.
#[derive(Debug)]
struct Durable {
    entry: u64,
    len: u64,
}

/// One whole run, to be made a part of other scenarios.
pub async fn run(sim: Sim) -> squall::Result {
    let (servers, clients) = (sim.size("servers", 1..=3), sim.size("clients", 1..=4));
    let servers = sim.nodes("server", servers as usize, serve);
    let count = servers.len();
    let clients = sim.nodes("client", clients as usize, move || ask(count));
    sim.watch(|durable: &Durable| match (durable.len % 8, durable.entry >> 32) {
        (0, 0 | 1) => Ok(()),
        _ => Err(Failure::check("whole entries of clients", format!("{durable:?}"))),
    });
    sim.faults(
        FaultModel::crash_recovery().omission().partitions().also(&servers).lasting(5.seconds()),
    );
    sleep(6.seconds()).await;
    sim.heal_all();
    clients.finished().within(1.minutes()).await
}

async fn serve() -> io::Result<()> {
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create(true).open("/journal").await?;
    squall::fs::sync_dir("/").await?;
    // What a power failure left of an entry that was not answered.
    let len = file.metadata().await?.len;
    sometimes!(len > 0, "a server finds its journal again");
    file.set_len(len - len % 8).await?;
    file.sync_all().await?;
    let socket = UdpSocket::bind("0.0.0.0:7").await?;
    let mut buffer = [0; 64];
    loop {
        let (len, from) = socket.recv_from(&mut buffer).await?;
        let Ok(entry) = <[u8; 8]>::try_from(&buffer[..len]) else { continue };
        file.append(&entry).await?;
        if buggify!("a late sync") {
            sleep(knob!("sync_delay_ms", 5, 1..=200).millis()).await;
        }
        file.sync_all().await?;
        let len = file.metadata().await?.len;
        squall::export(&Durable { entry: u64::from_le_bytes(entry), len });
        socket.send_to(&entry, from).await?;
    }
}

async fn ask(servers: usize) -> squall::Result {
    let mut tasks = JoinSet::new();
    for half in 0..2 {
        tasks.spawn(async move {
            let socket = UdpSocket::bind("0.0.0.0:0").await?;
            for request in 0..REQUESTS / 2 {
                answered(&socket, half << 32 | request, servers).await?;
            }
            io::Result::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.map_err(|error| Error::check("a client goes on", error.to_string()))??;
    }
    Ok(())
}

async fn answered(socket: &UdpSocket, request: u64, servers: usize) -> io::Result<()> {
    let mut buffer = [0; 8];
    for attempt in 0_u64.. {
        let server = squall::rand::rng().random_range(0..servers);
        // Refused is what a dead server's machine answers: another attempt, as after silence.
        if socket.send_to(&request.to_le_bytes(), format!("server-{server}:7")).await.is_ok()
            && let Ok(Ok(8)) = timeout(100.millis(), socket.recv(&mut buffer)).await
            && u64::from_le_bytes(buffer) == request
        {
            return Ok(());
        }
        sleep((squall::rand::rng().random_range(1..20) * (attempt + 1).min(10)).millis()).await;
    }
    Ok(())
}
