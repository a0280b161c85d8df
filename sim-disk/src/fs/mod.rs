//! Files for code under test, by the names of `tokio::fs` and, for positioned calls, of `std::os::unix::fs::FileExt`.
//!
//! Each call works on the disk of the node on which it is made. A relative path starts at the root.
//!
//! A write is in the page cache when the call begins and is acknowledged when its time has passed; a sync makes durable, when
//! it completes, what was done before it began. So a call that is cut short, by the end of its process or because
//! its future was dropped, may have had its effect.
//!
//! Calls fail with the errors of POSIX: on Linux with the raw numbers too. Outside of a simulation, or in one
//! without [`Disks`], they panic.

mod file;
mod open_options;
mod read_dir;

use crate::OpenFlags;
use crate::descriptor::Fd;
use crate::device::{Cost, Disks};
use crate::errno::Errno;
use crate::file_system::FileSystem;
use crate::handle::{of_process, text, wait};
use crate::moment::{AFTER_SYNC, BEFORE_SYNC, moment};
use crate::trace::{NAME_CALLS, NAMED};
use sim_runtime::time::Nanos;
use sim_runtime::{NodeId, World};
use std::io;
use std::path::{Component, Path, PathBuf};

pub use crate::file_system::Metadata;
pub use crate::inode::FileKind;
pub use file::File;
pub use open_options::OpenOptions;
pub use read_dir::{DirEntry, ReadDir};

/// Reads a whole file, like `tokio::fs::read`.
///
/// # Errors
/// As [`File::open`] and [`File::read_at`].
pub async fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut file = File::open(path).await?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Reads a whole file of UTF-8, like `tokio::fs::read_to_string`.
///
/// # Errors
/// As [`read`], and `InvalidData` if it is not UTF-8.
pub async fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    utf8(read(path).await?)
}

/// Creates or empties a file and writes it, like `tokio::fs::write`. Nothing is synced.
///
/// # Errors
/// As [`File::create`] and [`File::write_at`].
pub async fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    let file = File::create(path).await?;
    file.write_all_at(contents.as_ref(), 0).await
}

/// Makes a directory, like `tokio::fs::create_dir`.
///
/// # Errors
/// `EEXIST`, `ENOENT`, `ENOTDIR`, `ENAMETOOLONG`.
pub async fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = text(path.as_ref())?;
    by_path(Call::CreateDir, |disk| disk.mkdir(path)).await
}

/// Makes a directory and those above it that are missing, like `tokio::fs::create_dir_all`.
///
/// # Errors
/// `ENOTDIR` where a file stands in the way, `ENAMETOOLONG`.
pub async fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let mut above = PathBuf::new();
    for component in path.as_ref().components() {
        above.push(component);
        if let Component::Normal(_) = component {
            match create_dir(&above).await {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if metadata(&above).await?.kind == FileKind::File {
                        return Err(Errno::NotADirectory.into());
                    }
                }
                other => other?,
            }
        }
    }
    Ok(())
}

/// Removes a file's name, like `tokio::fs::remove_file`. Whoever has it open can go on.
///
/// # Errors
/// `ENOENT`, `EISDIR`, `ENOTDIR`.
pub async fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    let path = text(path.as_ref())?;
    by_path(Call::RemoveFile, |disk| disk.unlink(path)).await
}

/// Removes an empty directory, like `tokio::fs::remove_dir`.
///
/// # Errors
/// `ENOENT`, `ENOTDIR`, `ENOTEMPTY`, `EBUSY` for the root.
pub async fn remove_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = text(path.as_ref())?;
    by_path(Call::RemoveDir, |disk| disk.rmdir(path)).await
}

/// Removes a directory and all that is in it, like `tokio::fs::remove_dir_all`: one call after the other.
///
/// # Errors
/// As [`remove_dir`] and [`remove_file`].
pub async fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    let mut todo = vec![path.as_ref().to_path_buf()];
    while let Some(directory) = todo.last().cloned() {
        let mut entries = read_dir(&directory).await?;
        let above = todo.len();
        while let Some(entry) = entries.next_entry().await? {
            match entry.kind() {
                FileKind::File => remove_file(entry.path()).await?,
                FileKind::Directory => todo.push(entry.path()),
            }
        }
        if todo.len() == above {
            remove_dir(&directory).await?;
            todo.pop();
        }
    }
    Ok(())
}

/// Renames a file or directory, like `tokio::fs::rename`. What had the new name is replaced in one step.
///
/// # Errors
/// `ENOENT`, `EISDIR`, `ENOTDIR`, `ENOTEMPTY`, `EINVAL` where a directory would move into itself, `EBUSY`.
pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    let (from, to) = (text(from.as_ref())?, text(to.as_ref())?);
    by_path(Call::Rename, |disk| disk.rename(from, to)).await
}

/// What a path leads to.
///
/// # Errors
/// `ENOENT`, `ENOTDIR`.
pub async fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    let path = text(path.as_ref())?;
    by_path(Call::Metadata, |disk| disk.stat(path)).await
}

/// Whether a path leads anywhere, like `tokio::fs::try_exists`.
///
/// # Errors
/// `ENOTDIR`, `ENAMETOOLONG`.
pub async fn try_exists(path: impl AsRef<Path>) -> io::Result<bool> {
    match metadata(path).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names in a directory, like `tokio::fs::read_dir`, but always sorted.
///
/// # Errors
/// `ENOENT`, `ENOTDIR`.
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let directory = text(path.as_ref())?;
    let entries = by_path(Call::ReadDir, |disk| disk.readdir(directory)).await?;
    Ok(ReadDir::new(path.as_ref().to_path_buf(), entries))
}

/// Makes the names in a directory durable: what a program does with `File::open(directory)` and `sync_all`.
///
/// # Errors
/// `ENOENT`, `ENOTDIR`.
pub async fn sync_dir(path: impl AsRef<Path>) -> io::Result<()> {
    let path = text(path.as_ref())?;
    moment(BEFORE_SYNC).await;
    let (point, delay) = call(Call::SyncDir, Cost::Sync, |disk| disk.directory_sync_point(path))?;
    wait(delay).await;
    of_process(|world, disks, node| {
        disks.call(world, node, |disk| {
            disk.complete_sync(point);
            Ok(())
        })
    })?;
    moment(AFTER_SYNC).await;
    Ok(())
}

/// The calls by path, in the order of their names in the trace.
#[derive(Clone, Copy)]
enum Call {
    CreateDir,
    RemoveFile,
    RemoveDir,
    Rename,
    ReadDir,
    Metadata,
    SyncDir,
}

const _: () = assert!(Call::SyncDir as usize + 1 == NAME_CALLS.len(), "each call has a name");

async fn by_path<R>(
    which: Call,
    f: impl FnOnce(&mut FileSystem) -> Result<R, Errno>,
) -> io::Result<R> {
    let (result, delay) = call(which, Cost::Name, f)?;
    wait(delay).await;
    Ok(result)
}

fn call<R>(
    which: Call,
    cost: Cost,
    f: impl FnOnce(&mut FileSystem) -> Result<R, Errno>,
) -> io::Result<(R, Nanos)> {
    of_process(|world: &World, disks: &Disks, node: NodeId| {
        world.trace(&NAMED, node, which as u32, 0, 0);
        let result = disks.call(world, node, f)?;
        Ok((result, disks.delay(world, node, cost)))
    })
}

/// Opens, with the time that takes.
async fn open(path: &Path, flags: OpenFlags) -> io::Result<File> {
    let path = text(path)?;
    let opened = |disk: &mut FileSystem| -> Result<Fd, Errno> { disk.open(path, flags) };
    let file = File::of(crate::handle::Handle::open(opened)?);
    wait(file.handle().delay(Cost::Name)?).await;
    Ok(file)
}

fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
