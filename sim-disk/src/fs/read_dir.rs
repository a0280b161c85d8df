//! What is in a directory.

use crate::file_system::DirectoryEntry;
use crate::inode::FileKind;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// The entries of a directory at the time of the call, sorted by name.
#[derive(Debug)]
pub struct ReadDir {
    directory: PathBuf,
    entries: std::vec::IntoIter<DirectoryEntry>,
}

impl ReadDir {
    pub(super) fn new(directory: PathBuf, entries: Vec<DirectoryEntry>) -> ReadDir {
        ReadDir { directory, entries: entries.into_iter() }
    }

    /// The next entry, or `None` after the last.
    ///
    /// # Errors
    /// None yet: the entries are there already. tokio's can fail.
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        let entry = self.entries.next();
        Ok(entry.map(|entry| DirEntry {
            path: self.directory.join(&*entry.name),
            name: entry.name.to_string(),
            kind: entry.kind,
        }))
    }
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    path: PathBuf,
    name: String,
    kind: FileKind,
}

impl DirEntry {
    /// The path: that of the directory as it was given, and the name.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The name.
    pub fn file_name(&self) -> OsString {
        OsString::from(&self.name)
    }

    /// File or directory.
    pub fn kind(&self) -> FileKind {
        self.kind
    }
}
