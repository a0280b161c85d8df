//! What holds with the guard and without it: outside a run the operating system answers.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "the subject")]

use sim_runtime::guard::{self, Host};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::panic::catch_unwind;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, thread};

/// A host that is never asked here.
struct Silent;

impl Host for Silent {
    fn monotonic(&self) -> u64 {
        0
    }

    fn realtime(&self) -> u64 {
        0
    }

    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }

    fn refused(&self, _: &'static str) {}
}

#[test]
fn the_guard_is_off_without_its_feature() {
    const { assert!(cfg!(feature = "guard") || !guard::ACTIVE) };
}

#[test]
fn clocks_and_sleeps_are_real() {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(2));
    assert!(start.elapsed() >= Duration::from_millis(2));
    // 2020-01-01.
    assert!(SystemTime::now() > SystemTime::UNIX_EPOCH + Duration::from_secs(1_577_836_800));
}

#[test]
fn waits_with_a_time_limit_are_real() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2) {
        thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn sockets_are_real() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(b"ping").unwrap();
    let mut received = [0; 4];
    server.read_exact(&mut received).unwrap();
    assert_eq!(&received, b"ping");
    UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(("127.0.0.1", 80).to_socket_addrs().is_ok());
}

#[test]
fn threads_are_real() {
    let threads: Vec<_> = (0..8u32).map(|n| thread::spawn(move || n * n)).collect();
    let squares: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(squares, [0, 1, 4, 9, 16, 25, 36, 49]);
}

#[cfg(target_os = "linux")]
#[test]
fn processes_are_real() {
    assert!(std::process::Command::new("true").status().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn entropy_is_real() {
    let mut drawn = [[0; 16]; 2];
    for bytes in &mut drawn {
        fs::File::open("/dev/urandom").unwrap().read_exact(bytes).unwrap();
    }
    assert_ne!(drawn[0], drawn[1]);

    let order = || -> Vec<u32> {
        let map: HashMap<u32, ()> = (0..100).map(|key| (key, ())).collect();
        map.into_keys().collect()
    };
    assert_ne!(guard::on_clean_thread(order), guard::on_clean_thread(order));
}

#[test]
fn files_get_the_mode_that_was_asked_for() {
    let path = std::env::temp_dir().join(format!("guard-outside-{}", std::process::id()));
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o500);
    options.open(&path).unwrap().write_all(b"kept").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o700, 0o500);
    }
    fs::remove_file(&path).unwrap();
}

#[test]
fn suspended_only_calls_when_there_is_no_run() {
    assert_eq!(guard::suspended(|| 7), 7);
}

#[test]
fn a_thread_is_clean_until_it_asks_for_entropy() {
    guard::on_clean_thread(|| {
        assert!(guard::is_clean());
        drop(HashMap::<u32, u32>::new());
        assert_eq!(guard::is_clean(), !guard::ACTIVE);
    });
}

#[test]
fn a_panic_on_a_clean_thread_goes_on_in_the_caller() {
    let panic = catch_unwind(|| guard::on_clean_thread(|| panic!("as it was"))).unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"as it was"));
}

#[test]
fn runs_do_not_nest() {
    let panic = catch_unwind(|| {
        // SAFETY: a constant lives for ever, and both guards are dropped here.
        let _outer = unsafe { guard::enter(&Silent) };
        // SAFETY: as above.
        let _inner = unsafe { guard::enter(&Silent) };
    });
    assert!(panic.is_err());
    // The outer run was left all the same.
    // SAFETY: as above.
    drop(unsafe { guard::enter(&Silent) });
}
