use super::*;

/// Applies the first `length` bytes of a write, as a crash may leave it.
fn apply(file: &mut Vec<u8>, write: &SlotWrite, length: usize) {
    let start = write.offset as usize;
    let end = start + length;
    if file.len() < end {
        file.resize(end, 0);
    }
    file[start..end].copy_from_slice(&write.bytes[..length]);
}

fn record(counter: u64) -> Record {
    let vote = Vote::new(Ballot::new(counter, 2), Value(counter << 40 | 77));
    Record::Acceptor(AcceptorRecord {
        promised: Ballot::new(counter + 1, 1),
        accepted: (counter > 1).then_some(vote),
    })
}

#[test]
fn the_checksum_is_the_known_one() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}

#[test]
fn each_record_comes_back() {
    for record in [
        Record::Acceptor(AcceptorRecord::default()),
        record(1),
        record(2),
        Record::Acceptor(AcceptorRecord {
            promised: Ballot::new(u64::MAX, u16::MAX),
            accepted: Some(Vote::new(Ballot::new(u64::MAX, u16::MAX), Value(u64::MAX))),
        }),
        Record::Proposer(ProposerRecord { counter: u64::MAX }),
    ] {
        let mut file = Vec::new();
        let (mut journal, none) = recover(&file).unwrap();
        assert_eq!(none, None);
        apply(&mut file, &journal.append(&record), SLOT_BYTES);
        assert_eq!(recover(&file), Ok((journal, Some(record))));
    }
}

#[test]
fn every_torn_prefix_leaves_the_state_before_or_after() {
    let mut file = Vec::new();
    let (mut journal, mut before) = recover(&file).unwrap();
    for counter in 1..=6 {
        let after = record(counter);
        let mut journal_after = journal.clone();
        let write = journal_after.append(&after);
        for length in 0..SLOT_BYTES {
            let mut torn = file.clone();
            apply(&mut torn, &write, length);
            let (recovered_journal, recovered) = recover(&torn).unwrap();
            assert_eq!(recovered, before, "record {counter} torn after {length} bytes");
            assert_eq!(recovered_journal, journal, "record {counter} torn after {length} bytes");
        }
        apply(&mut file, &write, SLOT_BYTES);
        assert_eq!(recover(&file), Ok((journal_after.clone(), Some(after))));
        (journal, before) = (journal_after, Some(after));
    }
}

#[test]
fn a_write_after_a_torn_one_goes_to_the_torn_slot() {
    let mut file = Vec::new();
    let (mut journal, _) = recover(&file).unwrap();
    for counter in 1..=3 {
        apply(&mut file, &journal.append(&record(counter)), SLOT_BYTES);
    }
    let torn = journal.append(&record(4));
    apply(&mut file, &torn, 40);
    let (mut journal, newest) = recover(&file).unwrap();
    assert_eq!(newest, Some(record(3)));
    let write = journal.append(&record(5));
    assert_eq!(write.offset, torn.offset);
    apply(&mut file, &write, SLOT_BYTES);
    assert_eq!(recover(&file).unwrap().1, Some(record(5)));
}

#[test]
fn any_torn_suffix_or_flipped_byte_is_noticed() {
    let mut file = Vec::new();
    let (mut journal, _) = recover(&file).unwrap();
    apply(&mut file, &journal.append(&record(1)), SLOT_BYTES);
    let write = journal.append(&record(2));
    apply(&mut file, &write, SLOT_BYTES);
    for index in 0..SLOT_BYTES {
        let mut damaged = file.clone();
        damaged[write.offset as usize + index] ^= 0x40;
        assert_eq!(recover(&damaged).unwrap().1, Some(record(1)), "byte {index}");
    }
}

#[test]
fn two_broken_slots_are_damage_not_an_empty_disk() {
    let mut file = Vec::new();
    let (mut journal, _) = recover(&file).unwrap();
    apply(&mut file, &journal.append(&record(1)), SLOT_BYTES);
    apply(&mut file, &journal.append(&record(2)), SLOT_BYTES);
    file[20] ^= 1;
    file[SLOT_STRIDE + 20] ^= 1;
    assert_eq!(recover(&file), Err(RecoverError::Damaged));
}

#[test]
fn a_whole_slot_of_another_kind_or_place_is_refused() {
    let mut unknown_kind = encode(0, &record(1));
    unknown_kind[KIND_AT] = 9;
    let checksum = crc32(&unknown_kind[..CHECKSUM_AT]);
    unknown_kind[CHECKSUM_AT..].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(recover(&unknown_kind), Err(RecoverError::Unknown { slot: 0 }));

    let misplaced = encode(1, &record(1));
    assert_eq!(recover(&misplaced), Err(RecoverError::Unknown { slot: 0 }));
}
