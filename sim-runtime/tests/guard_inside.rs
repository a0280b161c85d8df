//! What a thread inside a run gets in the place of the operating system.
#![cfg(all(
    feature = "guard",
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64"),
    not(target_feature = "crt-static"),
    not(miri)
))]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "leaks, on purpose")]

use sim_runtime::guard::{self, Host};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// A world of two clocks that stand still until told, a counter for entropy and a list of refusals.
#[derive(Default)]
struct World {
    monotonic: Cell<u64>,
    realtime: Cell<u64>,
    seed: Cell<u8>,
    refused: RefCell<Vec<&'static str>>,
}

impl Host for World {
    fn monotonic(&self) -> u64 {
        self.monotonic.get()
    }

    fn realtime(&self) -> u64 {
        self.realtime.get()
    }

    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            self.seed.set(self.seed.get().wrapping_mul(5).wrapping_add(1));
            *byte = self.seed.get();
        }
    }

    fn refused(&self, call: &'static str) {
        // While it answers, a host has the real system: time passes, threads can be made.
        let mut refused = self.refused.borrow_mut();
        let start = Instant::now();
        thread::spawn(|| ()).join().unwrap();
        assert!(start.elapsed() > Duration::ZERO);
        refused.push(call);
    }
}

impl World {
    fn seeded(seed: u8) -> Self {
        Self { seed: Cell::new(seed), ..Self::default() }
    }

    fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        // SAFETY: `self` outlives the guard.
        let _entered = unsafe { guard::enter(self) };
        f()
    }

    /// The names of the calls refused so far.
    fn names(&self) -> Vec<&'static str> {
        let lines = self.refused.take();
        lines.iter().map(|line| line.split([':', ' ']).next().unwrap()).collect()
    }
}

#[test]
fn the_guard_is_on() {
    const { assert!(guard::ACTIVE) };
}

#[test]
fn std_reads_the_clocks_of_the_host() {
    let world = World::default();
    world.realtime.set(1_234_567_890_123_456_789);
    world.run(|| {
        let start = Instant::now();
        world.monotonic.set(7_000_000_001);
        assert_eq!(start.elapsed(), Duration::from_nanos(7_000_000_001));
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(since, Duration::from_nanos(1_234_567_890_123_456_789));
    });
    assert!(world.names().is_empty());
}

#[test]
fn each_clock_of_c_is_one_of_the_two() {
    fn read(clock: i32) -> (i32, u64) {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: valid for writes.
        let result = unsafe { libc::clock_gettime(clock, &mut time) };
        (result, time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }
    let world = World::default();
    world.monotonic.set(3_000_000_004);
    world.realtime.set(5_000_006_000);
    world.run(|| {
        for clock in [1, 2, 3, 4, 6, 7, 9] {
            assert_eq!(read(clock), (0, 3_000_000_004), "clock {clock}");
        }
        for clock in [0, 5, 8, 11] {
            assert_eq!(read(clock), (0, 5_000_006_000), "clock {clock}");
        }
        assert_eq!(read(99).0, -1);
        assert_eq!(io::Error::last_os_error().raw_os_error(), Some(libc::EINVAL));

        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut day = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let mut seconds = 0;
        // SAFETY: all pointers are valid for writes, or null where that is allowed.
        unsafe {
            assert_eq!(libc::gettimeofday(&mut day, std::ptr::null_mut()), 0);
            assert_eq!(libc::time(&mut seconds), 5);
            assert_eq!(libc::syscall(libc::SYS_clock_gettime, libc::CLOCK_MONOTONIC, &mut time), 0);
        }
        assert_eq!((day.tv_sec, day.tv_usec, seconds), (5, 6, 5));
        assert_eq!((time.tv_sec, time.tv_nsec), (3, 4));
    });
    assert_eq!(world.names(), ["clock_gettime"]);
}

/// The orders in which three maps with the default hasher give back the same keys.
fn orders() -> [Vec<u32>; 3] {
    std::array::from_fn(|_| {
        let map: HashMap<u32, ()> = (0..100).map(|key| (key, ())).collect();
        map.into_keys().collect()
    })
}

#[test]
fn a_seed_decides_the_order_of_hash_maps_on_a_clean_thread() {
    let run = |seed| guard::on_clean_thread(move || World::seeded(seed).run(orders));
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
    assert_ne!(first[0], first[1], "std takes other keys for each map of a thread");
}

#[test]
fn a_thread_that_made_a_map_is_not_fit_for_another_run() {
    guard::on_clean_thread(|| {
        assert!(guard::is_clean());
        let first = World::seeded(1).run(orders);
        assert!(!guard::is_clean());
        // The reason: std draws once for each thread, so a second run goes on where the first ended.
        let world = World::seeded(1);
        assert_ne!(first, world.run(orders));
        assert_eq!(world.seed.get(), 1, "std drew again");
    });
}

#[test]
fn a_run_without_entropy_leaves_its_thread_clean() {
    guard::on_clean_thread(|| {
        World::default().run(|| assert_eq!(Instant::now().elapsed(), Duration::ZERO));
        assert!(guard::is_clean());
    });
}

#[test]
fn each_source_of_entropy_is_the_host() {
    let mut expected = [0; 8];
    World::seeded(9).fill(&mut expected);
    let draw = |source: fn(&mut [u8; 8])| {
        guard::on_clean_thread(|| {
            let mut drawn = [0; 8];
            World::seeded(9).run(|| source(&mut drawn));
            assert_eq!(drawn, expected);
            assert!(!guard::is_clean());
        });
    };
    // SAFETY: each buffer is valid for writes of eight bytes.
    draw(|buffer| unsafe { assert_eq!(libc::getrandom(buffer.as_mut_ptr().cast(), 8, 0), 8) });
    draw(|buffer| unsafe { assert_eq!(libc::getentropy(buffer.as_mut_ptr().cast(), 8), 0) });
    draw(|buffer| unsafe {
        assert_eq!(libc::syscall(libc::SYS_getrandom, buffer.as_mut_ptr(), 8, 0), 8);
    });
}

#[test]
fn devices_of_entropy_are_refused_and_other_files_are_not() {
    let world = World::default();
    world.run(|| {
        for path in ["/dev/urandom", "/dev/random"] {
            let error = File::open(path).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EPERM));
        }
        File::open("/dev/zero").unwrap();
        assert!(!fs::read("/proc/self/status").unwrap().is_empty());
    });
    assert_eq!(world.refused.borrow().len(), 2);
    assert!(world.refused.borrow().iter().all(|call| call.contains("/dev/urandom")));
}

#[test]
fn threads_are_refused() {
    let world = World::default();
    world.run(|| {
        let error = thread::Builder::new().spawn(|| ()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EAGAIN));
        assert!(catch_unwind(|| thread::spawn(|| ())).is_err());
    });
    assert_eq!(world.names(), ["pthread_create", "pthread_create"]);
}

#[test]
fn processes_are_refused() {
    let world = World::default();
    world.run(|| {
        assert_eq!(Command::new("true").spawn().unwrap_err().raw_os_error(), Some(libc::EPERM));
        // SAFETY: makes no process.
        assert_eq!(unsafe { libc::fork() }, -1);
        // SAFETY: makes no process.
        assert_eq!(unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) }, -1);
    });
    let names = world.names();
    assert!(names[0].starts_with("posix_spawn"), "{names:?}");
    assert_eq!(names[1..], ["fork", "clone"]);
}

#[test]
fn sockets_are_refused() {
    let refused = |error: io::Error| assert_eq!(error.raw_os_error(), Some(libc::EPERM));
    let world = World::default();
    world.run(|| {
        refused(UdpSocket::bind("127.0.0.1:0").unwrap_err());
        refused(TcpStream::connect("127.0.0.1:9").unwrap_err());
        refused(TcpListener::bind("127.0.0.1:0").unwrap_err());
        refused(std::os::unix::net::UnixStream::pair().unwrap_err());
        assert!(("localhost", 80).to_socket_addrs().is_err());
    });
    assert_eq!(world.names(), ["socket", "socket", "socket", "socketpair", "getaddrinfo"]);
}

#[test]
fn reactors_are_refused() {
    let world = World::default();
    world.run(|| {
        // SAFETY: plain numbers.
        unsafe {
            assert_eq!(libc::epoll_create1(0), -1);
            assert_eq!(libc::eventfd(0, 0), -1);
            assert_eq!(libc::timerfd_create(libc::CLOCK_MONOTONIC, 0), -1);
            assert_eq!(libc::syscall(libc::SYS_epoll_create1, 0), -1);
            assert_eq!(libc::syscall(libc::SYS_io_uring_setup, 1, 0), -1);
        }
    });
    let names = ["epoll_create1", "eventfd", "timerfd_create", "epoll_create1", "io_uring_setup"];
    assert_eq!(world.names(), names);
}

#[test]
fn sleeps_are_refused_at_once() {
    let world = World::default();
    let start = Instant::now();
    world.run(|| {
        // The standard library has no way to report a sleep that fails.
        assert!(catch_unwind(|| thread::sleep(Duration::from_secs(3600))).is_err());
        let hour = libc::timespec { tv_sec: 3600, tv_nsec: 0 };
        let rest = std::ptr::null_mut();
        // SAFETY: plain numbers, and a pointer to what lives here.
        unsafe {
            assert_eq!(libc::sleep(3600), 3600);
            assert_eq!(libc::usleep(3_600_000_000), -1);
            assert_eq!(libc::clock_nanosleep(libc::CLOCK_MONOTONIC, 0, &hour, rest), libc::EPERM);
        }
    });
    assert!(start.elapsed() < Duration::from_secs(60));
    let names = world.names();
    assert!(names[0].ends_with("nanosleep"), "{names:?}");
    assert_eq!(names[1..], ["sleep", "usleep", "clock_nanosleep"]);
}

#[test]
fn waits_with_a_time_limit_are_refused_at_once() {
    let world = World::default();
    let start = Instant::now();
    // A real clock that is behind the host's would wait: the limit is a moment of the host's clock.
    world.monotonic.set(u64::MAX / 2);
    world.run(|| thread::park_timeout(Duration::from_secs(3600)));
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(world.names(), ["futex"]);
}

#[test]
fn each_refusal_says_what_to_do_instead() {
    let world = World::default();
    world.run(|| {
        UdpSocket::bind("127.0.0.1:0").unwrap_err();
        thread::Builder::new().spawn(|| ()).unwrap_err();
    });
    assert_eq!(
        *world.refused.borrow(),
        [
            "socket: a real socket leaves the simulation, use the simulated network",
            "pthread_create: a run has one thread, spawn a task of the simulation instead",
        ]
    );
}

#[test]
fn suspended_code_has_the_real_system_and_the_run_goes_on_after_it() {
    let world = World::default();
    world.run(|| {
        guard::suspended(|| {
            let start = Instant::now();
            thread::sleep(Duration::from_millis(1));
            assert!(start.elapsed() >= Duration::from_millis(1));
            thread::spawn(|| ()).join().unwrap();
        });
        let panic = catch_unwind(|| guard::suspended(|| panic!("within suspended code")));
        assert!(panic.is_err());
        assert_eq!(Instant::now().elapsed(), Duration::ZERO);
        UdpSocket::bind("127.0.0.1:0").unwrap_err();
    });
    assert_eq!(world.names(), ["socket"]);
}

#[test]
fn a_panic_leaves_the_run() {
    let world = World::default();
    let panic = catch_unwind(AssertUnwindSafe(|| world.run(|| panic!("within a run"))));
    assert!(panic.is_err());
    UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(world.names().is_empty());
}

#[test]
fn other_threads_have_the_real_system_meanwhile() {
    let (ask, questions) = mpsc::channel::<()>();
    let (reply, answers) = mpsc::channel();
    let other = thread::spawn(move || {
        for () in questions {
            let start = Instant::now();
            thread::sleep(Duration::from_millis(1));
            let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            thread::spawn(|| ()).join().unwrap();
            reply.send((start.elapsed() >= Duration::from_millis(1), port > 0)).unwrap();
        }
    });
    let world = World::default();
    world.run(|| {
        ask.send(()).unwrap();
        assert_eq!(answers.recv(), Ok((true, true)));
        assert_eq!(Instant::now().elapsed(), Duration::ZERO);
    });
    drop(ask);
    other.join().unwrap();
    assert!(world.names().is_empty());
}

#[test]
fn shared_libraries_find_the_guards_symbols() {
    let here = object_at(World::names as fn(&World) -> _ as *const libc::c_void);
    let names = [
        c"clock_gettime",
        c"clock_nanosleep",
        c"getaddrinfo",
        c"getrandom",
        c"open64",
        c"pthread_create",
        c"socket",
        c"syscall",
    ];
    for name in names {
        assert_eq!(object_of(name), here, "{name:?}");
    }
    assert_ne!(object_of(c"getpid"), here);
}

/// Where in memory the object begins that the dynamic linker takes this symbol from.
fn object_of(name: &CStr) -> usize {
    // SAFETY: the name is a C string.
    object_at(unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) })
}

fn object_at(address: *const libc::c_void) -> usize {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: zero is a value of this type, and `info` is valid for writes.
    unsafe {
        assert_ne!(libc::dladdr(address, info.as_mut_ptr()), 0);
        info.assume_init().dli_fbase as usize
    }
}
