//! Canaries of the ends of processes.

use super::Form::{self, Broken, Corrected};
use super::{MS, now, storm};
use rand::RngExt;
use squall::always;
use squall::fs::{self, File, OpenOptions};
use squall::node::shutdown_requested;
use squall::prelude::*;
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// A worker that is told to shut down gives up the job it took, or hands it back.
pub(super) async fn job(sim: Sim, form: Form) -> squall::Result {
    let taken = Rc::new(Cell::new(0));
    sim.node("worker", move || work(taken.clone(), form));
    storm(sim).await;
    Ok(())
}

async fn work(taken: Rc<Cell<u32>>, form: Form) {
    always!(taken.get() == 0, "no job is given up");
    while timeout(30.millis(), shutdown_requested()).await.is_err() {
        taken.set(taken.get() + 1);
        if timeout(20.millis(), shutdown_requested()).await.is_ok() {
            if form == Corrected {
                taken.set(taken.get() - 1);
            }
            return;
        }
        taken.set(taken.get() - 1);
    }
}

/// A log keeps what it acknowledged in the memory of its process, or in its file.
pub(super) async fn buffer(sim: Sim, form: Form) -> squall::Result {
    log(sim, move |file, acknowledged, next| async move {
        let mut buffer = Vec::new();
        for entry in next.. {
            sleep(20.millis()).await;
            buffer.extend(u64::to_le_bytes(entry));
            if form == Corrected || buffer.len() == 64 {
                file.append(&buffer).await?;
                buffer.clear();
            }
            acknowledged.set(entry + 1);
        }
        Ok(())
    })
    .await
}

/// A log acknowledges before it syncs, or after.
pub(super) async fn late_sync(sim: Sim, form: Form) -> squall::Result {
    log(sim, move |file, acknowledged, next| async move {
        for entry in next.. {
            sleep(20.millis()).await;
            file.append(&u64::to_le_bytes(entry)).await?;
            if form == Broken {
                acknowledged.set(entry + 1);
                sleep(5.millis()).await;
            }
            file.sync_all().await?;
            acknowledged.set(entry + 1);
        }
        Ok(())
    })
    .await
}

/// A node that appends entries to a file, and looks for what it acknowledged when it starts.
async fn log<F, Fut>(sim: Sim, write: F) -> squall::Result
where
    F: Fn(File, Rc<Cell<u64>>, u64) -> Fut + Clone + 'static,
    Fut: Future<Output = io::Result<()>>,
{
    let acknowledged = Rc::new(Cell::new(0));
    sim.node("log", move || {
        let (acknowledged, write) = (acknowledged.clone(), write.clone());
        async move {
            let mut options = OpenOptions::new();
            let file = options.read(true).append(true).create(true).open("/log").await?;
            fs::sync_dir("/").await?;
            let entries = file.metadata().await?.len / 8;
            always!(entries >= acknowledged.get(), "what was acknowledged is in the file");
            file.set_len(entries * 8).await?;
            file.sync_all().await?;
            write(file, acknowledged, entries).await
        }
    });
    storm(sim).await;
    Ok(())
}

/// A voter whose disk is empty votes, or remembers that it was installed once before.
pub(super) async fn vote(sim: Sim, form: Form) -> squall::Result {
    let (installed, votes) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(None)));
    sim.node("voter", move || cast(installed.clone(), votes.clone(), form));
    storm(sim).await;
    Ok(())
}

async fn cast(
    installed: Rc<Cell<bool>>,
    votes: Rc<Cell<Option<u64>>>,
    form: Form,
) -> io::Result<()> {
    let again = installed.replace(true);
    let kept = fs::read("/vote").await.unwrap_or_default();
    let vote = match <[u8; 8]>::try_from(kept) {
        Ok(kept) => u64::from_le_bytes(kept),
        Err(_) if again && form == Corrected => return std::future::pending().await,
        Err(_) => {
            let vote: u64 = squall::rand::rng().random_range(0..1 << 40);
            let file = File::create("/vote").await?;
            file.write_all_at(&vote.to_le_bytes(), 0).await?;
            file.sync_all().await?;
            fs::sync_dir("/").await?;
            vote
        }
    };
    let before = votes.replace(Some(vote));
    always!(before.is_none_or(|before| before == vote), "one vote");
    std::future::pending().await
}

/// How long a lease is good for.
const LEASE: u64 = 60 * MS;

#[derive(Default)]
struct Lock {
    lease: Cell<u64>,
    expires: Cell<u64>,
    /// The lease under which was written last.
    written: Cell<u64>,
}

/// Two writers with leases. One that was frozen writes under an expired lease; the store lets it, or refuses.
pub(super) async fn lease(sim: Sim, form: Form) -> squall::Result {
    let lock = Rc::new(Lock::default());
    sim.nodes("writer", 2, move || write_under_leases(lock.clone(), form));
    storm(sim).await;
    Ok(())
}

async fn write_under_leases(lock: Rc<Lock>, form: Form) {
    loop {
        sleep(10.millis()).await;
        if now() < lock.expires.get() {
            continue;
        }
        let (lease, expires) = (lock.lease.get() + 1, now() + LEASE);
        lock.lease.set(lease);
        lock.expires.set(expires);
        while now() + 15 * MS < expires {
            sleep(10.millis()).await;
            let late = lease < lock.written.get();
            if late && form == Corrected {
                break;
            }
            always!(!late, "writes come in the order of the leases");
            lock.written.set(lease);
        }
    }
}
