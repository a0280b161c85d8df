//! Files and directories apart from their names.

use crate::contents::Contents;
use crate::directory::Directory;
use crate::errno::Errno;
use crate::ino::Ino;
use crate::page::Op;

/// What an inode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Bytes.
    File,
    /// Names.
    Directory,
}

pub(crate) enum Body {
    File(Contents),
    Directory(Directory),
}

/// A file or directory. It lives as long as something refers to it: a name, a durable name, an unsynced
/// change of a name, or a descriptor.
pub(crate) struct Inode {
    pub(crate) body: Body,
    pub(crate) links: u32,
    pub(crate) durable_links: u32,
    /// Unsynced changes of names that speak of it.
    pub(crate) pending: u32,
    pub(crate) open: u32,
    /// The change that made it. Tells it from another of the same number.
    pub(crate) born: Op,
}

impl Inode {
    pub(crate) fn new(body: Body) -> Inode {
        Inode { body, links: 0, durable_links: 0, pending: 0, open: 0, born: Op::DURABLE }
    }

    pub(crate) fn kind(&self) -> FileKind {
        match self.body {
            Body::File(_) => FileKind::File,
            Body::Directory(_) => FileKind::Directory,
        }
    }

    pub(crate) fn is_forgotten(&self) -> bool {
        self.links == 0 && self.durable_links == 0 && self.pending == 0 && self.open == 0
    }
}

/// All inodes of a disk.
#[derive(Default)]
pub(crate) struct Inodes {
    slots: Vec<Option<Inode>>,
    free: Vec<Ino>,
}

impl Inodes {
    pub(crate) const ROOT: Ino = Ino(0);

    /// A table with nothing but an empty root directory.
    pub(crate) fn new() -> Inodes {
        let mut root = Inode::new(Body::Directory(Directory::new(Inodes::ROOT)));
        (root.links, root.durable_links) = (1, 1);
        Inodes { slots: vec![Some(root)], free: Vec::new() }
    }

    pub(crate) fn add(&mut self, body: Body) -> Ino {
        let inode = Some(Inode::new(body));
        match self.free.pop() {
            Some(ino) => {
                self.slots[ino.0 as usize] = inode;
                ino
            }
            None => {
                self.slots.push(inode);
                Ino(u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 files"))
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, ino: Ino) -> &Inode {
        self.slots[ino.0 as usize].as_ref().expect("an inode that is referred to")
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, ino: Ino) -> &mut Inode {
        self.slots[ino.0 as usize].as_mut().expect("an inode that is referred to")
    }

    pub(crate) fn find(&self, ino: Ino) -> Option<&Inode> {
        self.slots.get(ino.0 as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn find_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        self.slots.get_mut(ino.0 as usize)?.as_mut()
    }

    #[inline]
    pub(crate) fn file(&mut self, ino: Ino) -> Result<&mut Contents, Errno> {
        match &mut self.get_mut(ino).body {
            Body::File(contents) => Ok(contents),
            Body::Directory(_) => Err(Errno::IsADirectory),
        }
    }

    pub(crate) fn directory(&mut self, ino: Ino) -> Result<&mut Directory, Errno> {
        match &mut self.get_mut(ino).body {
            Body::File(_) => Err(Errno::NotADirectory),
            Body::Directory(directory) => Ok(directory),
        }
    }

    /// Frees the inode unless something refers to it.
    pub(crate) fn release(&mut self, ino: Ino) {
        if self.get(ino).is_forgotten() {
            self.remove(ino);
        }
    }

    pub(crate) fn remove(&mut self, ino: Ino) {
        assert!(ino != Inodes::ROOT, "the root stays");
        assert!(self.slots[ino.0 as usize].take().is_some(), "an inode is removed once");
        self.free.push(ino);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ino, &Inode)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, slot)| slot.as_ref().map(|inode| (Ino(index as u32), inode)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Inode> {
        self.slots.iter_mut().flatten()
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}
