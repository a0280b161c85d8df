//! A hierarchical timer wheel: pure, without a clock of its own.
//!
//! Eleven levels of 64 slots cover every `u64` of nanoseconds (Varghese and Lauck, "Hashed and Hierarchical
//! Timing Wheels", 1987). Entries are doubly linked, so cancelling is O(1); a bitmap per level finds the next slot.
//! Entries due at one instant come out in the order in which they were put in.

use super::Nanos;

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = 64usize.div_ceil(BITS as usize);
const NONE: u32 = u32::MAX;
/// The slot number of an entry that is not in the wheel.
const FREE: u16 = u16::MAX;

/// Names an entry until it fires or is cancelled; later it names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerKey {
    index: u32,
    generation: u32,
}

struct Entry<T> {
    at: Nanos,
    next: u32,
    previous: u32,
    generation: u32,
    slot: u16,
    payload: T,
}

#[derive(Clone, Copy)]
struct List {
    head: u32,
    tail: u32,
}

/// The wheel. `T` is small and `Copy`; what is large lives with whoever scheduled it.
pub(crate) struct Wheel<T> {
    now: Nanos,
    entries: Vec<Entry<T>>,
    free: u32,
    lists: Box<[List; SLOTS * LEVELS]>,
    occupied: [u64; LEVELS],
    levels: u16,
    len: usize,
    /// The list of a higher level whose entries are all due now, or the list of level 0 for now.
    due: usize,
}

impl<T: Copy> Default for Wheel<T> {
    fn default() -> Wheel<T> {
        Wheel::new()
    }
}

impl<T: Copy> Wheel<T> {
    pub(crate) fn new() -> Wheel<T> {
        Wheel {
            now: 0,
            entries: Vec::new(),
            free: NONE,
            lists: Box::new([List { head: NONE, tail: NONE }; SLOTS * LEVELS]),
            occupied: [0; LEVELS],
            levels: 0,
            len: 0,
            due: 0,
        }
    }

    /// For how many entries there is memory.
    pub(crate) fn capacity(&self) -> usize {
        self.entries.capacity()
    }

    /// How many entries are pending.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Forgets all entries and returns to instant 0, keeping the memory.
    pub(crate) fn reset(&mut self) {
        for level in 0..LEVELS {
            while self.occupied[level] != 0 {
                let slot = level * SLOTS + self.occupied[level].trailing_zeros() as usize;
                self.lists[slot] = List { head: NONE, tail: NONE };
                self.occupied[level] &= self.occupied[level] - 1;
            }
        }
        self.levels = 0;
        self.entries.clear();
        self.free = NONE;
        self.now = 0;
        self.len = 0;
        self.due = 0;
    }

    /// Puts `payload` in at instant `at`; an instant that has passed counts as now.
    #[inline]
    pub(crate) fn insert(&mut self, at: Nanos, payload: T) -> TimerKey {
        let at = at.max(self.now);
        let index = self.free;
        let index = if index == NONE {
            let index = u32::try_from(self.entries.len()).expect("fewer than 2^32 timers");
            self.entries.push(Entry {
                at,
                next: NONE,
                previous: NONE,
                generation: 0,
                slot: FREE,
                payload,
            });
            index
        } else {
            let entry = &mut self.entries[index as usize];
            self.free = entry.next;
            entry.at = at;
            entry.payload = payload;
            index
        };
        self.len += 1;
        self.link(index);
        TimerKey { index, generation: self.entries[index as usize].generation }
    }

    /// Takes an entry out. `None` when it fired or was cancelled before.
    #[inline]
    pub(crate) fn cancel(&mut self, key: TimerKey) -> Option<T> {
        let entry = self.entries.get(key.index as usize)?;
        if entry.generation != key.generation || entry.slot == FREE {
            return None;
        }
        self.unlink(key.index);
        Some(self.release(key.index))
    }

    /// Moves to the next instant at which something is due, and says which. The wheel then stands at that
    /// instant and [`Wheel::pop`] yields what is due. All of it must be popped before the next call.
    pub(crate) fn advance(&mut self) -> Option<Nanos> {
        loop {
            if self.levels == 0 {
                return None;
            }
            let level = self.levels.trailing_zeros() as usize;
            let slot = self.occupied[level].trailing_zeros() as usize;
            if level == 0 {
                self.now = (self.now & !(SLOTS as u64 - 1)) | slot as u64;
                self.due = slot;
                return Some(self.now);
            }
            // No entry lies before the earliest of this slot, so the wheel may stand there already.
            let list = level * SLOTS + slot;
            let (earliest, latest) = self.span(list);
            self.now = earliest;
            if earliest == latest {
                // What is put in from now on goes to lower levels, so the list stays as it is until it is popped.
                self.due = list;
                return Some(earliest);
            }
            self.cascade(list);
        }
    }

    /// The next entry due at the instant that [`Wheel::advance`] moved to.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let mut index = self.lists[self.due].head;
        if index == NONE {
            // What was put in for this very instant comes after what waited for it.
            self.due = self.now as usize % SLOTS;
            index = self.lists[self.due].head;
            if index == NONE {
                return None;
            }
        }
        let next = self.entries[index as usize].next;
        self.lists[self.due].head = next;
        if next == NONE {
            self.lists[self.due].tail = NONE;
            self.clear_bit(self.due / SLOTS, self.due % SLOTS);
        } else {
            self.entries[next as usize].previous = NONE;
        }
        Some(self.release(index))
    }

    /// The earliest and the latest instant in a list.
    #[inline]
    fn span(&self, list: usize) -> (Nanos, Nanos) {
        let (mut earliest, mut latest) = (Nanos::MAX, 0);
        let mut index = self.lists[list].head;
        while index != NONE {
            let entry = &self.entries[index as usize];
            earliest = earliest.min(entry.at);
            latest = latest.max(entry.at);
            index = entry.next;
        }
        (earliest, latest)
    }

    /// Spreads a list over the lower levels, seen from where the wheel stands; entries keep their order.
    fn cascade(&mut self, list: usize) {
        let mut index = self.lists[list].head;
        self.lists[list] = List { head: NONE, tail: NONE };
        self.clear_bit(list / SLOTS, list % SLOTS);
        while index != NONE {
            let next = self.entries[index as usize].next;
            self.link(index);
            index = next;
        }
    }

    #[inline]
    fn link(&mut self, index: u32) {
        let at = self.entries[index as usize].at;
        let differing = at ^ self.now;
        let level = (63 - (differing | 1).leading_zeros()) / BITS;
        let slot = ((at >> (level * BITS)) & (SLOTS as u64 - 1)) as usize;
        let number = level as usize * SLOTS + slot;
        let list = &mut self.lists[number];
        let tail = list.tail;
        list.tail = index;
        if tail == NONE {
            list.head = index;
            self.occupied[level as usize] |= 1 << slot;
            self.levels |= 1 << level;
        } else {
            self.entries[tail as usize].next = index;
        }
        let entry = &mut self.entries[index as usize];
        entry.previous = tail;
        entry.next = NONE;
        entry.slot = number as u16;
    }

    #[inline]
    fn unlink(&mut self, index: u32) {
        let entry = &self.entries[index as usize];
        let (next, previous, number) = (entry.next, entry.previous, entry.slot as usize);
        if next == NONE {
            self.lists[number].tail = previous;
        } else {
            self.entries[next as usize].previous = previous;
        }
        if previous == NONE {
            self.lists[number].head = next;
            if next == NONE {
                self.clear_bit(number / SLOTS, number % SLOTS);
            }
        } else {
            self.entries[previous as usize].next = next;
        }
    }

    #[inline]
    fn clear_bit(&mut self, level: usize, slot: usize) {
        self.occupied[level] &= !(1 << slot);
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    #[inline]
    fn release(&mut self, index: u32) -> T {
        let free = self.free;
        let entry = &mut self.entries[index as usize];
        entry.slot = FREE;
        entry.generation = entry.generation.wrapping_add(1);
        entry.next = free;
        self.free = index;
        self.len -= 1;
        entry.payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::{Choices, Distribution, Kind};
    use std::collections::BTreeMap;

    /// The wheel against an ordered map from (instant, number) under random inserts, cancels and pops.
    #[test]
    fn agrees_with_an_ordered_map() {
        for seed in 0..40 {
            let choices = Choices::new(seed);
            let mut s = choices.stream(&["wheel".into()]);
            let spread = Distribution::log_uniform(1, 1 << (10 + seed % 50));
            let (mut wheel, mut model, mut keys) = (Wheel::new(), BTreeMap::new(), Vec::new());
            let mut now = 0;
            for number in 0..3_000_u64 {
                match choices.pick(&mut s, Kind::Device, 8) {
                    0..=3 => {
                        let ties = choices.pick(&mut s, Kind::Device, 4) == 0;
                        let at = now
                            + if ties { 5 } else { choices.sample(&mut s, Kind::Device, &spread) };
                        keys.push((at, number, wheel.insert(at, number)));
                        model.insert((at, number), ());
                    }
                    4 if !keys.is_empty() => {
                        let which = choices.pick(&mut s, Kind::Device, keys.len() as u32) as usize;
                        let (at, number, key) = keys.swap_remove(which);
                        let was = model.remove(&(at, number)).map(|()| number);
                        assert_eq!(wheel.cancel(key), was);
                        assert_eq!(wheel.cancel(key), None, "a key names its entry once");
                    }
                    _ => {
                        let want = model.first_key_value().map(|(k, ())| *k);
                        assert_eq!(wheel.advance(), want.map(|(at, _)| at));
                        let Some((at, _)) = want else { continue };
                        now = at;
                        let due: Vec<u64> =
                            model.range(..=(at, u64::MAX)).map(|((_, n), ())| *n).collect();
                        let got: Vec<u64> = std::iter::from_fn(|| wheel.pop()).collect();
                        assert_eq!(got, due);
                        model = model.split_off(&(at, u64::MAX));
                    }
                }
                assert_eq!(wheel.len(), model.len());
            }
        }
    }

    #[test]
    fn what_is_past_is_due_now() {
        let mut wheel = Wheel::new();
        wheel.insert(1_000_000, 'a');
        assert_eq!(wheel.advance(), Some(1_000_000));
        assert_eq!(wheel.pop(), Some('a'));
        wheel.insert(3, 'b');
        assert_eq!(wheel.advance(), Some(1_000_000));
        assert_eq!(wheel.pop(), Some('b'));
        assert_eq!(wheel.advance(), None);
    }

    #[test]
    fn what_is_put_in_for_this_instant_comes_last() {
        let mut wheel = Wheel::new();
        wheel.insert(1 << 40, 1);
        let key = wheel.insert(1 << 40, 2);
        wheel.insert(1 << 40, 3);
        assert_eq!((wheel.advance(), wheel.pop()), (Some(1 << 40), Some(1)));
        wheel.insert(1 << 40, 4);
        wheel.insert((1 << 40) + 1, 5);
        assert_eq!(wheel.cancel(key), Some(2));
        assert_eq!((wheel.pop(), wheel.pop(), wheel.pop()), (Some(3), Some(4), None));
        assert_eq!((wheel.advance(), wheel.pop()), (Some((1 << 40) + 1), Some(5)));
    }

    #[test]
    fn reset_forgets_everything() {
        let mut wheel = Wheel::new();
        let key = wheel.insert(u64::MAX, 1);
        wheel.insert(7, 2);
        wheel.reset();
        assert_eq!((wheel.len(), wheel.advance(), wheel.cancel(key)), (0, None, None));
        wheel.insert(9, 3);
        assert_eq!((wheel.advance(), wheel.pop()), (Some(9), Some(3)));
    }
}
