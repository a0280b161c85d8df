//! Every symbol of the C library that the guard overrides.
//!
//! A definition here takes the place of the C library's in the whole program, also for shared libraries, because
//! the dynamic linker looks in the executable first. Each function forwards to the real one unless its thread is
//! inside a run. Signatures, error codes and what a caller must keep to are those of POSIX.1-2024 or of the Linux manual
//! page of the same name.
//!
//! The functions are called before `main`, from allocators, from signal handlers and on threads that are being torn
//! down. So on the way to the real function they touch two constant-initialised words (the thread's host and the cached
//! address) and nothing else. The first call of each looks the address up by `dlsym`, which allocates only when it
//! fails. No override unwinds: a panic of the host aborts in the override that called it.

mod real;

use super::{DREW, Host, INSIDE};
use libc::{
    addrinfo, c_char, c_int, c_long, c_uint, c_void, clock_t, clockid_t, mode_t, pid_t,
    posix_spawn_file_actions_t, posix_spawnattr_t, pthread_attr_t, pthread_t, size_t, ssize_t,
    time_t, timespec, timeval,
};
use real::real;
use std::ffi::CStr;
use std::ops::Deref;
use std::ptr::{self, NonNull};

/// The host while it answers. Its thread is outside the run until this drops.
struct Answering(NonNull<dyn Host>);

impl Deref for Answering {
    type Target = dyn Host;

    fn deref(&self) -> &Self::Target {
        // SAFETY: whoever called `enter` keeps the host alive while it is in `INSIDE`, where it was a moment ago, and
        // no code of theirs runs before it is put back there.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        INSIDE.set(Some(self.0));
    }
}

#[inline(always)]
fn host() -> Option<Answering> {
    let host = INSIDE.get()?;
    INSIDE.set(None);
    Some(Answering(host))
}

/// Sets `errno` and gives the usual value of a failed call.
fn fail(errno: c_int) -> c_int {
    // SAFETY: the address is that of this thread's `errno`.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// Functions that forward outside a run, and fail inside after telling the host.
macro_rules! refuse {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $result:ty {
        $($why:literal)+ => $answer:expr
    })+) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> $result {
            let Some(host) = host() else {
                let real = real!($name as unsafe extern "C" fn($($type),*) -> $result);
                // SAFETY: the caller's arguments, unchanged.
                return unsafe { real($($arg),*) };
            };
            host.refused(concat!(stringify!($name), ": ", $($why),+));
            $answer
        }
    )+};
}

// Clocks.

const SECOND: u64 = 1_000_000_000;

fn to_timespec(nanos: u64) -> timespec {
    // Below 2^35 and below 2^30: both fit.
    timespec { tv_sec: (nanos / SECOND) as time_t, tv_nsec: (nanos % SECOND) as c_long }
}

/// The time of the host's clock of that number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    let Some(host) = host() else {
        let real = real!(clock_gettime as unsafe extern "C" fn(clockid_t, *mut timespec) -> c_int);
        // SAFETY: the caller's arguments, unchanged.
        return unsafe { real(clock, time) };
    };
    let nanos = match clock {
        libc::CLOCK_MONOTONIC
        | libc::CLOCK_MONOTONIC_RAW
        | libc::CLOCK_MONOTONIC_COARSE
        | libc::CLOCK_BOOTTIME
        | libc::CLOCK_BOOTTIME_ALARM
        | libc::CLOCK_PROCESS_CPUTIME_ID
        | libc::CLOCK_THREAD_CPUTIME_ID => host.monotonic(),
        libc::CLOCK_REALTIME
        | libc::CLOCK_REALTIME_COARSE
        | libc::CLOCK_REALTIME_ALARM
        | libc::CLOCK_TAI => host.realtime(),
        _ => {
            host.refused("clock_gettime: only the system-wide clocks are simulated");
            return fail(libc::EINVAL);
        }
    };
    if time.is_null() {
        return fail(libc::EFAULT);
    }
    // SAFETY: not null, and the caller's to write.
    unsafe { time.write(to_timespec(nanos)) };
    0
}

/// The host's wall clock, in microseconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut timeval, zone: *mut libc::timezone) -> c_int {
    let Some(host) = host() else {
        let real =
            real!(gettimeofday as unsafe extern "C" fn(*mut timeval, *mut libc::timezone) -> c_int);
        // SAFETY: the caller's arguments, unchanged.
        return unsafe { real(time, zone) };
    };
    if !zone.is_null() {
        // SAFETY: not null, and the caller's to write. The kernel's time zone is a relic that reads as zero.
        unsafe { zone.cast::<[c_int; 2]>().write([0, 0]) };
    }
    if !time.is_null() {
        let now = to_timespec(host.realtime());
        // SAFETY: not null, and the caller's to write.
        unsafe { time.write(timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 }) };
    }
    0
}

/// The host's wall clock, in seconds.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(seconds: *mut time_t) -> time_t {
    let Some(host) = host() else {
        let real = real!(time as unsafe extern "C" fn(*mut time_t) -> time_t);
        // SAFETY: the caller's argument, unchanged.
        return unsafe { real(seconds) };
    };
    let now = to_timespec(host.realtime()).tv_sec;
    if !seconds.is_null() {
        // SAFETY: not null, and the caller's to write.
        unsafe { seconds.write(now) };
    }
    now
}

/// The host's wall clock, as C11 asks for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn timespec_get(time: *mut timespec, base: c_int) -> c_int {
    const TIME_UTC: c_int = 1;
    let Some(host) = host() else {
        let real = real!(timespec_get as unsafe extern "C" fn(*mut timespec, c_int) -> c_int);
        // SAFETY: the caller's arguments, unchanged.
        return unsafe { real(time, base) };
    };
    if base != TIME_UTC || time.is_null() {
        return 0;
    }
    // SAFETY: not null, and the caller's to write.
    unsafe { time.write(to_timespec(host.realtime())) };
    base
}

/// The processor time of the process: the host's steady clock, in microseconds (`CLOCKS_PER_SEC` is a million).
#[unsafe(no_mangle)]
pub extern "C" fn clock() -> clock_t {
    let Some(host) = host() else {
        let real = real!(clock as extern "C" fn() -> clock_t);
        return real();
    };
    (host.monotonic() / 1000) as clock_t
}

// Sleeps. The error is one that no caller takes for an interruption to be continued: std panics on it, where it would
// try EINTR again for ever, as no time passes.

refuse! {
    /// Refused: a blocking sleep would stop the world.
    fn nanosleep(time: *const timespec, rest: *mut timespec) -> c_int {
        "a blocking sleep stops the whole world, use the simulation's sleep" => fail(libc::EPERM)
    }
    /// Refused: a blocking sleep would stop the world.
    fn clock_nanosleep(clock: clockid_t, flags: c_int, time: *const timespec, rest: *mut timespec) -> c_int {
        "a blocking sleep stops the whole world, use the simulation's sleep" => libc::EPERM
    }
    /// Refused: a blocking sleep would stop the world.
    fn usleep(micros: c_uint) -> c_int {
        "a blocking sleep stops the whole world, use the simulation's sleep" => fail(libc::EPERM)
    }
    /// Refused: a blocking sleep would stop the world. All the time is left, as after a signal.
    fn sleep(seconds: c_uint) -> c_uint {
        "a blocking sleep stops the whole world, use the simulation's sleep" => seconds
    }
}

// Entropy.

/// Entropy of the host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    DREW.set(true);
    let Some(host) = host() else {
        let real = real!(getrandom as unsafe extern "C" fn(*mut c_void, size_t, c_uint) -> ssize_t);
        // SAFETY: the caller's arguments, unchanged.
        return unsafe { real(buffer, length, flags) };
    };
    if length > 0 {
        // SAFETY: the caller's buffer.
        unsafe { fill(&host, buffer, length) };
    }
    length as ssize_t
}

/// Entropy of the host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getentropy(buffer: *mut c_void, length: size_t) -> c_int {
    DREW.set(true);
    let Some(host) = host() else {
        let real = real!(getentropy as unsafe extern "C" fn(*mut c_void, size_t) -> c_int);
        // SAFETY: the caller's arguments, unchanged.
        return unsafe { real(buffer, length) };
    };
    if length > 256 {
        return fail(libc::EIO);
    }
    if length > 0 {
        // SAFETY: the caller's buffer.
        unsafe { fill(&host, buffer, length) };
    }
    0
}

/// # Safety
///
/// `buffer` must be valid for writes of `length` bytes, and `length` not zero. The bytes may be uninitialised.
unsafe fn fill(host: &Answering, buffer: *mut c_void, length: size_t) {
    // SAFETY: valid for writes, and initialised before it becomes a slice.
    let bytes = unsafe {
        ptr::write_bytes(buffer.cast::<u8>(), 0, length);
        std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length)
    };
    host.fill(bytes);
}

/// A path that is a source of entropy.
///
/// # Safety
///
/// `path` must be null or a C string.
unsafe fn is_entropy(path: *const c_char) -> bool {
    // SAFETY: not null, so a C string.
    !path.is_null()
        && matches!(unsafe { CStr::from_ptr(path) }.to_bytes(), b"/dev/urandom" | b"/dev/random")
}

/// The family of `open`: forwarded, unless the path is a source of entropy and the thread is inside a run.
///
/// In C the mode is a variadic argument, given only with some flags. On our targets it then travels in the register
/// of a fixed argument; when it was not given, the real function does not look at it.
macro_rules! open {
    ($(fn $name:ident($($directory:ident: $type:ty)?) $why:literal)+) => {$(
        /// Refused for sources of entropy.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($directory: $type,)? path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
            // SAFETY: `path` is the caller's C string.
            if INSIDE.get().is_some() && unsafe { is_entropy(path) } && let Some(host) = host() {
                host.refused(concat!(stringify!($name), $why));
                return fail(libc::EPERM);
            }
            let real = real!($name as unsafe extern "C" fn($($type,)? *const c_char, c_int, ...) -> c_int);
            // SAFETY: the caller's arguments, unchanged.
            unsafe { real($($directory,)? path, flags, mode) }
        }
    )+};
}

open! {
    fn open() ": /dev/urandom is not simulated, use getrandom, which is"
    fn open64() ": /dev/urandom is not simulated, use getrandom, which is"
    fn openat(directory: c_int) ": /dev/urandom is not simulated, use getrandom, which is"
    fn openat64(directory: c_int) ": /dev/urandom is not simulated, use getrandom, which is"
}

// Threads and processes.

/// What a thread begins with.
type Start = extern "C" fn(*mut c_void) -> *mut c_void;

refuse! {
    /// Refused: a run has one thread.
    fn pthread_create(thread: *mut pthread_t, attributes: *const pthread_attr_t, start: Start, argument: *mut c_void) -> c_int {
        "a run has one thread, spawn a task of the simulation instead" => libc::EAGAIN
    }
    /// Refused: a child would run in real time.
    fn fork() -> pid_t {
        "a process cannot be simulated, start a node instead" => fail(libc::EPERM)
    }
    /// Refused: a child would run in real time.
    fn posix_spawn(
        process: *mut pid_t,
        path: *const c_char,
        actions: *const posix_spawn_file_actions_t,
        attributes: *const posix_spawnattr_t,
        arguments: *const *mut c_char,
        environment: *const *mut c_char,
    ) -> c_int {
        "a process cannot be simulated, start a node instead" => libc::EPERM
    }
    /// Refused: a child would run in real time.
    fn posix_spawnp(
        process: *mut pid_t,
        file: *const c_char,
        actions: *const posix_spawn_file_actions_t,
        attributes: *const posix_spawnattr_t,
        arguments: *const *mut c_char,
        environment: *const *mut c_char,
    ) -> c_int {
        "a process cannot be simulated, start a node instead" => libc::EPERM
    }
}

/// Refused: a child would run in real time. Outside a run this is `fork`, as POSIX allows: the child of a real
/// `vfork` runs on its parent's stack, so it must not return through a function like this one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vfork() -> pid_t {
    let Some(host) = host() else {
        let real = real!(fork as unsafe extern "C" fn() -> pid_t);
        // SAFETY: no arguments; the child obeys the stricter rules of `vfork`.
        return unsafe { real() };
    };
    host.refused("vfork: a process cannot be simulated, start a node instead");
    fail(libc::EPERM)
}

// Sockets and event descriptors. What acts on a descriptor needs no guard: without these there is none to act on.

refuse! {
    /// Refused: a real socket.
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
        "a real socket leaves the simulation, use the simulated network" => fail(libc::EPERM)
    }
    /// Refused: a pair of real sockets.
    fn socketpair(domain: c_int, kind: c_int, protocol: c_int, pair: *mut c_int) -> c_int {
        "a real socket leaves the simulation, use the simulated network" => fail(libc::EPERM)
    }
    /// Refused: it asks real name servers.
    fn getaddrinfo(node: *const c_char, service: *const c_char, hints: *const addrinfo, list: *mut *mut addrinfo) -> c_int {
        "names are resolved outside the simulation, use a node's address" => libc::EAI_FAIL
    }
    /// Refused: it waits in real time.
    fn epoll_create(size: c_int) -> c_int {
        "a real reactor waits in real time, use the simulation's executor" => fail(libc::EPERM)
    }
    /// Refused: it waits in real time.
    fn epoll_create1(flags: c_int) -> c_int {
        "a real reactor waits in real time, use the simulation's executor" => fail(libc::EPERM)
    }
    /// Refused: it waits in real time.
    fn eventfd(initial: c_uint, flags: c_int) -> c_int {
        "a real reactor waits in real time, use the simulation's executor" => fail(libc::EPERM)
    }
    /// Refused: it counts real time.
    fn timerfd_create(clock: clockid_t, flags: c_int) -> c_int {
        "a real timer counts real time, use the simulation's timers" => fail(libc::EPERM)
    }
}

// System calls by number.

/// A system call by number: those above go the same ways; also refused are waits on a futex with a time limit, `clone`
/// and `io_uring_setup`; all others are forwarded.
///
/// In C the arguments are variadic. On our targets integers and pointers travel in the registers of fixed arguments;
/// those that were not given are not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    if number == libc::SYS_getrandom {
        // SAFETY: the caller's arguments. Taken outside a run too: the thread is no longer clean.
        return unsafe { getrandom(a as *mut c_void, b as size_t, c as c_uint) as c_long };
    }
    if INSIDE.get().is_some() {
        // SAFETY: the caller's arguments.
        if let Some(result) = unsafe { simulated(number, a, b, c, d) } {
            return result;
        }
    }
    let real = real!(syscall as unsafe extern "C" fn(c_long, ...) -> c_long);
    // SAFETY: the caller's arguments, unchanged.
    unsafe { real(number, a, b, c, d, e, f) }
}

/// What a system call answers inside a run; `None` for those that are forwarded.
unsafe fn simulated(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long) -> Option<c_long> {
    // SAFETY: the arguments of that call, as the caller gave them.
    let result = unsafe {
        match number {
            libc::SYS_clock_gettime => clock_gettime(a as clockid_t, b as *mut timespec),
            libc::SYS_gettimeofday => gettimeofday(a as *mut timeval, b as *mut libc::timezone),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_time => return Some(time(a as *mut time_t)),
            libc::SYS_nanosleep => nanosleep(a as *const timespec, b as *mut timespec),
            libc::SYS_clock_nanosleep => {
                let (time, rest) = (c as *const timespec, d as *mut timespec);
                fail(clock_nanosleep(a as clockid_t, b as c_int, time, rest))
            }
            libc::SYS_futex if is_timed_wait(b as c_int, d) => refused(
                "futex: a wait with a time limit stops the whole world, use the simulation's timeout",
                libc::ETIMEDOUT,
            ),
            libc::SYS_clone | libc::SYS_clone3 => refused(
                "clone: a run has one thread and no processes, spawn a task of the simulation instead",
                libc::EPERM,
            ),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_fork | libc::SYS_vfork => fork(),
            libc::SYS_socket => socket(a as c_int, b as c_int, c as c_int),
            libc::SYS_socketpair => socketpair(a as c_int, b as c_int, c as c_int, d as *mut c_int),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_epoll_create => epoll_create(a as c_int),
            libc::SYS_epoll_create1 => epoll_create1(a as c_int),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_eventfd => eventfd(a as c_uint, 0),
            libc::SYS_eventfd2 => eventfd(a as c_uint, b as c_int),
            libc::SYS_timerfd_create => timerfd_create(a as clockid_t, b as c_int),
            libc::SYS_io_uring_setup => refused(
                "io_uring_setup: a real ring leaves the simulation, use the simulated disk and network",
                libc::ENOSYS,
            ),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => open(a as *const c_char, b as c_int, c as mode_t),
            libc::SYS_openat => openat(a as c_int, b as *const c_char, c as c_int, d as mode_t),
            _ => return None,
        }
    };
    Some(c_long::from(result))
}

/// Refuses a system call that has no function of its own here.
fn refused(call: &'static str, errno: c_int) -> c_int {
    if let Some(host) = host() {
        host.refused(call);
    }
    fail(errno)
}

/// Whether an operation on a futex is a wait that ends with time.
fn is_timed_wait(operation: c_int, limit: c_long) -> bool {
    let flags = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;
    limit != 0 && matches!(operation & !flags, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET)
}
