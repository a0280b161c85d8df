//! A second opinion on small histories: the client-centric commit tests.
//!
//! Crooks, Pu, Alvisi and Clement, "Seeing is believing: a client-centric specification of
//! database isolation" (PODC 2017). A level is a test that each transaction must pass in some
//! total order of the commits; here all orders are tried, and full copies of all states are kept.
//! Nothing is shared with [`check`](super::check) but the history.

use super::client_order::ClientOrder;
use super::history::{Op, Status, TxnHistory, TxnId, VersionId};
use super::level::{Guarantee, IsolationLevel};
use std::collections::BTreeMap;

/// The most transactions that took effect, or may have.
const TXNS_MAX: usize = 8;

/// For each key what it holds: its elements, or the one last written value.
type State = BTreeMap<u32, Vec<VersionId>>;

/// Whether some order of the transactions passes the commit tests of `level`.
///
/// `None` if there are more than eight transactions that may have taken effect, or the level is
/// not defined by commit tests.
///
/// ```
/// use sim_check::txn::{IsolationLevel, MicroOp, Model, TxnHistoryBuilder, commit_test};
///
/// let mut builder = TxnHistoryBuilder::new(Model::RwRegister);
/// builder.ok(0, vec![MicroOp::write("x", 1)]).unwrap();
/// builder.ok(1, vec![MicroOp::read("x", 2)]).unwrap();
/// let opinion = commit_test(&builder.build(), IsolationLevel::READ_COMMITTED);
/// assert_eq!(opinion, Some(false));
/// ```
pub fn commit_test(history: &TxnHistory, level: IsolationLevel) -> Option<bool> {
    let defined = matches!(
        level.guarantee(),
        Guarantee::ReadUncommitted
            | Guarantee::ReadCommitted
            | Guarantee::ReadAtomic
            | Guarantee::ParallelSnapshotIsolation
            | Guarantee::SnapshotIsolation
            | Guarantee::Serializable
    );
    let of =
        |status| (0..history.len() as TxnId).filter(move |txn| history.txn(*txn).status == status);
    let certain: Vec<TxnId> = of(Status::Ok).collect();
    let open: Vec<TxnId> = of(Status::Info).collect();
    let sessions_apply = level.order() == ClientOrder::Free
        || matches!(level.guarantee(), Guarantee::SnapshotIsolation | Guarantee::Serializable);
    if !defined || !sessions_apply || certain.len() + open.len() > TXNS_MAX {
        return None;
    }
    let txns = certain.iter().chain(&open).copied().collect();
    let mut execution = Execution::new(history, txns);
    Some(execution.some_order(level, certain.len()))
}

/// A total order of some transactions with the state before each, and after the last.
struct Execution<'h> {
    history: &'h TxnHistory,
    /// All that may be in the order.
    txns: Vec<TxnId>,
    order: Vec<TxnId>,
    states: Vec<State>,
}

impl<'h> Execution<'h> {
    fn new(history: &'h TxnHistory, txns: Vec<TxnId>) -> Self {
        Self { history, txns, order: Vec::new(), states: vec![State::new()] }
    }

    /// Whether the order can be continued until it holds the `missing` ones that certainly committed. Any of the
    /// unknown ones may have committed too.
    ///
    /// A test looks at what comes before its transaction alone, so an order that fails one need not be continued.
    fn some_order(&mut self, level: IsolationLevel, missing: usize) -> bool {
        if missing == 0 {
            return true;
        }
        for next in 0..self.txns.len() {
            let txn = self.txns[next];
            if self.order.contains(&txn) {
                continue;
            }
            let certain = self.history.txn(txn).status == Status::Ok;
            self.push(txn);
            let found = self.commit_test(level, self.order.len() - 1)
                && self.some_order(level, missing - usize::from(certain));
            self.order.pop();
            self.states.pop();
            if found {
                return true;
            }
        }
        false
    }

    fn push(&mut self, txn: TxnId) {
        let lists = self.history.model() == super::history::Model::ListAppend;
        let mut state = self.states.last().expect("the first state").clone();
        for op in self.history.ops(txn) {
            if let Op::Write { key, version } = *op {
                let value = state.entry(key).or_default();
                if !lists {
                    value.clear();
                }
                value.push(version);
            }
        }
        self.order.push(txn);
        self.states.push(state);
    }

    /// What the transaction at `at` read of `key` in its operation `place`, as the state before
    /// it must have been; `Err` if no state explains it, `Ok(None)` if any does.
    fn expected(&self, at: usize, place: usize) -> Result<Option<Vec<VersionId>>, ()> {
        let ops = self.history.ops(self.order[at]);
        let key = ops[place].key();
        let own: Vec<VersionId> = ops[..place]
            .iter()
            .filter_map(|op| match *op {
                Op::Write { key: k, version } if k == key => Some(version),
                _ => None,
            })
            .collect();
        match ops[place] {
            Op::Write { .. } => Ok(None),
            Op::Read { version, .. } if own.is_empty() => Ok(Some(match version {
                super::history::INITIAL if self.history.is_explicit() => return Err(()),
                super::history::INITIAL => Vec::new(),
                version => vec![version],
            })),
            Op::Read { version, .. } if own.last() == Some(&version) => Ok(None),
            Op::Read { .. } => Err(()),
            Op::ReadList { start, len, .. } => {
                let list = self.history.list(start, len);
                list.strip_suffix(&own[..]).map(|before| Some(before.to_vec())).ok_or(())
            }
        }
    }

    /// The states up to the one before the transaction that explain an operation.
    fn read_states(&self, at: usize, place: usize) -> Vec<usize> {
        let key = self.history.ops(self.order[at])[place].key();
        match self.expected(at, place) {
            Err(()) => Vec::new(),
            Ok(None) => (0..=at).collect(),
            // A list with own appends in it is what the key holds after the transaction.
            Ok(Some(value)) if self.shows_own(at, place) => {
                let now = self.states[at].get(&key).map_or(&[][..], |v| v);
                let since = (0..=at)
                    .rev()
                    .take_while(|s| self.states[*s].get(&key).map_or(&[][..], |v| v) == now);
                let mut since: Vec<usize> = since.filter(|_| now == &value[..]).collect();
                since.reverse();
                since
            }
            Ok(Some(value)) => (0..=at)
                .filter(|s| self.states[*s].get(&key).map_or(&[][..], |v| v) == &value[..])
                .collect(),
        }
    }

    /// Whether an operation reads a list to which its transaction has appended.
    fn shows_own(&self, at: usize, place: usize) -> bool {
        let ops = self.history.ops(self.order[at]);
        let key = ops[place].key();
        matches!(ops[place], Op::ReadList { .. })
            && ops[..place].iter().any(|op| matches!(op, Op::Write { key: k, .. } if *k == key))
    }

    /// Places of the operations that say something: all of a transaction known to have committed.
    fn places(&self, at: usize) -> std::ops::Range<usize> {
        0..self.history.ops(self.order[at]).len()
    }

    fn preread(&self, at: usize) -> bool {
        self.places(at).all(|place| !self.read_states(at, place).is_empty())
    }

    fn complete(&self, at: usize, state: usize) -> bool {
        self.places(at).all(|place| self.read_states(at, place).contains(&state))
    }

    fn writes(&self, at: usize) -> Vec<u32> {
        let ops = self.history.ops(self.order[at]).iter();
        ops.filter(|op| matches!(op, Op::Write { .. })).map(|op| op.key()).collect()
    }

    /// No transaction between the state and this one wrote a key of this one.
    fn no_conflict(&self, at: usize, state: usize) -> bool {
        let mine = self.writes(at);
        (state..at).all(|other| self.writes(other).iter().all(|key| !mine.contains(key)))
    }

    /// Whether `a` comes before `b` for the clients.
    fn ordered(&self, order: ClientOrder, a: TxnId, b: TxnId) -> bool {
        let (first, second) = (self.history.txn(a), self.history.txn(b));
        match order {
            ClientOrder::Free => false,
            ClientOrder::Session => {
                first.process == second.process && first.status == Status::Ok && a < b
            }
            ClientOrder::RealTime => first.status == Status::Ok && first.completed < second.invoked,
        }
    }

    /// All that comes first for the clients is in `state`.
    fn respects(&self, order: ClientOrder, at: usize, state: usize) -> bool {
        order == ClientOrder::Free
            || self.txns.iter().all(|other| {
                !self.ordered(order, *other, self.order[at]) || self.order[..state].contains(other)
            })
    }

    fn commit_test(&self, level: IsolationLevel, at: usize) -> bool {
        match level.guarantee() {
            Guarantee::ReadUncommitted => true,
            Guarantee::ReadCommitted => self.preread(at),
            Guarantee::ReadAtomic => self.preread(at) && self.is_unfractured(at),
            Guarantee::ParallelSnapshotIsolation => self.preread(at) && self.sees_causes(at),
            Guarantee::SnapshotIsolation => (0..=at).any(|state| {
                self.complete(at, state)
                    && self.no_conflict(at, state)
                    && self.respects(level.order(), at, state)
            }),
            _ => self.complete(at, at) && self.respects(level.order(), at, at),
        }
    }

    /// The place of the transaction that wrote what a read saw.
    fn source(&self, at: usize, place: usize) -> Option<usize> {
        self.expected(at, place).ok().flatten()?;
        let first = *self.read_states(at, place).first()?;
        first.checked_sub(1)
    }

    fn is_unfractured(&self, at: usize) -> bool {
        self.places(at).all(|first| {
            let Some(source) = self.source(at, first) else { return true };
            let written = self.writes(source);
            self.places(at).all(|second| {
                let key = self.history.ops(self.order[at])[second].key();
                !written.contains(&key)
                    || self.read_states(at, second).last().is_some_and(|last| source < *last)
            })
        })
    }

    /// Whether each operation sees all on which the transaction depends.
    fn sees_causes(&self, at: usize) -> bool {
        let mut depends = vec![false; at + 1];
        depends[at] = true;
        for later in (0..=at).rev() {
            if !depends[later] {
                continue;
            }
            for place in self.places(later) {
                if let Some(source) = self.source(later, place) {
                    depends[source] = true;
                }
            }
            let mine = self.writes(later);
            for (earlier, reached) in depends.iter_mut().enumerate().take(later) {
                *reached |= self.writes(earlier).iter().any(|key| mine.contains(key));
            }
        }
        (0..at).filter(|earlier| depends[*earlier]).all(|earlier| {
            let written = self.writes(earlier);
            self.places(at).all(|place| {
                let key = self.history.ops(self.order[at])[place].key();
                !written.contains(&key)
                    || self.read_states(at, place).last().is_some_and(|last| earlier < *last)
            })
        })
    }
}
