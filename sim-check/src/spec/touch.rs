//! Which elements operations touch.

/// The elements of a collection that an operation adds, removes or tells of.
pub(super) enum Touch<'a, V> {
    Nothing,
    Elements(&'a [V]),
    /// Nobody knows which.
    Anything,
}

impl<'a, V: PartialEq> Touch<'a, V> {
    pub(super) fn one(v: &'a V) -> Self {
        Touch::Elements(std::slice::from_ref(v))
    }

    pub(super) fn shares(&self, other: &Self) -> bool {
        match (self, other) {
            (Touch::Nothing, _) | (_, Touch::Nothing) => false,
            (Touch::Anything, _) | (_, Touch::Anything) => true,
            (Touch::Elements(a), Touch::Elements(b)) => a.iter().any(|v| b.contains(v)),
        }
    }
}
