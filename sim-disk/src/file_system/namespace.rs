//! The calls that make, change and read names.

use super::path::Target;
use super::{FileSystem, Metadata};
use crate::contents::Contents;
use crate::descriptor::{Fd, OpenFlags, Opened};
use crate::directory::{Directory, Name};
use crate::errno::Errno;
use crate::ino::Ino;
use crate::inode::{Body, FileKind};
use crate::names::{Change, Slot};
use crate::page::Op;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name.
    pub name: Name,
    /// File or directory.
    pub kind: FileKind,
    /// The number of what it names.
    pub ino: Ino,
}

impl FileSystem {
    /// Opens a file, or a directory for reading (to sync it).
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::Exists`] with `exclusive`, [`Errno::IsADirectory`] where a directory is opened
    /// for writing, [`Errno::NotADirectory`], [`Errno::TooManyOpen`], [`Errno::Invalid`] for flags
    /// that make no sense (see [`OpenFlags::validate`]), [`Errno::NameTooLong`].
    pub fn open(&mut self, path: &str, flags: OpenFlags) -> Result<Fd, Errno> {
        flags.validate()?;
        if !self.descriptors.has_room() {
            return Err(Errno::TooManyOpen);
        }
        let ino = self.open_inode(path, flags)?;
        let inode = self.inodes.get_mut(ino);
        inode.open += 1;
        if inode.kind() == FileKind::File && flags.truncate {
            self.truncate_inode(ino, 0)?;
        }
        self.descriptors.open(Opened { ino, flags, position: 0 })
    }

    fn open_inode(&mut self, path: &str, flags: OpenFlags) -> Result<Ino, Errno> {
        let existing = match self.target(path)? {
            Target::Directory { ino, .. } => Some(ino),
            Target::Entry { directory, name, directory_wanted } => {
                if flags.create && directory_wanted {
                    return Err(Errno::IsADirectory); // As on Linux, whatever is there.
                }
                let found = self.lookup(directory, name)?;
                if found.is_none() && flags.create {
                    return Ok(self.create(directory, name, Body::File(Contents::default())));
                }
                found
            }
        };
        let ino = existing.ok_or(Errno::NotFound)?;
        if flags.create && flags.exclusive {
            return Err(Errno::Exists);
        }
        match self.inodes.get(ino).kind() {
            FileKind::Directory if flags.write || flags.create => Err(Errno::IsADirectory),
            FileKind::File if path.ends_with('/') => Err(Errno::NotADirectory),
            FileKind::File | FileKind::Directory => Ok(ino),
        }
    }

    fn create(&mut self, directory: Ino, name: &str, body: Body) -> Ino {
        let op = self.next_op();
        let ino = self.inodes.add(body);
        let inode = self.inodes.get_mut(ino);
        (inode.links, inode.born) = (1, op);
        let at = Slot { directory, name: Name::from(name) };
        self.set(&at, Some(ino));
        self.note(op, Change::Create { at, ino }, &[]);
        ino
    }

    fn set(&mut self, slot: &Slot, ino: Option<Ino>) {
        let directory = self.inodes.directory(slot.directory).expect("names are in directories");
        directory.set(&slot.name, ino);
    }

    fn note(&mut self, op: Op, change: Change, above: &[Ino]) {
        let flush = self.rules.data_before_replacing;
        self.names.push(&mut self.inodes, &mut self.pool, flush, op, change, above);
    }

    /// Takes a link from an inode. It must be pending or open, or it is gone afterwards.
    fn unlink_inode(&mut self, ino: Ino) {
        self.inodes.get_mut(ino).links -= 1;
        self.inodes.release(ino);
    }

    /// Closes a descriptor.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`] if it is not open.
    pub fn close(&mut self, fd: Fd) -> Result<(), Errno> {
        let opened = self.descriptors.close(fd)?;
        self.inodes.get_mut(opened.ino).open -= 1;
        self.inodes.release(opened.ino);
        Ok(())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Errno::Exists`], [`Errno::NotFound`] or [`Errno::NotADirectory`] for a part of the path,
    /// [`Errno::NameTooLong`].
    pub fn mkdir(&mut self, path: &str) -> Result<(), Errno> {
        let Target::Entry { directory, name, .. } = self.target(path)? else {
            return Err(Errno::Exists);
        };
        if self.lookup(directory, name)?.is_some() {
            return Err(Errno::Exists);
        }
        self.create(directory, name, Body::Directory(Directory::new(directory)));
        Ok(())
    }

    /// Removes a file's name. The file stays readable through descriptors that are open.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::IsADirectory`], [`Errno::NotADirectory`] for a part of the path.
    pub fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let Target::Entry { directory, name, directory_wanted } = self.target(path)? else {
            return Err(Errno::IsADirectory);
        };
        let ino = self.lookup(directory, name)?.ok_or(Errno::NotFound)?;
        match self.inodes.get(ino).kind() {
            FileKind::Directory => return Err(Errno::IsADirectory),
            FileKind::File if directory_wanted => return Err(Errno::NotADirectory),
            FileKind::File => {}
        }
        self.remove(directory, name, ino);
        Ok(())
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotADirectory`], [`Errno::NotEmpty`], [`Errno::Busy`] for the root,
    /// [`Errno::Invalid`] for a path that ends in `.`.
    pub fn rmdir(&mut self, path: &str) -> Result<(), Errno> {
        let (directory, name) = match self.target(path)? {
            Target::Entry { directory, name, .. } => (directory, name),
            Target::Directory { last: "..", .. } => return Err(Errno::NotEmpty),
            Target::Directory { last: ".", .. } => return Err(Errno::Invalid),
            Target::Directory { .. } => return Err(Errno::Busy),
        };
        let ino = self.lookup(directory, name)?.ok_or(Errno::NotFound)?;
        if !self.inodes.directory(ino)?.is_empty() {
            return Err(Errno::NotEmpty);
        }
        self.remove(directory, name, ino);
        Ok(())
    }

    fn remove(&mut self, directory: Ino, name: &str, ino: Ino) {
        let op = self.next_op();
        let at = Slot { directory, name: Name::from(name) };
        self.set(&at, None);
        self.note(op, Change::Remove { at, ino }, &[]);
        self.unlink_inode(ino);
    }

    /// Renames a file or directory. What had the new name before is replaced in one step.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::IsADirectory`] or [`Errno::NotADirectory`] where one is a directory and
    /// the other is none, [`Errno::NotEmpty`], [`Errno::Invalid`] where a directory would move into itself,
    /// [`Errno::Busy`] for the root, `.` and `..`, [`Errno::NameTooLong`].
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let (source, target) = (self.target(from)?, self.target(to)?);
        let (
            Target::Entry { directory: source, name, directory_wanted: slash },
            Target::Entry { directory: target, name: new_name, directory_wanted: new_slash },
        ) = (source, target)
        else {
            return Err(Errno::Busy);
        };
        let ino = self.lookup(source, name)?.ok_or(Errno::NotFound)?;
        let replaced = self.lookup(target, new_name)?;
        let above = self.with_ancestors(target);
        let kind = self.inodes.get(ino).kind();
        if kind == FileKind::File && (slash || new_slash) {
            return Err(Errno::NotADirectory);
        }
        if above.contains(&ino) {
            return Err(Errno::Invalid);
        }
        if replaced.is_some_and(|replaced| self.with_ancestors(source).contains(&replaced)) {
            return Err(Errno::NotEmpty);
        }
        if replaced == Some(ino) {
            return Ok(());
        }
        match replaced.map(|replaced| &self.inodes.get(replaced).body) {
            None => {}
            Some(Body::File(_)) if kind == FileKind::Directory => return Err(Errno::NotADirectory),
            Some(Body::File(_)) => {}
            Some(Body::Directory(_)) if kind == FileKind::File => return Err(Errno::IsADirectory),
            Some(Body::Directory(old)) if !old.is_empty() => return Err(Errno::NotEmpty),
            Some(Body::Directory(_)) => {}
        }
        let op = self.next_op();
        let from = Slot { directory: source, name: Name::from(name) };
        let to = Slot { directory: target, name: Name::from(new_name) };
        self.set(&from, None);
        self.set(&to, Some(ino));
        if let Body::Directory(moved) = &mut self.inodes.get_mut(ino).body {
            moved.parent = target;
        }
        self.note(op, Change::Rename { from, to, ino, replaced }, &above);
        if let Some(replaced) = replaced {
            self.unlink_inode(replaced);
        }
        Ok(())
    }

    /// The names in a directory, sorted, without `.` and `..`.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotADirectory`].
    pub fn readdir(&mut self, path: &str) -> Result<Vec<DirectoryEntry>, Errno> {
        let ino = self.resolve(path)?;
        let directory = self.inodes.directory(ino)?;
        self.met.names += directory.meet_all_lost();
        let entries: Vec<(Name, Ino)> =
            directory.entries().iter().map(|(name, &ino)| (name.clone(), ino)).collect();
        let with_kind = entries.into_iter().map(|(name, ino)| DirectoryEntry {
            name,
            kind: self.inodes.get(ino).kind(),
            ino,
        });
        Ok(with_kind.collect())
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// [`Errno::NotFound`], [`Errno::NotADirectory`] for a part of the path.
    pub fn stat(&mut self, path: &str) -> Result<Metadata, Errno> {
        let ino = self.resolve(path)?;
        Ok(self.metadata(ino))
    }

    /// What a descriptor refers to.
    ///
    /// # Errors
    /// [`Errno::BadDescriptor`].
    pub fn fstat(&mut self, fd: Fd) -> Result<Metadata, Errno> {
        let ino = self.descriptors.get(fd)?.ino;
        Ok(self.metadata(ino))
    }

    fn metadata(&mut self, ino: Ino) -> Metadata {
        let inode = self.inodes.get_mut(ino);
        let (kind, mut len) = (inode.kind(), 0);
        if let Body::File(contents) = &mut inode.body {
            len = contents.size();
            self.met.bytes += contents.meet_lost_size();
        }
        Metadata { kind, len, ino }
    }
}
