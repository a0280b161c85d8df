//! A counter that survives power failures. So it says.

use squall::fs::{self, OpenOptions};
use squall::net::UdpSocket;
use std::io;

/// Serves the counter: each datagram asks for one more, and is answered by itself and the new value.
pub async fn serve() -> io::Result<()> {
    // One byte for each increment: the length is the value.
    let file = OpenOptions::new().append(true).create(true).open("/counter").await?;
    fs::sync_dir("/").await?;
    let socket = UdpSocket::bind("0.0.0.0:7").await?;
    let mut request = [0; 8];
    loop {
        let (len, from) = socket.recv_from(&mut request).await?;
        let value = file.append(&[1]).await? + 1;
        let answer = [&request[..len], &value.to_le_bytes()].concat();
        // BUG: the client is told before the byte is durable.
        socket.send_to(&answer, from).await?;
        file.sync_all().await?;
    }
}
