//! What decides a run, besides the code.

use crate::bounds::Bounds;
use crate::choice::Edits;
use crate::probe::Buggify;
use crate::task::Policy;
use crate::trace::Keep;
use std::collections::BTreeMap;

/// What decides a run, besides the code. Equal configurations give equal trace hashes.
///
/// ```
/// use sim_runtime::task::Policy;
/// use sim_runtime::{Bounds, Config};
///
/// let config = Config {
///     seed: 0x5d0c_19f2,
///     policy: Policy::Random,
///     bounds: Bounds { virtual_time: 60_000_000_000, ..Bounds::default() },
///     ..Config::default()
/// };
/// # assert!(config.guard);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The seed of all choices.
    pub seed: u64,
    /// Which runnable task is polled next.
    pub policy: Policy,
    /// What the run may use.
    pub bounds: Bounds,
    /// Choices that are fixed.
    pub edits: Edits,
    /// `(event, epoch)`: from that event on all choices are drawn anew.
    pub branches: Vec<(u64, u64)>,
    /// How often `buggify!` misbehaves.
    pub buggify: Buggify,
    /// Knobs that are fixed, by name.
    pub knobs: BTreeMap<String, u64>,
    /// Whether a panic in a task is a [`JoinError`](crate::task::JoinError) and nothing more, as with tokio. Otherwise it fails the run.
    pub panics_tolerated: bool,
    /// Whether clocks, entropy, threads and sockets of the operating system are guarded (on Linux, with the feature `guard`).
    pub guard: bool,
    /// What is kept besides the hash. It does not change the run.
    pub keep: Keep,
    /// Whether all choices are recorded. It does not change the run.
    pub record_choices: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 0,
            policy: Policy::default(),
            bounds: Bounds::default(),
            edits: Edits::default(),
            branches: Vec::new(),
            buggify: Buggify::default(),
            knobs: BTreeMap::new(),
            panics_tolerated: false,
            guard: true,
            keep: Keep::default(),
            record_choices: false,
        }
    }
}
