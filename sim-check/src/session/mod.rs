//! Session guarantees (Terry et al. 1994; Viotti and Vukolić 2016, section 3.3), key by key.
//!
//! A version of a key is a write of it, or its initial value. Each guarantee demands that some versions of a key come
//! before others:
//!
//! - **monotonic writes**: a session's writes are in the order of the session;
//! - **monotonic reads**: what a session reads never goes back;
//! - **read your writes**: what a session reads is not older than what it wrote before;
//! - **writes follow reads**: what a session writes is newer than what it read before.
//!
//! A guarantee holds if there is an order of the versions of each key, the initial one first, that meets all its
//! demands. Values written to a key must differ, so that a read tells which version it saw.

mod verify;

pub use verify::{verify_session_guarantee, verify_session_violation};

use std::collections::BTreeMap;
use std::fmt;

use crate::hash::{NumberTable, hash_of};
use crate::history::{OperationId, ProcessId};
use crate::spec::Datum;
use crate::verdict::{Budget, Exhausted, Meter, Verdict};

/// One of the four guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionGuarantee {
    /// A session reads its own writes, or newer ones.
    ReadYourWrites,
    /// What a session reads never goes back.
    MonotonicReads,
    /// A session's writes are in the order of the session.
    MonotonicWrites,
    /// What a session writes is newer than what it read before.
    WritesFollowReads,
}

impl SessionGuarantee {
    /// All four.
    pub const ALL: [SessionGuarantee; 4] = [
        SessionGuarantee::ReadYourWrites,
        SessionGuarantee::MonotonicReads,
        SessionGuarantee::MonotonicWrites,
        SessionGuarantee::WritesFollowReads,
    ];

    /// The name that files use.
    pub fn name(self) -> &'static str {
        match self {
            SessionGuarantee::ReadYourWrites => "read-your-writes",
            SessionGuarantee::MonotonicReads => "monotonic-reads",
            SessionGuarantee::MonotonicWrites => "monotonic-writes",
            SessionGuarantee::WritesFollowReads => "writes-follow-reads",
        }
    }

    /// The guarantee of this name.
    pub fn named(name: &str) -> Option<SessionGuarantee> {
        SessionGuarantee::ALL.into_iter().find(|guarantee| guarantee.name() == name)
    }
}

impl fmt::Display for SessionGuarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A read or write that succeeded, or a write that somebody read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAccess<K, V> {
    /// Its place in the history.
    pub id: OperationId,
    /// The session.
    pub process: ProcessId,
    /// Of which key.
    pub key: K,
    /// What was read or written; `None`: the initial value was read.
    pub value: Option<V>,
    /// Whether it is a write.
    pub is_write: bool,
    /// Whether it is known to have taken effect when the session went on. A write of unknown outcome demands nothing
    /// of the session.
    pub is_certain: bool,
}

/// A version of a key: the write of it, or `None` for the initial value.
pub type Version = Option<OperationId>;

/// Proof that a guarantee holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionOrders<K> {
    /// For each key its written versions, oldest first. [`verify_session_guarantee`] checks them.
    pub orders: Vec<(K, Vec<OperationId>)>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// Why a guarantee does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionViolation<K> {
    /// The guarantee.
    pub guarantee: SessionGuarantee,
    /// The key.
    pub key: K,
    /// Demands that contradict each other: each says that its first version comes before its second one, which is the
    /// first one of the next demand, in a circle.
    pub cycle: Vec<Demand>,
    /// How many configurations the judge examined.
    pub configurations: u64,
}

/// `older` must come before `newer`, because a session did `first` and then `second`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The version that must be older.
    pub older: Version,
    /// The version that must be newer.
    pub newer: Version,
    /// The earlier operation of the session; `None` if it is only that the initial version comes first.
    pub first: Option<OperationId>,
    /// The later operation of the session.
    pub second: OperationId,
}

/// The demands of `guarantee` on the accesses of one key, in the order of the history: each pair once
/// that others do not imply within the session.
fn demands<K, V: Datum>(
    guarantee: SessionGuarantee,
    accesses: &[&SessionAccess<K, V>],
    limit: u64,
) -> Result<Vec<Demand>, String>
where
    K: fmt::Debug,
{
    let mut numbers = NumberTable::default();
    let mut values: Vec<(&V, OperationId)> = Vec::new();
    for access in accesses.iter().filter(|access| access.is_write) {
        let Some(value) = &access.value else {
            return Err(format!("a write of nothing to key {:?}", access.key));
        };
        if !numbers.number(hash_of(value), |number| values[number as usize].0 == value).1 {
            return Err(format!(
                "the value {value:?} was written to key {:?} twice, so that reads do not tell which",
                access.key
            ));
        }
        values.push((value, access.id));
    }
    let mut version = |access: &SessionAccess<K, V>| -> Result<Version, String> {
        let Some(value) = &access.value else { return Ok(None) };
        let (number, new) = numbers.number(hash_of(value), |number| {
            values.get(number as usize).is_some_and(|known| known.0 == value)
        });
        if new {
            return Err(format!("the value {value:?} of key {:?} was never written", access.key));
        }
        Ok(Some(values[number as usize].1))
    };
    /// What a session did so far to the key.
    #[derive(Default)]
    struct Session {
        writes: Vec<(Version, OperationId)>,
        reads: Vec<(Version, OperationId)>,
    }
    let mut sessions: BTreeMap<ProcessId, Session> = BTreeMap::new();
    let mut found = Vec::new();
    for access in accesses.iter().filter(|access| access.is_certain) {
        let seen = version(access)?;
        let session = sessions.entry(access.process).or_default();
        let earlier: &[(Version, OperationId)] = match (guarantee, access.is_write) {
            (SessionGuarantee::ReadYourWrites, false) => &session.writes,
            (SessionGuarantee::MonotonicReads, false) => last(&session.reads),
            (SessionGuarantee::MonotonicWrites, true) => last(&session.writes),
            (SessionGuarantee::WritesFollowReads, true) => &session.reads,
            (SessionGuarantee::ReadYourWrites | SessionGuarantee::MonotonicReads, true)
            | (SessionGuarantee::MonotonicWrites | SessionGuarantee::WritesFollowReads, false) => {
                &[]
            }
        };
        // A write is not newer than itself, if its session had read it before.
        let may_be_same = guarantee != SessionGuarantee::WritesFollowReads;
        for (older, first) in earlier.iter().filter(|(older, _)| !may_be_same || *older != seen) {
            found.push(Demand {
                older: *older,
                newer: seen,
                first: Some(*first),
                second: access.id,
            });
        }
        if found.len() as u64 > limit {
            return Err(format!("a budget of {limit} demands ran out"));
        }
        let list = if access.is_write { &mut session.writes } else { &mut session.reads };
        if list.last().is_none_or(|(version, _)| *version != seen) {
            list.push((seen, access.id));
        }
    }
    Ok(found)
}

fn last<T>(list: &[T]) -> &[T] {
    &list[list.len().saturating_sub(1)..]
}

fn by_key<K: Datum + Ord, V>(
    accesses: &[SessionAccess<K, V>],
) -> BTreeMap<&K, Vec<&SessionAccess<K, V>>> {
    let mut keys: BTreeMap<&K, Vec<&SessionAccess<K, V>>> = BTreeMap::new();
    for access in accesses {
        keys.entry(&access.key).or_default().push(access);
    }
    keys
}

/// Judges whether `guarantee` holds for these accesses, which stand in the order of the history.
///
/// Unknown, if a value was written twice to one key or read without having been written.
pub fn check_session_guarantee<K: Datum + Ord, V: Datum>(
    guarantee: SessionGuarantee,
    accesses: &[SessionAccess<K, V>],
    budget: Budget,
) -> Verdict<VersionOrders<K>, SessionViolation<K>> {
    let mut meter = budget.meter();
    let mut orders = Vec::new();
    for (key, accesses) in by_key(accesses) {
        let demands = match demands(guarantee, &accesses, meter.left()) {
            Ok(demands) => demands,
            Err(reason) => {
                let configurations = meter.spent();
                return Verdict::Unknown(Exhausted { configurations, reason });
            }
        };
        if !meter.spend((demands.len() + accesses.len()) as u64) {
            return Verdict::Unknown(meter.exhausted());
        }
        let versions: Vec<OperationId> =
            accesses.iter().filter(|access| access.is_write).map(|access| access.id).collect();
        match order_versions(&versions, &demands) {
            Ok(order) => orders.push((key.clone(), order)),
            Err(cycle) => return violation(guarantee, key, cycle, &meter),
        }
    }
    Verdict::Ok(VersionOrders { orders, configurations: meter.spent() })
}

fn violation<K: Datum>(
    guarantee: SessionGuarantee,
    key: &K,
    cycle: Vec<Demand>,
    meter: &Meter,
) -> Verdict<VersionOrders<K>, SessionViolation<K>> {
    let (key, configurations) = (key.clone(), meter.spent());
    Verdict::Violation(SessionViolation { guarantee, key, cycle, configurations })
}

/// An order of the versions that meets the demands, or demands in a circle.
fn order_versions(
    versions: &[OperationId],
    demands: &[Demand],
) -> Result<Vec<OperationId>, Vec<Demand>> {
    // Vertex 0 is the initial version. It comes first, so that a demand to come before it is a contradiction by itself.
    if let Some(demand) = demands.iter().find(|demand| demand.newer.is_none()) {
        let first = Demand { older: None, newer: demand.older, first: None, second: demand.second };
        return Err(vec![first, *demand]);
    }
    let place = |version: Version| match version {
        None => 0,
        Some(id) => 1 + versions.binary_search(&id).expect("a version is a write of the key"),
    };
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); versions.len() + 1];
    let mut waits_for = vec![0usize; versions.len() + 1];
    for (i, demand) in demands.iter().enumerate() {
        after[place(demand.older)].push(i);
        waits_for[place(demand.newer)] += 1;
    }
    let mut ready: Vec<usize> = (0..=versions.len()).rev().filter(|v| waits_for[*v] == 0).collect();
    let mut order = Vec::with_capacity(versions.len());
    while let Some(vertex) = ready.pop() {
        if vertex > 0 {
            order.push(versions[vertex - 1]);
        }
        for &i in &after[vertex] {
            let newer = place(demands[i].newer);
            waits_for[newer] -= 1;
            if waits_for[newer] == 0 {
                ready.push(newer);
            }
        }
    }
    if order.len() == versions.len() {
        return Ok(order);
    }
    // Each vertex that was not placed waits for another such one: walk back until one is met again.
    let placed: std::collections::BTreeSet<OperationId> = order.into_iter().collect();
    let stuck = |version: Version| version.is_some_and(|id| !placed.contains(&id));
    let mut into: BTreeMap<Version, &Demand> = BTreeMap::new();
    for demand in demands.iter().filter(|demand| stuck(demand.older) && stuck(demand.newer)) {
        into.entry(demand.newer).or_insert(demand);
    }
    let start = *into.keys().next().expect("a version that was not placed");
    let mut path: Vec<&Demand> = Vec::new();
    let mut version = start;
    loop {
        if let Some(at) = path.iter().position(|demand| demand.newer == version) {
            let mut cycle: Vec<Demand> = path[at..].iter().map(|demand| **demand).collect();
            cycle.reverse();
            return Err(cycle);
        }
        let demand = into[&version];
        path.push(demand);
        version = demand.older;
    }
}
