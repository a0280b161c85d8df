//! That one operation comes before another, and why.

/// One operation comes before another in each order that explains their results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precedence<T> {
    /// The one.
    pub first: T,
    /// The other. The same one: there is no such order.
    pub then: T,
    /// What it follows from.
    pub because: Because<T>,
}

/// Why one operation comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because<T> {
    /// The first comes before this one, and this one before the other.
    Chain {
        /// This one.
        through: T,
    },
    /// What the specification knows of every order ([`OrderRule`](crate::spec::OrderRule)).
    Rule {
        /// The number of the rule.
        rule: u32,
        /// What it needs to be known: of each pair that the first one comes before the second.
        premises: [Option<(T, T)>; 2],
    },
}

impl<T> Precedence<T> {
    /// The same about other names of the operations.
    pub(crate) fn map<U>(self, name: impl Fn(T) -> U) -> Precedence<U> {
        let because = match self.because {
            Because::Chain { through } => Because::Chain { through: name(through) },
            Because::Rule { rule, premises } => {
                let both = |(first, then)| (name(first), name(then));
                Because::Rule { rule, premises: premises.map(|premise| premise.map(both)) }
            }
        };
        Precedence { first: name(self.first), then: name(self.then), because }
    }
}
