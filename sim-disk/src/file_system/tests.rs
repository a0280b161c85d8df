use super::*;
use crate::{Errno, Fd, Lost, OpenFlags};
use sim_runtime::choice::{Edits, Fallback};

const RW: OpenFlags = OpenFlags::READ_WRITE.create();

fn disk() -> FileSystem {
    FileSystem::new(Rules::STRICT_POSIX)
}

fn put(disk: &mut FileSystem, path: &str, bytes: &[u8]) -> Fd {
    let fd = disk.open(path, RW).unwrap();
    disk.pwrite(fd, 0, bytes).unwrap();
    fd
}

fn get(disk: &mut FileSystem, path: &str) -> Result<Vec<u8>, Errno> {
    let fd = disk.open(path, OpenFlags::READ)?;
    let mut bytes = vec![0; disk.fstat(fd)?.len as usize];
    assert_eq!(disk.pread(fd, 0, &mut bytes)?, bytes.len());
    disk.close(fd)?;
    Ok(bytes)
}

fn names(disk: &mut FileSystem, path: &str) -> Vec<String> {
    disk.readdir(path).unwrap().iter().map(|entry| entry.name.to_string()).collect()
}

fn met(disk: &mut FileSystem) -> (u32, u32) {
    let met = disk.take_met();
    (met.bytes, met.names)
}

fn fail(disk: &mut FileSystem, seed: u64) -> CrashReport {
    let choices = Choices::new(seed);
    disk.power_off(&choices, &mut choices.stream(&["disk".into()]))
}

/// A failure that loses all that may be lost.
fn lose_all(disk: &mut FileSystem) -> CrashReport {
    let edits = Edits { edits: vec!["disk#0 = 20".parse().unwrap()], fallback: Fallback::Drawn };
    let choices = Choices::with(1, &edits, false);
    disk.power_off(&choices, &mut choices.stream(&["disk".into()]))
}

#[test]
fn files_are_made_opened_and_refused_as_posix_says() {
    let disk = &mut disk();
    assert_eq!(disk.open("a", OpenFlags::READ), Err(Errno::NotFound));
    assert_eq!(disk.open("d/a", RW), Err(Errno::NotFound));
    let a = disk.open("a", RW).unwrap();
    assert_eq!(disk.open("a", RW.create_new()), Err(Errno::Exists));
    assert_eq!(disk.open("a/", OpenFlags::READ), Err(Errno::NotADirectory));
    assert_eq!(disk.open("a/", RW), Err(Errno::IsADirectory));
    assert_eq!(disk.open("a/b", RW), Err(Errno::NotADirectory));
    assert_eq!(disk.open("new/", RW), Err(Errno::IsADirectory));
    assert_eq!(disk.open("a", OpenFlags::READ.truncate()), Err(Errno::Invalid));
    assert_eq!(disk.open(&"n".repeat(256), RW), Err(Errno::NameTooLong));
    assert_eq!(disk.open("", RW), Err(Errno::NotFound));
    disk.mkdir("/d/").unwrap();
    assert_eq!(disk.mkdir("d"), Err(Errno::Exists));
    assert_eq!(disk.mkdir("."), Err(Errno::Exists));
    assert_eq!(disk.open("d", RW), Err(Errno::IsADirectory));
    let d = disk.open("d", OpenFlags::READ).unwrap();
    assert_eq!(disk.pread(d, 0, &mut [0]), Err(Errno::IsADirectory));
    assert_eq!(disk.stat("./d/../a").unwrap().ino, disk.fstat(a).unwrap().ino);
    let read_only = disk.open("a", OpenFlags::READ).unwrap();
    assert_eq!(disk.pwrite(read_only, 0, b"x"), Err(Errno::BadDescriptor));
    assert_eq!(disk.ftruncate(read_only, 0), Err(Errno::Invalid));
    let write_only = disk.open("a", OpenFlags::WRITE).unwrap();
    assert_eq!(disk.pread(write_only, 0, &mut [0]), Err(Errno::BadDescriptor));
    assert_eq!(disk.pwrite(a, u64::MAX, b"x"), Err(Errno::FileTooBig));
    disk.close(a).unwrap();
    assert_eq!(disk.fsync(a), Err(Errno::BadDescriptor));
}

#[test]
fn positions_and_appends() {
    let disk = &mut disk();
    let fd = disk.open("log", RW.append()).unwrap();
    disk.write(fd, b"one").unwrap();
    disk.seek(fd, 1).unwrap();
    disk.write(fd, b"two").unwrap();
    assert_eq!(disk.position(fd), Ok(6));
    assert_eq!(disk.append(fd, b"!"), Ok(6));
    disk.seek(fd, 2).unwrap();
    let mut bytes = [0; 9];
    assert_eq!(disk.read(fd, &mut bytes), Ok(5));
    assert_eq!(&bytes[..5], b"etwo!");
    assert_eq!(disk.read(fd, &mut bytes), Ok(0));
    assert_eq!(disk.open("log", RW.truncate()).and_then(|fd| disk.fstat(fd)).unwrap().len, 0);
}

#[test]
fn an_unlinked_file_is_readable_until_it_is_closed_and_then_freed() {
    let disk = &mut disk();
    let fd = put(disk, "a", b"still here");
    disk.sync_directory("/").unwrap();
    disk.unlink("a").unwrap();
    assert_eq!(get(disk, "a"), Err(Errno::NotFound));
    let mut bytes = [0; 10];
    assert_eq!(disk.pread(fd, 0, &mut bytes), Ok(10));
    assert_eq!(&bytes, b"still here");
    disk.sync_directory("/").unwrap();
    assert_eq!(disk.inode_count(), 2);
    disk.close(fd).unwrap();
    assert_eq!(disk.inode_count(), 1);
}

#[test]
fn renames_replace_and_refuse_as_posix_says() {
    let disk = &mut disk();
    put(disk, "a", b"a");
    put(disk, "b", b"b");
    disk.mkdir("d").unwrap();
    disk.mkdir("e").unwrap();
    disk.mkdir("d/inner").unwrap();
    assert_eq!(disk.rename("x", "y"), Err(Errno::NotFound));
    assert_eq!(disk.rename("a", "d"), Err(Errno::IsADirectory));
    assert_eq!(disk.rename("d", "a"), Err(Errno::NotADirectory));
    assert_eq!(disk.rename("e", "d"), Err(Errno::NotEmpty));
    assert_eq!(disk.rename("d", "d/inner/d"), Err(Errno::Invalid));
    assert_eq!(disk.rename("/", "d"), Err(Errno::Busy));
    assert_eq!(disk.rmdir("d"), Err(Errno::NotEmpty));
    assert_eq!(disk.rmdir("a"), Err(Errno::NotADirectory));
    assert_eq!(disk.rmdir("/"), Err(Errno::Busy));
    assert_eq!(disk.unlink("d"), Err(Errno::IsADirectory));
    disk.rename("a", "a").unwrap();
    disk.rename("a", "b").unwrap();
    assert_eq!(get(disk, "b").unwrap(), b"a");
    disk.rename("b", "d/inner/b").unwrap();
    disk.rename("d", "e").unwrap();
    assert_eq!(names(disk, "/"), ["e"]);
    assert_eq!(get(disk, "e/inner/../inner/b").unwrap(), b"a");
    assert_eq!(names(disk, "e/inner/.."), ["inner"]);
}

#[test]
fn descriptors_run_out() {
    let disk = &mut disk();
    for _ in 0..DESCRIPTORS_MAX {
        disk.open("a", RW).unwrap();
    }
    assert_eq!(disk.open("b", RW), Err(Errno::TooManyOpen));
    assert_eq!(disk.stat("b"), Err(Errno::NotFound));
    disk.kill();
    disk.open("b", RW).unwrap();
}

#[test]
fn a_kill_keeps_the_page_cache_and_a_wipe_keeps_nothing() {
    let disk = &mut disk();
    let fd = put(disk, "a", b"cached");
    disk.kill();
    assert_eq!(disk.fsync(fd), Err(Errno::BadDescriptor));
    assert_eq!(get(disk, "a").unwrap(), b"cached");
    let fd = disk.open("a", RW).unwrap();
    let point = disk.sync_point(fd).unwrap();
    let identity = disk.identity();
    disk.wipe();
    assert_ne!(disk.identity(), identity);
    assert!(names(disk, "/").is_empty());
    put(disk, "b", b"b");
    disk.complete_sync(point);
    assert_eq!(lose_all(disk).losses.len(), 1, "the old sync did nothing to the new file");
}

#[test]
fn only_what_was_synced_is_sure() {
    let disk = &mut disk();
    let vote = put(disk, "vote", b"term 1");
    disk.fsync(vote).unwrap();
    disk.sync_directory("/").unwrap();
    disk.pwrite(vote, 0, b"term 2 and more").unwrap();
    put(disk, "new", b"x");
    let report = lose_all(disk);
    assert_eq!(report.unsynced, 3);
    assert_eq!(
        report.to_string(),
        "new: creation lost; vote: write 0..15 lost; vote: size 15 back to 6"
    );
    assert_eq!(get(disk, "vote").unwrap(), b"term 1");
    assert_eq!(names(disk, "/"), ["vote"]);
    assert_eq!(lose_all(disk), CrashReport::default());
    assert_eq!(get(disk, "vote").unwrap(), b"term 1");
}

#[test]
fn nothing_is_lost_where_all_outcomes_are_benign() {
    for rules in
        [Rules::STRICT_POSIX.torn_sectors(sim_runtime::choice::Ratio::ONE), Rules::EXT4_ORDERED]
    {
        let disk = &mut FileSystem::new(rules);
        put(disk, "a", &[1; 9000]);
        disk.mkdir("d").unwrap();
        put(disk, "b", &[2; 90]);
        disk.rename("b", "d/b").unwrap();
        disk.rename("d/b", "a").unwrap();
        let choices =
            Choices::with(3, &Edits { edits: Vec::new(), fallback: Fallback::Benign }, true);
        let report = disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        assert_eq!(report.to_string(), "7 unsynced changes, none lost");
        assert_eq!(choices.recorded().len(), 1);
        assert_eq!(get(disk, "a").unwrap(), [2; 90]);
        assert_eq!(names(disk, "/"), ["a", "d"]);
    }
}

#[test]
fn a_sync_covers_what_was_done_before_it_began() {
    let disk = &mut disk();
    let fd = put(disk, "a", b"before");
    let root = disk.directory_sync_point("/").unwrap();
    let point = disk.sync_point(fd).unwrap();
    disk.pwrite(fd, 0, b"during").unwrap();
    put(disk, "b", b"b");
    disk.complete_sync(point);
    disk.complete_sync(root);
    lose_all(disk);
    assert_eq!(get(disk, "a").unwrap(), b"before");
    assert_eq!(names(disk, "/"), ["a"]);
}

#[test]
fn a_moved_file_is_never_left_without_a_name() {
    let mut seen = [0; 3];
    for seed in 0..2000 {
        let disk = &mut disk();
        let fd = put(disk, "f", b"f");
        disk.fsync(fd).unwrap();
        disk.mkdir("full").unwrap();
        put(disk, "full/g", b"g");
        disk.sync_directory("/").unwrap();
        disk.sync_directory("full").unwrap();
        disk.mkdir("p").unwrap();
        disk.mkdir("p/q").unwrap();
        disk.rename("f", "p/q/f").unwrap();
        disk.rename("full/g", "g").unwrap();
        disk.rmdir("full").unwrap();
        if seed % 2 == 1 {
            disk.sync_directory("p/q").unwrap();
        }
        fail(disk, seed);
        let here = get(disk, "f").is_ok();
        let there = get(disk, "p/q/f").is_ok();
        assert!(here != there, "seed {seed}: {here} {there}");
        assert!(there || seed % 2 == 0, "the directory was synced");
        let g = (get(disk, "g").is_ok(), get(disk, "full/g").is_ok());
        assert!(g.0 != g.1, "seed {seed}: {g:?}");
        seen[usize::from(here) + usize::from(g.0)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 50), "{seen:?}");
}

#[test]
fn moved_directories_never_form_a_circle() {
    for seed in 0..1000 {
        let disk = &mut disk();
        disk.mkdir("a").unwrap();
        disk.mkdir("b").unwrap();
        disk.sync_directory("/").unwrap();
        disk.rename("a", "b/x").unwrap();
        disk.rename("b/x", "c").unwrap();
        disk.rename("b", "c/y").unwrap();
        fail(disk, seed);
        assert_eq!(disk.inode_count(), 3, "seed {seed}");
    }
}

#[test]
fn a_new_directory_may_vanish_until_the_one_above_is_synced() {
    let make = |rules| {
        let mut disk = FileSystem::new(rules);
        disk.mkdir("d").unwrap();
        let fd = put(&mut disk, "d/f", b"f");
        disk.fsync(fd).unwrap();
        disk.sync_directory("d").unwrap();
        disk
    };
    let mut disk = make(Rules::STRICT_POSIX);
    lose_all(&mut disk);
    assert_eq!(disk.inode_count(), 1);
    let mut disk = make(Rules::EXT4_ORDERED);
    lose_all(&mut disk);
    assert_eq!(get(&mut disk, "d/f").unwrap(), b"f");
}

#[test]
fn losses_are_met_once_by_reads_and_lookups() {
    let disk = &mut disk();
    let fd = put(disk, "a", &[1; 600]);
    disk.sync_directory("/").unwrap();
    disk.fsync(fd).unwrap();
    disk.pwrite(fd, 0, &[2; 600]).unwrap();
    disk.pwrite(fd, 600, &[3; 10]).unwrap();
    put(disk, "b", b"b");
    let report = lose_all(disk);
    assert!(report.losses.iter().any(|loss| loss.what == Lost::Size { was: 610, is: 600 }));
    assert_eq!(met(disk), (0, 0));
    assert_eq!(disk.open("b", OpenFlags::READ), Err(Errno::NotFound));
    assert_eq!(met(disk), (0, 1));
    assert_eq!(names(disk, "/"), ["a"]);
    assert_eq!(met(disk), (0, 0), "each loss is met once");
    let fd = disk.open("a", OpenFlags::READ).unwrap();
    disk.pread(fd, 512, &mut [0; 10]).unwrap();
    assert_eq!(met(disk), (1, 0));
    disk.pread(fd, 0, &mut [0; 2000]).unwrap();
    assert_eq!(met(disk), (2, 0), "the first sector and the size");
    disk.pread(fd, 0, &mut [0; 2000]).unwrap();
    assert_eq!(met(disk), (0, 0));
}

#[test]
fn names_that_are_never_synced_are_bounded() {
    let disk = &mut disk();
    for i in 0..5000 {
        let fd = put(disk, "tmp", b"x");
        disk.close(fd).unwrap();
        disk.rename("tmp", &format!("f{}", i % 10)).unwrap();
    }
    assert!(disk.names.pending().len() <= 1024);
    assert!(disk.inode_count() < 1100, "{}", disk.inode_count());
    disk.sync_directory("/").unwrap();
    assert!(disk.names.pending().is_empty());
    assert!(disk.inodes.directory(Inodes::ROOT).unwrap().is_durable());
    assert_eq!(disk.inode_count(), 11);
}

#[test]
fn under_ext4_a_name_that_replaces_another_brings_its_new_bytes() {
    for seed in 0..500 {
        let disk = &mut FileSystem::new(Rules::EXT4_ORDERED);
        put(disk, "f", b"old");
        disk.sync();
        put(disk, "tmp", b"newer");
        disk.rename("tmp", "f").unwrap();
        if seed % 2 == 0 {
            // The journal is committed by somebody else.
            let other = put(disk, "other", b"x");
            disk.fsync(other).unwrap();
        }
        fail(disk, seed);
        let f = get(disk, "f").unwrap();
        assert!(f == b"newer" || (f == b"old" && seed % 2 == 1), "seed {seed}: {f:?}");
    }
}

#[test]
fn a_call_that_is_hit_is_lost_or_torn() {
    let (mut lost, mut torn) = (0, 0);
    for seed in 0..400 {
        let disk = &mut disk();
        let fd = put(disk, "f", &[1; 4096]);
        disk.sync();
        disk.pwrite(fd, 100, &[2; 3000]).unwrap();
        // The plan in which one call is hit.
        let edits = Edits { edits: vec!["disk#0 = 50".parse().unwrap()], ..Edits::default() };
        let choices = Choices::with(seed, &edits, false);
        let report = disk.power_off(&choices, &mut choices.stream(&["disk".into()]));
        let bytes = get(disk, "f").unwrap();
        for loss in report.losses {
            let ranges = match loss.what {
                Lost::Write { bytes } => {
                    lost += 1;
                    assert_eq!(bytes, 100..3100);
                    vec![bytes]
                }
                Lost::Torn { bytes, lost } => {
                    torn += 1;
                    assert_eq!(bytes, 100..3100);
                    lost
                }
                other => panic!("{other:?}"),
            };
            for (at, &byte) in bytes.iter().enumerate().take(3100).skip(100) {
                let gone = ranges.iter().any(|range| range.contains(&(at as u64)));
                assert_eq!(byte, if gone { 1 } else { 2 }, "seed {seed}, byte {at}");
            }
        }
    }
    assert!(lost > 200 && torn > 50, "{lost} {torn}");
}
