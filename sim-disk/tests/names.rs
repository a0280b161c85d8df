//! Names after failures, against a naive model that tries every set of unsynced changes.

use proptest::prelude::*;
use sim_disk::{Errno, FileKind, FileSystem, OpenFlags, Rules};
use sim_runtime::choice::Choices;
use std::collections::{BTreeMap, BTreeSet};

/// Where a name points: the number of a file's birth, or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    File(u32),
    Directory(u32),
}

/// A name: the birth number of its directory (0 is the root), and the text.
type Place = (u32, String);
type Table = BTreeMap<Place, Node>;

#[derive(Clone, Debug)]
enum Step {
    Create(usize),
    MakeDirectory(usize),
    Remove(usize),
    Rename(usize, usize),
    SyncRoot,
    SyncDirectory(usize),
    PowerOff,
}

const PATHS: [&str; 9] = ["a", "b", "c", "d", "d/a", "d/b", "e", "e/a", "e/d"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let path = 0..PATHS.len();
    let step = prop_oneof![
        4 => path.clone().prop_map(Step::Create),
        2 => path.clone().prop_map(Step::MakeDirectory),
        2 => path.clone().prop_map(Step::Remove),
        5 => (path.clone(), path.clone()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => Just(Step::SyncRoot),
        1 => path.prop_map(Step::SyncDirectory),
        2 => Just(Step::PowerOff),
    ];
    prop::collection::vec(step, 1..40)
}

/// A change as the places it sets.
type Change = Vec<(Place, Option<Node>)>;

struct Model {
    durable: Table,
    pending: Vec<Change>,
    births: u32,
}

impl Model {
    fn live(&self) -> Table {
        let mut table = self.durable.clone();
        self.pending.iter().for_each(|change| apply(&mut table, change));
        table
    }

    /// The tables that a failure may leave, and more: every set of changes in which the changes of each
    /// place are a prefix. Where names are in order: every prefix.
    fn allowed(&self, in_order: bool) -> Vec<Table> {
        let count = self.pending.len();
        let sets: Vec<u32> = if in_order {
            (0..=count).map(|kept| (1_u32 << kept) - 1).collect()
        } else {
            (0..1 << count).filter(|&set| self.is_prefix_at_each_place(set)).collect()
        };
        let table = |set: u32| {
            let mut table = self.durable.clone();
            let kept = (0..count).filter(|change| set & (1 << change) != 0);
            kept.for_each(|change| apply(&mut table, &self.pending[change]));
            table
        };
        sets.into_iter().map(table).collect()
    }

    fn is_prefix_at_each_place(&self, set: u32) -> bool {
        let mut lost = BTreeSet::new();
        self.pending.iter().enumerate().all(|(at, change)| {
            let kept = set & (1 << at) != 0;
            let after_a_lost_one = change.iter().any(|(place, _)| lost.contains(place));
            if !kept {
                lost.extend(change.iter().map(|(place, _)| place.clone()));
            }
            !(kept && after_a_lost_one)
        })
    }
}

fn apply(table: &mut Table, change: &Change) {
    for (place, node) in change {
        match node {
            Some(node) => table.insert(place.clone(), *node),
            None => table.remove(place),
        };
    }
}

/// The paths that a table reaches.
fn paths(table: &Table) -> BTreeMap<String, Node> {
    let mut paths = BTreeMap::new();
    let mut todo = vec![(0, String::new())];
    while let Some((directory, prefix)) = todo.pop() {
        for ((above, name), &node) in table {
            if *above == directory {
                let path = format!("{prefix}{name}");
                if let Node::Directory(birth) = node {
                    todo.push((birth, format!("{path}/")));
                }
                paths.insert(path, node);
            }
        }
    }
    paths
}

struct Rig {
    disk: FileSystem,
    model: Model,
    crashes: u64,
}

impl Rig {
    fn new(rules: Rules) -> Rig {
        let model = Model { durable: Table::new(), pending: Vec::new(), births: 0 };
        Rig { disk: FileSystem::new(rules), model, crashes: 0 }
    }

    /// The place that a path leads to, where its directory exists.
    fn place(&self, path: &str) -> Option<Place> {
        let live = self.model.live();
        match path.split_once('/') {
            None => Some((0, path.to_owned())),
            Some((directory, name)) => match live.get(&(0, directory.to_owned())) {
                Some(Node::Directory(birth)) => Some((*birth, name.to_owned())),
                Some(Node::File(_)) | None => None,
            },
        }
    }

    fn add(&mut self, change: Change) {
        self.model.pending.push(change);
    }

    /// What the disk has, by path. A file's content is its birth number.
    fn found(&mut self) -> BTreeMap<String, Node> {
        let mut found = BTreeMap::new();
        let mut todo = vec![String::new()];
        while let Some(directory) = todo.pop() {
            for entry in self.disk.readdir(&format!("/{directory}")).expect("it is there") {
                let slash = if directory.is_empty() { "" } else { "/" };
                let path = format!("{directory}{slash}{}", entry.name);
                let node = match entry.kind {
                    FileKind::File => {
                        let fd = self.disk.open(&path, OpenFlags::READ).expect("it is there");
                        let mut birth = [0; 4];
                        assert_eq!(
                            self.disk.pread(fd, 0, &mut birth),
                            Ok(4),
                            "{path} lost its bytes"
                        );
                        self.disk.close(fd).expect("open");
                        Node::File(u32::from_le_bytes(birth))
                    }
                    FileKind::Directory => {
                        todo.push(path.clone());
                        Node::Directory(0)
                    }
                };
                found.insert(path, node);
            }
        }
        found
    }

    fn step(&mut self, step: &Step, seed: u64) -> Result<(), TestCaseError> {
        let live = self.model.live();
        match step {
            Step::Create(path) => {
                let path = PATHS[*path];
                let free = self.place(path).is_some_and(|place| !live.contains_key(&place));
                let opened = self.disk.open(path, OpenFlags::READ_WRITE.create_new());
                prop_assert_eq!(opened.is_ok(), free, "{:?}", opened);
                if let (Ok(fd), Some(place)) = (opened, self.place(path)) {
                    self.model.births += 1;
                    let birth = self.model.births;
                    prop_assert_eq!(self.disk.pwrite(fd, 0, &birth.to_le_bytes()), Ok(4));
                    self.add(vec![(place, Some(Node::File(birth)))]);
                    prop_assert_eq!(self.disk.fsync(fd), Ok(()));
                    if self.disk.rules().sync_of_a_file_syncs_names {
                        self.commit_all();
                    }
                    prop_assert_eq!(self.disk.close(fd), Ok(()));
                }
            }
            Step::MakeDirectory(path) => {
                let path = PATHS[*path];
                let place = self.place(path).filter(|place| !live.contains_key(place));
                prop_assert_eq!(self.disk.mkdir(path).is_ok(), place.is_some());
                if let Some(place) = place {
                    self.model.births += 1;
                    let birth = self.model.births;
                    self.add(vec![(place, Some(Node::Directory(birth)))]);
                }
            }
            Step::Remove(path) => {
                let path = PATHS[*path];
                let removed = match self.disk.unlink(path) {
                    Err(Errno::IsADirectory) => self.disk.rmdir(path),
                    other => other,
                };
                if removed.is_ok() {
                    let place = self.place(path).expect("it was there");
                    prop_assert!(live.contains_key(&place));
                    self.add(vec![(place, None)]);
                }
            }
            Step::Rename(from, to) => {
                let (from, to) = (PATHS[*from], PATHS[*to]);
                if self.disk.rename(from, to).is_ok() && from != to {
                    // The target's directory may be what is moved only where the rename fails.
                    let (from, to) = (self.place(from), self.place(to));
                    let (from, to) = (from.expect("it was there"), to.expect("it is there"));
                    let moved = live[&from];
                    self.add(vec![(from, None), (to, Some(moved))]);
                }
            }
            Step::SyncRoot => {
                prop_assert_eq!(self.disk.sync_directory("/"), Ok(()));
                self.synced(0);
            }
            Step::SyncDirectory(path) => {
                let path = PATHS[*path];
                let node = self.place(path).and_then(|place| live.get(&place).copied());
                let synced = self.disk.sync_directory(path);
                match node {
                    Some(Node::Directory(birth)) => {
                        prop_assert_eq!(synced, Ok(()));
                        self.synced(birth);
                    }
                    Some(Node::File(_)) => prop_assert_eq!(synced, Err(Errno::NotADirectory)),
                    None => prop_assert!(synced.is_err()),
                }
            }
            Step::PowerOff => self.power_off(seed)?,
        }
        let found = self.found();
        let expected = paths(&self.model.live());
        prop_assert_eq!(anonymous(&found), anonymous(&expected), "after {:?}", step);
        // The model tries every set: keep them few, as if all had been synced.
        if self.model.pending.len() >= 9 {
            self.sync_everything();
        }
        Ok(())
    }

    fn commit_all(&mut self) {
        self.model.durable = self.model.live();
        self.model.pending.clear();
    }

    /// A sync of a directory: the model only demands its own names, so what else the disk
    /// makes durable is found out by looking at what can still be lost.
    fn synced(&mut self, directory: u32) {
        if self.disk.rules().names_in_order {
            return self.commit_all();
        }
        let mut chosen = BTreeSet::new();
        let mut places: BTreeSet<Place> = BTreeSet::new();
        // Changes of the directory's places, and earlier ones of the same places.
        for at in (0..self.model.pending.len()).rev() {
            let change = &self.model.pending[at];
            if change.iter().any(|(place, _)| place.0 == directory || places.contains(place)) {
                chosen.insert(at);
                places.extend(change.iter().map(|(place, _)| place.clone()));
            }
        }
        let mut kept = Vec::new();
        for (at, change) in std::mem::take(&mut self.model.pending).into_iter().enumerate() {
            if chosen.contains(&at) {
                apply(&mut self.model.durable, &change);
            } else {
                kept.push(change);
            }
        }
        self.model.pending = kept;
    }

    fn sync_everything(&mut self) {
        let mut todo = vec![String::from("/")];
        while let Some(directory) = todo.pop() {
            self.disk.sync_directory(&directory).expect("it is there");
            for entry in self.disk.readdir(&directory).expect("it is there") {
                if entry.kind == FileKind::Directory {
                    todo.push(format!("{directory}{}/", entry.name));
                }
            }
        }
        self.commit_all();
    }

    fn power_off(&mut self, seed: u64) -> Result<(), TestCaseError> {
        self.crashes += 1;
        let choices = Choices::new(seed.wrapping_add(self.crashes));
        let report = self.disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        let found = anonymous(&self.found());
        let allowed = self.model.allowed(self.disk.rules().names_in_order);
        let chosen = allowed.into_iter().find(|table| anonymous(&paths(table)) == found);
        prop_assert!(chosen.is_some(), "{:?} after {}", found, report);
        let reached = paths(chosen.as_ref().expect("checked"));
        // What nothing reaches is gone.
        let nodes: BTreeSet<Node> = reached.values().copied().collect();
        self.model.durable = chosen.expect("checked");
        self.model.durable.retain(|place, node| {
            nodes.contains(node) && (place.0 == 0 || nodes.contains(&Node::Directory(place.0)))
        });
        self.model.pending.clear();
        prop_assert_eq!(self.disk.inode_count(), nodes.len() + 1, "what has no name is freed");
        let choices = Choices::new(seed);
        let again = self.disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        prop_assert_eq!(again.unsynced, 0);
        prop_assert_eq!(anonymous(&self.found()), found);
        Ok(())
    }
}

/// Directories look alike from outside.
fn anonymous(paths: &BTreeMap<String, Node>) -> BTreeMap<String, Node> {
    let hide = |node: &Node| match node {
        Node::File(birth) => Node::File(*birth),
        Node::Directory(_) => Node::Directory(0),
    };
    paths.iter().map(|(path, node)| (path.clone(), hide(node))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_failure_leaves_names_that_posix_allows(steps in steps(), seed in any::<u64>()) {
        let mut rig = Rig::new(Rules::STRICT_POSIX);
        for step in &steps {
            rig.step(step, seed)?;
        }
        rig.power_off(seed)?;
    }

    #[test]
    fn a_failure_leaves_a_prefix_of_the_journal(steps in steps(), seed in any::<u64>()) {
        let mut rig = Rig::new(Rules::EXT4_ORDERED);
        for step in &steps {
            rig.step(step, seed)?;
        }
        rig.power_off(seed)?;
    }
}

/// The sets of names that 20,000 failures leave of `program`.
fn outcomes(rules: Rules, program: impl Fn(&mut FileSystem)) -> BTreeMap<String, u32> {
    let mut seen = BTreeMap::new();
    for seed in 0..20_000 {
        let mut disk = FileSystem::new(rules);
        program(&mut disk);
        let choices = Choices::new(seed);
        disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        let entries = disk.readdir("/").expect("the root is there");
        let names: Vec<String> = entries
            .iter()
            .map(|entry| format!("{}:{}", entry.name, disk.stat(&entry.name).expect("there").len))
            .collect();
        *seen.entry(names.join(" ")).or_insert(0) += 1;
    }
    seen
}

fn put(disk: &mut FileSystem, path: &str, bytes: &[u8], sync: bool) {
    let fd = disk.open(path, OpenFlags::WRITE.create()).expect("opens");
    disk.pwrite(fd, 0, bytes).expect("writes");
    if sync {
        disk.fsync(fd).expect("syncs");
    }
    disk.close(fd).expect("open");
}

fn keys(seen: &BTreeMap<String, u32>) -> Vec<&str> {
    seen.keys().map(String::as_str).collect()
}

#[test]
fn three_new_names_survive_in_all_eight_ways_or_as_a_prefix() {
    let program = |disk: &mut FileSystem| {
        for name in ["a", "b", "c"] {
            disk.mkdir(name).expect("makes");
        }
    };
    let strict = outcomes(Rules::STRICT_POSIX, program);
    assert_eq!(strict.len(), 8, "{strict:?}");
    assert!(strict.values().all(|&count| count > 100), "{strict:?}");
    let ordered = outcomes(Rules::EXT4_ORDERED, program);
    assert_eq!(keys(&ordered), ["", "a:0", "a:0 b:0", "a:0 b:0 c:0"]);
}

#[test]
fn a_replacement_without_a_sync_of_the_file_may_be_empty() {
    let program = |disk: &mut FileSystem| {
        put(disk, "f", b"old", true);
        disk.sync_directory("/").expect("syncs");
        put(disk, "tmp", b"newer", false);
        disk.rename("tmp", "f").expect("renames");
    };
    let strict = outcomes(Rules::STRICT_POSIX, program);
    assert_eq!(keys(&strict), ["f:0", "f:3", "f:3 tmp:0", "f:3 tmp:5", "f:5"]);
    // ext4 writes the bytes before a name that replaces another (measured: the old file or the new one).
    let ordered = outcomes(Rules::EXT4_ORDERED, program);
    assert_eq!(keys(&ordered), ["f:3", "f:3 tmp:0", "f:3 tmp:5", "f:5"]);
}

#[test]
fn a_sync_of_a_file_is_not_a_sync_of_its_name() {
    let program = |disk: &mut FileSystem| {
        put(disk, "a", b"a", false);
        put(disk, "b", b"bb", true);
    };
    let strict = outcomes(Rules::STRICT_POSIX, program);
    assert_eq!(keys(&strict), ["", "a:0", "a:0 b:2", "a:1", "a:1 b:2", "b:2"]);
    // As ext4 does (measured): the sync of `b` commits the name of `a` too, not its bytes.
    let ordered = outcomes(Rules::EXT4_ORDERED, program);
    assert_eq!(keys(&ordered), ["a:0 b:2", "a:1 b:2"]);
}
