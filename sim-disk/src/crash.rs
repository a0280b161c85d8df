//! What a power failure makes of unsynced changes.
//!
//! All choices are made here, at the failure, and none while the disk works: a fault-free run draws
//! nothing, and unsynced changes cost no more than their bytes.
//!
//! Linux writes a page back as it is at that moment, so what is on the platter for a sector is one
//! of the versions that the sector had since the last sync: never a later write without an earlier one to
//! the same sector. Sectors are independent otherwise, so a write of several can be *torn*.
//!
//! Where every choice takes outcome 0 nothing is lost, as after a kill.

use crate::contents::{Contents, SizeChange, sector_start};
use crate::ino::Ino;
use crate::inode::{Body, Inodes};
use crate::names::{Change, Names};
use crate::page::{Fate, Op, Page, SECTOR, SECTORS};
use crate::report::{Loss, Lost};
use crate::rules::Rules;
use sim_runtime::choice::{Choices, Kind, Ratio, Stream};
use std::collections::{BTreeMap, BTreeSet};

const HALF: Ratio = Ratio::new(1, 2);
/// How often a call that is lost leaves some of its sectors behind.
const TORN: Ratio = Ratio::new(1, 4);

/// What happens to one call of the code under test.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blow {
    Lost,
    /// Each sector, and the size, is lost or not.
    Torn,
}

/// The shape of one failure. Independent coins alone would hardly ever lose a write of many sectors as a whole, or lose
/// all but one: shapes make the extremes common (as ALICE does, Pillai et al., OSDI 2014).
enum Plan {
    /// Nothing is lost.
    Keep,
    /// These calls are hit.
    Calls(BTreeMap<Op, Blow>),
    /// Names and sizes survive, bytes do not.
    BytesLost,
    /// Each page is as it was at some moment.
    Pages,
    /// Each sector is as it was at some moment.
    Sectors,
}

/// One power failure of one disk.
pub(crate) struct Crash<'a> {
    choices: &'a Choices,
    stream: &'a mut Stream,
    rules: Rules,
    plan: Plan,
    /// How many calls were unsynced.
    pub(crate) unsynced: u32,
}

impl<'a> Crash<'a> {
    /// Draws the shape of the failure. Nothing is drawn where nothing is unsynced.
    pub(crate) fn new(
        choices: &'a Choices,
        stream: &'a mut Stream,
        rules: Rules,
        names: &Names,
        inodes: &Inodes,
    ) -> Crash<'a> {
        let ops = unsynced(names, inodes);
        let unsynced = u32::try_from(ops.len()).expect("fewer than 2^32 unsynced calls");
        let mut crash = Crash { choices, stream, rules, plan: Plan::Keep, unsynced };
        if unsynced > 0 {
            crash.plan = crash.draw(&Vec::from_iter(ops), names);
        }
        crash
    }

    /// The weights, in hundredths, follow what found most bugs in storage engines.
    fn draw(&mut self, ops: &[Op], names: &Names) -> Plan {
        let count = ops.len() as u32;
        match self.pick(100) {
            0..8 => Plan::Keep,
            8..28 => self.each(ops, Ratio::ONE, Ratio::ZERO),
            28..45 => {
                let kept = ops.len() - self.pick(count + 1) as usize;
                let mut blows = BTreeMap::from_iter(ops[kept..].iter().map(|&op| (op, Blow::Lost)));
                if let Some(&first_lost) = ops.get(kept)
                    && self.chance(HALF)
                {
                    blows.insert(first_lost, Blow::Torn);
                }
                Plan::Calls(blows)
            }
            45..60 => {
                let one = ops[self.pick(count) as usize];
                let blow = if self.chance(TORN) { Blow::Torn } else { Blow::Lost };
                Plan::Calls(BTreeMap::from([(one, blow)]))
            }
            60..65 => {
                let mut kept = BTreeSet::from([ops[self.pick(count) as usize]]);
                names.close(&mut kept, self.rules.names_in_order);
                let lost = ops.iter().filter(|op| !kept.contains(op));
                Plan::Calls(lost.map(|&op| (op, Blow::Lost)).collect())
            }
            65..75 => {
                let chance = [Ratio::new(1, 10), HALF, Ratio::new(9, 10)][self.pick(3) as usize];
                self.each(ops, chance, TORN)
            }
            75..80 => Plan::BytesLost,
            80..90 => Plan::Pages,
            _ => Plan::Sectors,
        }
    }

    fn each(&mut self, ops: &[Op], lost: Ratio, torn: Ratio) -> Plan {
        let mut blows = BTreeMap::new();
        for &op in ops {
            if self.chance(lost) {
                blows.insert(op, if self.chance(torn) { Blow::Torn } else { Blow::Lost });
            }
        }
        Plan::Calls(blows)
    }

    fn pick(&mut self, n: u32) -> u32 {
        self.choices.pick(self.stream, Kind::Crash, n)
    }

    fn chance(&mut self, ratio: Ratio) -> bool {
        self.choices.chance(self.stream, Kind::Crash, ratio)
    }

    /// Whether the part of a call that is looked at does not survive.
    fn hits(&mut self, op: Op) -> bool {
        match &self.plan {
            Plan::Calls(blows) => match blows.get(&op) {
                None => false,
                Some(Blow::Lost) => true,
                Some(Blow::Torn) => self.chance(HALF),
            },
            Plan::Keep | Plan::BytesLost => false,
            Plan::Pages | Plan::Sectors => self.chance(HALF),
        }
    }

    /// The changes of names that are lost.
    pub(crate) fn names(&mut self, names: &Names) -> BTreeSet<Op> {
        let mut lost = BTreeSet::new();
        for pending in names.pending() {
            if self.hits(pending.op) {
                lost.insert(pending.op);
            }
        }
        names.close_lost(&mut lost, self.rules.names_in_order);
        lost
    }

    /// The size and the versions with which a file survives. Its sizes up to `floor` survive in any case.
    pub(crate) fn contents(&mut self, contents: &Contents, floor: Op) -> Verdict {
        let sizes = contents.size_changes();
        let least = sizes.partition_point(|change| change.op <= floor);
        let mut kept = sizes.len();
        if matches!(self.plan, Plan::Pages | Plan::Sectors) {
            kept -= self.pick((kept - least) as u32 + 1) as usize;
        } else {
            while kept > least && self.hits(sizes[kept - 1].op) {
                kept -= 1;
            }
        }
        let mut verdict = Verdict {
            size: kept.checked_sub(1).map_or(contents.durable_size(), |last| sizes[last].size),
            fates: Vec::new(),
            lost: BTreeMap::new(),
        };
        for (index, page) in contents.dirty_pages() {
            let moment = self.moment(page);
            let mut fates = [Fate { kept: Op::DURABLE, torn_at: 0 }; SECTORS];
            for (sector, fate) in fates.iter_mut().enumerate() {
                let versions: Vec<Op> = page.versions(sector).collect();
                if versions.is_empty() {
                    continue;
                }
                let start = sector_start(index, sector);
                let end = start + SECTOR as u64;
                let (low, high) = bounds(&self.rules, contents, sizes, kept, end);
                let at = |op: Op| versions.partition_point(|&version| version <= op);
                let high = at(high);
                let low = at(page.newest_through(sector, low)).min(high);
                let kept = self.version(&versions, low, high, moment);
                fate.kept = kept.checked_sub(1).map_or(Op::DURABLE, |at| versions[at]);
                if kept < high && self.chance(self.rules.torn_sectors) {
                    fate.torn_at = 1 + self.pick(SECTOR as u32 - 1) as usize;
                }
                for &op in &versions[kept..] {
                    verdict.lost.entry(op).or_default().push(start);
                }
            }
            verdict.fates.push(fates);
        }
        verdict
    }

    /// The moment at which a page was written back, where the plan goes by pages.
    fn moment(&mut self, page: &Page) -> Op {
        if !matches!(self.plan, Plan::Pages) {
            return Op::LAST;
        }
        let moments: BTreeSet<Op> = (0..SECTORS).flat_map(|sector| page.versions(sector)).collect();
        let back = self.pick(moments.len() as u32 + 1) as usize;
        moments.into_iter().rev().nth(back).unwrap_or(Op::DURABLE)
    }

    /// How many of a sector's versions survive, at least `low` and at most `high`.
    fn version(&mut self, versions: &[Op], low: usize, high: usize, moment: Op) -> usize {
        match self.plan {
            Plan::Keep => high,
            Plan::BytesLost => low,
            Plan::Pages => versions.partition_point(|&op| op <= moment).clamp(low, high),
            Plan::Sectors => high - self.pick((high - low) as u32 + 1) as usize,
            Plan::Calls(_) => {
                let mut kept = high;
                while kept > low && self.hits(versions[kept - 1]) {
                    kept -= 1;
                }
                kept
            }
        }
    }
}

/// With what a file survives.
pub(crate) struct Verdict {
    pub(crate) size: u64,
    /// For each dirty page the fates of its sectors.
    pub(crate) fates: Vec<[Fate; SECTORS]>,
    /// For each call the sectors, by their first byte, in which it did not survive.
    lost: BTreeMap<Op, Vec<u64>>,
}

impl Verdict {
    /// What a person wants to know.
    pub(crate) fn losses(&self, path: &str, contents: &Contents, losses: &mut Vec<Loss>) {
        let mut add = |what| losses.push(Loss { path: path.to_owned(), what });
        let sizes = contents.size_changes();
        for (op, sectors) in &self.lost {
            if sizes.iter().any(|change| change.op == *op && change.shrinks) {
                continue; // The size tells it.
            }
            let mut lost = Vec::from_iter(sectors.iter().map(|&at| at..at + SECTOR as u64));
            lost.dedup_by(|next, last| {
                let joined = next.start == last.end;
                if joined {
                    last.end = next.end;
                }
                joined
            });
            let call = contents.writes().iter().find(|write| write.op == *op);
            let bytes = match call {
                Some(write) => write.offset..write.offset + write.len,
                None => lost[0].start..lost[lost.len() - 1].end,
            };
            for range in &mut lost {
                range.start = range.start.max(bytes.start);
                range.end = range.end.min(bytes.end);
            }
            if lost == [bytes.clone()] {
                add(Lost::Write { bytes });
            } else {
                add(Lost::Torn { bytes, lost });
            }
        }
        if self.size != contents.size() {
            add(Lost::Size { was: contents.size(), is: self.size });
        }
    }
}

/// The oldest and the newest moment that a sector which ends before byte `end` can be of, where the first `kept`
/// changes of the size survive.
fn bounds(
    rules: &Rules,
    contents: &Contents,
    sizes: &[SizeChange],
    kept: usize,
    end: u64,
) -> (Op, Op) {
    let mut low = Op::DURABLE;
    // A cut frees the blocks past it: if it survives, nothing older does, and if not, nothing newer.
    let cuts = |change: &&SizeChange| change.shrinks && change.size < end;
    if let Some(cut) = sizes[..kept].iter().rfind(cuts) {
        low = low.max(cut.op);
    }
    let high = sizes[kept..].iter().find(cuts).map_or(Op::LAST, |cut| Op(cut.op.0 - 1));
    if rules.data_before_size
        && end > contents.durable_size()
        && let Some(change) = sizes[..kept].last()
    {
        low = low.max(change.op);
    }
    (low.min(high), high)
}

/// The unsynced calls of a disk.
fn unsynced(names: &Names, inodes: &Inodes) -> BTreeSet<Op> {
    let mut ops: BTreeSet<Op> = names.pending().iter().map(|pending| pending.op).collect();
    for (_, inode) in inodes.iter() {
        if let Body::File(contents) = &inode.body
            && contents.is_dirty()
        {
            ops.extend(contents.size_changes().iter().map(|change| change.op));
            for (_, page) in contents.dirty_pages() {
                ops.extend((0..SECTORS).flat_map(|sector| page.versions(sector)));
            }
        }
    }
    ops
}

/// What a person wants to know of lost changes of names.
pub(crate) fn name_losses(
    names: &Names,
    lost: &BTreeSet<Op>,
    paths: &BTreeMap<Ino, String>,
) -> Vec<Loss> {
    let path = |slot: &crate::names::Slot| match paths.get(&slot.directory).map(String::as_str) {
        Some("") => slot.name.to_string(),
        Some(directory) => format!("{directory}/{}", slot.name),
        None => format!("(unlinked)/{}", slot.name),
    };
    let lost = names.pending().iter().filter(|pending| lost.contains(&pending.op));
    lost.map(|pending| match &pending.change {
        Change::Create { at, .. } => Loss { path: path(at), what: Lost::Create },
        Change::Remove { at, .. } => Loss { path: path(at), what: Lost::Remove },
        Change::Rename { from, to, .. } => {
            Loss { path: path(from), what: Lost::Rename { to: path(to) } }
        }
    })
    .collect()
}
