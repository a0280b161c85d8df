//! How to open a file.

use super::{File, open};
use crate::OpenFlags;
use std::io;
use std::path::Path;

/// How to open a file, with the methods of `tokio::fs::OpenOptions`.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    read: bool,
    write: bool,
    append: bool,
    truncate: bool,
    create: bool,
    create_new: bool,
}

impl OpenOptions {
    /// Nothing is allowed yet.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Allows reads.
    pub fn read(&mut self, read: bool) -> &mut OpenOptions {
        self.read = read;
        self
    }

    /// Allows writes.
    pub fn write(&mut self, write: bool) -> &mut OpenOptions {
        self.write = write;
        self
    }

    /// Allows writes, all of which go to the end.
    pub fn append(&mut self, append: bool) -> &mut OpenOptions {
        self.append = append;
        self
    }

    /// Empties the file.
    pub fn truncate(&mut self, truncate: bool) -> &mut OpenOptions {
        self.truncate = truncate;
        self
    }

    /// Makes the file if it is missing. Needs the right to write.
    pub fn create(&mut self, create: bool) -> &mut OpenOptions {
        self.create = create;
        self
    }

    /// Makes the file and fails if it is there.
    pub fn create_new(&mut self, create_new: bool) -> &mut OpenOptions {
        self.create_new = create_new;
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    /// `ENOENT`, `EEXIST`, `EISDIR`, `ENOTDIR`, `EMFILE`, `ENAMETOOLONG`, and `EINVAL` for options that `std` refuses:
    /// no access at all, making or emptying a file without the right to write, emptying while appending.
    pub async fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        open(path.as_ref(), self.flags()?).await
    }

    fn flags(&self) -> io::Result<OpenFlags> {
        let writes = self.write || self.append;
        let makes = self.truncate || self.create || self.create_new;
        let wrong = (makes && !writes) || (self.append && self.truncate && !self.create_new);
        if wrong || !(self.read || writes) {
            return Err(crate::Errno::Invalid.into());
        }
        Ok(OpenFlags {
            read: self.read,
            write: writes,
            append: self.append,
            create: self.create || self.create_new,
            exclusive: self.create_new,
            truncate: self.truncate && !self.create_new,
        })
    }
}
