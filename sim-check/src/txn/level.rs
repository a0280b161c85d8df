//! Isolation levels, and what each forbids.

use super::anomaly::Anomaly;
use super::client_order::ClientOrder;
use std::fmt;
use std::str::FromStr;

/// What a level promises about values, apart from the order of the clients.
///
/// Sources: Adya, "Weak consistency" (1999); Bailis et al., "Highly available transactions"
/// (VLDB 2013); Biswas and Enea, "On the complexity of checking transactional consistency"
/// (OOPSLA 2019); Cerone and Gotsman, "Analysing snapshot isolation" (JACM 2018); Kingsbury and
/// Alvaro, "Elle" (VLDB 2020).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// Writes of two transactions do not interleave (Adya's PL-1).
    ReadUncommitted,
    /// Only final writes of committed transactions are seen, and information does not flow in
    /// circles (Adya's PL-2).
    ReadCommitted,
    /// Who has seen a transaction sees nothing older than it in the rest of its reads. This is
    /// also what Biswas and Enea call read committed.
    MonotonicAtomicView,
    /// Read committed, and no lost updates.
    CursorStability,
    /// Read committed, and all reads of a key within one transaction agree.
    ItemCutIsolation,
    /// All or nothing of a transaction is seen.
    ReadAtomic,
    /// Read atomic, and no lost updates.
    UpdateAtomic,
    /// Read atomic, and effects are seen with their causes.
    Causal,
    /// Adya's PL-2+: no cycle has exactly one anti-dependency.
    ConsistentView,
    /// Causal, with write conflicts excluded; two transactions may become visible in different
    /// orders at different sites.
    ParallelSnapshotIsolation,
    /// Each transaction reads from a prefix of one commit order.
    Prefix,
    /// Prefix, with write conflicts excluded. This is generalised snapshot isolation: the
    /// snapshot may be old.
    SnapshotIsolation,
    /// Adya's PL-2.99. Histories of reads and writes of items have no predicates, so it is the
    /// same as serializable here.
    RepeatableRead,
    /// As if one at a time.
    Serializable,
}

/// An isolation level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IsolationLevel {
    guarantee: Guarantee,
    order: ClientOrder,
}

macro_rules! levels {
    ($($(#[$doc:meta])* $name:ident = $guarantee:ident, $order:ident, $text:literal;)*) => {
        #[allow(missing_docs, reason = "each constant is described by its guarantee")]
        impl IsolationLevel {
            $($(#[$doc])* pub const $name: Self =
                Self { guarantee: Guarantee::$guarantee, order: ClientOrder::$order };)*

            /// All levels, weaker ones first as far as they can be compared.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The usual name: `strict-serializable`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self { .. } => unreachable!("only the constants can be made"),
                }
            }
        }
    };
}

levels! {
    READ_UNCOMMITTED = ReadUncommitted, Free, "read-uncommitted";
    READ_COMMITTED = ReadCommitted, Free, "read-committed";
    MONOTONIC_ATOMIC_VIEW = MonotonicAtomicView, Free, "monotonic-atomic-view";
    SESSION_MONOTONIC_ATOMIC_VIEW = MonotonicAtomicView, Session, "session-monotonic-atomic-view";
    CURSOR_STABILITY = CursorStability, Free, "cursor-stability";
    ITEM_CUT_ISOLATION = ItemCutIsolation, Free, "item-cut-isolation";
    SESSION_ITEM_CUT_ISOLATION = ItemCutIsolation, Session, "session-item-cut-isolation";
    READ_ATOMIC = ReadAtomic, Free, "read-atomic";
    SESSION_READ_ATOMIC = ReadAtomic, Session, "session-read-atomic";
    UPDATE_ATOMIC = UpdateAtomic, Free, "update-atomic";
    /// Causality includes the order of each process.
    CAUSAL = Causal, Session, "causal";
    CONSISTENT_VIEW = ConsistentView, Free, "consistent-view";
    PARALLEL_SNAPSHOT_ISOLATION = ParallelSnapshotIsolation, Free, "parallel-snapshot-isolation";
    SESSION_PARALLEL_SNAPSHOT_ISOLATION = ParallelSnapshotIsolation, Session,
        "strong-session-parallel-snapshot-isolation";
    PREFIX = Prefix, Free, "prefix";
    SESSION_PREFIX = Prefix, Session, "session-prefix";
    SNAPSHOT_ISOLATION = SnapshotIsolation, Free, "snapshot-isolation";
    STRONG_SESSION_SNAPSHOT_ISOLATION = SnapshotIsolation, Session,
        "strong-session-snapshot-isolation";
    STRONG_SNAPSHOT_ISOLATION = SnapshotIsolation, RealTime, "strong-snapshot-isolation";
    REPEATABLE_READ = RepeatableRead, Free, "repeatable-read";
    SERIALIZABLE = Serializable, Free, "serializable";
    STRONG_SESSION_SERIALIZABLE = Serializable, Session, "strong-session-serializable";
    STRICT_SERIALIZABLE = Serializable, RealTime, "strict-serializable";
}

impl IsolationLevel {
    /// What it promises about values.
    pub fn guarantee(self) -> Guarantee {
        self.guarantee
    }

    /// What else its commit order respects.
    pub fn order(self) -> ClientOrder {
        self.order
    }

    /// The same guarantee when the order of each process counts too.
    ///
    /// Levels that have no such form, or already have it, stay as they are.
    pub fn with_sessions(self) -> Self {
        let session = Self { guarantee: self.guarantee, order: ClientOrder::Session };
        if self.order == ClientOrder::Free && Self::ALL.contains(&session) { session } else { self }
    }

    /// Whether `anomaly` shows that the level does not hold.
    pub fn forbids(self, anomaly: Anomaly) -> bool {
        anomaly.and_implied().iter().any(|anomaly| self.forbids_exactly(*anomaly))
    }

    fn forbids_exactly(self, anomaly: Anomaly) -> bool {
        use Guarantee::*;
        let guarantee = self.guarantee;
        let within = |order: ClientOrder| order <= self.order;
        // Of the cycles, how strong a guarantee must be to forbid the kind.
        let single = !matches!(
            guarantee,
            ReadUncommitted
                | ReadCommitted
                | MonotonicAtomicView
                | CursorStability
                | ItemCutIsolation
                | ReadAtomic
                | UpdateAtomic
                | Causal
                | Prefix
        );
        match anomaly {
            Anomaly::DuplicateElements | Anomaly::CyclicVersions => true,
            Anomaly::G0 { order } => within(order),
            Anomaly::G1a
            | Anomaly::G1b
            | Anomaly::ThinAirRead
            | Anomaly::DirtyUpdate
            | Anomaly::IncompatibleOrder => guarantee >= ReadCommitted,
            Anomaly::G1c { order } => guarantee >= ReadCommitted && within(order),
            Anomaly::Internal => {
                !matches!(guarantee, ReadUncommitted | ReadCommitted | CursorStability)
            }
            Anomaly::NonRepeatableRead => {
                guarantee >= ItemCutIsolation && guarantee != MonotonicAtomicView
            }
            Anomaly::FutureRead => guarantee >= ReadCommitted,
            Anomaly::NonMonotonicView => {
                guarantee == MonotonicAtomicView || guarantee >= ReadAtomic
            }
            Anomaly::FracturedRead => guarantee >= ReadAtomic,
            Anomaly::LostUpdate => matches!(guarantee, CursorStability | UpdateAtomic) || single,
            Anomaly::CausalityViolation => matches!(guarantee, Causal | Prefix) || single,
            Anomaly::GSingle { order } => single && within(order),
            Anomaly::LongFork => guarantee >= Prefix,
            Anomaly::GNonadjacent { order } => guarantee >= SnapshotIsolation && within(order),
            Anomaly::WriteSkew => guarantee >= RepeatableRead,
            Anomaly::G2Item { order } => guarantee >= RepeatableRead && within(order),
        }
    }
}

impl fmt::Display for IsolationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no isolation level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an isolation level; use one of", self.0)?;
        for (position, level) in IsolationLevel::ALL.iter().enumerate() {
            write!(f, "{} {level}", if position == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for IsolationLevel {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        let name = match name {
            "strong-serializable" => "strict-serializable",
            // The name that the tests of dbcop use for it.
            "dbcop-repeatable-read" => "item-cut-isolation",
            other => other,
        };
        let found = Self::ALL.iter().copied().find(|level| level.name() == name);
        found.ok_or_else(|| UnknownLevel(name.to_owned()))
    }
}
