//! Cycles of dependencies: proofs that no order of the transactions works.

use super::anomaly::Anomaly;
use super::client_order::ClientOrder;
use super::graph::Kind;
use super::history::{TxnId, VersionId};
use super::level::{Guarantee, IsolationLevel};

/// One dependency: `from` comes before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The earlier transaction.
    pub from: TxnId,
    /// The later one.
    pub to: TxnId,
    /// Why.
    pub kind: Kind,
    /// For data dependencies the version that `from` wrote or read, or
    /// [`INITIAL`](super::INITIAL).
    pub seen: VersionId,
    /// For data dependencies the version that `to` read, or wrote in its place.
    pub next: VersionId,
}

/// Dependencies that lead from a transaction back to itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The dependencies; each starts where the one before it ends.
    pub steps: Vec<Step>,
}

impl Cycle {
    /// A cycle that starts at its lowest transaction.
    pub(super) fn new(mut steps: Vec<Step>) -> Self {
        let first = (0..steps.len()).min_by_key(|i| steps[*i].from).expect("a cycle has steps");
        steps.rotate_left(first);
        Self { steps }
    }

    /// The transactions, each once.
    pub fn txns(&self) -> Vec<TxnId> {
        self.steps.iter().map(|step| step.from).collect()
    }

    /// Whether no transaction occurs twice and the steps join.
    pub fn is_simple(&self) -> bool {
        let mut txns = self.txns();
        txns.sort_unstable();
        txns.dedup();
        let after = self.steps.iter().cycle().skip(1);
        txns.len() == self.steps.len() && self.steps.iter().zip(after).all(|(a, b)| a.to == b.from)
    }

    fn count(&self, kind: Kind) -> usize {
        self.steps.iter().filter(|step| step.kind == kind).count()
    }

    /// Whether two anti-dependencies follow each other.
    fn has_adjacent_rw(&self) -> bool {
        let after = self.steps.iter().cycle().skip(1);
        self.count(Kind::Rw) > 1
            && self.steps.iter().zip(after).any(|(a, b)| a.kind == Kind::Rw && b.kind == Kind::Rw)
    }

    /// The client order that the cycle needs.
    pub fn order(&self) -> ClientOrder {
        if self.count(Kind::Realtime) > 0 {
            ClientOrder::RealTime
        } else if self.count(Kind::Process) > 0 {
            ClientOrder::Session
        } else {
            ClientOrder::Free
        }
    }

    /// The most specific name.
    pub fn anomaly(&self) -> Anomaly {
        let order = self.order();
        let kinds: Vec<Kind> = self.steps.iter().map(|step| step.kind).collect();
        let rws = self.count(Kind::Rw);
        let free = order == ClientOrder::Free;
        match (rws, kinds.len()) {
            (0, _) if self.count(Kind::Wr) == 0 => Anomaly::G0 { order },
            (0, _) => Anomaly::G1c { order },
            (1, 2) if kinds.contains(&Kind::Wr) => Anomaly::FracturedRead,
            (1, 2) if kinds.contains(&Kind::Ww) && self.is_lost_update() => Anomaly::LostUpdate,
            (1, _) if free && self.count(Kind::Wr) + 1 == kinds.len() => {
                Anomaly::CausalityViolation
            }
            (1, _) => Anomaly::GSingle { order },
            (2, 2) => Anomaly::WriteSkew,
            (2, 4) if self.count(Kind::Wr) == 2 && !self.has_adjacent_rw() => Anomaly::LongFork,
            _ if self.has_adjacent_rw() => Anomaly::G2Item { order },
            _ => Anomaly::GNonadjacent { order },
        }
    }

    /// One of two transactions read what the other one replaced before it replaced that too.
    fn is_lost_update(&self) -> bool {
        let of = |kind| self.steps.iter().find(|step| step.kind == kind);
        let (Some(rw), Some(ww)) = (of(Kind::Rw), of(Kind::Ww)) else { return false };
        rw.next == ww.seen
    }

    /// Whether a history with this cycle is not of `level`.
    pub fn violates(&self, level: IsolationLevel) -> bool {
        use Guarantee::*;
        if self.order() > level.order() {
            return false;
        }
        let rws = self.count(Kind::Rw);
        let has_ww = self.count(Kind::Ww) > 0;
        let no_flow = self.count(Kind::Wr) == 0;
        match level.guarantee() {
            ReadUncommitted => rws == 0 && no_flow,
            ReadCommitted | ItemCutIsolation | MonotonicAtomicView => rws == 0,
            CursorStability => rws == 0 || self.anomaly() == Anomaly::LostUpdate,
            ReadAtomic => rws == 0 || rws == 1 && self.steps.len() == 2 && !has_ww,
            UpdateAtomic => rws == 0 || rws == 1 && self.steps.len() == 2,
            Causal => rws == 0 || rws == 1 && !has_ww,
            ConsistentView | ParallelSnapshotIsolation => rws <= 1,
            Prefix => {
                let after = self.steps.iter().cycle().skip(1);
                let mut pairs = self.steps.iter().zip(after);
                pairs.all(|(a, b)| b.kind != Kind::Rw || !matches!(a.kind, Kind::Ww | Kind::Rw))
            }
            SnapshotIsolation => !self.has_adjacent_rw(),
            RepeatableRead | Serializable => true,
        }
    }
}
