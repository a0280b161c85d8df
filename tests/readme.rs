//! The example of the README and of the crate's front page, as a test.

use squall::prelude::*;

#[squall::test(seeds = 200)]
async fn pings_are_answered(sim: Sim) -> squall::Result {
    sim.node("server", || async {
        let socket = UdpSocket::bind("0.0.0.0:7").await?;
        let mut buffer = [0; 64];
        while let Ok((len, from)) = socket.recv_from(&mut buffer).await {
            socket.send_to(&buffer[..len], from).await?;
        }
        std::io::Result::Ok(())
    });
    let clients = sim.nodes("client", 2, || async {
        let socket = UdpSocket::bind("0.0.0.0:0").await?;
        let mut buffer = [0; 64];
        loop {
            socket.send_to(b"ping", "server:7").await?;
            match timeout(100.millis(), socket.recv(&mut buffer)).await {
                Ok(len) => return len.map(|_| ()),
                Err(_) => continue, // lost: ask again
            }
        }
    });
    sim.faults(FaultModel::none().omission());
    clients.finished().within(2.minutes()).await
}
