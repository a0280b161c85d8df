//! Following paths.

use super::FileSystem;
use crate::errno::Errno;
use crate::ino::Ino;
use crate::inode::{FileKind, Inodes};

/// Bytes of the longest name.
const NAME_MAX: usize = 255;

/// What a path ends in.
pub(super) enum Target<'a> {
    /// A name in a directory, which may be taken or not.
    Entry {
        directory: Ino,
        name: &'a str,
        /// The path ended in a slash.
        directory_wanted: bool,
    },
    /// The root, or a directory by a path that ends in `.` or `..`.
    Directory { ino: Ino, last: &'a str },
}

impl FileSystem {
    /// Follows a path up to its last name.
    pub(super) fn target<'a>(&mut self, path: &'a str) -> Result<Target<'a>, Errno> {
        if path.is_empty() {
            return Err(Errno::NotFound);
        }
        if path.contains('\0') {
            return Err(Errno::Invalid);
        }
        let directory_wanted = path.ends_with('/');
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        let (mut directory, mut last) = (Inodes::ROOT, "");
        while let Some(name) = names.next() {
            if name.len() > NAME_MAX {
                return Err(Errno::NameTooLong);
            }
            last = name;
            match name {
                "." => {}
                ".." => directory = self.inodes.directory(directory)?.parent,
                _ if names.peek().is_none() => {
                    return Ok(Target::Entry { directory, name, directory_wanted });
                }
                _ => {
                    directory = self.lookup(directory, name)?.ok_or(Errno::NotFound)?;
                    self.inodes.directory(directory)?;
                }
            }
        }
        Ok(Target::Directory { ino: directory, last })
    }

    /// Follows a path to its end.
    pub(super) fn resolve(&mut self, path: &str) -> Result<Ino, Errno> {
        match self.target(path)? {
            Target::Directory { ino, .. } => Ok(ino),
            Target::Entry { directory, name, directory_wanted } => {
                let ino = self.lookup(directory, name)?.ok_or(Errno::NotFound)?;
                if directory_wanted && self.inodes.get(ino).kind() == FileKind::File {
                    return Err(Errno::NotADirectory);
                }
                Ok(ino)
            }
        }
    }

    /// Where a name points. Meets a name that a failure had set back.
    pub(super) fn lookup(&mut self, directory: Ino, name: &str) -> Result<Option<Ino>, Errno> {
        let directory = self.inodes.directory(directory)?;
        self.met.names += directory.meet_lost(name);
        Ok(directory.get(name))
    }

    /// The directory itself and all above it.
    pub(super) fn with_ancestors(&mut self, directory: Ino) -> Vec<Ino> {
        let mut above = vec![directory];
        let mut at = directory;
        while at != Inodes::ROOT {
            at = self.inodes.directory(at).expect("only directories are above").parent;
            above.push(at);
        }
        above
    }
}
