//! An open file.

use super::{Metadata, OpenOptions, open, utf8};
use crate::OpenFlags;
use crate::device::Cost;
use crate::errno::Errno;
use crate::handle::{Handle, wait};
use crate::moment::{AFTER_SYNC, AFTER_WRITE, BEFORE_SYNC, BEFORE_WRITE, moment};
use crate::trace::{CUT, READ, SYNCED, WROTE};
use std::io::{self, SeekFrom};
use std::path::Path;

/// An open file, with the methods of `tokio::fs::File` and the positioned ones of `std::os::unix::fs::FileExt`.
///
/// Dropping it closes it, which syncs nothing. When its process ends it is closed too. It is `Send` and `Sync`.
///
/// ```
/// use sim_disk::{Disks, fs::OpenOptions};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).device(Disks::default()).run(async {
///     let log = OpenOptions::new().read(true).append(true).create(true).open("log").await?;
///     let first = log.append(b"one").await?;
///     let second = log.append(b"two").await?;
///     log.sync_data().await?;
///     let mut bytes = [0; 6];
///     log.read_exact_at(&mut bytes, 0).await?;
///     assert_eq!((first, second, &bytes), (0, 3, b"onetwo"));
///     std::io::Result::Ok(())
/// });
/// outcome.result.unwrap().unwrap();
/// ```
#[derive(Debug)]
pub struct File {
    handle: Handle,
}

impl File {
    /// Opens a file for reading, or a directory to sync it.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `EMFILE`.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<File> {
        open(path.as_ref(), OpenFlags::READ).await
    }

    /// Opens a file for writing, makes it if it is missing and empties it if not.
    ///
    /// # Errors
    /// `ENOENT` for the directory, `EISDIR`, `ENOTDIR`, `EMFILE`.
    pub async fn create(path: impl AsRef<Path>) -> io::Result<File> {
        open(path.as_ref(), OpenFlags::WRITE.create().truncate()).await
    }

    /// Makes a file for reading and writing that is not there yet.
    ///
    /// # Errors
    /// As [`File::create`], and `EEXIST`.
    pub async fn create_new(path: impl AsRef<Path>) -> io::Result<File> {
        open(path.as_ref(), OpenFlags::READ_WRITE.create_new()).await
    }

    /// Another way to open it.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    pub(super) fn of(handle: Handle) -> File {
        File { handle }
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Reads at `offset`. Returns how many bytes there were: fewer than asked for at the end only.
    ///
    /// # Errors
    /// `EBADF` if it is not open for reading, `EISDIR`.
    pub async fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        wait(self.handle.delay(Cost::Read)?).await;
        let len = self.handle.call(|disk, fd| disk.pread(fd, offset, buffer))?;
        self.handle.trace(&READ, offset, len as u64);
        Ok(len)
    }

    /// Fills the buffer from `offset` on.
    ///
    /// # Errors
    /// As [`File::read_at`], and `UnexpectedEof`.
    pub async fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let wanted = buffer.len();
        full(self.read_at(buffer, offset).await?, wanted)
    }

    /// Writes all of `data` at `offset`, or at the end if the file was opened to append.
    ///
    /// # Errors
    /// `EBADF` if it is not open for writing, `EFBIG`.
    pub async fn write_at(&self, data: &[u8], offset: u64) -> io::Result<usize> {
        moment(BEFORE_WRITE).await;
        let (len, delay) =
            self.handle.begin(Cost::Write, |disk, fd| disk.pwrite(fd, offset, data))?;
        self.handle.trace(&WROTE, offset, len as u64);
        wait(delay).await;
        moment(AFTER_WRITE).await;
        Ok(len)
    }

    /// The same: a simulated write is never short.
    ///
    /// # Errors
    /// As [`File::write_at`].
    pub async fn write_all_at(&self, data: &[u8], offset: u64) -> io::Result<()> {
        self.write_at(data, offset).await.map(|_| ())
    }

    /// Writes all of `data` at the end, in one step. Returns where it begins.
    ///
    /// # Errors
    /// As [`File::write_at`].
    pub async fn append(&self, data: &[u8]) -> io::Result<u64> {
        moment(BEFORE_WRITE).await;
        let (offset, delay) = self.handle.begin(Cost::Write, |disk, fd| disk.append(fd, data))?;
        self.handle.trace(&WROTE, offset, data.len() as u64);
        wait(delay).await;
        moment(AFTER_WRITE).await;
        Ok(offset)
    }

    /// Reads at the position and moves it.
    ///
    /// # Errors
    /// As [`File::read_at`].
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait(self.handle.delay(Cost::Read)?).await;
        let (at, len) =
            self.handle.call(|disk, fd| Ok((disk.position(fd)?, disk.read(fd, buffer)?)))?;
        self.handle.trace(&READ, at, len as u64);
        Ok(len)
    }

    /// Fills the buffer from the position on.
    ///
    /// # Errors
    /// As [`File::read_at`], and `UnexpectedEof`.
    pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len();
        full(self.read(buffer).await?, wanted)?;
        Ok(wanted)
    }

    /// Reads from the position to the end, and adds it to `bytes`. Returns how many there were.
    ///
    /// # Errors
    /// As [`File::read_at`].
    pub async fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let before = bytes.len();
        loop {
            let (size, at) =
                self.handle.call(|disk, fd| Ok((disk.fstat(fd)?.len, disk.position(fd)?)))?;
            let left = usize::try_from(size.saturating_sub(at)).map_err(|_| Errno::FileTooBig)?;
            let start = bytes.len();
            // One byte more than there should be: the end is only known when it is met.
            bytes.resize(start + left + 1, 0);
            let len = self.read(&mut bytes[start..]).await;
            bytes.truncate(start + *len.as_ref().unwrap_or(&0));
            if len? <= left {
                return Ok(bytes.len() - before);
            }
        }
    }

    /// Reads from the position to the end as UTF-8, and adds it to `text`. Returns how many bytes there were.
    ///
    /// # Errors
    /// As [`File::read_at`], and `InvalidData`.
    pub async fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        let mut bytes = Vec::new();
        let len = self.read_to_end(&mut bytes).await?;
        text.push_str(&utf8(bytes)?);
        Ok(len)
    }

    /// Writes all of `data` at the position, or at the end if the file was opened to append, and moves the position behind it.
    ///
    /// # Errors
    /// As [`File::write_at`].
    pub async fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        moment(BEFORE_WRITE).await;
        let (end, delay) = self.handle.begin(Cost::Write, |disk, fd| {
            disk.write(fd, data)?;
            disk.position(fd)
        })?;
        let len = data.len() as u64;
        self.handle.trace(&WROTE, end - len, len);
        wait(delay).await;
        moment(AFTER_WRITE).await;
        Ok(data.len())
    }

    /// The same: a simulated write is never short.
    ///
    /// # Errors
    /// As [`File::write_at`].
    pub async fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.write(data).await.map(|_| ())
    }

    /// Does nothing: writes are in the page cache already. It is not [`File::sync_all`], with tokio neither.
    ///
    /// # Errors
    /// `EBADF`.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.handle.call(|disk, fd| disk.position(fd)).map(|_| ())
    }

    /// Moves the position. Returns it.
    ///
    /// # Errors
    /// `EINVAL` before the start of the file or past 2^63 - 1.
    pub async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.handle.call(|disk, fd| {
            let target = match to {
                SeekFrom::Start(offset) => Some(offset),
                SeekFrom::Current(by) => disk.position(fd)?.checked_add_signed(by),
                SeekFrom::End(by) => disk.fstat(fd)?.len.checked_add_signed(by),
            };
            let target = target.ok_or(Errno::Invalid)?;
            disk.seek(fd, target)?;
            Ok(target)
        })
    }

    /// Sets the size. New bytes are zeros.
    ///
    /// # Errors
    /// `EINVAL` if it is not open for writing, `EFBIG`.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let ((), delay) = self.handle.begin(Cost::Write, |disk, fd| disk.ftruncate(fd, size))?;
        self.handle.trace(&CUT, size, 0);
        wait(delay).await;
        Ok(())
    }

    /// Makes what was done to the file before this call durable (`fsync`). Of a directory: its names.
    ///
    /// Of a new file the *name* need not be durable then: sync its directory too, see [`sync_dir`](super::sync_dir).
    ///
    /// # Errors
    /// `EBADF`.
    pub async fn sync_all(&self) -> io::Result<()> {
        moment(BEFORE_SYNC).await;
        let (point, delay) = self.handle.begin(Cost::Sync, |disk, fd| disk.sync_point(fd))?;
        wait(delay).await;
        self.handle.call(|disk, _| {
            disk.complete_sync(point);
            Ok(())
        })?;
        self.handle.trace(&SYNCED, 0, 0);
        moment(AFTER_SYNC).await;
        Ok(())
    }

    /// Makes the bytes and the size durable that were written before this call (`fdatasync`).
    ///
    /// # Errors
    /// `EBADF`.
    pub async fn sync_data(&self) -> io::Result<()> {
        moment(BEFORE_SYNC).await;
        let (point, delay) = self.handle.begin(Cost::Sync, |disk, fd| disk.sync_point(fd))?;
        wait(delay).await;
        self.handle.call(|disk, _| {
            disk.complete_data_sync(point);
            Ok(())
        })?;
        self.handle.trace(&SYNCED, 1, 0);
        moment(AFTER_SYNC).await;
        Ok(())
    }

    /// What it is.
    ///
    /// # Errors
    /// `EBADF`.
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let (metadata, delay) = self.handle.begin(Cost::Name, |disk, fd| disk.fstat(fd))?;
        wait(delay).await;
        Ok(metadata)
    }
}

fn full(len: usize, wanted: usize) -> io::Result<()> {
    if len < wanted {
        let message = format!("{wanted} bytes wanted, {len} left before the end of the file");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
    }
    Ok(())
}
