//! Steps: returns of operations, and what is open at them.

/// An operation that is open at a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) slot: u32,
    pub(super) class: u32,
    /// Its place in the history.
    pub(super) operation: u32,
}

/// The return of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) returning: Open,
    /// Where among the impure operations those begin and end that are open.
    pub(super) impure_from: u32,
    pub(super) impure_to: u32,
    /// The same of those that are pure, and where the fresh ones begin, which were invoked since the step before.
    pub(super) pure_from: u32,
    pub(super) fresh_from: u32,
    pub(super) pure_to: u32,
    /// How many classes of operations of unknown outcome were met.
    pub(super) unknown: u32,
}

/// Operations of unknown outcome that ask for the same thing. Only how many were used matters.
#[derive(Clone, Debug)]
pub(super) struct UnknownClass {
    pub(super) class: u32,
    first: Unknown,
    more: Vec<Unknown>,
}

/// An operation of unknown outcome.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unknown {
    /// The first step at which it is open.
    pub(super) from_step: u32,
    /// Its place in the history.
    pub(super) operation: u32,
}

impl UnknownClass {
    /// Adds an operation of this class, which must not be open earlier than those before it.
    pub(super) fn add(classes: &mut Vec<UnknownClass>, class: u32, operation: Unknown) {
        match classes.iter_mut().find(|known| known.class == class) {
            Some(known) => known.more.push(operation),
            None => classes.push(UnknownClass { class, first: operation, more: Vec::new() }),
        }
    }

    /// The operation that is used when this many were.
    #[inline]
    pub(super) fn after(&self, used: u32) -> Option<Unknown> {
        match used {
            0 => Some(self.first),
            used => self.more.get(used as usize - 1).copied(),
        }
    }
}

/// A step, and what is open at it.
#[derive(Clone, Copy)]
pub(super) struct View<'p> {
    pub(super) step: usize,
    /// What must have taken effect.
    pub(super) returning: Open,
    /// What may change the state, perhaps the returning operation among it.
    pub(super) impure: &'p [Open],
    /// What cannot change the state.
    pub(super) pure: &'p [Open],
    /// The part of `pure` that was invoked since the step before.
    pub(super) fresh_pure: &'p [Open],
    /// Operations of unknown outcome, by class.
    pub(super) unknown: &'p [UnknownClass],
}
