//! Every nondeterministic decision of a run, made in one place.
//!
//! A *choice* is named by the path of the entity that draws (its [`Stream`]), by how many choices that
//! entity made before (the counter), by its [`Kind`] and by its domain. Its result is a small integer, the
//! *outcome*, and **outcome 0 is always the benign one**: first in first out, the shortest delay, no loss, no crash.
//!
//! Each entity owns its stream, so one more draw in one entity changes the draws of no other: a seed that
//! found a bug still finds it after unrelated edits, and a choice can be named, recorded and edited.
//!
//! The generator is frozen as [`VERSION`]: a counter-mode mix of the stream's key, reduced to the domain
//! by a widening multiplication. It uses integers alone, so a seed means the same on every platform.

mod distribution;
mod fixed;
mod kind;
mod mix;
mod overlay;
mod path;
mod ratio;
mod user;

use std::cell::{Cell, RefCell};

pub use distribution::Distribution;
pub use kind::Kind;
pub use overlay::{Choice, Edit, Edits, Fallback, Unmatched};
pub use path::{Path, Paths, Segment};
pub use ratio::{Ratio, RatioError};

pub(crate) use mix::{combine, hash_text, mix64};
use overlay::Overlay;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// The name of the frozen generator, written into every saved case.
pub const VERSION: &str = "choice-v1";

/// The odd constant of the counter mode (2^64 divided by the golden ratio).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A labelled source of choices, owned by the entity that draws: a link, a task, a disk, a fault kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    counter: u32,
    id: u32,
}

impl Stream {
    /// How many choices were made on this stream.
    pub fn counter(&self) -> u32 {
        self.counter
    }

    pub(crate) fn key(&self) -> u64 {
        self.key
    }

    /// The index of the stream's path, see [`Choices::path_text`].
    pub fn id(&self) -> u32 {
        self.id
    }
}

/// The decider of one run: turns streams into outcomes, records them and applies edits when asked to.
///
/// It needs no simulation, so pure state machines (a link, a disk) can be tested with one alone.
///
/// ```
/// use sim_runtime::choice::{Choices, Kind, Ratio};
///
/// let choices = Choices::new(7);
/// let mut link = choices.stream(&["net".into(), "a>b".into()]);
/// let lost = choices.chance(&mut link, Kind::Loss, Ratio::new(1, 100));
/// assert_eq!(lost, Choices::new(7).chance(&mut Choices::new(7).stream(&["net".into(), "a>b".into()]), Kind::Loss, Ratio::new(1, 100)));
/// ```
pub struct Choices {
    run_key: u64,
    user: ChaCha8Rng,
    epoch: Cell<u64>,
    slow: bool,
    paths: RefCell<Paths>,
    overlay: RefCell<Overlay>,
}

impl Choices {
    /// The choices of `seed`, neither recorded nor edited.
    pub fn new(seed: u64) -> Choices {
        Choices::with(seed, &Edits::default(), false)
    }

    /// The choices of `seed` under `edits`, kept for [`Choices::recorded`] when `record` is set.
    pub fn with(seed: u64, edits: &Edits, record: bool) -> Choices {
        Choices::on(Paths::default(), seed, edits, record)
    }

    /// The same, in an empty table of paths.
    pub(crate) fn on(paths: Paths, seed: u64, edits: &Edits, record: bool) -> Choices {
        let mut user = user::root(seed);
        Choices {
            run_key: user.next_u64(),
            user,
            epoch: Cell::new(0),
            slow: record || !edits.is_empty(),
            paths: RefCell::new(paths),
            overlay: RefCell::new(Overlay::new(edits, record)),
        }
    }

    /// The stream at the path made of `segments`. Each path must have one owner.
    pub fn stream(&self, segments: &[Segment]) -> Stream {
        let mut paths = self.paths.borrow_mut();
        let mut path = Path::ROOT;
        for segment in segments {
            path = paths.child(path, segment.clone());
        }
        self.stream_at(path)
    }

    /// The path of `segment` under `parent`.
    pub fn child(&self, parent: Path, segment: Segment) -> Path {
        self.paths.borrow_mut().child(parent, segment)
    }

    /// The stream of an interned path.
    pub fn stream_at(&self, path: Path) -> Stream {
        Stream { key: combine(self.run_key, path.hash()), counter: 0, id: path.id() }
    }

    /// The readable form of a stream's path.
    pub fn path_text(&self, id: u32) -> String {
        self.paths.borrow().text(id)
    }

    /// One of `n` outcomes, uniformly. `n` must not be 0. With `n == 1` nothing is drawn.
    #[inline]
    pub fn pick(&self, stream: &mut Stream, kind: Kind, n: u32) -> u32 {
        assert!(n > 0, "a choice needs at least one outcome");
        if n == 1 {
            return 0;
        }
        let drawn = reduce(self.raw(stream), u64::from(n));
        self.settle(stream, kind, u64::from(n) - 1, drawn) as u32
    }

    /// Whether something of probability `ratio` happens. Outcome 0 is that it does not.
    #[inline]
    pub fn chance(&self, stream: &mut Stream, kind: Kind, ratio: Ratio) -> bool {
        if ratio.is_zero() {
            return false;
        }
        let drawn = u64::from(ratio.hit(self.raw(stream)));
        self.settle(stream, kind, 1, drawn) == 1
    }

    /// A value of `distribution`. The outcome is its distance from the least value, so 0 is the least.
    #[inline]
    pub fn sample(&self, stream: &mut Stream, kind: Kind, distribution: &Distribution) -> u64 {
        let (min, span) = distribution.range();
        if span == 0 {
            return min;
        }
        let drawn = distribution.above_min(self.raw(stream));
        min + self.settle(stream, kind, span, drawn)
    }

    /// The priority that a task's wake number `counter` draws. The scheduler counts every wake, but looks
    /// only where there is a choice to make, so that a task's draws do not depend on who else was runnable.
    #[inline]
    pub(crate) fn priority(&self, key: u64, id: u32, counter: u32) -> u32 {
        let drawn = self.raw_at(key, counter) >> 32;
        if self.slow {
            return self.slow_settle(id, counter, Kind::Schedule, u64::from(u32::MAX), drawn)
                as u32;
        }
        drawn as u32
    }

    /// Mixes `epoch` into every key from now on: all later choices, of all streams and of user code, are
    /// drawn anew while everything before stays the same.
    pub fn branch(&self, epoch: u64) {
        self.epoch.set(self.epoch.get() ^ mix64(epoch.wrapping_add(GOLDEN)));
    }

    /// The epoch now, see [`Choices::branch`].
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.get()
    }

    /// The table of paths.
    pub(crate) fn into_paths(self) -> Paths {
        self.paths.into_inner()
    }

    /// What all keys of the run are derived from.
    pub(crate) fn run_key(&self) -> u64 {
        self.run_key
    }

    /// Random bytes for user code at a path, in the epoch now.
    pub(crate) fn user_rng(&self, path: Path) -> ChaCha8Rng {
        user::stream(&self.user, path.hash(), self.epoch.get())
    }

    /// The choices made so far, in order, when recording was asked for.
    pub fn recorded(&self) -> Vec<Choice> {
        let paths = self.paths.borrow();
        self.overlay.borrow().recorded(|id| paths.text(id))
    }

    /// The edits that met no choice.
    pub fn unmatched(&self) -> Vec<Unmatched> {
        self.overlay.borrow().unmatched()
    }

    #[inline]
    fn raw(&self, stream: &Stream) -> u64 {
        self.raw_at(stream.key, stream.counter)
    }

    #[inline]
    fn raw_at(&self, key: u64, counter: u32) -> u64 {
        mix64((key ^ self.epoch.get()).wrapping_add(u64::from(counter).wrapping_mul(GOLDEN)))
    }

    /// Counts the choice and lets the overlay have its say. `span` is the largest outcome.
    #[inline]
    fn settle(&self, stream: &mut Stream, kind: Kind, span: u64, drawn: u64) -> u64 {
        let counter = stream.counter;
        stream.counter = counter.wrapping_add(1);
        if self.slow {
            return self.slow_settle(stream.id, counter, kind, span, drawn);
        }
        drawn
    }

    #[cold]
    fn slow_settle(&self, id: u32, counter: u32, kind: Kind, span: u64, drawn: u64) -> u64 {
        let paths = self.paths.borrow();
        self.overlay.borrow_mut().settle(id, counter, kind, span, drawn, || paths.text(id))
    }
}

/// Maps 64 random bits to `0..n` (Lemire 2019, without the rejection step: the bias is below 2^-32 for u32 domains).
#[inline]
fn reduce(raw: u64, n: u64) -> u64 {
    ((u128::from(raw) * u128::from(n)) >> 64) as u64
}

#[cfg(test)]
mod tests;
