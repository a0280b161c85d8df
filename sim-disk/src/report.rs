//! What a power failure did, for people.

use std::fmt;
use std::ops::Range;

/// What became of the unsynced changes of a disk at a power failure.
///
/// Printed, it is one line: `vote: write 0..17 lost; log: write 4096..12288 torn, 5120..8192 lost`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrashReport {
    /// How many changes were unsynced.
    pub unsynced: u32,
    /// What was lost, changes of names first, then files in the order of their creation.
    pub losses: Vec<Loss>,
}

impl CrashReport {
    /// Whether nothing was lost.
    pub fn is_benign(&self) -> bool {
        self.losses.is_empty()
    }
}

/// One loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The path before the failure, without the leading `/`. Of an unlinked file `(unlinked)`.
    pub path: String,
    /// What was lost.
    pub what: Lost,
}

/// What was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nothing of a write survived.
    Write {
        /// The bytes written.
        bytes: Range<u64>,
    },
    /// A write survived in part.
    Torn {
        /// The bytes written.
        bytes: Range<u64>,
        /// Those of them that were lost.
        lost: Vec<Range<u64>>,
    },
    /// The size is an earlier one.
    Size {
        /// The size before the failure, in bytes.
        was: u64,
        /// The size after.
        is: u64,
    },
    /// The file or directory is not there.
    Create,
    /// The file or directory is there again.
    Remove,
    /// The file or directory has its old name.
    Rename {
        /// The new name, which is lost.
        to: String,
    },
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.what {
            Lost::Write { bytes } => {
                write!(f, "{path}: write {}..{} lost", bytes.start, bytes.end)
            }
            Lost::Torn { bytes, lost } => {
                write!(f, "{path}: write {}..{} torn,", bytes.start, bytes.end)?;
                for range in lost {
                    write!(f, " {}..{}", range.start, range.end)?;
                }
                f.write_str(" lost")
            }
            Lost::Size { was, is } => write!(f, "{path}: size {was} back to {is}"),
            Lost::Create => write!(f, "{path}: creation lost"),
            Lost::Remove => write!(f, "{path}: removal lost"),
            Lost::Rename { to } => write!(f, "{path}: rename to {to} lost"),
        }
    }
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.unsynced, self.losses.is_empty()) {
            (0, _) => f.write_str("nothing was unsynced"),
            (unsynced, true) => write!(f, "{unsynced} unsynced changes, none lost"),
            (_, false) => {
                for (i, loss) in self.losses.iter().enumerate() {
                    write!(f, "{}{loss}", if i == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}
