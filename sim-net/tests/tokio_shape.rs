//! The socket has tokio's methods with tokio's signatures: the same code compiles against both.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::{Context, Poll};

/// Code that was written for one of the two, compiled for each.
macro_rules! written_for {
    ($module:ident, $socket:ty, $to_socket_addrs:path) => {
        mod $module {
            use super::*;

            type Socket = $socket;

            pub fn methods() {
                let _: fn(&Socket) -> io::Result<SocketAddr> = Socket::local_addr;
                let _: fn(&Socket) -> io::Result<SocketAddr> = Socket::peer_addr;
                let _: fn(&Socket, &[u8]) -> io::Result<usize> = Socket::try_send;
                let _: fn(&Socket, &[u8], SocketAddr) -> io::Result<usize> = Socket::try_send_to;
                let _: fn(&Socket, &mut [u8]) -> io::Result<usize> = Socket::try_recv;
                let _: fn(&Socket, &mut [u8]) -> io::Result<(usize, SocketAddr)> =
                    Socket::try_recv_from;
                let _: fn(&Socket, &mut [u8]) -> io::Result<usize> = Socket::try_peek;
                let _: fn(&Socket, &mut [u8]) -> io::Result<(usize, SocketAddr)> =
                    Socket::try_peek_from;
                let _: fn(&Socket) -> io::Result<SocketAddr> = Socket::try_peek_sender;
                let _: fn(&Socket) -> io::Result<Option<io::Error>> = Socket::take_error;
                let _: fn(&Socket, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>> =
                    Socket::poll_send;
                let _: fn(&Socket, &mut Context<'_>, &[u8], SocketAddr) -> Poll<io::Result<usize>> =
                    Socket::poll_send_to;
                let _: fn(&Socket, &mut Context<'_>) -> Poll<io::Result<()>> =
                    Socket::poll_recv_ready;
                let _: fn(&Socket, &mut Context<'_>) -> Poll<io::Result<()>> =
                    Socket::poll_send_ready;
            }

            pub fn traits() {
                fn shared<T: Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
                shared::<Socket>();
                fn address<A: $to_socket_addrs + ?Sized>() {}
                address::<SocketAddr>();
                address::<std::net::SocketAddrV4>();
                address::<std::net::SocketAddrV6>();
                address::<(IpAddr, u16)>();
                address::<(Ipv4Addr, u16)>();
                address::<(std::net::Ipv6Addr, u16)>();
                address::<&[SocketAddr]>();
                address::<str>();
                address::<&str>();
                address::<(&str, u16)>();
                address::<(String, u16)>();
                address::<String>();
                address::<&&String>();
            }

            /// Futures can be sent to other threads, as `tokio::spawn` demands.
            pub fn futures() {
                fn sendable<T: Send>(future: T) -> T {
                    future
                }
                drop(sendable(program()));
            }

            pub async fn program() -> io::Result<()> {
                let server = Socket::bind("127.0.0.1:0").await?;
                let address: SocketAddr = server.local_addr()?;
                let client = Socket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                client.connect(address).await?;
                client.writable().await?;
                let sent: usize = client.send(b"one").await?;
                assert_eq!(sent, 3);
                let sent: usize = client.send_to(b"two", &address).await?;
                assert_eq!(sent, 3);
                server.readable().await?;
                let mut buffer = [0; 8];
                let (bytes, from): (usize, SocketAddr) = server.peek_from(&mut buffer).await?;
                assert_eq!((bytes, from), (3, client.local_addr()?));
                assert_eq!(server.peek_sender().await?, from);
                assert_eq!(server.peek(&mut buffer).await?, 3);
                let (bytes, from): (usize, SocketAddr) = server.recv_from(&mut buffer).await?;
                assert_eq!(&buffer[..bytes], b"one");
                assert_eq!(server.recv(&mut buffer[..2]).await?, 2);
                assert_eq!(&buffer[..2], b"tw");
                assert_eq!(
                    server.try_recv(&mut buffer).unwrap_err().kind(),
                    io::ErrorKind::WouldBlock
                );
                assert_eq!(server.peer_addr().unwrap_err().kind(), io::ErrorKind::NotConnected);
                assert_eq!(
                    Socket::bind(address).await.unwrap_err().kind(),
                    io::ErrorKind::AddrInUse
                );
                assert_eq!(
                    Socket::bind("192.0.2.1:0").await.unwrap_err().kind(),
                    io::ErrorKind::AddrNotAvailable
                );
                assert!(server.send(b"nowhere").await.is_err());
                assert!(server.send_to(&[0; 65_508], from).await.is_err());
                assert_eq!(server.send_to(&[], from).await?, 0);
                assert_eq!(client.recv(&mut buffer).await?, 0);
                // Nobody listens any more: the second call learns it.
                drop(server);
                client.send(b"three").await?;
                let refused = client.recv(&mut buffer).await.unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
                assert!(client.take_error()?.is_none());
                Ok(())
            }
        }
    };
}

written_for!(for_tokio, tokio::net::UdpSocket, tokio::net::ToSocketAddrs);
written_for!(for_us, sim_net::UdpSocket, sim_net::ToSocketAddrs);

#[test]
fn signatures_are_those_of_tokio() {
    for_tokio::methods();
    for_us::methods();
    for_tokio::traits();
    for_us::traits();
    for_tokio::futures();
    for_us::futures();
}

#[test]
fn the_same_program_passes_on_the_real_network() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(for_tokio::program()).unwrap();
}

#[test]
fn the_same_program_passes_in_a_simulation() {
    let outcome = sim_runtime::Simulation::new(sim_runtime::Config::default())
        .device(sim_net::Net::default())
        .run(for_us::program());
    outcome.result.unwrap().unwrap();
}
