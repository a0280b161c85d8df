//! What is durable, as bytes that survive a torn write.
//!
//! A journal is a file with two slots, each in a sector of its own. A record goes to the slot that
//! does **not** hold the newest one, carries a growing sequence number and a checksum, and is
//! synced before the next is written. A crash can therefore tear only a slot whose content is not
//! needed: the newest whole slot is the state before or after the interrupted write.
//!
//! ```
//! use protocols::paxos::record::{Journal, ProposerRecord, Record, recover};
//!
//! let (mut journal, newest): (Journal, Option<Record>) = recover(&[]).unwrap();
//! assert_eq!(newest, None);
//!
//! let record = Record::Proposer(ProposerRecord { counter: 7 });
//! let write = journal.append(&record);
//! let mut file = vec![0; write.offset as usize];
//! file.extend_from_slice(&write.bytes);
//! assert_eq!(recover(&file).unwrap().1, Some(record));
//! ```

use super::ballot::{Ballot, Value, Vote};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Bytes of a slot that are written.
pub const SLOT_BYTES: usize = 64;
/// Distance between the slots: one sector, the unit that a power failure can tear.
pub const SLOT_STRIDE: usize = 512;
const SLOTS: u64 = 2;

const MAGIC: [u8; 4] = *b"PAX1";
const KIND_AT: usize = 4;
const SEQUENCE_AT: usize = 8;
const PAYLOAD_AT: usize = 16;
const CHECKSUM_AT: usize = SLOT_BYTES - 4;
const KIND_ACCEPTOR: u8 = 1;
const KIND_PROPOSER: u8 = 2;

const _: () = assert!(SLOT_BYTES <= SLOT_STRIDE);
const _: () = assert!(PAYLOAD_AT + 29 <= CHECKSUM_AT);

/// What an acceptor may never forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptorRecord {
    /// `np`: it takes part in nothing below.
    pub promised: Ballot,
    /// `(na, va)`: its vote with the greatest ballot.
    pub accepted: Option<Vote>,
}

/// What a proposer may never forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposerRecord {
    /// The greatest counter that it has used.
    pub counter: u64,
}

/// The durable state of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// Of an acceptor.
    Acceptor(AcceptorRecord),
    /// Of a proposer.
    Proposer(ProposerRecord),
}

/// Bytes to write and sync as one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotWrite {
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What.
    pub bytes: [u8; SLOT_BYTES],
}

/// Knows which slot comes next. Made by [`recover`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    sequence_next: u64,
}

impl Journal {
    /// Encodes a record for the slot that holds the older one. The write must be synced before
    /// `append` is called again, or both slots could tear.
    pub fn append(&mut self, record: &Record) -> SlotWrite {
        let sequence = self.sequence_next;
        self.sequence_next += 1;
        let slot = sequence % SLOTS;
        SlotWrite { offset: slot * SLOT_STRIDE as u64, bytes: encode(sequence, record) }
    }
}

/// Why a file is not the journal of a process that crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoverError {
    /// Something was stored twice or more, and no slot is whole: this is no torn write.
    Damaged,
    /// A whole slot holds something that this code never wrote.
    Unknown {
        /// Which slot.
        slot: usize,
    },
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecoverError::Damaged => write!(
                f,
                "no slot of the journal is whole: a crash tears one at most, so the disk lost \
                 synced data"
            ),
            RecoverError::Unknown { slot } => write!(
                f,
                "slot {slot} of the journal has a right checksum and unknown content: was it \
                 written by another version?"
            ),
        }
    }
}

impl std::error::Error for RecoverError {}

/// Reads a journal: the newest record, or `None` if nothing was ever stored completely.
///
/// `file` is the whole file; it may be empty, short, or end in a torn write.
///
/// # Errors
/// If no crash can have left such a file.
pub fn recover(file: &[u8]) -> Result<(Journal, Option<Record>), RecoverError> {
    let mut newest: Option<(u64, Record)> = None;
    let mut slots_written = 0;
    let mut slots_whole = 0;
    for slot in 0..SLOTS as usize {
        let start = (slot * SLOT_STRIDE).min(file.len());
        let end = (slot * SLOT_STRIDE + SLOT_BYTES).min(file.len());
        let bytes = &file[start..end];
        slots_written += u32::from(bytes.iter().any(|&byte| byte != 0));
        let Some(bytes) = whole(bytes) else { continue };
        let (sequence, record) = decode(bytes).ok_or(RecoverError::Unknown { slot })?;
        if sequence % SLOTS != slot as u64 {
            return Err(RecoverError::Unknown { slot });
        }
        slots_whole += 1;
        if newest.is_none_or(|(sequence_newest, _)| sequence > sequence_newest) {
            newest = Some((sequence, record));
        }
    }
    squall::sometimes!(slots_whole < slots_written, "a torn record is left aside");
    match newest {
        Some((sequence, record)) => Ok((Journal { sequence_next: sequence + 1 }, Some(record))),
        // The very first write was torn: the same as never having written.
        None if slots_written <= 1 => Ok((Journal { sequence_next: 0 }, None)),
        None => Err(RecoverError::Damaged),
    }
}

fn encode(sequence: u64, record: &Record) -> [u8; SLOT_BYTES] {
    let mut bytes = [0; SLOT_BYTES];
    bytes[..KIND_AT].copy_from_slice(&MAGIC);
    bytes[SEQUENCE_AT..PAYLOAD_AT].copy_from_slice(&sequence.to_le_bytes());
    let payload = &mut bytes[PAYLOAD_AT..CHECKSUM_AT];
    let kind = match record {
        Record::Acceptor(record) => {
            put_ballot(&mut payload[..10], record.promised);
            if let Some(vote) = record.accepted {
                payload[10] = 1;
                put_ballot(&mut payload[11..21], vote.ballot);
                payload[21..29].copy_from_slice(&vote.value.0.to_le_bytes());
            }
            KIND_ACCEPTOR
        }
        Record::Proposer(record) => {
            payload[..8].copy_from_slice(&record.counter.to_le_bytes());
            KIND_PROPOSER
        }
    };
    bytes[KIND_AT] = kind;
    let checksum = crc32(&bytes[..CHECKSUM_AT]);
    bytes[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The slot, if it was written completely.
fn whole(bytes: &[u8]) -> Option<&[u8; SLOT_BYTES]> {
    let bytes: &[u8; SLOT_BYTES] = bytes.try_into().ok()?;
    let stored = u32::from_le_bytes(array(&bytes[CHECKSUM_AT..]));
    (bytes[..KIND_AT] == MAGIC && stored == crc32(&bytes[..CHECKSUM_AT])).then_some(bytes)
}

fn decode(bytes: &[u8; SLOT_BYTES]) -> Option<(u64, Record)> {
    let sequence = u64::from_le_bytes(array(&bytes[SEQUENCE_AT..PAYLOAD_AT]));
    let payload = &bytes[PAYLOAD_AT..CHECKSUM_AT];
    let record = match bytes[KIND_AT] {
        KIND_ACCEPTOR => {
            let accepted = match payload[10] {
                0 => None,
                1 => Some(Vote::new(
                    get_ballot(&payload[11..21]),
                    Value(u64::from_le_bytes(array(&payload[21..29]))),
                )),
                _ => return None,
            };
            Record::Acceptor(AcceptorRecord { promised: get_ballot(&payload[..10]), accepted })
        }
        KIND_PROPOSER => {
            Record::Proposer(ProposerRecord { counter: u64::from_le_bytes(array(&payload[..8])) })
        }
        _ => return None,
    };
    Some((sequence, record))
}

fn put_ballot(bytes: &mut [u8], ballot: Ballot) {
    bytes[..8].copy_from_slice(&ballot.counter.to_le_bytes());
    bytes[8..10].copy_from_slice(&ballot.proposer.to_le_bytes());
}

fn get_ballot(bytes: &[u8]) -> Ballot {
    Ballot::new(u64::from_le_bytes(array(&bytes[..8])), u16::from_le_bytes(array(&bytes[8..10])))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

/// CRC-32 (reflected polynomial 0xEDB88320, as in ISO 3309), a table of 256 entries.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut crc = byte as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    let step = |crc: u32, &byte: &u8| TABLE[((crc ^ u32::from(byte)) & 0xFF) as usize] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests;
