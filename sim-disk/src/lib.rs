//! The disks of a simulation.

#![warn(missing_docs)]

mod contents;
mod crash;
mod descriptor;
mod directory;
mod errno;
mod file_system;
mod inode;
mod names;
mod page;
mod report;
mod rules;

pub use descriptor::{Fd, OpenFlags};
pub use errno::Errno;
pub use file_system::{DirectoryEntry, FileSystem, Metadata, SyncPoint};
pub use inode::{FileKind, Ino};
pub use page::SECTOR;
pub use report::{CrashReport, Loss, Lost};
pub use rules::Rules;
