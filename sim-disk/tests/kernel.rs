//! The live file system against the one of the machine that runs the test: the same calls, the same results.
#![cfg(target_os = "linux")]

use proptest::prelude::*;
use sim_disk::{Errno, Fd, FileKind, FileSystem, OpenFlags, Rules};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const PATHS: [&str; 16] = [
    "a", "b", "d", "e", "a/", "d/", "d/a", "d/b", "d/e", "d/e/a", "e/d", "d/../a", "./b", "a/b",
    "d/.", "e/..",
];

#[derive(Clone, Debug)]
enum Call {
    Open(usize, OpenFlags),
    Close(usize),
    Pread(usize, u64, usize),
    Pwrite(usize, u64, usize),
    Read(usize, usize),
    Write(usize, usize),
    Seek(usize, u64),
    Truncate(usize, u64),
    Unlink(usize),
    Mkdir(usize),
    Rmdir(usize),
    Rename(usize, usize),
    Stat(usize),
    Readdir(usize),
}

fn flags() -> impl Strategy<Value = OpenFlags> {
    let access = prop_oneof![
        1 => Just(OpenFlags::READ),
        1 => Just(OpenFlags::WRITE),
        3 => Just(OpenFlags::READ_WRITE)
    ];
    (access, any::<[bool; 4]>()).prop_map(|(access, [append, create, exclusive, truncate])| {
        // What `std` refuses by itself is left out.
        let writes = access.write;
        OpenFlags {
            append: append && writes,
            create: create && writes,
            exclusive: exclusive && create && writes && !truncate,
            truncate: truncate && writes && !append,
            ..access
        }
    })
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let path = || 0..PATHS.len();
    let call = prop_oneof![
        8 => (path(), flags()).prop_map(|(path, flags)| Call::Open(path, flags)),
        2 => (0..8_usize).prop_map(Call::Close),
        4 => (0..8_usize, 0..9_000_u64, 0..9_000_usize).prop_map(|(fd, at, len)| Call::Pread(fd, at, len)),
        4 => (0..8_usize, 0..9_000_u64, 0..6_000_usize).prop_map(|(fd, at, len)| Call::Pwrite(fd, at, len)),
        3 => (0..8_usize, 0..900_usize).prop_map(|(fd, len)| Call::Read(fd, len)),
        3 => (0..8_usize, 0..900_usize).prop_map(|(fd, len)| Call::Write(fd, len)),
        2 => (0..8_usize, 0..9_000_u64).prop_map(|(fd, at)| Call::Seek(fd, at)),
        2 => (0..8_usize, 0..9_000_u64).prop_map(|(fd, size)| Call::Truncate(fd, size)),
        2 => path().prop_map(Call::Unlink),
        4 => path().prop_map(Call::Mkdir),
        2 => path().prop_map(Call::Rmdir),
        5 => (path(), path()).prop_map(|(from, to)| Call::Rename(from, to)),
        2 => path().prop_map(Call::Stat),
        2 => path().prop_map(Call::Readdir),
    ];
    prop::collection::vec(call, 1..50)
}

/// What a call returned: a number, bytes or names; or the number of the error.
type Answer = Result<Vec<u8>, i32>;

fn number(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

struct Machine {
    root: PathBuf,
    files: Vec<Option<(File, bool)>>,
}

impl Machine {
    fn new() -> Machine {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("sim-disk-{}-{number}", std::process::id()));
        fs::create_dir(&root).expect("a fresh directory");
        Machine { root, files: Vec::new() }
    }

    fn path(&self, path: usize) -> PathBuf {
        PathBuf::from(format!("{}/{}", self.root.display(), PATHS[path]))
    }

    fn file(&mut self, fd: usize) -> std::io::Result<&mut File> {
        let bad = || std::io::Error::from_raw_os_error(9);
        let open = self.files.get_mut(fd).and_then(Option::as_mut).ok_or_else(bad)?;
        Ok(&mut open.0)
    }

    fn call(&mut self, call: &Call, data: u8) -> std::io::Result<Vec<u8>> {
        match *call {
            Call::Open(path, flags) => {
                let mut options = OpenOptions::new();
                options.read(flags.read).write(flags.write && !flags.append);
                options.append(flags.append).create(flags.create && !flags.exclusive);
                options.create_new(flags.exclusive).truncate(flags.truncate);
                let file = options.open(self.path(path))?;
                let free = self.files.iter().position(Option::is_none);
                let fd = free.unwrap_or(self.files.len());
                if free.is_none() {
                    self.files.push(None);
                }
                self.files[fd] = Some((file, flags.read));
                Ok(number(fd as u64))
            }
            Call::Close(fd) => {
                self.file(fd)?;
                self.files[fd] = None;
                Ok(Vec::new())
            }
            Call::Pread(fd, at, len) => {
                let mut bytes = vec![0; len];
                let len = self.file(fd)?.read_at(&mut bytes, at)?;
                bytes.truncate(len);
                Ok(bytes)
            }
            Call::Pwrite(fd, at, len) => {
                Ok(number(self.file(fd)?.write_at(&vec![data; len], at)? as u64))
            }
            Call::Read(fd, len) => {
                let mut bytes = vec![0; len];
                let len = self.file(fd)?.read(&mut bytes)?;
                bytes.truncate(len);
                Ok(bytes)
            }
            Call::Write(fd, len) => Ok(number(self.file(fd)?.write(&vec![data; len])? as u64)),
            Call::Seek(fd, at) => Ok(number(self.file(fd)?.seek(SeekFrom::Start(at))?)),
            Call::Truncate(fd, size) => self.file(fd)?.set_len(size).map(|()| Vec::new()),
            Call::Unlink(path) => fs::remove_file(self.path(path)).map(|()| Vec::new()),
            Call::Mkdir(path) => fs::create_dir(self.path(path)).map(|()| Vec::new()),
            Call::Rmdir(path) => fs::remove_dir(self.path(path)).map(|()| Vec::new()),
            Call::Rename(from, to) => {
                fs::rename(self.path(from), self.path(to)).map(|()| Vec::new())
            }
            Call::Stat(path) => {
                let metadata = fs::metadata(self.path(path))?;
                Ok(number(if metadata.is_dir() { u64::MAX } else { metadata.len() }))
            }
            Call::Readdir(path) => {
                let mut names = Vec::new();
                for entry in fs::read_dir(self.path(path))? {
                    names.push(entry?.file_name().into_string().expect("names are ours"));
                }
                names.sort();
                Ok(names.join(" ").into_bytes())
            }
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).expect("a directory of our own");
    }
}

fn simulated(disk: &mut FileSystem, call: &Call, data: u8) -> Result<Vec<u8>, Errno> {
    let fd = |fd: usize| Fd(fd as u32);
    match *call {
        Call::Open(path, flags) => disk.open(PATHS[path], flags).map(|fd| number(u64::from(fd.0))),
        Call::Close(file) => disk.close(fd(file)).map(|()| Vec::new()),
        Call::Pread(file, at, len) => {
            let mut bytes = vec![0; len];
            let len = disk.pread(fd(file), at, &mut bytes)?;
            bytes.truncate(len);
            Ok(bytes)
        }
        Call::Pwrite(file, at, len) => {
            disk.pwrite(fd(file), at, &vec![data; len]).map(|len| number(len as u64))
        }
        Call::Read(file, len) => {
            let mut bytes = vec![0; len];
            let len = disk.read(fd(file), &mut bytes)?;
            bytes.truncate(len);
            Ok(bytes)
        }
        Call::Write(file, len) => {
            disk.write(fd(file), &vec![data; len]).map(|len| number(len as u64))
        }
        Call::Seek(file, at) => disk.seek(fd(file), at).map(|()| number(at)),
        Call::Truncate(file, size) => disk.ftruncate(fd(file), size).map(|()| Vec::new()),
        Call::Unlink(path) => disk.unlink(PATHS[path]).map(|()| Vec::new()),
        Call::Mkdir(path) => disk.mkdir(PATHS[path]).map(|()| Vec::new()),
        Call::Rmdir(path) => disk.rmdir(PATHS[path]).map(|()| Vec::new()),
        Call::Rename(from, to) => disk.rename(PATHS[from], PATHS[to]).map(|()| Vec::new()),
        Call::Stat(path) => disk.stat(PATHS[path]).map(|metadata| {
            number(if metadata.kind == FileKind::Directory { u64::MAX } else { metadata.len })
        }),
        Call::Readdir(path) => disk.readdir(PATHS[path]).map(|entries| {
            let names: Vec<&str> = entries.iter().map(|entry| &*entry.name).collect();
            names.join(" ").into_bytes()
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_answer_as_those_of_the_kernel(calls in calls()) {
        let mut machine = Machine::new();
        let mut disk = FileSystem::new(Rules::STRICT_POSIX);
        for (at, call) in calls.iter().enumerate() {
            let data = at as u8 + 1;
            let real: Answer = machine
                .call(call, data)
                .map_err(|error| error.raw_os_error().expect("an error of the kernel"));
            let ours: Answer = simulated(&mut disk, call, data).map_err(Errno::number);
            prop_assert_eq!(ours, real, "at call {}: {:?}", at, call);
        }
    }
}
