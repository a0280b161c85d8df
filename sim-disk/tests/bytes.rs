//! Bytes and sizes after failures, against a naive model that keeps a copy of the whole file after each call.

use proptest::prelude::*;
use sim_disk::{Errno, Fd, FileSystem, OpenFlags, Rules, SECTOR};
use sim_runtime::choice::{Choices, Ratio};

const FILES: usize = 2;

#[derive(Clone, Debug)]
enum Step {
    Write {
        file: usize,
        offset: u64,
        len: usize,
    },
    Append {
        file: usize,
        len: usize,
    },
    Truncate {
        file: usize,
        size: u64,
    },
    Sync {
        file: usize,
        data_only: bool,
    },
    /// A sync that begins now and ends after the next step.
    SlowSync {
        file: usize,
    },
    PowerOff,
    Kill,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let file = 0..FILES;
    let step = prop_oneof![
        6 => (file.clone(), 0..9_000_u64, 0..6_000_usize).prop_map(|(file, offset, len)| Step::Write { file, offset, len }),
        3 => (file.clone(), 0..700_u64, 1..300_usize).prop_map(|(file, offset, len)| Step::Write { file, offset, len }),
        3 => (file.clone(), 1..2_000_usize).prop_map(|(file, len)| Step::Append { file, len }),
        2 => (file.clone(), 0..9_000_u64).prop_map(|(file, size)| Step::Truncate { file, size }),
        2 => (file.clone(), any::<bool>()).prop_map(|(file, data_only)| Step::Sync { file, data_only }),
        1 => file.prop_map(|file| Step::SlowSync { file }),
        3 => Just(Step::PowerOff),
        1 => Just(Step::Kill),
    ];
    prop::collection::vec(step, 1..30)
}

/// What a file was after each call since its last sync. The first is durable.
struct History(Vec<Vec<u8>>);

impl History {
    fn now(&self) -> &Vec<u8> {
        self.0.last().expect("never empty")
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.now().clone();
        change(&mut bytes);
        self.0.push(bytes);
    }

    fn write(&mut self, offset: usize, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        self.change(|bytes| {
            let end = offset + data.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[offset..end].copy_from_slice(data);
        });
    }

    /// Whether a failure under `rules` may leave `found`.
    fn allows(&self, found: &[u8], rules: Rules) -> Result<(), String> {
        let sizes: Vec<usize> =
            (0..self.0.len()).filter(|&i| self.0[i].len() == found.len()).collect();
        let Some(&earliest) = sizes.first() else {
            return Err(format!("it never had {} bytes", found.len()));
        };
        let old_size = self.0[0].len();
        for start in (0..found.len()).step_by(SECTOR) {
            let end = (start + SECTOR).min(found.len());
            let exposed = rules.data_before_size && end > old_size;
            let from = if exposed { earliest } else { 0 };
            let moments = self.0[from..].iter().map(|bytes| {
                let mut sector = bytes.get(start..bytes.len().min(end)).unwrap_or(&[]).to_vec();
                sector.resize(end - start, 0);
                sector
            });
            let same = |sector: &Vec<u8>| sector == &found[start..end];
            if !moments.clone().any(|sector| same(&sector)) {
                return Err(format!("sector {start}..{end} never was like that"));
            }
        }
        Ok(())
    }
}

struct Rig {
    disk: FileSystem,
    fds: Vec<Fd>,
    model: Vec<History>,
    written: u8,
    crashes: u32,
}

impl Rig {
    fn new(rules: Rules) -> Rig {
        let mut rig = Rig {
            disk: FileSystem::new(rules),
            fds: Vec::new(),
            model: (0..FILES).map(|_| History(vec![Vec::new()])).collect(),
            written: 0,
            crashes: 0,
        };
        rig.open();
        rig.disk.sync_directory("/").expect("the root is there");
        rig
    }

    fn open(&mut self) {
        let open = |file| self.disk.open(&format!("f{file}"), OpenFlags::READ_WRITE.create());
        self.fds = (0..FILES).map(open).collect::<Result<_, Errno>>().expect("files open");
    }

    fn fresh(&mut self, len: usize) -> Vec<u8> {
        // Each write has bytes of its own, so that nothing is taken for something else.
        self.written = self.written % 250 + 1;
        vec![self.written; len]
    }

    fn found(&mut self, file: usize) -> Vec<u8> {
        let fd = self.fds[file];
        let mut bytes = vec![0xFF; self.disk.fstat(fd).expect("open").len as usize + 10];
        let len = self.disk.pread(fd, 0, &mut bytes).expect("open for reading");
        bytes.truncate(len);
        bytes
    }

    fn step(&mut self, step: &Step, seed: u64) -> Result<(), TestCaseError> {
        match *step {
            Step::Write { file, offset, len } => {
                let data = self.fresh(len);
                prop_assert_eq!(self.disk.pwrite(self.fds[file], offset, &data), Ok(len));
                self.model[file].write(offset as usize, &data);
            }
            Step::Append { file, len } => {
                let data = self.fresh(len);
                let end = self.model[file].now().len();
                prop_assert_eq!(self.disk.append(self.fds[file], &data), Ok(end as u64));
                self.model[file].write(end, &data);
            }
            Step::Truncate { file, size } => {
                prop_assert_eq!(self.disk.ftruncate(self.fds[file], size), Ok(()));
                self.model[file].change(|bytes| bytes.resize(size as usize, 0));
            }
            Step::Sync { file, data_only } => {
                let fd = self.fds[file];
                let synced = if data_only { self.disk.fdatasync(fd) } else { self.disk.fsync(fd) };
                prop_assert_eq!(synced, Ok(()));
                let now = self.model[file].now().clone();
                self.model[file].0 = vec![now];
            }
            Step::SlowSync { .. } => unreachable!("run by `run`"),
            Step::PowerOff => {
                self.crashes += 1;
                let choices = Choices::new(seed.wrapping_add(u64::from(self.crashes)));
                let report = self.disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
                self.open();
                let live: Vec<Vec<u8>> = self.model.iter().map(|file| file.now().clone()).collect();
                let found: Vec<Vec<u8>> = (0..FILES).map(|file| self.found(file)).collect();
                if report.is_benign() {
                    prop_assert_eq!(&live, &found);
                }
                for (history, found) in self.model.iter_mut().zip(found) {
                    let allowed = history.allows(&found, self.disk.rules());
                    prop_assert!(allowed.is_ok(), "{:?} after {}", allowed, report);
                    history.0 = vec![found];
                }
                let choices = Choices::new(seed);
                let again = self.disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
                prop_assert_eq!(again.unsynced, 0, "a failure leaves nothing unsynced");
                self.open();
            }
            Step::Kill => {
                self.disk.kill();
                self.open();
            }
        }
        for file in 0..FILES {
            let found = self.found(file);
            prop_assert!(
                &found == self.model[file].now(),
                "f{} reads wrong after {:?}",
                file,
                step
            );
        }
        Ok(())
    }

    fn run(&mut self, steps: &[Step], seed: u64) -> Result<(), TestCaseError> {
        let mut slow = None;
        for step in steps {
            if let Step::SlowSync { file } = *step {
                if slow.is_none() {
                    let point = self.disk.sync_point(self.fds[file]).expect("open");
                    slow = Some((file, point, self.model[file].0.len()));
                }
                continue;
            }
            let ended = matches!(step, Step::PowerOff | Step::Sync { .. });
            self.step(step, seed)?;
            if let Some((file, point, len)) = slow.take()
                && !ended
            {
                self.disk.complete_data_sync(point);
                self.model[file].0.drain(..len - 1);
            }
        }
        self.step(&Step::PowerOff, seed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_failure_leaves_what_posix_allows(steps in steps(), seed in any::<u64>()) {
        Rig::new(Rules::STRICT_POSIX).run(&steps, seed)?;
    }

    #[test]
    fn a_failure_leaves_what_an_ordered_file_system_allows(steps in steps(), seed in any::<u64>()) {
        Rig::new(Rules::EXT4_ORDERED).run(&steps, seed)?;
    }
}

/// Runs `program` on a disk with one synced file of 4 KiB of `o`, then fails it, for 20,000 seeds.
fn outcomes(
    rules: Rules,
    program: impl Fn(&mut FileSystem, Fd),
) -> std::collections::BTreeMap<Vec<u8>, u32> {
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..20_000 {
        let mut disk = FileSystem::new(rules);
        let fd = disk.open("f", OpenFlags::READ_WRITE.create()).expect("opens");
        disk.pwrite(fd, 0, &[b'o'; 4096]).expect("writes");
        disk.fsync(fd).expect("syncs");
        disk.sync_directory("/").expect("syncs");
        program(&mut disk, fd);
        let choices = Choices::new(seed);
        disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        let fd = disk.open("f", OpenFlags::READ).expect("its name was synced");
        let mut bytes = vec![0; 20_000];
        let len = disk.pread(fd, 0, &mut bytes).expect("reads");
        // One byte for each sector, and a tail that tells the size.
        let mut key: Vec<u8> = bytes[..len].chunks(SECTOR).map(|sector| sector[0]).collect();
        key.push((len / 256) as u8);
        *seen.entry(key).or_insert(0) += 1;
    }
    seen
}

#[test]
fn three_writes_to_three_sectors_survive_in_all_eight_ways() {
    let seen = outcomes(Rules::STRICT_POSIX, |disk, fd| {
        for (sector, byte) in [(1, b'a'), (4, b'b'), (6, b'c')] {
            disk.pwrite(fd, sector * 512, &[byte; 512]).expect("writes");
        }
    });
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(seen.values().all(|&count| count > 100), "{seen:?}");
}

#[test]
fn three_writes_to_one_sector_survive_as_a_prefix() {
    let seen = outcomes(Rules::STRICT_POSIX, |disk, fd| {
        for (at, byte) in [(0, b'a'), (0, b'b'), (0, b'c')] {
            disk.pwrite(fd, at, &[byte; 300]).expect("writes");
        }
    });
    let first: Vec<u8> = seen.keys().map(|key| key[0]).collect();
    assert_eq!(first, [b'a', b'b', b'c', b'o']);
}

#[test]
fn a_write_of_many_sectors_tears_at_every_sector() {
    let seen = outcomes(Rules::STRICT_POSIX, |disk, fd| {
        disk.pwrite(fd, 0, &[b'n'; 4096]).expect("writes");
    });
    assert!(seen.len() > 200, "{} of 256 ways", seen.len());
    let whole: u32 = seen.iter().filter(|(key, _)| key[..8] == [b'n'; 8]).map(|(_, n)| n).sum();
    let none: u32 = seen.iter().filter(|(key, _)| key[..8] == [b'o'; 8]).map(|(_, n)| n).sum();
    assert!(whole > 2_000 && none > 2_000, "the extremes are common: {whole} {none}");
}

#[test]
fn a_new_size_shows_zeros_only_where_the_rules_let_it() {
    let append = |disk: &mut FileSystem, fd: Fd| {
        disk.append(fd, &[b'n'; 512]).expect("appends");
    };
    let (old, new) = (16, 18);
    let key = |tail: &[u8], size| [&[b'o'; 8], tail, &[size]].concat();
    let strict = outcomes(Rules::STRICT_POSIX, append);
    let expected = [key(b"\0", new), key(b"n", new), key(b"", old)];
    assert_eq!(strict.keys().cloned().collect::<Vec<_>>(), sorted(expected.to_vec()));
    let ordered = outcomes(Rules::EXT4_ORDERED, append);
    assert_eq!(ordered.keys().cloned().collect::<Vec<_>>(), sorted(expected[1..].to_vec()));
}

#[test]
fn a_cut_that_survives_never_gives_back_what_it_cut() {
    let seen = outcomes(Rules::STRICT_POSIX, |disk, fd| {
        disk.ftruncate(fd, 2048).expect("cuts");
        disk.ftruncate(fd, 4096).expect("grows");
        disk.pwrite(fd, 3584, &[b'n'; 512]).expect("writes");
    });
    let key = |tail: &[u8], size| [&[b'o'; 4], tail, &[size]].concat();
    let expected = [
        key(&[b'o'; 4], 16),       // the old file
        key(&[], 8),               // cut
        key(&[0, 0, 0, 0], 16),    // cut and grown
        key(&[0, 0, 0, b'n'], 16), // all
    ];
    assert_eq!(seen.keys().cloned().collect::<Vec<_>>(), sorted(expected.to_vec()));
}

#[test]
fn sectors_tear_inside_only_where_asked_to() {
    let torn = |rules| {
        let mut torn = 0;
        for seed in 0..2_000 {
            let mut disk = FileSystem::new(rules);
            let fd = disk.open("f", OpenFlags::READ_WRITE.create()).expect("opens");
            disk.pwrite(fd, 0, &[b'o'; 512]).expect("writes");
            disk.fsync(fd).expect("syncs");
            disk.sync_directory("/").expect("syncs");
            disk.pwrite(fd, 0, &[b'n'; 512]).expect("writes");
            let choices = Choices::new(seed);
            disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
            let fd = disk.open("f", OpenFlags::READ).expect("its name was synced");
            let mut bytes = [0; 512];
            disk.pread(fd, 0, &mut bytes).expect("reads");
            let new = bytes.iter().take_while(|&&byte| byte == b'n').count();
            assert!(bytes[new..].iter().all(|&byte| byte == b'o'));
            torn += u32::from(new > 0 && new < 512);
        }
        torn
    };
    assert_eq!(torn(Rules::STRICT_POSIX), 0);
    assert!(torn(Rules::STRICT_POSIX.torn_sectors(Ratio::new(1, 2))) > 300);
}

fn sorted(mut keys: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    keys.sort();
    keys
}
