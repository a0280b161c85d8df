//! The disks of a simulation: a file system on each node, with the page cache apart from what is durable, and power failures that
//! tell the two apart.
//!
//! [`Disks`] is the device to give to a [`Simulation`](sim_runtime::Simulation). Code under test uses [`fs`], which is tokio's by name.
//! Tests use [`control`]. Below both lies [`FileSystem`], which is POSIX's in shape, knows no clock and no task, and can be used alone.
//!
//! # What an end of a process does to its disk
//!
//! | end | effect |
//! |---|---|
//! | `shutdown`, `kill` | files are closed; the page cache outlives the process, synced or not |
//! | `power_off` | each unsynced change survives, is lost or is torn; then what is left is durable |
//! | `wipe` | the node gets another disk, which is empty |
//!
//! # What a power failure does
//!
//! - **Bytes.** Each unsynced sector of 512 bytes becomes one of the versions that it had since its file was last synced, or the synced
//!   one. Sectors are independent, so a write of several can be torn. Within a sector nothing is mixed, unless [`Rules::torn_sectors`] asks for it.
//! - **Sizes.** An unsynced size becomes one of those that the file had since the last sync. A new size without its bytes shows zeros. A cut that
//!   survives never gives back what it cut.
//! - **Names.** Each unsynced creation, removal or rename happened or did not, under the [`Rules`]. A rename is never half done,
//!   and never leaves a synced file without any name.
//!
//! [`Rules::STRICT_POSIX`] is the default: a new file can vanish, synced or not, until its directory is synced.
//!
//! All this is decided when the power fails, from a stream of choices of that failure alone. Outcome 0 of each is that nothing is lost.
//! What happened is a [`CrashReport`], which prints as one line and stands in the trace.
//!
//! # What the ledger counts
//!
//! | name | injected | observed |
//! |---|---|---|
//! | `lost_bytes` | each write that a power failure undid or tore, each size that it set back | each call that met such a sector or size |
//! | `lost_names` | each creation, removal or rename that a power failure undid | each call that met such a name |
//!
//! # What is not simulated
//!
//! - Faults other than power failures: failing or lying syncs, I/O errors, full disks, bit rot, lost and misdirected writes, short reads and writes.
//! - The passing of time for what is unsynced: a kernel writes it back after some seconds, here it stays at risk until it is synced. (Except
//!   that of more than 1,024 unsynced changes of names the older half becomes durable.)
//! - The drive's own cache: a completed sync is durable. No `O_DIRECT`, `O_SYNC`, `O_DSYNC`.
//! - Queues: calls to one disk do not slow each other down.
//! - Versions beyond the last 32 to 64 unsynced ones of a page's sectors: a failure does not choose them.
//! - Under [`Rules::EXT4_ORDERED`]: an explicit cut or growth of a file is not in the journal, so a sync of another file does not make it durable; a file
//!   that is emptied, written and closed is not flushed at the close; pages and names do not become durable by age. In each
//!   case the model allows outcomes that ext4 does not.
//! - Hard and symbolic links, permissions, owners, times, extended attributes, locks, `mmap`, preallocation and punched holes.
//! - Other file systems than one per node, and sharing one between processes: a node runs one process.

#![warn(missing_docs)]

mod contents;
pub mod control;
mod crash;
mod descriptor;
mod device;
mod directory;
mod errno;
mod file_system;
pub mod fs;
mod handle;
mod ino;
mod inode;
mod latency;
mod moment;
mod names;
mod page;
mod report;
mod rules;
mod trace;

pub use descriptor::{Fd, OpenFlags};
pub use device::{DiskConfig, DiskId, Disks};
pub use errno::Errno;
pub use file_system::{DirectoryEntry, FileSystem, Met, Metadata, SyncPoint};
pub use ino::Ino;
pub use inode::FileKind;
pub use latency::Latency;
pub use page::SECTOR;
pub use report::{CrashReport, Loss, Lost};
pub use rules::Rules;
