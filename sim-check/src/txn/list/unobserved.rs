//! Appends that no read shows: their order is anybody's guess.

use std::collections::BTreeMap;

use super::Lists;
use crate::txn::cycle::Cycle;
use crate::txn::graph::{Graph, GraphBuilder, Kind};
use crate::txn::history::{KeyId, TxnId, VersionId};
use crate::txn::level::IsolationLevel;
use crate::txn::proof::{Proof, prove};
use crate::txn::search::{Form, Found, knots};

/// A transaction, and what it appended.
pub(in crate::txn) type Append = (TxnId, VersionId);

/// The unobserved appends to one key.
pub(in crate::txn) type Group = Vec<Append>;

impl Lists<'_> {
    /// The unobserved appends, key by key.
    pub fn unobserved_groups(&self) -> Vec<Group> {
        let mut by_key: BTreeMap<KeyId, Group> = BTreeMap::new();
        for version in &self.orders.unobserved {
            let writer = self.orders.writer[*version as usize];
            by_key.entry(self.history.key_of(*version)).or_default().push((writer, *version));
        }
        by_key.into_values().collect()
    }

    /// The pairs of transactions, lower number first, whose appends to a key nobody saw.
    pub fn unobserved_pairs(&self) -> Vec<(TxnId, TxnId)> {
        let mut pairs = Vec::new();
        for group in self.unobserved_groups() {
            for (place, (first, _)) in group.iter().enumerate() {
                for (second, _) in &group[place + 1..] {
                    pairs.push((*first.min(second), *first.max(second)));
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The dependencies, with an order of some unobserved appends: each pair follows directly.
    pub fn graph_with(&self, pairs: &[(Append, Append)]) -> Graph {
        let mut graph = GraphBuilder::new(self.graph.txn_count);
        for _ in self.graph.txn_count..self.graph.node_count() {
            graph.add_node();
        }
        for node in 0..self.graph.node_count() {
            for edge in self.graph.edges(node) {
                graph.add(node, edge.to, edge.kind, edge.seen, edge.next);
            }
        }
        for ((first, seen), (second, next)) in pairs {
            graph.add(*first, *second, Kind::Ww, *seen, *next);
        }
        graph.build()
    }

    /// Proves that no order of the unobserved appends is of `level`, if that takes at most `splits` case distinctions.
    pub fn prove(&self, level: IsolationLevel, splits: u32) -> Option<Proof> {
        let groups = self.unobserved_groups();
        prove(self.unobserved_pairs(), splits, &|assumed| self.cycle(&groups, level, assumed))
    }

    /// A cycle that the level forbids, where the appends of some pairs of transactions were made in this order.
    fn cycle(
        &self,
        groups: &[Group],
        level: IsolationLevel,
        assumed: &[(TxnId, TxnId)],
    ) -> Option<Cycle> {
        let mut pairs = Vec::new();
        for (first, second) in assumed {
            for group in groups {
                let of = |txn: &TxnId| group.iter().find(|(writer, _)| writer == txn).copied();
                pairs.extend(of(first).zip(of(second)));
            }
        }
        let knots = knots(&self.graph_with(&pairs));
        let forms = Form::forbidden_by(level).into_iter();
        let mut searches = forms.flat_map(|form| knots.iter().map(move |knot| knot.find(form)));
        searches.find_map(|found| match found {
            Found::Cycle(cycle) => Some(cycle),
            Found::Nothing | Found::GaveUp => None,
        })
    }
}
