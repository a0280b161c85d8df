//! Disks through the lives of their nodes.

use sim_disk::fs::{self, File, OpenOptions};
use sim_disk::{CrashReport, DiskConfig, Disks, Latency, Rules, control};
use sim_runtime::choice::Distribution;
use sim_runtime::node::NodeSpec;
use sim_runtime::time::{Duration, Instant, sleep, timeout};
use sim_runtime::trace::Keep;
use sim_runtime::{Config, End, NodeId, RunOutcome, Simulation, World};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

const MS: Duration = Duration::from_millis(1);

fn config(seed: u64) -> Config {
    Config { seed, ..Config::default() }
}

fn run<T: 'static>(seed: u64, main: impl Future<Output = T> + 'static) -> RunOutcome<T> {
    Simulation::new(config(seed)).device(Disks::default()).run(main)
}

/// A node that runs `program`, started.
fn node<F: Future<Output = std::io::Result<()>> + 'static>(
    program: impl Fn() -> F + 'static,
) -> NodeId {
    World::current(|world| {
        let node = world.add_node(NodeSpec::new("node", program));
        world.start(node);
        node
    })
}

fn end(node: NodeId, how: End) {
    World::current(|world| world.end(node, how));
}

fn start(node: NodeId) {
    World::current(|world| world.start(node));
}

fn line(outcome: &RunOutcome<impl Sized>, kind: &str) -> (u64, u64) {
    let line = outcome.ledger.lines().iter().find(|line| line.kind == kind);
    line.map_or((0, 0), |line| (line.injected, line.observed))
}

/// Counts up in a file, one write for each number; synced where `sync` says so. Each life first reads how far the last came.
async fn count(sync: bool, seen: Rc<RefCell<Vec<u64>>>) -> std::io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).create(true).open("count").await?;
    fs::sync_dir("/").await?;
    let mut bytes = [0; 8];
    let len = file.read_at(&mut bytes, 0).await?;
    let mut number = if len == 8 { u64::from_le_bytes(bytes) } else { 0 };
    loop {
        number += 1;
        file.write_all_at(&number.to_le_bytes(), 0).await?;
        if sync {
            file.sync_data().await?;
        }
        seen.borrow_mut().push(number);
    }
}

/// What `count` had acknowledged when its node ended, and where its next life began.
async fn across(how: End, sync: bool) -> (u64, u64) {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let lived = seen.clone();
    let counter = node(move || count(sync, lived.clone()));
    sleep(37 * MS).await;
    end(counter, how);
    let before = seen.borrow_mut().drain(..).next_back().expect("it counted");
    start(counter);
    sleep(37 * MS).await;
    let after = seen.borrow()[0];
    (before, after)
}

#[test]
fn a_kill_keeps_what_was_written() {
    for seed in 0..50 {
        let (before, after) = run(seed, across(End::Kill, false)).result.unwrap();
        // The write that was under way counts or does not.
        assert!(after == before + 1 || after == before + 2, "{before} {after}");
    }
}

#[test]
fn a_power_failure_keeps_what_was_synced_and_may_take_the_rest() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..200 {
        let outcome = run(seed, across(End::PowerOff, true));
        let (before, after) = *outcome.result.as_ref().unwrap();
        assert!(after == before + 1 || after == before + 2, "seed {seed}: {before} {after}");

        let outcome = run(seed, across(End::PowerOff, false));
        let (before, after) = *outcome.result.as_ref().unwrap();
        let (injected, observed) = line(&outcome, "lost_bytes");
        if injected > 0 {
            assert_eq!(observed, 1, "the next life read what was lost");
        }
        if after <= before {
            lost += 1;
            assert!(injected > 0);
        } else {
            kept += 1;
        }
    }
    assert!(lost > 50 && kept > 10, "{lost} {kept}");
}

#[test]
fn a_wipe_puts_in_an_empty_disk_of_another_identity() {
    let outcome = run(1, async {
        let writer = node(|| async {
            assert!(!fs::try_exists("file").await?, "the disk is empty at each start");
            fs::write("file", b"bytes").await?;
            File::open("file").await?.sync_all().await?;
            fs::sync_dir(".").await
        });
        sleep(50 * MS).await;
        let first = control::identity(writer);
        control::inspect(writer, |disk| disk.stat("file")).unwrap();
        start(writer);
        end(writer, End::Wipe);
        assert_ne!(control::identity(writer), first);
        assert_eq!(control::identity(writer).node, writer);
        start(writer);
        World::exited(writer).await
    });
    outcome.result.unwrap().unwrap();
}

#[test]
fn what_a_dead_process_drops_changes_nothing() {
    /// Closes a file late.
    struct Late(Option<File>);
    impl Drop for Late {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }
    let outcome = run(1, async {
        let leaked: Rc<RefCell<Vec<File>>> = Rc::default();
        let lives = leaked.clone();
        let holder = node(move || {
            let leaked = lives.clone();
            async move {
                let late = Late(Some(File::create("a").await?));
                let file = File::create("b").await?;
                leaked.borrow_mut().push(file);
                std::future::pending::<()>().await;
                drop(late);
                Ok(())
            }
        });
        sleep(MS).await;
        end(holder, End::Kill);
        start(holder);
        sleep(MS).await;
        // The descriptor of the first life has the number that the second life uses now.
        let old = leaked.borrow_mut().remove(0);
        assert_eq!(old.write_at(b"x", 0).await.unwrap_err().raw_os_error(), Some(9));
        drop(old);
        let new = leaked.borrow_mut().remove(0);
        new.write_at(b"x", 0).await.unwrap();
        assert_eq!(new.metadata().await.unwrap().len, 1);
    });
    outcome.result.unwrap();
}

#[test]
fn a_sync_that_was_cut_short_promises_nothing_and_may_have_worked() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..100 {
        let outcome = run(seed, async {
            let writer = node(|| async {
                let file = File::create("file").await?;
                fs::sync_dir("/").await?;
                file.write_at(b"bytes", 0).await?;
                let given_up = timeout(Duration::from_nanos(100), file.sync_all()).await;
                assert!(given_up.is_err(), "a sync takes longer");
                std::future::pending().await
            });
            sleep(500 * MS).await;
            end(writer, End::PowerOff);
            control::inspect(writer, |disk| disk.stat("file").unwrap().len)
        });
        match outcome.result.unwrap() {
            0 => lost += 1,
            5 => kept += 1,
            other => panic!("{other} bytes"),
        }
    }
    assert!(lost > 20 && kept > 10, "{lost} {kept}");
}

#[test]
fn healed_nodes_lose_nothing() {
    for seed in 0..30 {
        let outcome = run(seed, async {
            let writer = node(|| async {
                fs::write("file", b"bytes").await?;
                std::future::pending().await
            });
            sleep(MS).await;
            World::current(|world| world.heal(&[writer]));
            end(writer, End::PowerOff);
            control::inspect(writer, |disk| disk.stat("file").map(|metadata| metadata.len))
        });
        assert_eq!(outcome.result.unwrap(), Ok(5));
    }
}

#[test]
fn calls_take_the_time_that_was_asked_for_or_none() {
    let work = || async {
        let file = OpenOptions::new().read(true).write(true).create(true).open("f").await?;
        file.write_at(&[1; 100], 0).await?;
        file.sync_all().await?;
        file.read_exact_at(&mut [0; 100], 0).await?;
        Ok::<_, std::io::Error>(Instant::now().as_nanos())
    };
    let with = |latency: Latency| {
        let disks = Disks::new(DiskConfig { latency, ..DiskConfig::default() });
        Simulation::new(config(1)).device(disks).run(work()).result.unwrap().unwrap()
    };
    let fixed = |ns| Distribution::constant(ns);
    let latency =
        Latency { read: fixed(1), write: fixed(20), sync: fixed(300), name: fixed(4_000) };
    assert_eq!(with(latency), 4_321);
    assert_eq!(with(Latency::NONE), 0);
    assert!(with(Latency::NVME) > 200_000);
}

#[test]
fn equal_seeds_are_equal_runs_and_failures_can_be_read() {
    let main = || async {
        let writer = node(|| async {
            fs::create_dir("votes").await?;
            fs::write("votes/term-3", b"for n2").await?;
            std::future::pending().await
        });
        sleep(MS).await;
        end(writer, End::PowerOff);
        control::failures(writer)
    };
    let mut texts = Vec::new();
    for seed in 0..20 {
        let keep = Config { keep: Keep::Text, ..config(seed) };
        let told = Simulation::new(keep).device(Disks::default()).run(main());
        let silent = run(seed, main());
        assert_eq!(told.trace_hash, silent.trace_hash);
        let reports: Vec<CrashReport> = silent.result.unwrap();
        assert_eq!(reports.len(), 1);
        let line = told.lines.iter().find(|line| line.text.contains("power failure")).unwrap();
        assert_eq!(line.text, format!("disk power failure {}", reports[0]));
        texts.push(reports[0].to_string());
    }
    assert!(texts.iter().any(|text| text == "votes: creation lost; votes/term-3: creation lost"));
    assert!(texts.iter().any(|text| text.contains("votes/term-3: write 0..6 lost")), "{texts:#?}");
}

#[test]
fn rules_can_be_set_for_a_node() {
    for seed in 0..100 {
        let outcome = run(seed, async {
            let writer = node(|| async {
                fs::write("file", b"bytes").await?;
                File::open("file").await?.sync_all().await?;
                std::future::pending().await
            });
            control::set_rules(writer, Rules::EXT4_ORDERED);
            sleep(500 * MS).await;
            end(writer, End::PowerOff);
            control::inspect(writer, |disk| disk.stat("file").map(|metadata| metadata.len))
        });
        assert_eq!(outcome.result.unwrap(), Ok(5), "ext4 keeps the name of a file that was synced");
    }
}

#[test]
fn the_names_of_tokio_work() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    let outcome = run(3, async {
        fs::create_dir_all("a/b/c").await?;
        fs::create_dir_all("a/b").await?;
        fs::write("a/b/text", "one\ntwo\n").await?;
        assert_eq!(fs::read_to_string("a/b/text").await?, "one\ntwo\n");
        let mut file = File::options().read(true).write(true).open("a/b/text").await?;
        is_send_and_sync(&file);
        assert_eq!(file.seek(std::io::SeekFrom::End(-4)).await?, 4);
        file.write_all(b"2").await?;
        let mut rest = String::new();
        assert_eq!(file.read_to_string(&mut rest).await?, 3);
        assert_eq!(rest, "wo\n");
        file.set_len(3).await?;
        file.flush().await?;
        assert!(file.seek(std::io::SeekFrom::Current(-100)).await.is_err());
        assert_eq!(fs::metadata("a/b/text").await?.len, 3);
        fs::rename("a/b/text", "a/text").await?;
        let mut entries = fs::read_dir("a").await?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            names.push((entry.path().display().to_string(), entry.kind()));
        }
        assert_eq!(
            names,
            [
                ("a/b".to_owned(), fs::FileKind::Directory),
                ("a/text".to_owned(), fs::FileKind::File)
            ]
        );
        let missing = fs::read("a/none").await.unwrap_err();
        assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
        let wrong = OpenOptions::new().create(true).open("x").await.unwrap_err();
        assert_eq!(wrong.kind(), std::io::ErrorKind::InvalidInput);
        assert!(File::create_new("a/text").await.is_err());
        fs::remove_file("a/text").await?;
        fs::remove_dir_all("a").await?;
        assert!(!fs::try_exists("a").await?);
        fs::create_dir("d").await?;
        fs::remove_dir("d").await
    });
    outcome.result.unwrap().unwrap();
}
