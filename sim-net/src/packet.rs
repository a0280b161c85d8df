//! Datagrams under way and in receive buffers, in one slab whose buffers are used again and again.

use crate::NodeId;
use crate::fabric::LinkId;
use crate::fault::FaultId;
use std::net::SocketAddrV4;

const NONE: u32 = u32::MAX;

/// Buffers above this size are large: of those, free places keep a bounded amount.
const LARGE_BYTES: usize = 2_048;
const LARGE_BYTES_KEPT: usize = 4 << 20;

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// A datagram.
    Datagram,
    /// Word from the target of a datagram that no socket took it (ICMP destination unreachable, code 3).
    Unreachable,
}

/// What is known of a packet besides what it carries.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// What it is.
    pub cargo: Cargo,
    /// Whether it is the copy of a duplicated one.
    pub copy: bool,
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
    /// The fault that delayed it.
    pub slowed: Option<FaultId>,
    /// The fault that made this copy, unless the link's model did.
    pub copied: Option<FaultId>,
    /// The address and port of the sending socket.
    pub from: SocketAddrV4,
    /// The address and port it was sent to.
    pub to: SocketAddrV4,
}

/// A datagram, from the moment it is sent until the code under test has received it. The buffer of a place in the slab outlives the
/// packets that use it.
#[derive(Debug)]
struct Slot {
    header: Header,
    next: u32,
    payload: Vec<u8>,
}

/// The slab of packets.
#[derive(Debug)]
pub struct Packets {
    slots: Vec<Slot>,
    /// The first of the free places, which are chained.
    free: u32,
    /// Bytes of the large buffers in free places.
    large_bytes: usize,
}

impl Default for Packets {
    fn default() -> Packets {
        Packets { slots: Vec::new(), free: NONE, large_bytes: 0 }
    }
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
    /// Stores a packet and returns its position. `fill` writes what it carries into an empty buffer.
    #[inline]
    pub fn insert(&mut self, header: Header, fill: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let index = self.free;
        if index == NONE {
            return self.grow(header, fill);
        }
        let slot = &mut self.slots[index as usize];
        self.free = slot.next;
        slot.header = header;
        let bytes = slot.payload.capacity();
        if bytes > LARGE_BYTES {
            self.large_bytes -= bytes;
        }
        fill(&mut slot.payload);
        index
    }

    #[cold]
    fn grow(&mut self, header: Header, fill: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let index = u32::try_from(self.slots.len()).expect("fewer than 2^32 packets");
        let mut payload = Vec::new();
        fill(&mut payload);
        self.slots.push(Slot { header, next: NONE, payload });
        index
    }

    /// The header of a packet.
    #[inline]
    pub fn header(&self, index: u32) -> &Header {
        &self.slots[index as usize].header
    }

    /// What a packet carries.
    #[inline]
    pub fn payload(&self, index: u32) -> &[u8] {
        &self.slots[index as usize].payload
    }

    /// Forgets a packet and keeps its buffer for later.
    #[inline]
    pub fn remove(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.payload.clear();
        slot.next = self.free;
        self.free = index;
        if slot.payload.capacity() > LARGE_BYTES {
            self.keep_large(index);
        }
    }

    /// Keeps a large buffer in a free place if there is room for it.
    #[cold]
    fn keep_large(&mut self, index: u32) {
        let payload = &mut self.slots[index as usize].payload;
        let bytes = payload.capacity();
        if self.large_bytes + bytes <= LARGE_BYTES_KEPT {
            self.large_bytes += bytes;
        } else {
            *payload = Vec::new();
        }
    }

    /// Forgets a packet and returns what it carried.
    #[inline]
    pub fn take_payload(&mut self, index: u32) -> Vec<u8> {
        let payload = std::mem::take(&mut self.slots[index as usize].payload);
        self.remove(index);
        payload
    }

    /// An empty buffer, that of the place which the next packet takes if there is one.
    #[inline]
    pub fn buffer(&mut self) -> Vec<u8> {
        let Some(slot) = self.slots.get_mut(self.free as usize) else { return Vec::new() };
        let payload = std::mem::take(&mut slot.payload);
        if payload.capacity() > LARGE_BYTES {
            self.large_bytes -= payload.capacity();
        }
        payload
    }

    /// Takes a buffer back.
    #[inline]
    pub fn give_back(&mut self, mut buffer: Vec<u8>) {
        let index = self.free;
        if let Some(slot) = self.slots.get_mut(index as usize)
            && slot.payload.capacity() == 0
        {
            buffer.clear();
            slot.payload = buffer;
            if slot.payload.capacity() > LARGE_BYTES {
                self.keep_large(index);
            }
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

    /// Roughly how many bytes it holds.
    pub fn memory(&self) -> usize {
        let payloads: usize = self.slots.iter().map(|slot| slot.payload.capacity()).sum();
        self.slots.capacity() * size_of::<Slot>() + payloads
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
    let step = |hash: u64, pair: [u8; 16]| {
        let pair = u128::from_le_bytes(pair);
        hash.rotate_left(23) ^ fold(pair as u64 ^ A, (pair >> 64) as u64 ^ B)
    };
    let (pairs, rest) = bytes.as_chunks();
    let hash = pairs.iter().fold(bytes.len() as u64 ^ A, |hash, pair| step(hash, *pair));
    if rest.is_empty() {
        return hash;
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    step(hash, last)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn header(from: &str, to: &str) -> Header {
        Header {
            cargo: Cargo::Datagram,
            copy: false,
            source: NodeId(0),
            target: NodeId(1),
            source_life: 0,
            target_life: 0,
            link: None,
            sequence: 0,
            slowed: None,
            copied: None,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    impl Packets {
        pub(crate) fn add(&mut self, header: Header, payload: &[u8]) -> u32 {
            self.insert(header, |buffer| {
                assert!(buffer.is_empty());
                buffer.extend_from_slice(payload);
            })
        }

        /// How many packets there are.
        pub(crate) fn len(&self) -> usize {
            let mut free = 0;
            let mut at = self.free;
            while at != NONE {
                free += 1;
                at = self.slots[at as usize].next;
            }
            self.slots.len() - free
        }
    }

    fn any() -> Header {
        header("10.0.0.1:1", "10.0.0.2:2")
    }

    #[test]
    fn queues_are_first_in_first_out_and_share_the_slab() {
        let mut packets = Packets::default();
        let (mut one, mut two) = (Queue::default(), Queue::default());
        for n in 0..10 {
            let index = packets.add(any(), &[n]);
            packets.push(if n % 2 == 0 { &mut one } else { &mut two }, index);
        }
        assert_eq!(packets.len(), 10);
        let mut drain = |queue: &mut Queue| {
            let mut seen = Vec::new();
            while let Some(index) = packets.pop(queue) {
                seen.push(packets.payload(index)[0]);
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
        let first = packets.add(any(), &[7; 64]);
        let place = packets.payload(first).as_ptr();
        packets.remove(first);
        let before = packets.memory();
        for n in 0..1_000 {
            // Sent as a slice, and in a buffer from the pool, as mailboxes do.
            let index = packets.add(any(), &[n as u8; 64]);
            assert_eq!(packets.payload(index).as_ptr(), place);
            let received = packets.take_payload(index);
            packets.give_back(received);
            let mut buffer = packets.buffer();
            assert_eq!((buffer.as_ptr(), buffer.capacity()), (place, 64));
            buffer.extend_from_slice(&[n as u8; 64]);
            let index = packets.insert(any(), |slot| *slot = buffer);
            packets.remove(index);
        }
        assert_eq!(packets.memory(), before);
    }

    #[test]
    fn what_is_kept_of_large_buffers_is_bounded_and_used_again() {
        let mut packets = Packets::default();
        for _ in 0..3 {
            let full: Vec<u32> = (0..200).map(|_| packets.add(any(), &[0; 65_507])).collect();
            full.into_iter().for_each(|index| packets.remove(index));
            assert!((3 << 20..5 << 20).contains(&packets.memory()), "{}", packets.memory());
        }
        let buffers: Vec<Vec<u8>> = (0..200).map(|_| packets.buffer()).collect();
        buffers.into_iter().for_each(|buffer| packets.give_back(buffer));
        for _ in 0..200 {
            packets.give_back(Vec::with_capacity(65_507));
        }
        assert!(packets.large_bytes <= LARGE_BYTES_KEPT);
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
