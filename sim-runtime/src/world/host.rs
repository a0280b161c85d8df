//! What the run answers in the operating system's place.

use super::World;
use crate::choice::mix64;
use crate::guard::{self, Host};
use crate::node::NodeId;
use crate::verdict::{Failure, FailureKind};

impl World {
    /// Runs `f` with the leak guard around it, if `guarded`.
    pub(crate) fn with_guard<R>(&self, guarded: bool, f: impl FnOnce() -> R) -> R {
        if !guarded {
            return f();
        }
        // SAFETY: the world outlives this call, and the guard is dropped within it.
        let entered = unsafe { guard::enter(self) };
        let result = f();
        drop(entered);
        if let Some(leak) = self.take_leak() {
            self.fail(leak);
        }
        result
    }

    /// The first call that the guard refused, as a failure of the run.
    pub(super) fn take_leak(&self) -> Option<Failure> {
        self.refused.take().map(|call| Failure {
            kind: FailureKind::Leak,
            property: call.split(':').next().unwrap_or(call).to_owned(),
            site: String::new(),
            message: format!("code inside the simulation called {call}"),
        })
    }

    fn clock_node(&self) -> NodeId {
        self.current.get().node
    }
}

/// Asked from within C functions, at any moment: only cells, no panic.
impl Host for World {
    fn monotonic(&self) -> u64 {
        self.now.get()
    }

    fn realtime(&self) -> u64 {
        let clock = match self.nodes.try_borrow() {
            Ok(nodes) if self.clock_node().index() < nodes.len() => {
                nodes.get(self.clock_node()).clock
            }
            Ok(_) | Err(_) => Default::default(),
        };
        clock.wall(self.now.get())
    }

    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let count = self.entropy.get() + 1;
            self.entropy.set(count);
            let word = mix64(self.choices.run_key() ^ count.wrapping_mul(0xA24B_AED4_963E_E407))
                .to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }

    fn refused(&self, call: &'static str) {
        if self.refused.get().is_none() {
            self.refused.set(Some(call));
        }
        self.stopping.set(true);
    }
}
