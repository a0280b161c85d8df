//! Verifies that no order of some operations has a certain beginning.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash};

use super::CertificateError;
use crate::hash::FastHasher;
use crate::history::{History, OperationId};
use crate::refutation::rows::Rows;
use crate::refutation::{Beginning, Refutation};
use crate::sequential::{Because, Precedence};
use crate::spec::{NondeterministicSpec, OrderRule};

type Map<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;
type Set<T> = HashSet<T, BuildHasherDefault<FastHasher>>;

/// That one comes before the other.
type Pair = (OperationId, OperationId);

/// Checks reasons against the operations of a refutation.
pub(super) struct Contradictions<'t, S: NondeterministicSpec> {
    spec: &'t S,
    history: &'t History<S::Op, S::Ret>,
    refutation: &'t Refutation<S::State>,
    rows: &'t Rows<'t>,
    /// The row of each operation, and its place there.
    places: Map<OperationId, (usize, u32)>,
    rules: OnceCell<Vec<OrderRule<OperationId>>>,
}

impl<'t, S: NondeterministicSpec> Contradictions<'t, S> {
    pub(super) fn new(
        spec: &'t S,
        history: &'t History<S::Op, S::Ret>,
        refutation: &'t Refutation<S::State>,
        rows: &'t Rows<'t>,
    ) -> Self {
        let places = (0..rows.count()).flat_map(|row| {
            let ids = rows.row(row).iter().zip(0..);
            ids.map(move |(id, place)| (*id, (row, place)))
        });
        let places = places.collect();
        Contradictions { spec, history, refutation, rows, places, rules: OnceCell::new() }
    }

    /// Checks that no explanation begins so.
    ///
    /// That one operation comes before another always says of the first that it takes effect, and of the second
    /// only where it comes if it does: so an operation that comes before itself is a contradiction.
    pub(super) fn verify(&self, beginning: &Beginning) -> Result<(), CertificateError> {
        let mut told: Set<Pair> = Set::default();
        let mut indices: Map<u32, Index> = Map::default();
        let mut last = None;
        for step in &beginning.contradiction {
            let Precedence { first, then, because } = *step;
            let error = CertificateError::Precedence(first);
            let known = |(first, then)| {
                told.contains(&(first, then)) || self.is_given(beginning, first, then)
            };
            let follows = match because {
                Because::Chain { through } => known((first, through)) && known((through, then)),
                Because::Rule { rule, premises } => {
                    let Some(of) = self.rules().get(rule as usize) else { return Err(error) };
                    let index = indices.entry(rule).or_insert_with(|| Index::new(of));
                    premises.iter().flatten().all(|premise| known(*premise))
                        && index.implies(premises, (first, then))
                }
            };
            if !follows {
                return Err(error);
            }
            told.insert((first, then));
            last = Some((first, then));
        }
        match last {
            Some((first, then)) if first != then => Err(CertificateError::Open(first)),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether one operation has to wait for another, or took effect where the other did not.
    fn is_given(&self, beginning: &Beginning, first: OperationId, then: OperationId) -> bool {
        let (Some(&(row, place)), Some(&(other_row, other_place))) =
            (self.places.get(&first), self.places.get(&then))
        else {
            return false;
        };
        let is_done = |row: usize, place: u32| place < beginning.done[row];
        let waits =
            row < self.rows.certain && self.refutation.order.requires(self.history, first, then);
        waits || is_done(row, place) && !is_done(other_row, other_place)
    }

    /// What the specification promises of these operations, which take effect once: nothing if some may more often.
    fn rules(&self) -> &[OrderRule<OperationId>] {
        self.rules.get_or_init(|| {
            let Refutation { trusts_promises, anytime, .. } = self.refutation;
            if !trusts_promises || !anytime.is_empty() {
                return Vec::new();
            }
            let ids: Vec<OperationId> =
                (0..self.rows.count()).flat_map(|row| self.rows.row(row)).copied().collect();
            let rules = self.rows.order_rules(self.spec, self.history).into_iter();
            rules.map(|rule| rule.map(|call: usize| ids[call])).collect()
        })
    }
}

/// What a rule names, to be found at once.
enum Index {
    Impossible,
    Before(Set<OperationId>, Set<OperationId>),
    Apart(Set<Pair>, Set<OperationId>),
    SameOrder(Set<Pair>),
    Nested(Set<Pair>),
}

impl Index {
    fn new(rule: &OrderRule<OperationId>) -> Index {
        fn set<T: Copy + Eq + Hash>(of: &[T]) -> Set<T> {
            of.iter().copied().collect()
        }
        match rule {
            OrderRule::Impossible(_) => Index::Impossible,
            OrderRule::Before { first, then } => {
                Index::Before(first.iter().map(|(call, _)| *call).collect(), set(then))
            }
            OrderRule::Apart { pairs, others } => Index::Apart(set(pairs), set(others)),
            OrderRule::SameOrder(pairs) => Index::SameOrder(set(pairs)),
            OrderRule::Nested(pairs) => Index::Nested(set(pairs)),
        }
    }

    /// Whether the rule says of operations that stand in this order that those do.
    fn implies(&self, premises: [Option<Pair>; 2], (first, then): Pair) -> bool {
        match (self, premises) {
            (Index::Impossible, [None, None]) => first == then,
            (Index::Before(earlier, later), [None, None]) => {
                first != then && earlier.contains(&first) && later.contains(&then)
            }
            (
                Index::Apart(pairs, _) | Index::SameOrder(pairs) | Index::Nested(pairs),
                [None, None],
            ) => pairs.contains(&(first, then)),
            (Index::Apart(pairs, others), [Some((a, b)), None]) => {
                let keeps_out = |other, pair: Pair| {
                    other != pair.0
                        && other != pair.1
                        && others.contains(&other)
                        && pairs.contains(&pair)
                };
                // What comes before the second, or after the first.
                a == first && keeps_out(a, (then, b)) || b == then && keeps_out(b, (a, first))
            }
            (Index::SameOrder(pairs), [Some((a, b)), None]) => {
                let both = |one, other| pairs.contains(&one) && pairs.contains(&other);
                both((a, first), (b, then)) || both((first, a), (then, b))
            }
            (Index::Nested(pairs), [Some((a, b)), Some((c, d))]) => {
                // Of two pairs that begin and end: not a < b < z < y.
                let crossed = |a, b, z, y| pairs.contains(&(a, z)) && pairs.contains(&(b, y));
                b == c && d == then && crossed(a, b, d, first)
                    || c == first && b == then && crossed(a, b, c, d)
                    || a == first && b == c && crossed(then, a, b, d)
            }
            _ => false,
        }
    }
}
