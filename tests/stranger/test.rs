use squall::prelude::*;
use stranger::serve;

#[squall::test(seeds = 200)]
async fn what_was_acknowledged_is_kept(sim: Sim) -> squall::Result {
    let servers = sim.nodes("server", 1, serve);
    let clients = sim.nodes("client", 1, || async {
        let socket = UdpSocket::bind("0.0.0.0:0").await?;
        let (mut answer, mut last) = ([0; 16], 0);
        for request in 0_u64..30 {
            loop {
                // A server that is down refuses, or is silent: asked again later.
                let sent = socket.send_to(&request.to_le_bytes(), "server-0:7").await;
                match timeout(100.millis(), socket.recv(&mut answer)).await {
                    Ok(Ok(16)) if sent.is_ok() && answer[..8] == request.to_le_bytes() => break,
                    Ok(_) | Err(_) => sleep(20.millis()).await,
                }
            }
            let value = u64::from_le_bytes(answer[8..].try_into().unwrap());
            squall::always!(value > last, "what was acknowledged is kept", "{value} after {last}");
            last = value;
            sleep(100.millis()).await;
        }
        std::io::Result::Ok(())
    });
    sim.faults(FaultModel::crash_recovery().omission().also(&servers));
    clients.finished().within(5.minutes()).await
}
