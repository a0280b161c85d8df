//! Datagrams under way and in receive buffers, in one slab whose buffers are used again and again.

use crate::NodeId;
use crate::fabric::LinkId;
use crate::fault::FaultId;
use std::net::SocketAddrV4;

const NONE: u32 = u32::MAX;

/// How many bytes of unused buffers are kept for later datagrams.
const POOL_BYTES: usize = 4 << 20;

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// A datagram.
    Datagram,
    /// Word from the target of a datagram that no socket took it (ICMP destination unreachable, code 3).
    Unreachable,
}

/// A datagram, from the moment it is sent until the code under test has received it.
#[derive(Debug)]
pub struct Packet {
    /// What it is.
    pub cargo: Cargo,
    /// Whether it is the copy of a duplicated one.
    pub copy: bool,
    /// The fault that delayed it.
    pub slowed: Option<FaultId>,
    /// The node it left.
    pub source: NodeId,
    /// The node it goes to.
    pub target: NodeId,
    /// Which life the process of the source was in.
    pub source_life: u32,
    /// Which life the process of the target was in when it was sent.
    pub target_life: u32,
    /// The link it takes; none within a node.
    pub link: Option<LinkId>,
    /// Its number on the link.
    pub sequence: u32,
    /// The address and port of the sending socket.
    pub from: SocketAddrV4,
    /// The address and port it was sent to.
    pub to: SocketAddrV4,
    /// What it carries.
    pub payload: Vec<u8>,
}

struct Slot {
    packet: Packet,
    next: u32,
}

/// The slab of packets.
#[derive(Default)]
pub struct Packets {
    slots: Vec<Slot>,
    free: Vec<u32>,
    pool: Vec<Vec<u8>>,
    pool_bytes: usize,
    payload_bytes: usize,
}

/// Packets in the order in which they came: a list that is threaded through the slab.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    head: u32,
    tail: u32,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { head: NONE, tail: NONE }
    }
}

impl Packets {
    /// Stores a packet and returns its position.
    #[inline]
    pub fn insert(&mut self, packet: Packet) -> u32 {
        self.payload_bytes += packet.payload.capacity();
        if let Some(index) = self.free.pop() {
            self.slots[index as usize].packet = packet;
            return index;
        }
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 packets");
        self.slots.push(Slot { packet, next: NONE });
        index
    }

    /// A packet by its position.
    #[inline]
    pub fn get(&self, index: u32) -> &Packet {
        &self.slots[index as usize].packet
    }

    /// Forgets a packet and keeps its buffer for later.
    #[inline]
    pub fn remove(&mut self, index: u32) {
        let payload = self.take_payload(index);
        self.give_back(payload);
    }

    /// Forgets a packet and returns what it carried.
    #[inline]
    pub fn take_payload(&mut self, index: u32) -> Vec<u8> {
        let payload = std::mem::take(&mut self.slots[index as usize].packet.payload);
        self.payload_bytes -= payload.capacity();
        self.free.push(index);
        payload
    }

    /// An empty buffer.
    #[inline]
    pub fn buffer(&mut self) -> Vec<u8> {
        match self.pool.pop() {
            Some(buffer) => {
                self.pool_bytes -= buffer.capacity();
                buffer
            }
            None => Vec::new(),
        }
    }

    /// Takes a buffer back.
    #[inline]
    pub fn give_back(&mut self, mut buffer: Vec<u8>) {
        let bytes = buffer.capacity();
        if bytes > 0 && self.pool_bytes + bytes <= POOL_BYTES {
            buffer.clear();
            self.pool_bytes += bytes;
            self.pool.push(buffer);
        }
    }

    /// Appends a packet to a queue.
    #[inline]
    pub fn push(&mut self, queue: &mut Queue, index: u32) {
        self.slots[index as usize].next = NONE;
        match queue.tail {
            NONE => queue.head = index,
            tail => self.slots[tail as usize].next = index,
        }
        queue.tail = index;
    }

    /// The first packet of a queue.
    #[inline]
    pub fn first(&self, queue: &Queue) -> Option<u32> {
        (queue.head != NONE).then_some(queue.head)
    }

    /// Takes the first packet out of a queue. It stays in the slab.
    #[inline]
    pub fn pop(&mut self, queue: &mut Queue) -> Option<u32> {
        let index = self.first(queue)?;
        queue.head = self.slots[index as usize].next;
        if queue.head == NONE {
            queue.tail = NONE;
        }
        Some(index)
    }

    /// How many packets there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Roughly how many bytes it holds.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.payload_bytes + self.pool_bytes
    }
}

/// A hash of a payload for the trace: two runs that send different bytes differ where they send them.
/// Multiply-and-fold over 16 bytes at a time, in the manner of wyhash.
#[inline]
pub fn digest(bytes: &[u8]) -> u64 {
    const A: u64 = 0xA076_1D64_78BD_642F;
    const B: u64 = 0xE703_7ED1_A0B4_28DB;
    let fold = |x: u64, y: u64| {
        let product = u128::from(x) * u128::from(y);
        product as u64 ^ (product >> 64) as u64
    };
    let word = |part: &[u8]| u64::from_le_bytes(part.try_into().expect("a word has eight bytes"));
    let mut hash = bytes.len() as u64 ^ A;
    let mut pairs = bytes.chunks_exact(16);
    for pair in &mut pairs {
        let (x, y) = pair.split_at(8);
        hash = hash.rotate_left(23) ^ fold(word(x) ^ A, word(y) ^ B);
    }
    let rest = pairs.remainder();
    if !rest.is_empty() {
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        let (x, y) = last.split_at(8);
        hash = hash.rotate_left(23) ^ fold(word(x) ^ A, word(y) ^ B);
    }
    hash
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn packet(from: &str, to: &str, payload: Vec<u8>) -> Packet {
        Packet {
            cargo: Cargo::Datagram,
            copy: false,
            slowed: None,
            source: NodeId(0),
            target: NodeId(1),
            source_life: 0,
            target_life: 0,
            link: None,
            sequence: 0,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            payload,
        }
    }

    fn numbered(n: u8) -> Packet {
        packet("10.0.0.1:1", "10.0.0.2:2", vec![n])
    }

    #[test]
    fn queues_are_first_in_first_out_and_share_the_slab() {
        let mut packets = Packets::default();
        let (mut one, mut two) = (Queue::default(), Queue::default());
        for n in 0..10 {
            let index = packets.insert(numbered(n));
            packets.push(if n % 2 == 0 { &mut one } else { &mut two }, index);
        }
        let mut drain = |queue: &mut Queue| {
            let mut seen = Vec::new();
            while let Some(index) = packets.pop(queue) {
                seen.push(packets.get(index).payload[0]);
                packets.remove(index);
            }
            seen
        };
        assert_eq!(drain(&mut one), [0, 2, 4, 6, 8]);
        assert_eq!(drain(&mut two), [1, 3, 5, 7, 9]);
        assert_eq!(packets.len(), 0);
    }

    #[test]
    fn a_steady_state_allocates_nothing() {
        let mut packets = Packets::default();
        let first = packets.insert(packet("10.0.0.1:1", "10.0.0.2:2", Vec::with_capacity(64)));
        packets.remove(first);
        let before = packets.memory();
        for n in 0..1_000 {
            let mut buffer = packets.buffer();
            let place = buffer.as_ptr();
            buffer.extend_from_slice(&[n as u8; 64]);
            assert_eq!((buffer.as_ptr(), buffer.capacity()), (place, 64));
            let index = packets.insert(packet("10.0.0.1:1", "10.0.0.2:2", buffer));
            packets.remove(index);
        }
        assert_eq!(packets.memory(), before);
    }

    #[test]
    fn the_pool_is_bounded() {
        let mut packets = Packets::default();
        for _ in 0..1_000 {
            packets.give_back(Vec::with_capacity(65_507));
        }
        assert!(packets.pool_bytes <= POOL_BYTES);
        assert!(packets.pool.len() > 10);
    }

    #[test]
    fn a_digest_sees_each_byte_and_the_length() {
        let whole: Vec<u8> = (0..40).collect();
        let mut seen = std::collections::BTreeSet::from([digest(&whole)]);
        for at in 0..40 {
            let mut changed = whole.clone();
            changed[at] ^= 0x80;
            assert!(seen.insert(digest(&changed)), "byte {at}");
        }
        assert!((0..40).all(|len| seen.insert(digest(&whole[..len]))));
        assert_ne!(digest(&[0; 3]), digest(&[0; 4]));
    }
}
