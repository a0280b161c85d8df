//! Names given to keys and versions, so that the checkers work on dense integers.

use std::fmt;

/// A key, or a value written to a key: an integer or a text, as histories spell them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// An integer.
    Int(i64),
    /// Anything else, by its text.
    Text(Box<str>),
}

impl From<i64> for Atom {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Atom {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Atom {
    fn from(value: String) -> Self {
        Self::Text(value.into_boxed_str())
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// Gives each distinct `(scope, atom)` pair a dense number, in the order of first use.
///
/// An open-addressed table with a fixed hash function: the same input always gives the same
/// numbers, and nothing depends on addresses or on a random seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    entries: Vec<(u32, Atom)>,
    /// Entry number plus one; zero is free. The length is a power of two.
    slots: Vec<u32>,
}

impl Interner {
    pub(super) fn intern(&mut self, scope: u32, atom: &Atom) -> u32 {
        if (self.entries.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let slot = self.slot_of(scope, atom);
        if self.slots[slot] != 0 {
            return self.slots[slot] - 1;
        }
        self.entries.push((scope, atom.clone()));
        let number = u32::try_from(self.entries.len()).expect("fewer than 2^32 names");
        self.slots[slot] = number;
        number - 1
    }

    pub(super) fn find(&self, scope: u32, atom: &Atom) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.slots[self.slot_of(scope, atom)].checked_sub(1)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn scope(&self, number: u32) -> u32 {
        self.entries[number as usize].0
    }

    pub(super) fn atom(&self, number: u32) -> &Atom {
        &self.entries[number as usize].1
    }

    /// The slot that holds the pair, or the free slot where it belongs.
    fn slot_of(&self, scope: u32, atom: &Atom) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(scope, atom) as usize & mask;
        while self.slots[slot] != 0 {
            let (other_scope, other) = &self.entries[self.slots[slot] as usize - 1];
            if *other_scope == scope && other == atom {
                break;
            }
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(16);
        self.slots = vec![0; len];
        for number in 0..self.entries.len() {
            let (scope, atom) = &self.entries[number];
            let mut slot = hash(*scope, atom) as usize & (len - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.slots[slot] = number as u32 + 1;
        }
    }
}

fn hash(scope: u32, atom: &Atom) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = u64::from(scope).wrapping_add(1).wrapping_mul(MULTIPLIER);
    let mut mix = |word: u64| {
        state = (state ^ word).wrapping_mul(MULTIPLIER);
        state ^= state >> 29;
    };
    match atom {
        Atom::Int(value) => mix(*value as u64),
        Atom::Text(text) => {
            mix(1 << 63 | text.len() as u64);
            for chunk in text.as_bytes().chunks(8) {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                mix(u64::from_le_bytes(word));
            }
        }
    }
    state ^ state >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pairs_share_a_number_and_different_ones_do_not() {
        let mut interner = Interner::default();
        for value in 0..1_000 {
            assert_eq!(interner.intern(value as u32 % 3, &Atom::Int(value)), value as u32);
        }
        for value in 0..1_000 {
            assert_eq!(interner.intern(value as u32 % 3, &Atom::Int(value)), value as u32);
        }
        assert_eq!(interner.find(7, &Atom::Int(1)), None);
        let text = interner.intern(0, &"one".into());
        assert_eq!(interner.atom(text), &"one".into());
        assert_eq!(interner.find(0, &"one".into()), Some(text));
        assert_eq!(interner.find(0, &"two".into()), None);
        assert_eq!(interner.len(), 1_001);
        assert_eq!(interner.scope(4), 1);
    }
}
