//! Open files.

use crate::errno::Errno;
use crate::ino::Ino;

/// A descriptor: the lowest free number at the time of opening, as POSIX wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub u32);

/// How to open a file, as the flags of POSIX's `open`.
///
/// ```
/// use sim_disk::OpenFlags;
///
/// let log = OpenFlags::WRITE.create().append();
/// assert!(log.validate().is_ok());
/// assert!(OpenFlags::READ.truncate().validate().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenFlags {
    /// Reads are allowed.
    pub read: bool,
    /// Writes are allowed.
    pub write: bool,
    /// `O_APPEND`: every write goes to the end, wherever the position is.
    pub append: bool,
    /// `O_CREAT`: a missing file is made.
    pub create: bool,
    /// `O_EXCL`: with `create`, an existing name is an error.
    pub exclusive: bool,
    /// `O_TRUNC`: the file is emptied.
    pub truncate: bool,
}

impl OpenFlags {
    const NONE: OpenFlags = OpenFlags {
        read: false,
        write: false,
        append: false,
        create: false,
        exclusive: false,
        truncate: false,
    };
    /// `O_RDONLY`.
    pub const READ: OpenFlags = OpenFlags { read: true, ..OpenFlags::NONE };
    /// `O_WRONLY`.
    pub const WRITE: OpenFlags = OpenFlags { write: true, ..OpenFlags::NONE };
    /// `O_RDWR`.
    pub const READ_WRITE: OpenFlags = OpenFlags { read: true, write: true, ..OpenFlags::NONE };

    /// With `O_CREAT`.
    pub const fn create(self) -> OpenFlags {
        OpenFlags { create: true, ..self }
    }

    /// With `O_CREAT` and `O_EXCL`.
    pub const fn create_new(self) -> OpenFlags {
        OpenFlags { create: true, exclusive: true, ..self }
    }

    /// With `O_TRUNC`.
    pub const fn truncate(self) -> OpenFlags {
        OpenFlags { truncate: true, ..self }
    }

    /// With `O_APPEND`.
    pub const fn append(self) -> OpenFlags {
        OpenFlags { append: true, ..self }
    }

    /// # Errors
    /// [`Errno::Invalid`] where neither reads nor writes are allowed, or the file is to be emptied without
    /// the right to write (POSIX leaves that undefined).
    pub fn validate(self) -> Result<(), Errno> {
        let useful = self.read || self.write;
        if useful && (self.write || !self.truncate) { Ok(()) } else { Err(Errno::Invalid) }
    }
}

/// An open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    pub(crate) ino: Ino,
    pub(crate) flags: OpenFlags,
    pub(crate) position: u64,
}

/// The open files of a process.
pub(crate) struct Descriptors {
    slots: Vec<Option<Opened>>,
    /// No slot below is free.
    lowest: usize,
    limit: usize,
}

impl Descriptors {
    pub(crate) fn new(limit: usize) -> Descriptors {
        Descriptors { slots: Vec::new(), lowest: 0, limit }
    }

    pub(crate) fn open(&mut self, opened: Opened) -> Result<Fd, Errno> {
        let free = (self.lowest..self.slots.len()).find(|&slot| self.slots[slot].is_none());
        let slot = free.unwrap_or(self.slots.len());
        if slot >= self.limit {
            return Err(Errno::TooManyOpen);
        }
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[slot] = Some(opened);
        self.lowest = slot + 1;
        Ok(Fd(slot as u32))
    }

    /// Whether another file can be opened.
    pub(crate) fn has_room(&self) -> bool {
        self.slots.len() < self.limit || self.slots[self.lowest..].iter().any(Option::is_none)
    }

    #[inline]
    pub(crate) fn get(&mut self, fd: Fd) -> Result<&mut Opened, Errno> {
        self.slots.get_mut(fd.0 as usize).and_then(Option::as_mut).ok_or(Errno::BadDescriptor)
    }

    pub(crate) fn close(&mut self, fd: Fd) -> Result<Opened, Errno> {
        let slot = self.slots.get_mut(fd.0 as usize).ok_or(Errno::BadDescriptor)?;
        let opened = slot.take().ok_or(Errno::BadDescriptor)?;
        self.lowest = self.lowest.min(fd.0 as usize);
        Ok(opened)
    }

    /// Closes all, and tells which files they were.
    pub(crate) fn close_all(&mut self) -> impl Iterator<Item = Opened> + use<> {
        self.lowest = 0;
        std::mem::take(&mut self.slots).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_is_given() {
        let mut table = Descriptors::new(3);
        let opened = Opened { ino: Ino(1), flags: OpenFlags::READ, position: 0 };
        let fds: Vec<Fd> = (0..3).map(|_| table.open(opened).unwrap()).collect();
        assert_eq!(fds, [Fd(0), Fd(1), Fd(2)]);
        assert!(!table.has_room());
        assert_eq!(table.open(opened), Err(Errno::TooManyOpen));
        table.close(Fd(2)).unwrap();
        table.close(Fd(0)).unwrap();
        assert!(table.has_room());
        assert_eq!(table.open(opened), Ok(Fd(0)));
        assert_eq!(table.open(opened), Ok(Fd(2)));
        table.close(Fd(1)).unwrap();
        assert_eq!(table.close(Fd(1)).unwrap_err(), Errno::BadDescriptor);
        assert_eq!(table.close_all().count(), 2);
        assert_eq!(table.get(Fd(0)).unwrap_err(), Errno::BadDescriptor);
    }
}
