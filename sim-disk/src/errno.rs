//! The errors of a file system.

use std::fmt;
use std::io;

/// Why a call failed, named as POSIX names it.
///
/// The layers above turn it into a [`std::io::Error`], whose kind (and, on Linux, raw number) is what the
/// same mistake yields on a real file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errno {
    /// ENOENT: no such file or directory.
    NotFound,
    /// EBADF: the descriptor is not open, or not open for this.
    BadDescriptor,
    /// EBUSY: the root directory cannot be removed or renamed.
    Busy,
    /// EEXIST: the name is taken.
    Exists,
    /// ENOTDIR: a part of the path that must be a directory is none.
    NotADirectory,
    /// EISDIR: it is a directory.
    IsADirectory,
    /// EINVAL: the arguments make no sense together.
    Invalid,
    /// EMFILE: too many open files.
    TooManyOpen,
    /// EFBIG: past the largest offset.
    FileTooBig,
    /// ENAMETOOLONG: a name of more than 255 bytes.
    NameTooLong,
    /// ENOTEMPTY: the directory has entries.
    NotEmpty,
}

impl Errno {
    /// The number on Linux.
    pub fn number(self) -> i32 {
        match self {
            Errno::NotFound => 2,
            Errno::BadDescriptor => 9,
            Errno::Busy => 16,
            Errno::Exists => 17,
            Errno::NotADirectory => 20,
            Errno::IsADirectory => 21,
            Errno::Invalid => 22,
            Errno::TooManyOpen => 24,
            Errno::FileTooBig => 27,
            Errno::NameTooLong => 36,
            Errno::NotEmpty => 39,
        }
    }

    /// The kind in Rust's standard library. Two have none there and are `Other`.
    pub fn kind(self) -> io::ErrorKind {
        match self {
            Errno::NotFound => io::ErrorKind::NotFound,
            Errno::BadDescriptor | Errno::TooManyOpen => io::ErrorKind::Other,
            Errno::Busy => io::ErrorKind::ResourceBusy,
            Errno::Exists => io::ErrorKind::AlreadyExists,
            Errno::NotADirectory => io::ErrorKind::NotADirectory,
            Errno::IsADirectory => io::ErrorKind::IsADirectory,
            Errno::Invalid => io::ErrorKind::InvalidInput,
            Errno::FileTooBig => io::ErrorKind::FileTooLarge,
            Errno::NameTooLong => io::ErrorKind::InvalidFilename,
            Errno::NotEmpty => io::ErrorKind::DirectoryNotEmpty,
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Errno::NotFound => "no such file or directory (ENOENT)",
            Errno::BadDescriptor => "not open, or not open for this (EBADF)",
            Errno::Busy => "the root directory cannot be removed or renamed (EBUSY)",
            Errno::Exists => "the name is taken (EEXIST)",
            Errno::NotADirectory => "not a directory (ENOTDIR)",
            Errno::IsADirectory => "is a directory (EISDIR)",
            Errno::Invalid => "invalid argument (EINVAL)",
            Errno::TooManyOpen => "too many open files (EMFILE)",
            Errno::FileTooBig => "past the largest file offset (EFBIG)",
            Errno::NameTooLong => "a name of more than 255 bytes (ENAMETOOLONG)",
            Errno::NotEmpty => "the directory is not empty (ENOTEMPTY)",
        })
    }
}

impl std::error::Error for Errno {}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> io::Error {
        // The numbers are Linux's, so elsewhere they would be taken for other errors.
        if cfg!(target_os = "linux") {
            io::Error::from_raw_os_error(errno.number())
        } else {
            io::Error::new(errno.kind(), errno)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_becomes_the_kind_that_a_real_file_system_yields() {
        for errno in [
            Errno::NotFound,
            Errno::Busy,
            Errno::Exists,
            Errno::NotADirectory,
            Errno::IsADirectory,
            Errno::Invalid,
            Errno::FileTooBig,
            Errno::NameTooLong,
            Errno::NotEmpty,
        ] {
            assert_eq!(io::Error::from(errno).kind(), errno.kind(), "{errno}");
        }
    }
}
