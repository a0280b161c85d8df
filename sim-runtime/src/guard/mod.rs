//! The leak guard: the operating system, answered by the simulation.
//!
//! Code under test, and the libraries below it, ask the operating system for the time, for entropy, for threads and
//! for sockets. Any such answer makes a run depend on more than its case. While a thread is inside a run
//! (between [`enter`] and the drop of [`Entered`]) the guard answers these calls in the C library's place:
//!
//! - clocks (`std::time`, `clock_gettime`, `gettimeofday`, `time`, ...) come from [`Host::monotonic`] and
//!   [`Host::realtime`];
//! - entropy (`getrandom`, `getentropy`, hence the keys of [`RandomState`](std::hash::RandomState)) comes from
//!   [`Host::fill`];
//! - what cannot be simulated fails with an error code, and [`Host::refused`] is told the name of the call: threads,
//!   processes, sockets, name resolution, blocking sleeps and timed waits, event descriptors, `/dev/urandom`.
//!
//! Other threads, and this one outside a run, reach the operating system as ever, at the price of about a
//! nanosecond a call.
//!
//! # Where it works
//!
//! With the cargo feature `guard` (on by default), on Linux with a dynamically linked glibc, x86-64 and aarch64. There
//! [`ACTIVE`] is `true`. Elsewhere, with the feature off and under Miri, nothing is overridden: every function here
//! can be called and does its bookkeeping, but the host is never asked and leaks go unnoticed. Turn the feature off
//! under sanitizers, and for a program that already overrides one of these symbols (the linker then reports a
//! duplicate).
//!
//! # What it cannot see
//!
//! System calls made without the C library's public symbols (inline assembly, as `rustix` does by default; the C
//! library's own inner calls, such as `fopen`), the processor's own clocks and entropy (`rdtsc`, `rdrand`),
//! addresses used as values, statics that outlive a run, and files, environment and the number of processors.
//! One such static stands in tokio: the generator behind `tokio::select!` (without `biased`) and behind
//! `tokio::sync::watch` and `Barrier` with several waiters is seeded on each thread from a counter of the process.
//! A wait without a time limit (`Mutex::lock`, `Condvar::wait`, `thread::park`) really waits, since the lock may be
//! held by a thread outside the run; if no such thread exists, it waits for ever.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr::NonNull;

#[cfg(all(
    feature = "guard",
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(target_feature = "crt-static"),
    not(miri)
))]
mod libc;

/// Whether the guard is compiled in. When `false`, a [`Host`] is never asked.
pub const ACTIVE: bool = cfg!(all(
    feature = "guard",
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(target_feature = "crt-static"),
    not(miri)
));

/// What a run answers instead of the operating system.
///
/// The methods are called from within C functions, at any point where the code under test, the runtime or the allocator
/// makes such a call. So they
///
/// - must not panic: a panic cannot unwind through a C function and aborts the process;
/// - must get by with what is valid at any moment (a [`Cell`], not a [`RefCell`](std::cell::RefCell) that the caller
///   may hold borrowed);
/// - may allocate and may call the operating system: while the host answers, its thread counts as outside the run,
///   so the host is never asked again from within its own answer.
///
/// A program that waits in a loop for time to pass (`while Instant::now() < end {}`) never comes back to the executor,
/// and virtual time stands still meanwhile. Only the host can notice that, by counting questions or refusals;
/// as it cannot unwind, it can end such a run only by ending the process.
pub trait Host {
    /// Nanoseconds of the current node's steady clock: `CLOCK_MONOTONIC`, `CLOCK_BOOTTIME` and their kin, and the
    /// CPU time clocks too.
    fn monotonic(&self) -> u64;

    /// Nanoseconds since the Unix epoch on the current node's wall clock: `CLOCK_REALTIME` and its kin.
    fn realtime(&self) -> u64;

    /// Fills `buffer` with entropy that depends on nothing but the case.
    fn fill(&self, buffer: &mut [u8]);

    /// A call that cannot be simulated was made and is about to fail. `call` is one line: the name of the C function,
    /// a colon, and what to do instead; it is the same for each such call, so it can serve as a fingerprint.
    ///
    /// This should record a failure of the run and return: the caller then gets an error code.
    fn refused(&self, call: &'static str);
}

thread_local! {
    /// Who answers for this thread. Constant and without a destructor, so that reading it is one load, allowed at any
    /// moment of a thread's life.
    static INSIDE: Cell<Option<NonNull<dyn Host>>> = const { Cell::new(None) };

    /// Whether this thread ever asked for entropy.
    static DREW: Cell<bool> = const { Cell::new(false) };
}

/// Ends the thread's stay inside a run when dropped. Made by [`enter`].
#[must_use = "the run ends for the guard when this is dropped"]
#[derive(Debug)]
pub struct Entered {
    /// The stay belongs to one thread.
    thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        INSIDE.set(None);
    }
}

/// Makes `host` answer for this thread until the returned value drops.
///
/// ```
/// use sim_runtime::guard::{self, Host};
/// use std::time::SystemTime;
///
/// struct Epoch;
///
/// impl Host for Epoch {
///     fn monotonic(&self) -> u64 { 0 }
///     fn realtime(&self) -> u64 { 0 }
///     fn fill(&self, buffer: &mut [u8]) { buffer.fill(7); }
///     fn refused(&self, call: &'static str) { eprintln!("refused {call}"); }
/// }
///
/// let host = Epoch;
/// // SAFETY: `host` outlives `entered`.
/// let entered = unsafe { guard::enter(&host) };
/// let now = SystemTime::now();
/// drop(entered);
/// assert_eq!(now == SystemTime::UNIX_EPOCH, guard::ACTIVE);
/// ```
///
/// # Safety
///
/// `host` must be valid for shared access until the returned value has been dropped. That value must be dropped (not
/// forgotten), and not within [`suspended`], which would put the host back afterwards.
///
/// # Panics
///
/// When this thread is inside a run already. When the guard is [`ACTIVE`] but its symbols were not linked into the
/// program.
pub unsafe fn enter(host: *const (dyn Host + '_)) -> Entered {
    assert!(INSIDE.get().is_none(), "this thread is inside a run already");
    assert!(
        !ACTIVE || linked(),
        "another definition of clock_gettime was linked before the guard's"
    );
    // SAFETY: only the lifetime changes; the caller keeps the host alive for as long as it is in `INSIDE`.
    let host: *const (dyn Host + 'static) = unsafe { std::mem::transmute(host) };
    INSIDE.set(Some(NonNull::new(host.cast_mut()).expect("a host is not null")));
    Entered { thread: PhantomData }
}

/// Whether a call of the standard library arrives at the guard's symbols, tried out on a host of our own.
#[allow(clippy::disallowed_methods, reason = "asks the clock to see who answers")]
fn linked() -> bool {
    struct Probe(Cell<bool>);

    impl Host for Probe {
        fn monotonic(&self) -> u64 {
            self.0.set(true);
            0
        }
        fn realtime(&self) -> u64 {
            0
        }
        fn fill(&self, _: &mut [u8]) {}
        fn refused(&self, _: &'static str) {}
    }

    let probe = Probe(Cell::new(false));
    INSIDE.set(Some(NonNull::from(&probe as &dyn Host)));
    std::hint::black_box(std::time::Instant::now());
    INSIDE.set(None);
    probe.0.get()
}

/// Runs `f` with the real operating system, for the runtime's own needs: writing files, a panic hook's output.
/// Outside a run it only calls `f`.
///
/// `f` must not make a map with the default hasher, nor use thread-local generators: their state belongs to the
/// thread, so this would shift what the run sees later (see [`is_clean`]).
pub fn suspended<R>(f: impl FnOnce() -> R) -> R {
    struct Resume(Option<NonNull<dyn Host>>);

    impl Drop for Resume {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }

    let resume = Resume(INSIDE.take());
    let result = f();
    drop(resume);
    result
}

/// Whether this thread is fit for a new run: `false` for good once it asked for entropy, inside a run or outside.
///
/// The standard library draws the keys of [`RandomState`](std::hash::RandomState) once for each thread and adds one
/// for each new map. A run that uses `HashMap` is therefore deterministic only on a thread that has never made one;
/// the same goes for generators that are seeded per thread, as in the `rand` crate. A runner asks before each run and
/// goes to a fresh thread (see [`on_clean_thread`]) when the answer is `false`.
///
/// Always `true` when the guard is not [`ACTIVE`]: then a fresh thread gains nothing.
pub fn is_clean() -> bool {
    !DREW.get()
}

/// Runs `f` on a fresh thread, where [`is_clean`] holds, and waits for it. A panic of `f` goes on in the caller.
///
/// This costs some tens of microseconds; a worker whose runs draw no entropy can be kept instead.
///
/// # Panics
///
/// When the operating system gives no thread; always so inside a run.
#[allow(clippy::disallowed_methods, reason = "the thread surrounds a run")]
pub fn on_clean_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("run".into());
        let thread = thread.spawn_scoped(scope, f);
        thread.unwrap_or_else(|error| panic!("no thread for a run: {error}")).join()
    });
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
