//! What code under test holds of an open file: numbers, so that it is `Send` and `Sync`. All state is in the device.

use crate::descriptor::Fd;
use crate::device::{Cost, Disks};
use crate::errno::Errno;
use crate::file_system::FileSystem;
use sim_runtime::time::{Instant, Nanos, sleep_until};
use sim_runtime::trace::TraceKind;
use sim_runtime::{NodeId, World};
use std::io;
use std::path::Path;
use std::time::Duration;

/// An open file of a process. Dropping it closes the descriptor.
#[derive(Debug)]
pub(crate) struct Handle {
    disks: u32,
    node: NodeId,
    life: u32,
    fd: Fd,
}

impl Handle {
    /// A descriptor that `open` makes on the disk of the current process.
    pub(crate) fn open(
        open: impl FnOnce(&mut FileSystem) -> Result<Fd, Errno>,
    ) -> io::Result<Handle> {
        of_process(|world, disks, node| {
            let fd = disks.call(world, node, open)?;
            world.trace(&crate::trace::OPENED, node, fd.0, 0, 0);
            Ok(Handle { disks: disks.number, node, life: disks.host(node).life, fd })
        })
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&World, &Disks) -> Result<R, Errno>) -> Result<R, Errno> {
        World::current(|world| {
            world.with_device(|disks: &Disks| {
                let own = disks.number == self.disks && world.current_process_lives();
                if !own || disks.host(self.node).life != self.life {
                    return Err(Errno::BadDescriptor);
                }
                f(world, disks)
            })
        })
    }

    /// How long a call that begins now takes.
    #[inline]
    pub(crate) fn delay(&self, cost: Cost) -> io::Result<Nanos> {
        Ok(self.with(|world, disks| Ok(disks.delay(world, self.node, cost)))?)
    }

    /// Does something with the file.
    #[inline]
    pub(crate) fn call<R>(
        &self,
        f: impl FnOnce(&mut FileSystem, Fd) -> Result<R, Errno>,
    ) -> io::Result<R> {
        Ok(self.with(|world, disks| disks.call(world, self.node, |disk| f(disk, self.fd)))?)
    }

    /// Does something with the file, now; says how long it takes until the caller hears of it.
    #[inline]
    pub(crate) fn begin<R>(
        &self,
        cost: Cost,
        f: impl FnOnce(&mut FileSystem, Fd) -> Result<R, Errno>,
    ) -> io::Result<(R, Nanos)> {
        Ok(self.with(|world, disks| {
            let result = disks.call(world, self.node, |disk| f(disk, self.fd))?;
            Ok((result, disks.delay(world, self.node, cost)))
        })?)
    }

    /// Adds what was done to the trace.
    #[inline]
    pub(crate) fn trace(&self, kind: &'static TraceKind, b: u64, c: u64) {
        World::current(|world| world.trace(kind, self.node, self.fd.0, b, c));
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        World::try_current(|world| {
            if world.has_device::<Disks>() {
                // Of a process that ended, or another run, nothing is open any more.
                self.with(|_, disks| disks.inspect(self.node, |disk| disk.close(self.fd)))
                    .unwrap_or(());
            }
        });
    }
}

/// Calls `f` for the current process.
///
/// # Errors
/// `EBADF` in the `Drop` of a value of a process that ended.
#[inline]
pub(crate) fn of_process<R>(
    f: impl FnOnce(&World, &Disks, NodeId) -> Result<R, Errno>,
) -> io::Result<R> {
    let result = World::current(|world| {
        if !world.current_process_lives() {
            return Err(Errno::BadDescriptor);
        }
        world.with_device(|disks: &Disks| f(world, disks, world.current_node()))
    });
    Ok(result?)
}

/// Waits until a call is over.
#[inline]
pub(crate) async fn wait(delay: Nanos) {
    if delay > 0 {
        sleep_until(Instant::now() + Duration::from_nanos(delay)).await;
    }
}

/// The text of a path.
///
/// # Errors
/// `EINVAL` if it is not UTF-8.
pub(crate) fn text(path: &Path) -> io::Result<&str> {
    Ok(path.to_str().ok_or(Errno::Invalid)?)
}
