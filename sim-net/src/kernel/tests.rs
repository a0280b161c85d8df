use super::*;
use crate::packet::tests::header;

const BUFFER: usize = 4 * (DATAGRAM_OVERHEAD_BYTES + 8);

struct Host {
    kernel: Kernel,
    packets: Packets,
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn host() -> Host {
    let kernel = Kernel::new("10.0.0.2".parse().unwrap(), BUFFER);
    Host { kernel, packets: Packets::default() }
}

impl Host {
    fn bound(&mut self, to: &str) -> SocketId {
        let id = self.kernel.socket();
        self.kernel.bind(id, addr(to)).unwrap();
        id
    }

    fn arrive(&mut self, from: &str, to: &str, payload: &[u8]) -> Arrival {
        let index = self.packets.add(header(from, to), payload);
        let arrival = self.kernel.arrive(&mut self.packets, index);
        if !matches!(arrival, Arrival::Queued(_)) {
            self.packets.remove(index);
        }
        arrival
    }

    fn receive(&mut self, id: SocketId) -> Result<Vec<u8>, Errno> {
        let index = self.kernel.receive(&mut self.packets, id)?;
        Ok(self.packets.take_payload(index))
    }

    fn route(&mut self, id: SocketId, to: &str) -> Result<(String, String), Errno> {
        let route = self.kernel.route(id, Some(addr(to)), 1)?;
        Ok((route.from.to_string(), route.to.to_string()))
    }
}

fn routed(from: &str, to: &str) -> Result<(String, String), Errno> {
    Ok((from.to_owned(), to.to_owned()))
}

#[test]
fn binding_follows_posix() {
    let mut host = host();
    let any = host.bound("0.0.0.0:7000");
    assert_eq!(host.kernel.local_address(any), Ok("0.0.0.0:7000".parse().unwrap()));
    let second = host.kernel.socket();
    assert_eq!(host.kernel.bind(second, addr("10.0.0.2:7000")), Err(Errno::AddressInUse));
    assert_eq!(host.kernel.bind(second, addr("10.0.0.3:7001")), Err(Errno::AddressNotAvailable));
    assert_eq!(host.kernel.bind(second, addr("[::]:7001")), Err(Errno::FamilyNotSupported));
    assert_eq!(host.kernel.bind(second, addr("10.0.0.2:0")), Ok(()));
    assert_eq!(host.kernel.local_address(second), Ok("10.0.0.2:32768".parse().unwrap()));
    assert_eq!(host.kernel.bind(second, addr("10.0.0.2:7002")), Err(Errno::InvalidArgument));
    host.kernel.close(&mut host.packets, any);
    host.bound("10.0.0.2:7000");
}

#[test]
fn a_closed_socket_names_nothing_even_when_its_place_is_used_again() {
    let mut host = host();
    let old = host.bound("0.0.0.0:1");
    host.kernel.close(&mut host.packets, old);
    let new = host.bound("0.0.0.0:1");
    assert_eq!(old.index, new.index);
    host.kernel.close(&mut host.packets, old);
    assert_eq!(host.receive(old), Err(Errno::BadDescriptor));
    assert_eq!(host.receive(new), Err(Errno::WouldBlock));
}

#[test]
fn the_source_address_follows_the_destination() {
    let mut host = host();
    let any = host.bound("0.0.0.0:5");
    assert_eq!(host.route(any, "10.0.0.9:7"), routed("10.0.0.2:5", "10.0.0.9:7"));
    assert_eq!(host.route(any, "10.0.0.2:7"), routed("10.0.0.2:5", "10.0.0.2:7"));
    assert_eq!(host.route(any, "127.0.0.1:7"), routed("127.0.0.1:5", "127.0.0.1:7"));
    assert_eq!(host.route(any, "0.0.0.0:7"), routed("127.0.0.1:5", "127.0.0.1:7"));
    let local = host.bound("127.0.0.1:6");
    assert_eq!(host.route(local, "127.0.0.1:7"), routed("127.0.0.1:6", "127.0.0.1:7"));
    assert_eq!(host.route(local, "10.0.0.9:7"), Err(Errno::InvalidArgument));
}

#[test]
fn sending_checks_its_arguments() {
    let mut host = host();
    let id = host.kernel.socket();
    assert_eq!(host.kernel.route(id, None, 1), Err(Errno::DestinationRequired));
    assert_eq!(host.route(id, "10.0.0.1:0"), Err(Errno::InvalidArgument));
    assert_eq!(host.route(id, "[::1]:7"), Err(Errno::FamilyNotSupported));
    assert_eq!(host.route(id, "8.8.8.8:53"), Err(Errno::NetworkUnreachable));
    assert_eq!(host.route(id, "255.255.255.255:7"), Err(Errno::PermissionDenied));
    let to = Some(addr("10.0.0.1:7"));
    assert_eq!(host.kernel.route(id, to, 65_508), Err(Errno::MessageTooLong));
    assert_eq!(host.kernel.local_address(id).unwrap().port(), 0);
    assert!(host.kernel.route(id, to, 65_507).is_ok());
    assert_eq!(host.kernel.local_address(id).unwrap().port(), 32_768, "sending binds");
}

#[test]
fn datagrams_arrive_in_order_at_the_socket_of_their_port() {
    let mut host = host();
    let (one, two) = (host.bound("0.0.0.0:1"), host.bound("10.0.0.2:2"));
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:1", b"a"), Arrival::Queued(one));
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:2", b"b"), Arrival::Queued(two));
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:1", b"c"), Arrival::Queued(one));
    assert_eq!(host.arrive("127.0.0.1:9", "127.0.0.1:2", b"d"), Arrival::NoSocket);
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:3", b"e"), Arrival::NoSocket);
    assert_eq!(host.kernel.is_readable(&host.packets, two), Ok(true));
    let peeked = host.kernel.peek(&host.packets, two).unwrap();
    assert_eq!(host.packets.payload(peeked), b"b");
    assert_eq!(host.receive(two).unwrap(), b"b");
    assert_eq!(host.kernel.is_readable(&host.packets, two), Ok(false));
    assert_eq!(host.receive(one).unwrap(), b"a");
    assert_eq!(host.receive(one).unwrap(), b"c");
    assert_eq!(host.receive(one), Err(Errno::WouldBlock));
}

#[test]
fn a_full_buffer_drops_what_comes_and_takes_more_once_it_was_read() {
    let mut host = host();
    let id = host.bound("0.0.0.0:1");
    for _ in 0..4 {
        assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:1", &[0; 8]), Arrival::Queued(id));
    }
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:1", &[0; 8]), Arrival::Full(id));
    host.receive(id).unwrap();
    assert_eq!(host.arrive("10.0.0.1:9", "10.0.0.2:1", &[0; 8]), Arrival::Queued(id));
    host.kernel.close(&mut host.packets, id);
    assert_eq!(host.packets.len(), 0, "a closed socket leaves no packet behind");
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    let mut host = host();
    let id = host.bound("0.0.0.0:1");
    host.arrive("10.0.0.4:9", "10.0.0.2:1", b"early");
    host.kernel.connect(id, addr("10.0.0.3:7")).unwrap();
    assert_eq!(host.kernel.peer_address(id), Ok("10.0.0.3:7".parse().unwrap()));
    assert_eq!(host.kernel.local_address(id), Ok("10.0.0.2:1".parse().unwrap()));
    assert_eq!(host.arrive("10.0.0.4:9", "10.0.0.2:1", b"other"), Arrival::NoSocket);
    assert_eq!(host.arrive("10.0.0.3:8", "10.0.0.2:1", b"port"), Arrival::NoSocket);
    assert_eq!(host.arrive("10.0.0.3:7", "10.0.0.2:1", b"peer"), Arrival::Queued(id));
    assert_eq!(host.receive(id).unwrap(), b"early");
    assert_eq!(host.receive(id).unwrap(), b"peer");
    let route = host.kernel.route(id, None, 1).unwrap();
    assert_eq!(route.to, "10.0.0.3:7".parse().unwrap());
}

#[test]
fn refusals_reach_connected_sockets_once() {
    let mut host = host();
    let (plain, connected) = (host.bound("0.0.0.0:1"), host.bound("0.0.0.0:2"));
    host.kernel.connect(connected, addr("10.0.0.3:7")).unwrap();
    let peer = "10.0.0.3:7".parse().unwrap();
    let v4 = |text: &str| text.parse().unwrap();
    assert_eq!(host.kernel.refused(v4("10.0.0.2:1"), peer), None);
    assert_eq!(host.kernel.refused(v4("10.0.0.2:2"), v4("10.0.0.3:8")), None);
    assert_eq!(host.receive(plain), Err(Errno::WouldBlock));
    host.arrive("10.0.0.3:7", "10.0.0.2:2", b"x");
    for call in 0..3 {
        assert_eq!(host.kernel.refused(v4("10.0.0.2:2"), peer), Some(connected));
        assert_eq!(host.kernel.is_readable(&host.packets, connected), Ok(true));
        match call {
            0 => assert_eq!(host.receive(connected), Err(Errno::ConnectionRefused)),
            1 => assert_eq!(host.kernel.route(connected, None, 1), Err(Errno::ConnectionRefused)),
            _ => assert_eq!(host.kernel.take_error(connected), Ok(Some(Errno::ConnectionRefused))),
        }
    }
    assert_eq!(host.receive(connected).unwrap(), b"x");
}

#[test]
fn a_reset_closes_everything_and_a_reboot_forgets_ports() {
    let mut host = host();
    let (one, two) = (host.bound("0.0.0.0:0"), host.bound("0.0.0.0:0"));
    host.arrive("10.0.0.1:9", "10.0.0.2:32768", b"x");
    host.kernel.reset(&mut host.packets, false);
    assert_eq!(host.packets.len(), 0);
    assert_eq!(host.receive(one), Err(Errno::BadDescriptor));
    let next = host.bound("0.0.0.0:0");
    assert_eq!(host.kernel.local_address(next).unwrap().port(), 32_770);
    assert_eq!(next.index, one.index);
    host.kernel.close(&mut host.packets, two);
    assert_eq!(host.receive(next), Err(Errno::WouldBlock), "a stale name closes nothing");
    host.kernel.reset(&mut host.packets, true);
    let next = host.bound("0.0.0.0:0");
    assert_eq!(host.kernel.local_address(next).unwrap().port(), 32_768);
}
