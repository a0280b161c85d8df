//! An exhaustive judge of isolation: which levels some total order of the commits satisfies.
//!
//! These are the axioms of Biswas and Enea, "On the complexity of checking transactional consistency" (OOPSLA 2019),
//! and more of the same kind for the other levels. Whether a transaction has a place in an order depends on those
//! before it alone, so that orders are built from their beginnings, for all levels at once, and a beginning is given
//! up when no level is left that it could satisfy. Nothing is shared with the judges but the history.

use sim_check::txn::{
    ClientOrder, Guarantee, INITIAL, IsolationLevel, Model, Op, Status, TxnHistory, TxnId,
};

/// A set of levels: bit *i* stands for the *i*-th of [`IsolationLevel::ALL`].
pub type Levels = u32;

/// A set of places in an order.
type Places = u16;

/// The levels that some order of the commits satisfies. At most 16 transactions that may have committed, and 16 keys.
pub fn satisfied(history: &TxnHistory) -> Levels {
    let txns: Vec<Known> =
        (0..history.len() as TxnId).map(|txn| Known::new(history, txn)).collect();
    let certain = |(_, known): &(usize, &Known)| known.status == Status::Ok;
    let mut search = Search {
        history,
        certain: txns.iter().enumerate().filter(certain).fold(0, |set, (txn, _)| set | 1 << txn),
        levels: IsolationLevel::ALL
            .iter()
            .map(|level| (level.guarantee(), level.order() as usize))
            .collect(),
        values: vec![Vec::new(); history.key_count()],
        txns,
        order: Vec::new(),
        satisfied: 0,
    };
    search.extend(0, (1 << IsolationLevel::ALL.len()) - 1);
    search.satisfied
}

/// What the search needs to know of a transaction.
struct Known {
    status: Status,
    process: u32,
    invoked: u32,
    completed: u32,
    writes: u16,
}

impl Known {
    fn new(history: &TxnHistory, txn: TxnId) -> Self {
        let entry = history.txn(txn);
        let writes = history.ops(txn).iter().filter(|op| matches!(op, Op::Write { .. }));
        Known {
            status: entry.status,
            process: entry.process,
            invoked: entry.invoked,
            completed: entry.completed,
            writes: writes.fold(0, |keys, op| keys | 1 << op.key()),
        }
    }
}

/// A read of what others wrote.
#[derive(Clone, Copy)]
struct Read {
    place: usize,
    key: u32,
    /// How many transactions of the order had committed in the state that it saw.
    source: usize,
    /// Whether its transaction writes the key after this read, and not before.
    updates: bool,
}

/// A transaction in an order.
struct Placed {
    txn: usize,
    reads: Vec<Read>,
    /// For each order of the clients, what it sees at once: those before it for the clients, those it read from.
    direct: [Places; 3],
    /// Closed under that.
    causal: [Places; 3],
    /// Closed under that and the order of the writes of a key.
    happened: [Places; 3],
    /// How long the list of each key's writes was before it.
    lengths: Vec<usize>,
}

struct Search<'h> {
    history: &'h TxnHistory,
    txns: Vec<Known>,
    certain: u32,
    levels: Vec<(Guarantee, usize)>,
    order: Vec<Placed>,
    /// For each key all that was written to it so far.
    values: Vec<Vec<u32>>,
    satisfied: Levels,
}

const CLIENT_ORDERS: [ClientOrder; 3] =
    [ClientOrder::Free, ClientOrder::Session, ClientOrder::RealTime];

impl Search<'_> {
    /// Tries all ways to go on from a beginning that `alive` levels allow.
    fn extend(&mut self, placed: u32, alive: Levels) {
        let alive = alive & !self.satisfied;
        if alive == 0 {
            return;
        }
        if placed & self.certain == self.certain {
            self.satisfied |= alive;
            return;
        }
        for txn in 0..self.txns.len() {
            if placed & 1 << txn != 0 || self.txns[txn].status == Status::Fail {
                continue;
            }
            let alive = alive & !self.satisfied & self.place(txn);
            if alive != 0 {
                for op in self.history.ops(txn as TxnId) {
                    if let Op::Write { key, version } = *op {
                        self.values[key as usize].push(version);
                    }
                }
                self.extend(placed | 1 << txn, alive);
            }
            let removed = self.order.pop().expect("what was placed");
            for (value, length) in self.values.iter_mut().zip(removed.lengths) {
                value.truncate(length);
            }
        }
    }

    /// Places a transaction at the end, and says which levels allow it there.
    fn place(&mut self, txn: usize) -> Levels {
        let at = self.order.len();
        let lengths = self.values.iter().map(Vec::len).collect();
        let found = self.reads(txn);
        let (reads, repeatable) = found.clone().unwrap_or_default();
        let mut placed =
            Placed { txn, reads, direct: [0; 3], causal: [0; 3], happened: [0; 3], lengths };
        let mut allowed_orders = [true; 3];
        for (client, order) in CLIENT_ORDERS.into_iter().enumerate() {
            for earlier in 0..at {
                let other = self.order[earlier].txn;
                allowed_orders[client] &= !self.before(order, txn, other);
                let sees = self.before(order, other, txn)
                    || placed.reads.iter().any(|read| read.source == earlier + 1);
                let shares = self.txns[other].writes & self.txns[txn].writes != 0;
                if sees {
                    placed.direct[client] |= 1 << earlier;
                    placed.causal[client] |= 1 << earlier | self.order[earlier].causal[client];
                }
                if sees || shares {
                    placed.happened[client] |= 1 << earlier | self.order[earlier].happened[client];
                }
            }
        }
        let mut allowed = 0;
        if found.is_some() {
            for (i, (guarantee, client)) in self.levels.iter().enumerate() {
                let repeats = repeatable
                    || matches!(
                        guarantee,
                        Guarantee::ReadCommitted
                            | Guarantee::CursorStability
                            | Guarantee::MonotonicAtomicView
                    );
                if allowed_orders[*client]
                    && repeats
                    && !self.loses_update(*guarantee, &placed)
                    && self.sees_latest(*guarantee, *client, &placed)
                {
                    allowed |= 1 << i;
                }
            }
        }
        self.order.push(placed);
        allowed
    }

    /// Whether `first` must come before `second`.
    fn before(&self, order: ClientOrder, first: usize, second: usize) -> bool {
        let (a, b) = (&self.txns[first], &self.txns[second]);
        match order {
            ClientOrder::Free => false,
            ClientOrder::Session => {
                a.process == b.process && a.status == Status::Ok && first < second
            }
            ClientOrder::RealTime => a.status == Status::Ok && a.completed < b.invoked,
        }
    }

    /// Whether an earlier transaction and this one both replaced the same version that both had read.
    fn loses_update(&self, guarantee: Guarantee, placed: &Placed) -> bool {
        matches!(guarantee, Guarantee::CursorStability | Guarantee::UpdateAtomic)
            && placed.reads.iter().filter(|read| read.updates).any(|mine| {
                self.order.iter().any(|other| {
                    other.reads.iter().any(|theirs| {
                        theirs.updates && theirs.key == mine.key && theirs.source == mine.source
                    })
                })
            })
    }

    /// Whether of all visible transactions none wrote a key after the state in which it was read.
    fn sees_latest(&self, guarantee: Guarantee, client: usize, placed: &Placed) -> bool {
        let before: Places = ((1_u32 << self.order.len()) - 1) as Places;
        let up_to_last = |set: Places| match set.checked_ilog2() {
            Some(last) => ((2_u32 << last) - 1) as Places,
            None => 0,
        };
        let mine = self.txns[placed.txn].writes;
        let conflicts = self.places(|other| self.txns[other.txn].writes & mine != 0);
        placed.reads.iter().all(|read| {
            let visible = match guarantee {
                Guarantee::ReadUncommitted
                | Guarantee::ReadCommitted
                | Guarantee::CursorStability
                | Guarantee::ItemCutIsolation => 0,
                Guarantee::MonotonicAtomicView => placed
                    .reads
                    .iter()
                    .filter(|other| other.place < read.place && other.source > 0)
                    .fold(0, |set, other| set | 1 << (other.source - 1)),
                Guarantee::ReadAtomic | Guarantee::UpdateAtomic => placed.direct[client],
                Guarantee::Causal => placed.causal[client],
                Guarantee::ConsistentView | Guarantee::ParallelSnapshotIsolation => {
                    placed.happened[client]
                }
                Guarantee::Prefix => up_to_last(placed.direct[client]),
                Guarantee::SnapshotIsolation => up_to_last(placed.direct[client] | conflicts),
                Guarantee::RepeatableRead | Guarantee::Serializable => before,
            };
            let later = before & !(((1_u32 << read.source) - 1) as Places);
            let writers = self.places(|other| self.txns[other.txn].writes & 1 << read.key != 0);
            visible & later & writers == 0
        })
    }

    fn places(&self, holds: impl Fn(&Placed) -> bool) -> Places {
        let all = self.order.iter().enumerate().filter(|(_, placed)| holds(placed));
        all.fold(0, |set, (place, _)| set | 1 << place)
    }

    /// The reads of a transaction if it comes next, and whether all reads of a key see the same state. `None` if no
    /// state explains one of them.
    fn reads(&self, txn: usize) -> Option<(Vec<Read>, bool)> {
        let mut found: Vec<Read> = Vec::new();
        let mut repeatable = true;
        if self.txns[txn].status != Status::Ok {
            return Some((found, repeatable));
        }
        let at = self.order.len();
        let ops = self.history.ops(txn as TxnId);
        for (place, op) in ops.iter().enumerate() {
            let key = op.key();
            let own = ops[..place].iter().filter_map(|op| written(*op, key)).count();
            let last = ops[..place].iter().rev().find_map(|op| written(*op, key));
            let initial = [];
            let one;
            let seen: &[u32] = match *op {
                Op::Write { .. } => continue,
                Op::Read { version, .. } if own > 0 => match last == Some(version) {
                    true => continue,
                    false => return None,
                },
                Op::Read { version: INITIAL, .. } => &initial,
                Op::Read { version, .. } => {
                    one = [version];
                    &one
                }
                Op::ReadList { start, len, .. } => {
                    let list = self.history.list(start, len);
                    let (before, after) = list.split_at(list.len().checked_sub(own)?);
                    let mine = ops[..place].iter().filter_map(|op| written(*op, key));
                    if !mine.eq(after.iter().copied()) {
                        return None;
                    }
                    before
                }
            };
            let source = (0..=at).find(|state| self.value(*state, key) == seen)?;
            // A list with own appends in it is what the key holds after the transaction.
            if own > 0 && self.value(at, key) != seen {
                return None;
            }
            let again = found.iter().find(|other| other.key == key);
            repeatable &= again.is_none_or(|other| other.source == source);
            let first_write = ops.iter().position(|op| written(*op, key).is_some());
            let updates = first_write.is_some_and(|first| first > place);
            found.push(Read { place, key, source, updates });
        }
        Some((found, repeatable))
    }

    /// What a key holds after so many transactions: all elements of a list, the last write of a register.
    fn value(&self, state: usize, key: u32) -> &[u32] {
        let all = &self.values[key as usize];
        let length = match self.order.get(state) {
            Some(next) => next.lengths[key as usize],
            None => all.len(),
        };
        match self.history.model() {
            Model::ListAppend => &all[..length],
            Model::RwRegister => &all[length.saturating_sub(1)..length],
        }
    }
}

fn written(op: Op, key: u32) -> Option<u32> {
    match op {
        Op::Write { key: k, version } if k == key => Some(version),
        Op::Write { .. } | Op::Read { .. } | Op::ReadList { .. } => None,
    }
}

/// Whether some order of the commits makes the appends to each key come in the order that its reads show, which is all
/// that read uncommitted asks for; registers show no order. `None` if reads show more than one order, or one that holds
/// something that was not committed, or against the order of its writer's appends.
pub fn read_uncommitted(history: &TxnHistory) -> Option<bool> {
    if history.model() == Model::RwRegister {
        return Some(true);
    }
    let mut shown: Vec<&[u32]> = vec![&[]; history.key_count()];
    let all = || 0..history.len() as TxnId;
    for txn in all() {
        for op in history.ops(txn) {
            if let Op::ReadList { key, start, len } = *op {
                let (list, longest) = (history.list(start, len), &mut shown[key as usize]);
                let (short, long) =
                    if list.len() < longest.len() { (list, *longest) } else { (*longest, list) };
                if !long.starts_with(short) {
                    return None;
                }
                *longest = long;
            }
        }
    }
    // Those of the shown elements that each transaction appended, which must be all of them.
    let mut missing = shown.iter().map(|list| list.len()).sum::<usize>();
    let mut needed = 0;
    for txn in all() {
        let status = history.txn(txn).status;
        let places = history.ops(txn).iter().filter_map(|op| match *op {
            Op::Write { key, version } => {
                Some((key, shown[key as usize].iter().position(|shown| *shown == version)))
            }
            Op::Read { .. } | Op::ReadList { .. } => None,
        });
        let mut last = vec![Some(None); history.key_count()];
        for (key, place) in places {
            let before = std::mem::replace(&mut last[key as usize], place.map(Some));
            match (before, place) {
                (_, None) => {}
                (Some(before), place) if status != Status::Fail && before < place => {
                    missing -= 1;
                    needed |= 1 << txn;
                }
                _ => return None,
            }
        }
        if status == Status::Ok {
            needed |= 1 << txn;
        }
    }
    let mut lengths = vec![0; history.key_count()];
    (missing == 0).then(|| appends_follow(history, &shown, needed, &mut lengths))
}

/// Whether the `needed` transactions can go on in some order when each key has so many elements.
fn appends_follow(
    history: &TxnHistory,
    shown: &[&[u32]],
    needed: u32,
    lengths: &mut Vec<usize>,
) -> bool {
    needed == 0
        || (0..history.len() as TxnId).filter(|txn| needed & 1 << txn != 0).any(|txn| {
            let before = lengths.clone();
            let fits = history.ops(txn).iter().all(|op| match *op {
                Op::Write { key, version } => {
                    let length = &mut lengths[key as usize];
                    *length += 1;
                    shown[key as usize].get(*length - 1).is_none_or(|next| *next == version)
                }
                Op::Read { .. } | Op::ReadList { .. } => true,
            });
            let found = fits && appends_follow(history, shown, needed & !(1 << txn), lengths);
            *lengths = before;
            found
        })
}
