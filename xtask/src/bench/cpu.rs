//! The processor time of this process. Unlike the wall clock it does not count what others did meanwhile.

/// Seconds of processor time that this process has used.
pub fn seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writes for the whole call.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "every process has a clock of its processor time");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
