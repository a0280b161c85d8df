//! The calls that read, change and sync bytes.

use super::{FileSystem, SyncPoint};
use crate::contents::SIZE_MAX;
use crate::descriptor::{Fd, Opened};
use crate::errno::Errno;
use crate::ino::Ino;
use crate::inode::{Body, FileKind};

impl FileSystem {
    /// Reads at `offset` into `buffer`. Returns how many bytes there were: fewer than asked for at the end.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] if it is not open for reading, [`Errno::IsADirectory`].
    #[inline]
    pub fn pread(&mut self, fd: Fd, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        let opened = *self.descriptors.get(fd)?;
        if !opened.flags.read {
            return Err(Errno::BadDescriptor);
        }
        let (len, met) = self.inodes.file(opened.ino)?.read(offset, buffer);
        self.met.bytes += met;
        Ok(len)
    }

    /// Writes `data` at `offset`, all of it. As on Linux, a descriptor opened with `append` writes at the end
    /// all the same.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] if it is not open for writing, [`Errno::FileTooBig`] past 2^63 - 1.
    #[inline]
    pub fn pwrite(&mut self, fd: Fd, offset: u64, data: &[u8]) -> Result<usize, Errno> {
        let opened = self.writable(fd)?;
        if opened.flags.append {
            return self.append(fd, data).map(|_| data.len());
        }
        self.write_inode(opened.ino, offset, data)?;
        Ok(data.len())
    }

    /// Writes `data` at the end, in one step. Returns where it begins.
    ///
    /// # Errors
    /// As [`FileSystem::pwrite`].
    #[inline]
    pub fn append(&mut self, fd: Fd, data: &[u8]) -> Result<u64, Errno> {
        let ino = self.writable(fd)?.ino;
        let offset = self.inodes.file(ino)?.size();
        self.write_inode(ino, offset, data)?;
        Ok(offset)
    }

    /// Reads at the descriptor's position and moves it.
    ///
    /// # Errors
    /// As [`FileSystem::pread`].
    pub fn read(&mut self, fd: Fd, buffer: &mut [u8]) -> Result<usize, Errno> {
        let position = self.descriptors.get(fd)?.position;
        let len = self.pread(fd, position, buffer)?;
        self.descriptors.get(fd)?.position += len as u64;
        Ok(len)
    }

    /// Writes at the descriptor's position, or at the end if it was opened with `append`, and moves the position
    /// behind what was written.
    ///
    /// # Errors
    /// As [`FileSystem::pwrite`].
    pub fn write(&mut self, fd: Fd, data: &[u8]) -> Result<usize, Errno> {
        let opened = self.writable(fd)?;
        let start = if opened.flags.append {
            self.append(fd, data)?
        } else {
            self.write_inode(opened.ino, opened.position, data)?;
            opened.position
        };
        self.descriptors.get(fd)?.position = start + data.len() as u64;
        Ok(data.len())
    }

    /// Where the next [`FileSystem::read`] or [`FileSystem::write`] goes.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    pub fn position(&mut self, fd: Fd) -> Result<u64, Errno> {
        Ok(self.descriptors.get(fd)?.position)
    }

    /// Sets the position, which may lie past the end.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`], [`Errno::Invalid`] past 2^63 - 1.
    pub fn seek(&mut self, fd: Fd, position: u64) -> Result<(), Errno> {
        let opened = self.descriptors.get(fd)?;
        if position > SIZE_MAX {
            return Err(Errno::Invalid);
        }
        opened.position = position;
        Ok(())
    }

    /// Sets the size of a file. New bytes are zeros.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] if it is not open, [`Errno::Invalid`] if not for writing (as on Linux),
    /// [`Errno::FileTooBig`].
    pub fn ftruncate(&mut self, fd: Fd, size: u64) -> Result<(), Errno> {
        let opened = *self.descriptors.get(fd)?;
        if !opened.flags.write {
            return Err(Errno::Invalid);
        }
        self.truncate_inode(opened.ino, size)
    }

    /// Makes what was done to a file durable. Of a directory: its names.
    ///
    /// Under [`Rules::STRICT_POSIX`](crate::Rules::STRICT_POSIX) the name of a new file is durable only once its
    /// directory is synced.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    #[inline]
    pub fn fsync(&mut self, fd: Fd) -> Result<(), Errno> {
        let point = self.sync_point(fd)?;
        self.complete_sync(point);
        Ok(())
    }

    /// Makes the bytes of a file and its size durable.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    #[inline]
    pub fn fdatasync(&mut self, fd: Fd) -> Result<(), Errno> {
        let point = self.sync_point(fd)?;
        self.complete_data_sync(point);
        Ok(())
    }

    /// Makes the names in a directory durable: opens, syncs and closes it.
    ///
    /// # Errors
    /// As [`FileSystem::open`], and [`Errno::NotADirectory`].
    pub fn sync_directory(&mut self, path: &str) -> Result<(), Errno> {
        let point = self.directory_sync_point(path)?;
        self.complete_sync(point);
        Ok(())
    }

    /// The beginning of a sync that takes time. Nothing is durable before it is completed.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    #[inline]
    pub fn sync_point(&mut self, fd: Fd) -> Result<SyncPoint, Errno> {
        let ino = self.descriptors.get(fd)?.ino;
        Ok(self.point(ino))
    }

    /// The beginning of a sync of a directory.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotADirectory`].
    pub fn directory_sync_point(&mut self, path: &str) -> Result<SyncPoint, Errno> {
        let ino = self.resolve(path)?;
        self.inodes.directory(ino)?;
        Ok(self.point(ino))
    }

    fn point(&self, ino: Ino) -> SyncPoint {
        SyncPoint { ino, through: self.last, born: self.inodes.get(ino).born }
    }

    /// The end of a [`FileSystem::fsync`]: what was changed before its beginning is durable. Without effect
    /// where the file is gone by now.
    #[inline]
    pub fn complete_sync(&mut self, point: SyncPoint) {
        let Some(kind) = self.sync_bytes(point) else { return };
        match kind {
            FileKind::Directory if !self.rules.names_in_order => {
                let chosen = self.names.of_directory(point.ino, point.through);
                let flush = self.rules.data_before_replacing;
                self.names.commit(&mut self.inodes, &mut self.pool, flush, &chosen);
            }
            FileKind::Directory => self.commit_names(point),
            FileKind::File if self.rules.sync_of_a_file_syncs_names => self.commit_names(point),
            FileKind::File => {}
        }
    }

    /// The end of a [`FileSystem::fdatasync`].
    #[inline]
    pub fn complete_data_sync(&mut self, point: SyncPoint) {
        let needs_names = self.rules.sync_of_a_file_syncs_names && self.is_half_known(point);
        if self.sync_bytes(point).is_some() && needs_names {
            self.commit_names(point);
        }
    }

    /// Whether the bytes of a file cannot be found without a change that is only in the journal.
    fn is_half_known(&self, point: SyncPoint) -> bool {
        match self.inodes.find(point.ino) {
            Some(inode) if inode.born == point.born => match &inode.body {
                Body::File(contents) => contents.size_is_dirty() || inode.pending > 0,
                Body::Directory(_) => true,
            },
            Some(_) | None => false,
        }
    }

    #[inline]
    fn sync_bytes(&mut self, point: SyncPoint) -> Option<FileKind> {
        let inode = self.inodes.find_mut(point.ino).filter(|inode| inode.born == point.born)?;
        match &mut inode.body {
            Body::File(contents) => {
                contents.sync(&mut self.pool, point.through);
                Some(FileKind::File)
            }
            Body::Directory(_) => Some(FileKind::Directory),
        }
    }

    fn commit_names(&mut self, point: SyncPoint) {
        let chosen = self.names.through(point.through);
        let flush = self.rules.data_before_replacing;
        self.names.commit(&mut self.inodes, &mut self.pool, flush, &chosen);
    }

    #[inline]
    fn writable(&mut self, fd: Fd) -> Result<Opened, Errno> {
        let opened = *self.descriptors.get(fd)?;
        if opened.flags.write { Ok(opened) } else { Err(Errno::BadDescriptor) }
    }

    #[inline]
    fn write_inode(&mut self, ino: Ino, offset: u64, data: &[u8]) -> Result<(), Errno> {
        let end = offset.checked_add(data.len() as u64).ok_or(Errno::FileTooBig)?;
        if end > SIZE_MAX {
            return Err(Errno::FileTooBig);
        }
        let op = self.next_op();
        self.inodes.file(ino)?.write(&mut self.pool, offset, data, op);
        Ok(())
    }

    pub(super) fn truncate_inode(&mut self, ino: Ino, size: u64) -> Result<(), Errno> {
        if size > SIZE_MAX {
            return Err(Errno::FileTooBig);
        }
        let op = self.next_op();
        self.inodes.file(ino)?.truncate(&mut self.pool, size, op);
        Ok(())
    }
}
