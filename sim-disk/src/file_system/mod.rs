//! A file system in the shape of POSIX, with the power supply in the tester's hand.

mod data;
mod namespace;
mod path;

use crate::crash::{Crash, name_losses};
use crate::descriptor::Descriptors;
use crate::ino::Ino;
use crate::inode::{Body, FileKind, Inodes};
use crate::names::Names;
use crate::page::{Op, Pool};
use crate::report::CrashReport;
use crate::rules::Rules;
use sim_runtime::choice::{Choices, Stream};
use std::collections::BTreeMap;

pub use namespace::DirectoryEntry;

/// Files that a process can have open at once, the usual soft limit of Linux.
const DESCRIPTORS_MAX: usize = 1024;

/// What `stat` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// File or directory.
    pub kind: FileKind,
    /// Bytes of a file. 0 for a directory.
    pub len: u64,
    /// Its number.
    pub ino: Ino,
}

/// How often the code under test met what a power failure had set back. Each loss counts once, the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Sectors that were read, and sizes that were asked for or run into.
    pub bytes: u32,
    /// Names that were looked up or listed.
    pub names: u32,
}

/// What a sync that takes time has to make durable: the changes made before it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is durable before `complete_sync` or `complete_data_sync`"]
pub struct SyncPoint {
    ino: Ino,
    through: Op,
    born: Op,
}

/// One disk: a tree of files, the page cache over it, and the descriptors of the one process that uses it.
///
/// It is pure: it knows no clock and no task, and draws choices only in [`FileSystem::power_off`]. Calls
/// are those of POSIX, and so are their errors. Paths are relative to the root, with or without a leading `/`.
///
/// ```
/// use sim_disk::{FileSystem, OpenFlags, Rules};
/// use sim_runtime::choice::Choices;
///
/// let mut disk = FileSystem::new(Rules::STRICT_POSIX);
/// let fd = disk.open("vote", OpenFlags::READ_WRITE.create())?;
/// disk.sync_directory("/")?;
/// disk.pwrite(fd, 0, b"term 3")?;
///
/// // The power fails before `disk.fsync(fd)`.
/// let choices = Choices::new(5);
/// let report = disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
/// println!("{report}"); // for instance: vote: write 0..6 lost; vote: size 6 back to 0
///
/// // The name was synced, so the file is there.
/// let fd = disk.open("vote", OpenFlags::READ)?;
/// assert!(disk.fstat(fd)?.len <= 6);
/// # Ok::<(), sim_disk::Errno>(())
/// ```
pub struct FileSystem {
    rules: Rules,
    inodes: Inodes,
    names: Names,
    descriptors: Descriptors,
    pool: Pool,
    last: Op,
    wipes: u32,
    met: Met,
}

impl FileSystem {
    /// An empty disk.
    pub fn new(rules: Rules) -> FileSystem {
        FileSystem {
            rules,
            inodes: Inodes::new(),
            names: Names::default(),
            descriptors: Descriptors::new(DESCRIPTORS_MAX),
            pool: Pool::default(),
            last: Op::DURABLE,
            wipes: 0,
            met: Met::default(),
        }
    }

    /// What a power failure may do.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// Changes what a power failure may do, from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.rules = rules;
    }

    /// The identity of the disk: how often it was replaced by an empty one.
    pub fn identity(&self) -> u32 {
        self.wipes
    }

    /// The process ended and the machine did not: its files are closed, the page cache stays.
    pub fn kill(&mut self) {
        for opened in self.descriptors.close_all() {
            self.inodes.get_mut(opened.ino).open -= 1;
            self.inodes.release(opened.ino);
        }
    }

    /// The power failed: files are closed, each unsynced change survives, is lost or is torn, and what is
    /// left is durable. Where every choice takes outcome 0 nothing is lost. Draws from `stream`, which
    /// should serve this failure alone.
    pub fn power_off(&mut self, choices: &Choices, stream: &mut Stream) -> CrashReport {
        self.kill();
        let mut crash = Crash::new(choices, stream, self.rules, &self.names, &self.inodes);
        if crash.unsynced == 0 {
            return CrashReport::default();
        }
        let mut report = CrashReport { unsynced: crash.unsynced, losses: Vec::new() };
        let mut paths = self.paths();
        let lost = crash.names(&self.names);
        report.losses.extend(name_losses(&self.names, &lost, &paths));
        let flush = self.rules.data_before_replacing;
        let floors = self.names.settle(&mut self.inodes, flush, &lost);
        settle_tree(&mut self.inodes);
        for (ino, path) in self.paths() {
            paths.entry(ino).or_insert(path);
        }
        let files: Vec<Ino> = self.inodes.iter().map(|(ino, _)| ino).collect();
        for ino in files {
            let Body::File(contents) = &mut self.inodes.get_mut(ino).body else { continue };
            if !contents.is_dirty() {
                continue;
            }
            let own = floors.iter().filter(|(file, _)| *file == ino);
            let floor = own.map(|(_, op)| *op).max().unwrap_or(Op::DURABLE);
            let verdict = crash.contents(contents, floor);
            verdict.losses(&paths[&ino], contents, &mut report.losses);
            contents.settle(&mut self.pool, verdict.size, &verdict.fates);
        }
        report
    }

    /// The disk is replaced by an empty one of another identity.
    pub fn wipe(&mut self) {
        // Changes are counted on, so that a sync that began on the old disk finds nothing here.
        let (wipes, last) = (self.wipes + 1, self.last);
        *self = FileSystem { wipes, last, ..FileSystem::new(self.rules) };
    }

    /// What the code under test met of the losses of power failures since this was last asked.
    #[inline]
    pub fn take_met(&mut self) -> Met {
        std::mem::take(&mut self.met)
    }

    /// Makes everything durable, as POSIX's `sync` does.
    pub fn sync(&mut self) {
        let all = self.names.through(Op::LAST);
        let flush = self.rules.data_before_replacing;
        self.names.commit(&mut self.inodes, &mut self.pool, flush, &all);
        for inode in self.inodes.iter_mut() {
            if let Body::File(contents) = &mut inode.body {
                contents.sync(&mut self.pool, Op::LAST);
            }
        }
    }

    /// Bytes held, roughly.
    pub fn memory(&self) -> usize {
        let inodes = self.inodes.iter().map(|(_, inode)| match &inode.body {
            Body::File(contents) => contents.memory(),
            Body::Directory(directory) => directory.entries().len() * 96,
        });
        inodes.sum::<usize>() + self.pool.memory() + self.names.memory()
    }

    /// Files and directories that are held, with those that only a durable name or a descriptor keeps.
    pub fn inode_count(&self) -> usize {
        self.inodes.count()
    }

    fn next_op(&mut self) -> Op {
        self.last.0 += 1;
        self.last
    }

    /// The paths of all files and directories that have one.
    fn paths(&self) -> BTreeMap<Ino, String> {
        let mut paths = BTreeMap::from([(Inodes::ROOT, String::new())]);
        let mut todo = vec![Inodes::ROOT];
        while let Some(ino) = todo.pop() {
            let Body::Directory(directory) = &self.inodes.get(ino).body else { continue };
            for (name, &entry) in directory.entries() {
                let above = &paths[&ino];
                let slash = if above.is_empty() { "" } else { "/" };
                let path = format!("{above}{slash}{name}");
                paths.insert(entry, path);
                todo.push(entry);
            }
        }
        paths
    }
}

/// After a failure: only durable names are left, and only what they reach.
fn settle_tree(inodes: &mut Inodes) {
    let mut reached = BTreeMap::from([(Inodes::ROOT, 1)]);
    let mut todo = vec![(Inodes::ROOT, Inodes::ROOT)];
    while let Some((ino, parent)) = todo.pop() {
        let Ok(directory) = inodes.directory(ino) else { continue };
        directory.settle();
        directory.parent = parent;
        for &entry in directory.entries().values() {
            *reached.entry(entry).or_insert(0) += 1;
            todo.push((entry, ino));
        }
    }
    let all: Vec<Ino> = inodes.iter().map(|(ino, _)| ino).collect();
    for ino in all {
        match reached.get(&ino) {
            Some(&links) => {
                let inode = inodes.get_mut(ino);
                assert!(
                    inode.pending == 0 && inode.open == 0,
                    "nothing is pending after a failure"
                );
                (inode.links, inode.durable_links) = (links, links);
            }
            None => inodes.remove(ino),
        }
    }
}

#[cfg(test)]
mod tests;
