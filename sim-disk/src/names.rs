//! The unsynced changes of names, and which of them need which.

use crate::directory::Name;
use crate::ino::Ino;
use crate::inode::{Body, FileKind, Inodes};
use crate::page::{Op, Pool};
use std::collections::BTreeSet;

/// Unsynced changes kept. Beyond, the older half becomes durable, as it does on a real disk after seconds.
const PENDING_MAX: usize = 1024;

/// A place for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) directory: Ino,
    pub(crate) name: Name,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Create { at: Slot, ino: Ino },
    Remove { at: Slot, ino: Ino },
    Rename { from: Slot, to: Slot, ino: Ino, replaced: Option<Ino> },
}

impl Change {
    fn slots(&self) -> [Option<&Slot>; 2] {
        match self {
            Change::Create { at, .. } | Change::Remove { at, .. } => [Some(at), None],
            Change::Rename { from, to, .. } => [Some(from), Some(to)],
        }
    }

    fn touches(&self, directory: Ino) -> bool {
        self.slots().into_iter().flatten().any(|slot| slot.directory == directory)
    }

    /// The inode that it gives a name.
    fn named(&self) -> Option<Ino> {
        match self {
            Change::Create { ino, .. } | Change::Rename { ino, .. } => Some(*ino),
            Change::Remove { .. } => None,
        }
    }

    /// The inode that it takes a name from for good.
    fn removed(&self) -> Option<Ino> {
        match self {
            Change::Create { .. } => None,
            Change::Remove { ino, .. } => Some(*ino),
            Change::Rename { replaced, .. } => *replaced,
        }
    }
}

/// An unsynced change of names.
pub(crate) struct Pending {
    pub(crate) op: Op,
    pub(crate) change: Change,
    /// Earlier changes without which this one cannot be durable.
    needs: Vec<Op>,
}

/// The unsynced changes of names of a disk, in order. Durable names plus these changes are the live names.
#[derive(Default)]
pub(crate) struct Names {
    pending: Vec<Pending>,
}

impl Names {
    pub(crate) fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Notes a change that was just made to the live names. `above` are the directory that the change puts
    /// a name into and all directories above it.
    pub(crate) fn push(
        &mut self,
        inodes: &mut Inodes,
        pool: &mut Pool,
        flush: bool,
        op: Op,
        change: Change,
        above: &[Ino],
    ) {
        if self.pending.len() == PENDING_MAX {
            let oldest = self.pending[..PENDING_MAX / 2].iter().map(|pending| pending.op).collect();
            self.commit(inodes, pool, flush, &oldest);
        }
        let needs = self.needs(inodes, &change, above);
        for ino in [change.named(), change.removed()].into_iter().flatten() {
            inodes.get_mut(ino).pending += 1;
        }
        self.pending.push(Pending { op, change, needs });
    }

    fn needs(&self, inodes: &Inodes, change: &Change, above: &[Ino]) -> Vec<Op> {
        let mut needs = Vec::new();
        let mut need = |found: Option<&Pending>| needs.extend(found.map(|pending| pending.op));
        // The changes of one name are durable in their order.
        for slot in change.slots().into_iter().flatten() {
            let same = |pending: &&Pending| pending.change.slots().contains(&Some(slot));
            need(self.pending.iter().rev().find(same));
        }
        // What is moved must not end up under a directory that has no name, or that is below it. If the newest
        // names of all directories above survive, they are above it as they were when it was moved.
        if matches!(change, Change::Rename { .. }) {
            for directory in above {
                let names = |pending: &&Pending| pending.change.named() == Some(*directory);
                need(self.pending.iter().rev().find(names));
            }
        }
        // A directory goes only after what was in it.
        if let Some(removed) = change.removed()
            && inodes.get(removed).kind() == FileKind::Directory
        {
            for pending in self.pending.iter().filter(|pending| pending.change.touches(removed)) {
                need(Some(pending));
            }
        }
        needs
    }

    /// The changes up to `through` that touch `directory`, and all that they need.
    pub(crate) fn of_directory(&self, directory: Ino, through: Op) -> BTreeSet<Op> {
        let touching = self
            .pending
            .iter()
            .filter(|pending| pending.op <= through && pending.change.touches(directory));
        let mut chosen: BTreeSet<Op> = touching.map(|pending| pending.op).collect();
        self.close(&mut chosen, false);
        chosen
    }

    /// The changes up to `through`.
    pub(crate) fn through(&self, through: Op) -> BTreeSet<Op> {
        let earlier = self.pending.iter().take_while(|pending| pending.op <= through);
        earlier.map(|pending| pending.op).collect()
    }

    /// Adds to `chosen` what the changes in it need.
    pub(crate) fn close(&self, chosen: &mut BTreeSet<Op>, in_order: bool) {
        let mut any = false;
        for pending in self.pending.iter().rev() {
            if any && in_order {
                chosen.insert(pending.op);
            }
            if chosen.contains(&pending.op) {
                chosen.extend(&pending.needs);
                any = true;
            }
        }
    }

    /// Adds to `lost` what needs a change in it.
    pub(crate) fn close_lost(&self, lost: &mut BTreeSet<Op>, in_order: bool) {
        let mut any = false;
        for pending in &self.pending {
            if (in_order && any) || pending.needs.iter().any(|need| lost.contains(need)) {
                lost.insert(pending.op);
            }
            any |= lost.contains(&pending.op);
        }
    }

    /// Makes the chosen changes durable. The choice must be closed under what its changes need. With
    /// `flush` the new bytes of a file that replaced another become durable with its name.
    pub(crate) fn commit(
        &mut self,
        inodes: &mut Inodes,
        pool: &mut Pool,
        flush: bool,
        chosen: &BTreeSet<Op>,
    ) {
        if chosen.is_empty() {
            return;
        }
        let mut kept = Vec::with_capacity(self.pending.len());
        for pending in self.pending.drain(..) {
            if !chosen.contains(&pending.op) {
                kept.push(pending);
                continue;
            }
            let change = &pending.change;
            if let Change::Rename { ino, replaced: Some(_), .. } = change
                && flush
                && let Body::File(contents) = &mut inodes.get_mut(*ino).body
                && contents.size_is_dirty()
            {
                contents.sync(pool, Op::LAST);
            }
            apply(inodes, change);
            forget(inodes, change);
        }
        self.pending = kept;
    }

    /// The power failed: the changes in `lost`, which must be closed, are undone and all others durable.
    /// Returns, under `flush`, the files that must keep their sizes of before a change, with that change.
    pub(crate) fn settle(
        &mut self,
        inodes: &mut Inodes,
        flush: bool,
        lost: &BTreeSet<Op>,
    ) -> Vec<(Ino, Op)> {
        let mut floors = Vec::new();
        let pending = std::mem::take(&mut self.pending);
        for Pending { op, change, .. } in &pending {
            if lost.contains(op) {
                continue;
            }
            apply(inodes, change);
            if let Change::Rename { ino, replaced: Some(_), .. } = change
                && flush
            {
                floors.push((*ino, *op));
            }
        }
        for Pending { change, .. } in &pending {
            for ino in [change.named(), change.removed()].into_iter().flatten() {
                inodes.get_mut(ino).pending -= 1;
            }
        }
        floors
    }

    pub(crate) fn memory(&self) -> usize {
        self.pending.capacity() * size_of::<Pending>()
    }
}

/// Makes a change to the durable names.
fn apply(inodes: &mut Inodes, change: &Change) {
    let mut set = |slot: &Slot, ino: Option<Ino>| {
        let directory = inodes.directory(slot.directory).expect("names are in directories");
        let old = directory.set_durable(&slot.name, ino);
        if let Some(old) = old {
            inodes.get_mut(old).durable_links -= 1;
        }
        if let Some(ino) = ino {
            inodes.get_mut(ino).durable_links += 1;
        }
    };
    match change {
        Change::Create { at, ino } => set(at, Some(*ino)),
        Change::Remove { at, .. } => set(at, None),
        Change::Rename { from, to, ino, .. } => {
            set(from, None);
            set(to, Some(*ino));
        }
    }
}

/// A change is no longer pending.
fn forget(inodes: &mut Inodes, change: &Change) {
    for ino in [change.named(), change.removed()].into_iter().flatten() {
        inodes.get_mut(ino).pending -= 1;
        inodes.release(ino);
    }
}
