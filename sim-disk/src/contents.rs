//! The bytes of a file: its pages, its size, and what of both is unsynced.

use crate::page::{Op, PAGE, Page, Pool, SECTOR};
use std::collections::BTreeMap;

/// The largest size of a file.
pub(crate) const SIZE_MAX: u64 = i64::MAX as u64;
/// Unsynced growths, and calls kept for reports. Beyond, the older half is forgotten: a crash then has
/// fewer sizes to choose from, or names sectors instead of calls.
const CALLS_MAX: usize = 4096;

/// A change of a file's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SizeChange {
    pub(crate) op: Op,
    pub(crate) size: u64,
    pub(crate) shrinks: bool,
}

/// A call that wrote bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) op: Op,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// The bytes of one file, in the page cache and durable.
#[derive(Default)]
pub(crate) struct Contents {
    size: u64,
    durable_size: u64,
    /// Unsynced changes of the size, oldest first.
    sizes: Vec<SizeChange>,
    pages: BTreeMap<u64, Page>,
    /// The pages with unsynced sectors, in the order in which they became so.
    dirty: Vec<u64>,
    /// Unsynced calls, oldest first, for reports.
    writes: Vec<Write>,
    last: Op,
    /// Whether a crash set the size back and nobody has met the end since.
    size_lost: bool,
}

impl Contents {
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Reads at most `into.len()` bytes at `offset`. Also says how many losses of a crash were met.
    #[inline]
    pub(crate) fn read(&mut self, offset: u64, into: &mut [u8]) -> (usize, u32) {
        let left = self.size.saturating_sub(offset);
        let len = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut met = 0;
        if len < into.len() {
            met += u32::from(std::mem::take(&mut self.size_lost));
        }
        let mut done = 0;
        while done < len {
            let (index, at) = split(offset + done as u64);
            let part = (PAGE - at).min(len - done);
            let into = &mut into[done..done + part];
            match self.pages.get_mut(&index) {
                Some(page) => {
                    met += page.meet_lost(at, at + part);
                    into.copy_from_slice(&page.bytes()[at..at + part]);
                }
                None => into.fill(0),
            }
            done += part;
        }
        (len, met)
    }

    /// Writes `data` at `offset`, growing the file where needed. The end must not exceed [`SIZE_MAX`].
    #[inline]
    pub(crate) fn write(&mut self, pool: &mut Pool, offset: u64, data: &[u8], op: Op) {
        if data.is_empty() {
            return;
        }
        let end = offset + data.len() as u64;
        assert!(end <= SIZE_MAX, "the caller checks the end of a write");
        let mut done = 0;
        while done < data.len() {
            let (index, at) = split(offset + done as u64);
            let part = (PAGE - at).min(data.len() - done);
            let page = self.pages.entry(index).or_insert_with(|| Page::hole(pool));
            if !page.is_dirty() {
                self.dirty.push(index);
            }
            page.write(pool, at, &data[done..done + part], op);
            done += part;
        }
        if end > self.size {
            self.resize(end, op);
        }
        if self.writes.len() == CALLS_MAX {
            self.writes.drain(..CALLS_MAX / 2);
        }
        self.writes.push(Write { op, offset, len: data.len() as u64 });
        self.last = op;
    }

    /// Cuts the file, or lets it grow by a hole. The size must not exceed [`SIZE_MAX`].
    pub(crate) fn truncate(&mut self, pool: &mut Pool, size: u64, op: Op) {
        if size == self.size {
            return;
        }
        if size < self.size {
            let (first, at) = split(size);
            for (&index, page) in self.pages.range_mut(first..) {
                if !page.is_dirty() {
                    self.dirty.push(index);
                }
                page.cut(pool, if index == first { at } else { 0 }, op);
            }
        }
        self.resize(size, op);
        self.last = op;
    }

    fn resize(&mut self, size: u64, op: Op) {
        if self.sizes.len() >= CALLS_MAX {
            // A cut stays: it decides which versions of the sectors past it can survive.
            let mut at = 0;
            self.sizes.retain(|change| {
                at += 1;
                change.shrinks || at > CALLS_MAX / 2
            });
        }
        self.sizes.push(SizeChange { op, size, shrinks: size < self.size });
        self.size = size;
    }

    /// Makes everything durable that was changed up to `through`.
    #[inline]
    pub(crate) fn sync(&mut self, pool: &mut Pool, through: Op) {
        if through < self.last {
            return self.sync_through(pool, through);
        }
        for index in self.dirty.drain(..) {
            let page = self.pages.get_mut(&index).expect("a dirty page is there");
            page.sync(pool);
            if index * PAGE as u64 >= self.size {
                self.pages.remove(&index);
            }
        }
        self.durable_size = self.size;
        self.sizes.clear();
        self.writes.clear();
    }

    fn sync_through(&mut self, pool: &mut Pool, through: Op) {
        let pages = &mut self.pages;
        self.dirty.retain(|index| {
            let page = pages.get_mut(index).expect("a dirty page is there");
            page.sync_through(pool, through);
            page.is_dirty()
        });
        let synced = self.sizes.partition_point(|change| change.op <= through);
        if let Some(change) = self.sizes.drain(..synced).next_back() {
            self.durable_size = change.size;
        }
        self.writes.retain(|write| write.op > through);
    }

    /// Whether a crash now could lose something.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.dirty.is_empty() || !self.sizes.is_empty()
    }

    /// Whether a crash now could lose a change of the size.
    pub(crate) fn size_is_dirty(&self) -> bool {
        !self.sizes.is_empty()
    }

    pub(crate) fn durable_size(&self) -> u64 {
        self.durable_size
    }

    pub(crate) fn size_changes(&self) -> &[SizeChange] {
        &self.sizes
    }

    pub(crate) fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The pages with unsynced sectors, in the order of their offsets.
    pub(crate) fn dirty_pages(&self) -> impl Iterator<Item = (u64, &Page)> {
        self.pages.iter().filter(|(_, page)| page.is_dirty()).map(|(&index, page)| (index, page))
    }

    /// The power failed: the size becomes `size`, and each dirty page takes the fates given for it, in the
    /// order of [`Contents::dirty_pages`].
    pub(crate) fn settle(
        &mut self,
        pool: &mut Pool,
        size: u64,
        fates: &[[crate::page::Fate; crate::page::SECTORS]],
    ) {
        let dirty = self.pages.values_mut().filter(|page| page.is_dirty());
        let mut fates = fates.iter();
        for page in dirty {
            page.settle(pool, fates.next().expect("fates for each dirty page"));
        }
        assert!(fates.next().is_none(), "more fates than dirty pages");
        self.size_lost |= size != self.size;
        let (last, at) = split(size);
        self.pages.split_off(&(last + u64::from(at > 0)));
        if let Some(page) = self.pages.get_mut(&last) {
            page.clear_past(pool, at);
        }
        self.size = size;
        self.durable_size = size;
        self.dirty.clear();
        self.sizes.clear();
        self.writes.clear();
    }

    /// Whether a crash had set the size back. Told once.
    pub(crate) fn meet_lost_size(&mut self) -> u32 {
        u32::from(std::mem::take(&mut self.size_lost))
    }

    /// Bytes held, roughly: a clean page shares its buffer with the durable image, a dirty one has two and a history.
    pub(crate) fn memory(&self) -> usize {
        let calls = self.writes.capacity() * size_of::<Write>()
            + self.sizes.capacity() * size_of::<SizeChange>();
        self.pages.len() * (PAGE + size_of::<Page>()) + self.dirty.len() * 2 * PAGE + calls
    }
}

/// The sector that holds a byte of a page.
pub(crate) fn sector_start(page: u64, sector: usize) -> u64 {
    page * PAGE as u64 + (sector * SECTOR) as u64
}

#[inline]
fn split(offset: u64) -> (u64, usize) {
    (offset / PAGE as u64, (offset % PAGE as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(contents: &mut Contents) -> Vec<u8> {
        let mut bytes = vec![9; contents.size() as usize + 1];
        let (len, _) = contents.read(0, &mut bytes);
        bytes.truncate(len);
        bytes
    }

    #[test]
    fn holes_and_grown_ends_read_as_zeros() {
        let (mut pool, mut contents) = (Pool::default(), Contents::default());
        contents.write(&mut pool, 10_000, b"end", Op(1));
        let bytes = all(&mut contents);
        assert_eq!(bytes.len(), 10_003);
        assert!(bytes[..10_000].iter().all(|&byte| byte == 0));
        assert_eq!(&bytes[10_000..], b"end");
        contents.truncate(&mut pool, 10_001, Op(2));
        contents.truncate(&mut pool, 10_010, Op(3));
        assert_eq!(&all(&mut contents)[9_999..], b"\0e\0\0\0\0\0\0\0\0\0");
    }

    #[test]
    fn a_sync_through_keeps_what_came_later_unsynced() {
        let (mut pool, mut contents) = (Pool::default(), Contents::default());
        contents.write(&mut pool, 0, b"one", Op(1));
        contents.write(&mut pool, 3, b"two", Op(2));
        contents.sync(&mut pool, Op(1));
        assert!(contents.is_dirty());
        assert_eq!((contents.durable_size(), contents.size()), (3, 6));
        contents.sync(&mut pool, Op(2));
        assert!(!contents.is_dirty());
        assert_eq!(contents.durable_size(), 6);
    }

    #[test]
    fn pages_past_the_end_go_at_the_sync() {
        let (mut pool, mut contents) = (Pool::default(), Contents::default());
        contents.write(&mut pool, 0, &[1; 3 * PAGE], Op(1));
        contents.truncate(&mut pool, 5, Op(2));
        contents.sync(&mut pool, Op::LAST);
        assert_eq!(contents.pages.len(), 1);
        assert_eq!(all(&mut contents), [1; 5]);
    }

    #[test]
    fn what_is_kept_for_a_crash_is_bounded() {
        let (mut pool, mut contents) = (Pool::default(), Contents::default());
        for op in 0..20_000 {
            contents.write(&mut pool, op * 3, b"abc", Op(op + 1));
            if op == 10 {
                contents.truncate(&mut pool, 5, Op(op + 1));
            }
        }
        assert!(contents.writes.len() <= CALLS_MAX);
        assert!(contents.sizes.len() <= CALLS_MAX + 1);
        assert!(contents.sizes.iter().any(|change| change.shrinks));
    }
}
