//! What is known of every order of some operations, before any is tried.

/// An operation of a history as [`order_rules`](super::SequentialSpec::order_rules) sees it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'h, Op, Ret> {
    /// What was asked for.
    pub op: &'h Op,
    /// What was told, if anything was.
    pub ret: Option<&'h Ret>,
    /// Whether it took effect; else it may have, or may not.
    pub is_certain: bool,
}

/// Something that holds in each order of the calls that explains their results. A call that is not certain may
/// stand in `then` and `others`: the rule holds if it takes effect. Whoever names it elsewhere says that it takes effect
/// in all of them.
///
/// Each rule must follow from the calls that it names: it has to hold of any history in which they are, and in which
/// nothing is that was not in the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRule<T = usize> {
    /// These calls have no explanation.
    Impossible(Vec<T>),
    /// Each of `first` comes before each other one of `then`. It follows from the two of them, and from the one beside the first.
    Before {
        /// Calls, each with the call that shows the rule to hold of it.
        first: Vec<(T, Option<T>)>,
        /// Those that follow.
        then: Vec<T>,
    },
    /// The first of a pair comes before the second, and none of `others`, other than these two, comes between.
    Apart {
        /// The pairs.
        pairs: Vec<(T, T)>,
        /// What comes before the first or after the second of each.
        others: Vec<T>,
    },
    /// The first of a pair comes before the second, and pairs are in the same order by their first as by their second: what
    /// enters a queue, and leaves it.
    SameOrder(Vec<(T, T)>),
    /// The first of a pair comes before the second, and of two pairs one is inside of the other, or all of it comes before: what
    /// is put on a stack, and taken away.
    Nested(Vec<(T, T)>),
}

impl<T> OrderRule<T> {
    /// The same rule about other names of the calls.
    pub(crate) fn map<U>(self, name: impl Fn(T) -> U) -> OrderRule<U> {
        let both = |pairs: Vec<(T, T)>| {
            pairs.into_iter().map(|(first, second)| (name(first), name(second))).collect()
        };
        match self {
            OrderRule::Impossible(calls) => {
                OrderRule::Impossible(calls.into_iter().map(name).collect())
            }
            OrderRule::Before { first, then } => OrderRule::Before {
                first: first.into_iter().map(|(call, by)| (name(call), by.map(&name))).collect(),
                then: then.into_iter().map(name).collect(),
            },
            OrderRule::Apart { pairs, others } => OrderRule::Apart {
                pairs: both(pairs),
                others: others.into_iter().map(name).collect(),
            },
            OrderRule::SameOrder(pairs) => OrderRule::SameOrder(both(pairs)),
            OrderRule::Nested(pairs) => OrderRule::Nested(both(pairs)),
        }
    }
}
