//! Numbers of files and directories.

/// The number of a file or directory on its disk. A number is used again once nothing refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ino(pub(crate) u32);
