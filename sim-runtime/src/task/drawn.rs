//! A queue in the order of drawn priorities: pure, whatever its items are.

/// Bits of a key below the priority, for the order of arrival.
pub(super) const ARRIVAL_BITS: u32 = 40;

/// Items by drawn priority. An item that is alone waits in `solo` undrawn: with one outcome there is no choice.
///
/// An item that comes before all others stays in `front`: under drawn priorities the task woken last is the next
/// to run most of the time, because those that have waited long drew low. It then never moves through the heap.
pub(super) struct Drawn<T> {
    solo: Option<(T, u32)>,
    front: Option<(u64, T)>,
    heap: Heap<T>,
}

impl<T> Default for Drawn<T> {
    fn default() -> Drawn<T> {
        Drawn { solo: None, front: None, heap: Heap { entries: Vec::new() } }
    }
}

impl<T> Drawn<T> {
    /// Puts an item in. `wake` goes to `draw` with it, if its priority is ever asked for; `arrival` counts pushes.
    #[inline]
    pub(super) fn push(&mut self, item: T, wake: u32, arrival: u64, draw: impl Fn(&T, u32) -> u32) {
        if self.front.is_none() && self.heap.is_empty() {
            match self.solo.take() {
                None => {
                    self.solo = Some((item, wake));
                    return;
                }
                Some((other, other_wake)) => {
                    let priority = draw(&other, other_wake);
                    self.front = Some((key(priority, arrival - 1), other));
                }
            }
        }
        let key = key(draw(&item, wake), arrival);
        match &mut self.front {
            Some(front) if key < front.0 => {
                let (key, item) = std::mem::replace(front, (key, item));
                self.heap.push(key, item);
            }
            None if self.heap.least().is_none_or(|least| key < least) => {
                self.front = Some((key, item));
            }
            Some(_) | None => self.heap.push(key, item),
        }
    }

    /// Takes out the item of the highest priority, of equals the one that came first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        if let Some((_, item)) = self.front.take() {
            return Some(item);
        }
        match self.solo.take() {
            Some((item, _)) => Some(item),
            None => self.heap.pop(),
        }
    }

    /// Forgets all items, keeping the memory.
    pub(super) fn reset(&mut self) {
        self.solo = None;
        self.front = None;
        self.heap.entries.clear();
    }

    /// Takes out every item for which `leaves` holds.
    pub(super) fn remove(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        if self.solo.as_ref().is_some_and(|(item, _)| leaves(item)) {
            out.extend(self.solo.take().map(|(item, _)| item));
        }
        if self.front.as_ref().is_some_and(|(_, item)| leaves(item)) {
            out.extend(self.front.take().map(|(_, item)| item));
        }
        if !self.heap.entries.iter().any(|(_, item)| leaves(item)) {
            return out;
        }
        let mut stay = Heap { entries: Vec::with_capacity(self.heap.entries.len()) };
        while let Some((key, item)) = self.heap.pop_entry() {
            if leaves(&item) {
                out.push(item);
            } else {
                stay.push(key, item);
            }
        }
        self.heap = stay;
        out
    }
}

/// Smaller comes first: higher priority, then earlier arrival.
#[inline]
fn key(priority: u32, arrival: u64) -> u64 {
    let place = u64::from(!priority) >> (ARRIVAL_BITS - 32) << ARRIVAL_BITS;
    place | (arrival & ((1 << ARRIVAL_BITS) - 1))
}

/// A four-ary heap: a node's children share a cache line.
struct Heap<T> {
    entries: Vec<(u64, T)>,
}

impl<T> Heap<T> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    fn least(&self) -> Option<u64> {
        self.entries.first().map(|(key, _)| *key)
    }

    #[inline]
    fn push(&mut self, key: u64, item: T) {
        self.entries.push((key, item));
        let mut at = self.entries.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.entries[parent].0 <= key {
                break;
            }
            self.entries.swap(at, parent);
            at = parent;
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.pop_entry().map(|(_, item)| item)
    }

    #[inline]
    fn pop_entry(&mut self) -> Option<(u64, T)> {
        let last = self.entries.pop()?;
        if self.entries.is_empty() {
            return Some(last);
        }
        let first = std::mem::replace(&mut self.entries[0], last);
        let key = self.entries[0].0;
        let (mut at, len) = (0, self.entries.len());
        loop {
            let child = 4 * at + 1;
            if child >= len {
                break;
            }
            let mut least = child;
            for sibling in child + 1..(child + 4).min(len) {
                if self.entries[sibling].0 < self.entries[least].0 {
                    least = sibling;
                }
            }
            if self.entries[least].0 >= key {
                break;
            }
            self.entries.swap(at, least);
            at = least;
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::{Choices, Kind};

    /// Against a list that is searched: the same order under random pushes, pops and removals, with many ties.
    #[test]
    fn agrees_with_a_list() {
        for seed in 0..60 {
            let choices = Choices::new(seed);
            let mut s = choices.stream(&["drawn".into()]);
            let grow = 3 + (seed % 3) as u32;
            let (mut drawn, mut list, mut arrival) = (Drawn::default(), Vec::new(), 0);
            // Ties in the upper bits of a priority too: those below the upper 24 do not count.
            let draw =
                |item: &u64, wake: u32| ((*item as u32 ^ wake) % 5) << 30 | (*item as u32 & 0xFF);
            for _ in 0..2_000 {
                match choices.pick(&mut s, Kind::Device, 8) {
                    pick if pick < grow => {
                        arrival += 1;
                        drawn.push(arrival, 7, arrival, draw);
                        list.push((!(draw(&arrival, 7) >> 8), arrival));
                    }
                    7 => {
                        let rest = u64::from(choices.pick(&mut s, Kind::Device, 4));
                        let mut left = drawn.remove(|item| item % 4 == rest);
                        left.sort_unstable();
                        let mut gone: Vec<u64> = list.iter().map(|(_, item)| *item).collect();
                        gone.retain(|item| item % 4 == rest);
                        list.retain(|(_, item)| item % 4 != rest);
                        assert_eq!(left, gone);
                    }
                    _ => {
                        let first = list.iter().min().copied();
                        list.retain(|entry| Some(*entry) != first);
                        assert_eq!(drawn.pop(), first.map(|(_, item)| item));
                    }
                }
            }
        }
    }

    #[test]
    fn an_item_alone_is_not_drawn() {
        let mut drawn = Drawn::default();
        for arrival in 1..10 {
            drawn.push(arrival, 0, arrival, |_, _| panic!("drawn"));
            assert_eq!(drawn.pop(), Some(arrival));
        }
    }
}
