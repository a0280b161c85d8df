//! Pages of a file: what a reader sees, what is durable, and every version in between.

use std::rc::Rc;

/// Bytes of a page, the unit of the page cache.
pub(crate) const PAGE: usize = 4096;
/// Bytes of a sector, the unit that a power failure keeps or loses whole.
pub const SECTOR: usize = 512;
/// Sectors of a page.
pub(crate) const SECTORS: usize = PAGE / SECTOR;

const _: () = assert!(SECTORS == 8, "masks of sectors are bytes");

/// A page keeps this many superseded sectors, then forgets the older half. A crash then cannot choose the
/// forgotten ones, which makes it gentler but never wrong.
const HISTORY_MAX: usize = 64;
/// Buffers kept for reuse.
const POOL_MAX: usize = 64;

type Bytes = [u8; PAGE];

/// The position of a change in the order of all changes of a disk. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Op(pub(crate) u64);

impl Op {
    /// Before all changes: durable.
    pub(crate) const DURABLE: Op = Op(0);
    /// After all changes.
    pub(crate) const LAST: Op = Op(u64::MAX);
}

/// Page buffers to reuse: a write and a sync then cost one copy and no allocation.
pub(crate) struct Pool {
    free: Vec<Rc<Bytes>>,
    zeros: Rc<Bytes>,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { free: Vec::new(), zeros: Rc::new([0; PAGE]) }
    }
}

impl Pool {
    /// A buffer that nobody else holds. Its content is arbitrary.
    #[inline]
    fn take(&mut self) -> Rc<Bytes> {
        self.free.pop().unwrap_or_else(|| Rc::new([0; PAGE]))
    }

    #[inline]
    fn give(&mut self, bytes: Rc<Bytes>) {
        if Rc::strong_count(&bytes) == 1 && self.free.len() < POOL_MAX {
            self.free.push(bytes);
        }
    }

    /// Bytes held for reuse.
    pub(crate) fn memory(&self) -> usize {
        (self.free.len() + 1) * PAGE
    }
}

/// A sector as it was before it was written again.
struct Superseded {
    sector: u8,
    /// The change that had made it so.
    op: Op,
    bytes: Box<[u8; SECTOR]>,
}

/// Where a sector ends up after a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fate {
    /// The version that survives: the change that made it, or [`Op::DURABLE`].
    pub(crate) kept: Op,
    /// So many leading bytes are of the next version instead (a tear inside of the sector).
    pub(crate) torn_at: usize,
}

/// One page of one file. A clean page's live and durable bytes are one buffer.
pub(crate) struct Page {
    live: Rc<Bytes>,
    /// `None` is a hole: zeros.
    durable: Option<Rc<Bytes>>,
    /// For each sector the change that made its live version, or [`Op::DURABLE`] when it is clean.
    made_by: [Op; SECTORS],
    dirty: bool,
    /// Superseded unsynced versions, oldest first.
    history: Vec<Superseded>,
    /// The newest change whose version was forgotten, see [`HISTORY_MAX`].
    forgotten: Op,
    /// Sectors that a crash set back and that nobody has read or replaced since.
    lost: u8,
}

impl Page {
    /// A page of zeros that is nowhere durable.
    pub(crate) fn hole(pool: &Pool) -> Page {
        Page {
            live: pool.zeros.clone(),
            durable: None,
            made_by: [Op::DURABLE; SECTORS],
            dirty: false,
            history: Vec::new(),
            forgotten: Op::DURABLE,
            lost: 0,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8; PAGE] {
        &self.live
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Replaces the bytes from `at` on by `data`, which must fit.
    #[inline]
    pub(crate) fn write(&mut self, pool: &mut Pool, at: usize, data: &[u8], op: Op) {
        self.supersede(at, at + data.len(), op);
        self.unshare(pool, data.len() == PAGE)[at..at + data.len()].copy_from_slice(data);
    }

    /// Makes the bytes from `at` on zeros.
    pub(crate) fn cut(&mut self, pool: &mut Pool, at: usize, op: Op) {
        self.supersede(at, PAGE, op);
        if at == 0 {
            let old = std::mem::replace(&mut self.live, pool.zeros.clone());
            pool.give(old);
        } else {
            self.unshare(pool, false)[at..].fill(0);
        }
    }

    /// Puts the sectors that `start..end` touches into the history, where they are unsynced.
    #[inline]
    fn supersede(&mut self, start: usize, end: usize, op: Op) {
        for sector in start / SECTOR..end.div_ceil(SECTOR) {
            let old = std::mem::replace(&mut self.made_by[sector], op);
            if old != Op::DURABLE {
                let bytes = sector_of(&self.live, sector).try_into().expect("a whole sector");
                self.history.push(Superseded {
                    sector: sector as u8,
                    op: old,
                    bytes: Box::new(bytes),
                });
            }
        }
        if self.history.len() > HISTORY_MAX {
            let newest = self.history.drain(..HISTORY_MAX / 2).map(|old| old.op).max();
            self.forgotten = self.forgotten.max(newest.unwrap_or_default());
        }
        if self.lost != 0 {
            let whole = start.div_ceil(SECTOR)..end / SECTOR;
            self.lost &= !whole.map(|sector| 1 << sector).sum::<u8>();
        }
        self.dirty = true;
    }

    /// The live bytes, in a buffer of their own. `replaced` when the caller overwrites all of them.
    #[inline]
    fn unshare(&mut self, pool: &mut Pool, replaced: bool) -> &mut Bytes {
        if Rc::strong_count(&self.live) > 1 {
            let mut own = pool.take();
            if !replaced {
                Rc::get_mut(&mut own).expect("the pool's buffers are unshared")[..]
                    .copy_from_slice(&self.live[..]);
            }
            self.live = own;
        }
        Rc::get_mut(&mut self.live).expect("unshared just now")
    }

    /// Makes the live bytes durable.
    #[inline]
    pub(crate) fn sync(&mut self, pool: &mut Pool) {
        if let Some(old) = self.durable.replace(self.live.clone()) {
            pool.give(old);
        }
        self.made_by = [Op::DURABLE; SECTORS];
        self.dirty = false;
        self.history.clear();
        self.forgotten = Op::DURABLE;
    }

    /// Makes durable what the page was at change `through`; later versions stay unsynced.
    pub(crate) fn sync_through(&mut self, pool: &mut Pool, through: Op) {
        if self.made_by.iter().all(|&op| op <= through) {
            return self.sync(pool);
        }
        let mut durable = self.durable.take().unwrap_or_else(|| pool.zeros.clone());
        if Rc::strong_count(&durable) > 1 {
            let mut own = pool.take();
            Rc::get_mut(&mut own).expect("the pool's buffers are unshared")[..]
                .copy_from_slice(&durable[..]);
            durable = own;
        }
        let bytes = Rc::get_mut(&mut durable).expect("unshared just now");
        for sector in 0..SECTORS {
            let kept = self.newest_through(sector, through);
            if kept == Op::DURABLE {
                continue;
            }
            bytes[sector * SECTOR..][..SECTOR].copy_from_slice(self.version(sector, kept));
            self.history.retain(|old| usize::from(old.sector) != sector || old.op > kept);
            if self.made_by[sector] == kept {
                self.made_by[sector] = Op::DURABLE;
            }
        }
        self.durable = Some(durable);
        self.dirty = self.made_by.iter().any(|&op| op != Op::DURABLE);
    }

    /// The versions that a sector had since the last sync, oldest first, without the durable one.
    pub(crate) fn versions(&self, sector: usize) -> impl Iterator<Item = Op> {
        let live = self.made_by[sector];
        let old = self.history.iter().filter(move |old| usize::from(old.sector) == sector);
        old.map(|old| old.op).chain((live != Op::DURABLE).then_some(live))
    }

    /// The newest version that is no newer than `op`. Where that one was forgotten, the next newer one:
    /// a real disk may as well have written the page a little later.
    pub(crate) fn newest_through(&self, sector: usize, op: Op) -> Op {
        let newest = self.versions(sector).take_while(|&version| version <= op).last();
        let newest = newest.unwrap_or(Op::DURABLE);
        if newest < self.forgotten.min(op) {
            return self.versions(sector).find(|&version| version > newest).unwrap_or(newest);
        }
        newest
    }

    fn version(&self, sector: usize, op: Op) -> &[u8] {
        if op == self.made_by[sector] {
            return sector_of(&self.live, sector);
        }
        if op == Op::DURABLE {
            return self.durable.as_ref().map_or(&[0; SECTOR], |bytes| sector_of(bytes, sector));
        }
        let found =
            self.history.iter().find(|old| usize::from(old.sector) == sector && old.op == op);
        &found.expect("a version of this sector").bytes[..]
    }

    /// The power failed: each sector takes its fate, and what is left is durable.
    pub(crate) fn settle(&mut self, pool: &mut Pool, fates: &[Fate; SECTORS]) {
        for (sector, fate) in fates.iter().enumerate() {
            if fate.kept == self.made_by[sector] {
                continue;
            }
            let mut bytes: [u8; SECTOR] =
                self.version(sector, fate.kept).try_into().expect("a whole sector");
            if fate.torn_at > 0 {
                let next = self.versions(sector).find(|&op| op > fate.kept).expect("a later one");
                bytes[..fate.torn_at].copy_from_slice(&self.version(sector, next)[..fate.torn_at]);
            }
            self.unshare(pool, false)[sector * SECTOR..][..SECTOR].copy_from_slice(&bytes);
            self.lost |= 1 << sector;
        }
        self.sync(pool);
    }

    /// After a crash the file ends inside of this page: what lay past the end is zeros.
    pub(crate) fn clear_past(&mut self, pool: &mut Pool, at: usize) {
        assert!(!self.dirty, "the crash is over");
        if self.live[at..] != pool.zeros[at..] {
            self.unshare(pool, false)[at..].fill(0);
            self.sync(pool);
        }
    }

    /// How many of the sectors that `start..end` touches a crash had set back. Each is told once.
    #[inline]
    pub(crate) fn meet_lost(&mut self, start: usize, end: usize) -> u32 {
        if self.lost == 0 {
            return 0;
        }
        let touched = (start / SECTOR..end.div_ceil(SECTOR)).map(|sector| 1 << sector).sum::<u8>();
        let met = self.lost & touched;
        self.lost &= !met;
        met.count_ones()
    }
}

fn sector_of(bytes: &Bytes, sector: usize) -> &[u8] {
    &bytes[sector * SECTOR..][..SECTOR]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: [Fate; SECTORS] = [Fate { kept: Op::DURABLE, torn_at: 0 }; SECTORS];

    fn written(pool: &mut Pool) -> Page {
        let mut page = Page::hole(pool);
        page.write(pool, 0, &[1; PAGE], Op(1));
        page.sync(pool);
        page.write(pool, 0, &[2; 600], Op(2));
        page.write(pool, 512, &[3; 10], Op(3));
        page
    }

    #[test]
    fn a_sector_knows_its_versions_since_the_sync() {
        let page = written(&mut Pool::default());
        assert_eq!(page.versions(0).collect::<Vec<_>>(), [Op(2)]);
        assert_eq!(page.versions(1).collect::<Vec<_>>(), [Op(2), Op(3)]);
        assert_eq!(page.versions(2).count(), 0);
        assert_eq!(page.version(1, Op(2))[..89], [[2; 88].as_slice(), &[1]].concat());
        assert_eq!(page.version(1, Op::DURABLE), [1; SECTOR]);
    }

    #[test]
    fn a_fate_is_one_version_and_a_tear_mixes_it_with_the_next() {
        let mut pool = Pool::default();
        let mut page = written(&mut pool);
        let mut fates = BACK;
        fates[0] = Fate { kept: Op::DURABLE, torn_at: 7 };
        fates[1] = Fate { kept: Op(2), torn_at: 0 };
        page.settle(&mut pool, &fates);
        assert_eq!(page.bytes()[..8], [2, 2, 2, 2, 2, 2, 2, 1]);
        assert_eq!(page.bytes()[512..600], [2; 88]);
        assert_eq!(page.bytes()[600..], [1; PAGE - 600]);
        assert!(!page.is_dirty());
        assert_eq!(
            (page.meet_lost(0, 10), page.meet_lost(0, PAGE), page.meet_lost(0, PAGE)),
            (1, 1, 0)
        );
    }

    #[test]
    fn a_sync_through_an_earlier_change_leaves_the_later_ones_unsynced() {
        let mut pool = Pool::default();
        let mut page = written(&mut pool);
        page.sync_through(&mut pool, Op(2));
        assert!(page.is_dirty());
        assert_eq!(page.versions(0).count(), 0);
        assert_eq!(page.versions(1).collect::<Vec<_>>(), [Op(3)]);
        assert_eq!(page.version(1, Op::DURABLE)[..89], [[2; 88].as_slice(), &[1]].concat());
        assert_eq!(page.bytes()[512], 3);
        page.settle(&mut pool, &BACK);
        assert_eq!((page.bytes()[0], page.bytes()[512]), (2, 2));
    }

    #[test]
    fn a_long_history_is_cut_and_a_sync_never_falls_behind_it() {
        let mut pool = Pool::default();
        let mut page = Page::hole(&pool);
        for op in 1..=1000 {
            page.write(&mut pool, 0, &[op as u8], Op(op));
        }
        assert!(page.history.len() <= HISTORY_MAX);
        assert!(page.newest_through(0, Op(10)) >= Op(10), "that change was promised to be durable");
        page.sync_through(&mut pool, Op(10));
        page.settle(&mut pool, &BACK);
        assert!(page.bytes()[0] != 0);
    }

    #[test]
    fn a_write_and_a_sync_of_a_whole_page_reuse_one_buffer() {
        let mut pool = Pool::default();
        let mut page = Page::hole(&pool);
        for op in 1..10 {
            page.write(&mut pool, 0, &[op as u8; PAGE], Op(op));
            page.sync(&mut pool);
            assert!(pool.free.len() <= 1);
            assert!(Rc::ptr_eq(&page.live, page.durable.as_ref().unwrap()));
        }
    }
}
