//! Finding the world of the current thread.

use super::World;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

thread_local! {
    /// The world that runs on this thread, or null. Without a destructor, so that looking costs one load.
    static CURRENT: Cell<*const World> = const { Cell::new(std::ptr::null()) };
}

/// Worlds are told apart by a number that no other world of the process has. It never enters a run.
pub(super) fn next_world_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Relaxed)
}

impl World {
    /// Calls `f` with the world that runs on this thread.
    ///
    /// # Panics
    /// Outside of a simulation.
    #[inline]
    #[track_caller]
    pub fn current<R>(f: impl FnOnce(&World) -> R) -> R {
        let world = CURRENT.get();
        if world.is_null() {
            outside();
        }
        // SAFETY: the pointer is set only by `World::enter`, from a reference that outlives the call, and reset
        // when that call ends or unwinds; `f` runs within it, on the same thread.
        f(unsafe { &*world })
    }

    /// The same, or `None` outside of a simulation.
    #[inline]
    pub fn try_current<R>(f: impl FnOnce(&World) -> R) -> Option<R> {
        let world = CURRENT.get();
        if world.is_null() {
            return None;
        }
        // SAFETY: as in `World::current`.
        Some(f(unsafe { &*world }))
    }

    /// Makes this the world of the thread while `f` runs.
    ///
    /// # Panics
    /// Inside of a simulation: a world cannot run inside another.
    pub(crate) fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.set(std::ptr::null());
            }
        }
        assert!(CURRENT.get().is_null(), "a simulation cannot run inside of a simulation");
        CURRENT.set(self);
        let _leave = Leave;
        f()
    }
}

#[cold]
#[track_caller]
fn outside() -> ! {
    panic!(
        "this works inside of a simulation only: in a `#[squall::test]`, or in what `Simulation::run` runs"
    );
}
