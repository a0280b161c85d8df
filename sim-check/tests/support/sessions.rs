//! Random small histories of sessions, and whether the judge of their guarantees agrees with an exhaustive one.

use sim_check::session::{
    SessionAccess, SessionGuarantee, check_session_guarantee, verify_session_guarantee,
    verify_session_violation,
};
use sim_check::{Budget, OperationId, ProcessId, Verdict};

use super::random::Random;

type Access = SessionAccess<u8, u8>;

/// Sessions that read and write some keys; each read returns any value of the key, also a later one.
pub fn draw_sessions(random: &mut Random) -> Vec<Access> {
    let sessions = 1 + random.below(3);
    let keys = 1 + random.below(2);
    let steps = 2 + random.below(8);
    let wild = random.below(4) == 0;
    let mut accesses: Vec<Access> = Vec::new();
    // What each key held, the last one latest.
    let mut values: Vec<Vec<u8>> = vec![Vec::new(); keys];
    let mut next = 1;
    for i in 0..steps {
        let key = random.below(keys);
        let is_write = values[key].len() < 4 && random.below(2) == 0;
        let value = if is_write {
            values[key].push(next);
            next += 1;
            Some(next - 1)
        } else {
            let held = &values[key];
            let is_stale = random.below(3) == 0;
            let stale = if is_stale { random.below(held.len() + 1) } else { 0 };
            held.iter().rev().nth(stale).copied()
        };
        accesses.push(SessionAccess {
            id: OperationId(i as u32),
            process: ProcessId(random.below(sessions) as u64),
            key: key as u8,
            value,
            is_write,
            is_certain: !is_write || random.below(8) > 0,
        });
    }
    if wild {
        for access in accesses.iter_mut().filter(|access| !access.is_write) {
            let held = &values[usize::from(access.key)];
            access.value = held.get(random.below(held.len() + 1)).copied();
        }
    }
    accesses
}

/// Whether some order of the versions of each key, the initial one first, meets the guarantee: it is tried with every
/// pair of accesses of a session.
fn exhaustive(guarantee: SessionGuarantee, accesses: &[Access]) -> bool {
    let mut keys: Vec<u8> = accesses.iter().map(|access| access.key).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().all(|key| {
        let mine: Vec<&Access> = accesses.iter().filter(|access| access.key == key).collect();
        let writes = mine.iter().filter(|access| access.is_write);
        let mut order: Vec<u8> = writes.filter_map(|access| access.value).collect();
        some_order(&mut order, 0, &|order| {
            let rank = |access: &Access| match access.value {
                None => 0,
                value => 1 + order.iter().position(|v| Some(*v) == value).expect("a written value"),
            };
            let certain: Vec<&&Access> = mine.iter().filter(|access| access.is_certain).collect();
            certain.iter().enumerate().all(|(i, later)| {
                certain[..i].iter().filter(|earlier| earlier.process == later.process).all(
                    |earlier| {
                        let (a, b) = (rank(earlier), rank(later));
                        match (guarantee, earlier.is_write, later.is_write) {
                            (SessionGuarantee::ReadYourWrites, true, false)
                            | (SessionGuarantee::MonotonicReads, false, false) => a <= b,
                            (SessionGuarantee::MonotonicWrites, true, true)
                            | (SessionGuarantee::WritesFollowReads, false, true) => a < b,
                            _ => true,
                        }
                    },
                )
            })
        })
    })
}

fn some_order(order: &mut [u8], fixed: usize, test: &impl Fn(&[u8]) -> bool) -> bool {
    if fixed == order.len() {
        return test(order);
    }
    (fixed..order.len()).any(|next| {
        order.swap(fixed, next);
        let found = some_order(order, fixed + 1, test);
        order.swap(fixed, next);
        found
    })
}

/// How often each guarantee held.
pub type Held = [u64; 4];

/// Judges all guarantees, checks each certificate, and compares with the exhaustive judge.
///
/// # Panics
/// With the accesses, if they differ or a certificate does not hold.
pub fn sessions_agree(accesses: &[Access], held: &mut Held) {
    for (i, guarantee) in SessionGuarantee::ALL.into_iter().enumerate() {
        let expected = exhaustive(guarantee, accesses);
        held[i] += u64::from(expected);
        match check_session_guarantee(guarantee, accesses, Budget::UNLIMITED) {
            Verdict::Ok(orders) => {
                assert!(expected, "{guarantee} was wrongly accepted: {accesses:#?}");
                verify_session_guarantee(guarantee, accesses, &orders)
                    .unwrap_or_else(|error| panic!("{error}: {accesses:#?} {orders:#?}"));
            }
            Verdict::Violation(violation) => {
                assert!(!expected, "{guarantee} was wrongly rejected: {accesses:#?}");
                verify_session_violation(accesses, &violation)
                    .unwrap_or_else(|error| panic!("{error}: {accesses:#?} {violation:#?}"));
            }
            Verdict::Unknown(exhausted) => panic!("{exhausted}: {accesses:#?}"),
        }
    }
}
