//! Verifiers of what the judge of sessions finds.

use std::collections::BTreeMap;

use super::{
    SessionAccess, SessionGuarantee, SessionViolation, Version, VersionOrders, by_key, demands,
};
use crate::history::OperationId;
use crate::spec::Datum;

/// Checks that the orders meet all demands of `guarantee`, in time linear in their number.
///
/// # Errors
/// If they do not; the error says which demand they break.
pub fn verify_session_guarantee<K: Datum + Ord, V: Datum>(
    guarantee: SessionGuarantee,
    accesses: &[SessionAccess<K, V>],
    orders: &VersionOrders<K>,
) -> Result<(), String> {
    let ranks: BTreeMap<&K, BTreeMap<OperationId, usize>> = orders
        .orders
        .iter()
        .map(|(key, order)| (key, order.iter().enumerate().map(|(i, id)| (*id, i + 1)).collect()))
        .collect();
    for (key, accesses) in by_key(accesses) {
        let rank = |version: Version| match version {
            None => Some(0),
            Some(id) => ranks.get(key)?.get(&id).copied(),
        };
        for demand in demands(guarantee, &accesses, u64::MAX)? {
            let (Some(older), Some(newer)) = (rank(demand.older), rank(demand.newer)) else {
                return Err(format!("the order of key {key:?} leaves out a version"));
            };
            if older >= newer {
                return Err(format!("the order of key {key:?} breaks {demand:?}"));
            }
        }
    }
    Ok(())
}

/// Checks that the demands of a violation are demands of the guarantee and close a circle.
///
/// # Errors
/// If they do not.
pub fn verify_session_violation<K: Datum + Ord, V: Datum>(
    accesses: &[SessionAccess<K, V>],
    violation: &SessionViolation<K>,
) -> Result<(), String> {
    let key_accesses = by_key(accesses).remove(&violation.key).unwrap_or_default();
    let known = demands(violation.guarantee, &key_accesses, u64::MAX)?;
    for (i, demand) in violation.cycle.iter().enumerate() {
        let is_first = demand.first.is_none() && demand.older.is_none();
        if !is_first && !known.contains(demand) {
            return Err(format!("{demand:?} is no demand of {}", violation.guarantee));
        }
        let next = &violation.cycle[(i + 1) % violation.cycle.len()];
        if demand.newer != next.older {
            return Err(format!("{demand:?} is not followed by {next:?}"));
        }
    }
    if violation.cycle.is_empty() { Err("an empty circle".to_string()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::ProcessId;
    use crate::session::check_session_guarantee;
    use crate::verdict::{Budget, Verdict};

    /// `r`ead or `w`rite of a value by a session; value 0 is the initial one.
    fn accesses(text: &str) -> Vec<SessionAccess<(), u64>> {
        text.split_whitespace()
            .enumerate()
            .map(|(i, word)| {
                let number =
                    |range: std::ops::Range<usize>| word[range].parse::<u64>().expect("a digit");
                let value: u64 = number(2..3);
                SessionAccess {
                    id: OperationId(i as u32),
                    process: ProcessId(number(0..1)),
                    key: (),
                    value: (value != 0).then_some(value),
                    is_write: &word[1..2] == "w",
                    is_certain: true,
                }
            })
            .collect()
    }

    fn violated(text: &str) -> Vec<SessionGuarantee> {
        let accesses = accesses(text);
        let mut violated = Vec::new();
        for guarantee in SessionGuarantee::ALL {
            match check_session_guarantee(guarantee, &accesses, Budget::UNLIMITED) {
                Verdict::Ok(orders) => {
                    verify_session_guarantee(guarantee, &accesses, &orders).unwrap()
                }
                Verdict::Violation(violation) => {
                    verify_session_violation(&accesses, &violation).unwrap();
                    violated.push(guarantee);
                }
                Verdict::Unknown(exhausted) => panic!("{exhausted}"),
            }
        }
        violated
    }

    #[test]
    fn each_guarantee_is_violated_alone() {
        assert_eq!(violated("1w1 1r1 2r1 2w2 1r2"), []);
        assert_eq!(violated("1w1 1r0"), [SessionGuarantee::ReadYourWrites]);
        assert_eq!(violated("2w1 2w2 1r2 1r0"), [SessionGuarantee::MonotonicReads]);
        assert_eq!(violated("2w1 3w2 1r2 1r1 1r2"), [SessionGuarantee::MonotonicReads]);
        assert_eq!(violated("1r2 1w1 2r1 2w2"), [SessionGuarantee::WritesFollowReads]);
    }

    #[test]
    fn a_value_written_twice_is_not_judged() {
        let twice = accesses("1w1 2w1");
        let guarantee = SessionGuarantee::MonotonicReads;
        assert!(check_session_guarantee(guarantee, &twice, Budget::UNLIMITED).is_unknown());
    }

    #[test]
    fn a_wrong_order_is_refused() {
        let accesses = accesses("1w1 1w2");
        let orders = VersionOrders {
            orders: vec![((), vec![OperationId(1), OperationId(0)])],
            configurations: 0,
        };
        let guarantee = SessionGuarantee::MonotonicWrites;
        assert!(verify_session_guarantee(guarantee, &accesses, &orders).is_err());
    }
}
