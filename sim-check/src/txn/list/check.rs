//! Judges histories of lists.

use super::edges::{Reach, build_graph};
use super::scan::{ExternalRead, scan};
use super::versions::{NOBODY, VersionOrders};
use crate::txn::client_order::ClientOrder;
use crate::txn::cycle::{Cycle, Step};
use crate::txn::finding::{Finding, Findings};
use crate::txn::graph::{Graph, Kind};
use crate::txn::history::{INITIAL, KeyId, Op, Status, TxnHistory, TxnId, VersionId};
use crate::txn::level::{Guarantee, IsolationLevel};
use crate::txn::proof::{named, sees};
use crate::txn::search::{Form, Found, Knot, RwRule, knots};
use std::collections::BTreeMap;

/// What was learnt of a history of lists, with dependencies up to some client order.
pub(in crate::txn) struct Lists<'h> {
    pub history: &'h TxnHistory,
    pub orders: VersionOrders,
    external: Vec<ExternalRead>,
    pub findings: Findings,
    pub graph: Graph,
    knots: Vec<Knot>,
}

/// What the search for a violation came to.
pub(in crate::txn) enum Outcome {
    Violated(Finding),
    Nothing,
    GaveUp,
}

impl<'h> Lists<'h> {
    pub fn new(history: &'h TxnHistory, order: ClientOrder, reach: Reach) -> Self {
        let mut findings = Findings::default();
        let orders = VersionOrders::infer(history, &mut findings);
        let external = scan(history, &orders, &mut findings);
        let graph = build_graph(history, &orders, &external, order, reach);
        let knots = knots(&graph);
        Self { history, orders, external, findings, graph, knots }
    }

    /// Something that `level` forbids.
    pub fn violation(&self, level: IsolationLevel) -> Outcome {
        if let Some(finding) = self.findings.first(|anomaly| level.forbids(anomaly)) {
            return Outcome::Violated(finding.clone());
        }
        let mut gave_up = false;
        for knot in &self.knots {
            for form in Form::forbidden_by(level) {
                match knot.find(form) {
                    Found::Cycle(cycle) => return Outcome::Violated(named(self.history, cycle)),
                    Found::Nothing => {}
                    Found::GaveUp => gave_up = true,
                }
            }
        }
        let atomic = matches!(
            level.guarantee(),
            Guarantee::MonotonicAtomicView | Guarantee::ReadAtomic | Guarantee::UpdateAtomic
        );
        if atomic && let Some(cycle) = self.fractured(level) {
            return Outcome::Violated(named(self.history, cycle));
        }
        if gave_up { Outcome::GaveUp } else { Outcome::Nothing }
    }

    /// A transaction that saw one part of another and misses the rest.
    fn fractured(&self, level: IsolationLevel) -> Option<Cycle> {
        let history = self.history;
        // The latest append of each process to each key so far.
        let mut latest: BTreeMap<(u32, KeyId), (u32, TxnId, VersionId)> = BTreeMap::new();
        let mut reads = self.external.chunk_by(|a, b| a.txn == b.txn).peekable();
        for reader in 0..history.len() as TxnId {
            let entry = history.txn(reader);
            let own = reads.next_if(|group| group[0].txn == reader).unwrap_or(&[]);
            for read in own {
                let shown = self.shown(read.last);
                let mut missed: Vec<(TxnId, VersionId)> = Vec::new();
                for other in own.iter().filter(|other| other.last != INITIAL) {
                    let seen = self.orders.writer[other.last as usize];
                    if seen != NOBODY && seen != reader {
                        missed.extend(self.appended(seen, read.key).map(|v| (seen, v)));
                    }
                }
                if level.order() >= ClientOrder::Session {
                    let earlier = latest.get(&(entry.process, read.key));
                    missed.extend(earlier.map(|(_, txn, version)| (*txn, *version)));
                }
                for (to, next) in missed {
                    if self.place(next) < shown {
                        continue;
                    }
                    if let Some(first) = sees(history, level, to, reader, (read.last, next)) {
                        let kind = Kind::Rw;
                        let rw = Step { from: reader, to, kind, seen: read.last, next };
                        return Some(Cycle::new(vec![first, rw]));
                    }
                }
            }
            if entry.status == Status::Ok {
                for op in history.ops(reader) {
                    if let Op::Write { key, version } = *op {
                        let mine = (self.place(version), reader, version);
                        let last = latest.entry((entry.process, key)).or_insert(mine);
                        *last = (*last).max(mine);
                    }
                }
            }
        }
        None
    }

    /// The place of a version among those of its key; behind all if nobody saw it.
    fn place(&self, version: VersionId) -> u32 {
        self.orders.position(version).unwrap_or(u32::MAX)
    }

    /// How many versions a read shows that ends with `last`.
    fn shown(&self, last: VersionId) -> u32 {
        if last == INITIAL { 0 } else { self.place(last).saturating_add(1) }
    }

    fn appended(&self, txn: TxnId, key: KeyId) -> impl Iterator<Item = VersionId> + '_ {
        self.history.ops(txn).iter().filter_map(move |op| match *op {
            Op::Write { key: k, version } if k == key => Some(version),
            Op::Write { .. } | Op::Read { .. } | Op::ReadList { .. } => None,
        })
    }

    /// Everything that has a name: the findings without cycles, then for each knot the worst
    /// cycles. Returns whether some search was cut short.
    pub fn name_all(&self, findings: &mut Findings) -> bool {
        self.knots
            .iter()
            .fold(false, |gave_up, knot| name_cycles(self.history, knot, findings) | gave_up)
    }
}

/// The worst cycles of a knot, each kind with the weakest client order that closes it.
fn name_cycles(history: &TxnHistory, knot: &Knot, findings: &mut Findings) -> bool {
    let mut gave_up = false;
    let mut have_g0 = false;
    let mut have_flow = false;
    let mut have_rw = false;
    let mut keep = |found: Found, findings: &mut Findings| match found {
        Found::Cycle(cycle) => {
            findings.push(named(history, cycle));
            true
        }
        Found::Nothing => false,
        Found::GaveUp => {
            gave_up = true;
            false
        }
    };
    for order in [ClientOrder::Free, ClientOrder::Session, ClientOrder::RealTime] {
        let form = |wr, rw| Form { ww: true, wr, order, rw };
        if !have_g0 {
            have_g0 = keep(knot.find(form(false, RwRule::Never)), findings);
        }
        if !have_flow {
            have_flow = keep(knot.find_flow(order), findings);
        }
        for rule in [RwRule::Single, RwRule::NotAdjacent, RwRule::Any] {
            // A cycle without anti-dependencies would be found again by the wider rules.
            if have_rw || rule != RwRule::Single && (have_g0 || have_flow) {
                break;
            }
            have_rw = keep(knot.find(form(true, rule)), findings);
        }
    }
    gave_up
}
