//! w6: a program that writes a block and syncs, again and again.

use super::super::deliveries::Totals;
use super::super::params::Params;
use super::{Done, Prepared, config, start};
use sim_disk::fs::{File, read};
use sim_disk::{DiskConfig, Disks, Latency};
use sim_runtime::choice::Distribution;
use sim_runtime::{Simulation, World};
use std::cell::Cell;
use std::io;
use std::rc::Rc;

const BLOCK: usize = 4_096;
/// The program cycles through so many blocks of its file.
const BLOCKS: u64 = 256;
/// What all peers' disks take: 10 to 100 us for a write, 100 us to 1 ms for a sync.
const LATENCY: Latency = Latency {
    read: Distribution::constant(0),
    write: Distribution::uniform(10_000, 99_999),
    sync: Distribution::uniform(100_000, 999_999),
    name: Distribution::constant(0),
};

pub fn prepare(params: &Params) -> Result<Prepared, String> {
    let (pairs, slow) = (params.number("r")?, params.switch_or("lat", false)?);
    let config = config(params)?;
    let latency = if slow { LATENCY } else { Latency::NONE };
    Ok(Box::new(move || {
        let disks = Disks::new(DiskConfig { latency, ..DiskConfig::default() });
        let outcome = Simulation::new(config).device(disks).run(async move {
            let last = Rc::new(Cell::new(0));
            let found = last.clone();
            let node = start("node", move || write(pairs, found.clone()));
            World::exited(node).await.expect("the disk does what it is told");
            last.get()
        });
        Done {
            events: pairs,
            virtual_time: outcome.figures.virtual_time,
            ok: outcome.result == Ok(pairs - 1),
            deliveries: Totals::default(),
            trace_hash: outcome.trace_hash,
        }
    }))
}

async fn write(pairs: u64, last: Rc<Cell<u64>>) -> io::Result<()> {
    let file = File::create("log").await?;
    let mut block = [0; BLOCK];
    for pair in 0..pairs {
        block[..8].copy_from_slice(&pair.to_le_bytes());
        file.write_all_at(&block, pair % BLOCKS * BLOCK as u64).await?;
        file.sync_all().await?;
    }
    let bytes = read("log").await?;
    let at = ((pairs - 1) % BLOCKS) as usize * BLOCK;
    last.set(u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a number has eight bytes")));
    Ok(())
}
