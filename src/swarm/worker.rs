//! The threads of a swarm.

use super::{Event, Found, Summary, Swarm};
use crate::case::CaseError;
use crate::determinism::{Divergence, check_determinism};
use crate::guard;
use crate::outcome::Verdict;
use crate::run::{Record, run_here};
use crate::seed::Seed;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// What the threads share. Nothing of it enters a run.
struct Shared<'a> {
    swarm: &'a Swarm<'a>,
    limit: u64,
    next: AtomicU64,
    /// No seed beyond this index is begun: the lowest failure so far, when the swarm ends at the first.
    ceiling: AtomicU64,
    done: AtomicU64,
    failures: AtomicU64,
    over: AtomicBool,
}

enum Message {
    Failure(Box<Found>),
    Divergence(Seed, Divergence),
    Broken(CaseError),
    Ended(Box<Summary>),
}

#[expect(
    clippy::disallowed_methods,
    reason = "a swarm is measured in real time, outside of its runs"
)]
pub(super) fn run(swarm: &Swarm<'_>, mut tell: impl FnMut(Event)) -> Result<Summary, CaseError> {
    swarm.case(0).check(swarm.scenario)?;
    let started = Instant::now();
    let shared = Shared {
        swarm,
        limit: swarm.limit(),
        next: AtomicU64::new(0),
        ceiling: AtomicU64::new(u64::MAX),
        done: AtomicU64::new(0),
        failures: AtomicU64::new(0),
        over: AtomicBool::new(false),
    };
    let threads = swarm.threads();
    let mut summary = Summary { scenario: swarm.scenario.name().to_owned(), ..Summary::default() };
    let (mut broken, mut lowest): (Option<CaseError>, Option<Box<Found>>) = (None, None);
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for _ in 0..threads {
            let (send, shared) = (send.clone(), &shared);
            scope.spawn(move || supervise(shared, &send));
        }
        drop(send);
        let mut ended = 0;
        while ended < threads {
            match receive.recv_timeout(TELL_EVERY) {
                Ok(Message::Failure(found)) => {
                    if swarm.keep_going {
                        tell(Event::Failure(found.clone()));
                    }
                    if lowest.as_ref().is_none_or(|low| found.index < low.index) {
                        lowest = Some(found);
                    }
                }
                Ok(Message::Divergence(seed, divergence)) => {
                    tell(Event::Divergence(seed, divergence))
                }
                Ok(Message::Broken(error)) => broken = Some(error),
                Ok(Message::Ended(part)) => {
                    summary.merge(*part);
                    ended += 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if swarm.stop.load(Relaxed) || swarm.time.is_some_and(|time| started.elapsed() >= time)
            {
                shared.over.store(true, Relaxed);
            }
            tell(Event::Progress {
                seeds: shared.done.load(Relaxed),
                failures: shared.failures.load(Relaxed),
            });
        }
    });
    if let Some(error) = broken {
        return Err(error);
    }
    summary.first_failure_after = lowest.as_ref().map(|found| found.index + 1);
    if let (Some(found), false) = (lowest, swarm.keep_going) {
        // Other threads may have met failures beyond the first one; they are not part of this swarm.
        summary.failures = 1;
        summary.fingerprints = [(found.failure.fingerprint(), 1)].into();
        tell(Event::Failure(found));
    }
    summary.interrupted = swarm.stop.load(Relaxed);
    summary.wall = started.elapsed();
    Ok(summary)
}

/// Keeps one worker going. A thread on which code under test asked for entropy is not fit for another run (its
/// hash keys would differ), so it is replaced.
fn supervise(shared: &Shared<'_>, send: &Sender<Message>) {
    let mut summary = Summary::default();
    loop {
        let goes_on = thread::scope(|scope| {
            let worker = scope.spawn(|| work(shared, send, &mut summary));
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if !goes_on {
            break;
        }
    }
    tell(send, Message::Ended(Box::new(summary)));
}

/// The receiver lives until all threads have ended, unless the caller's own code panicked: then nobody listens.
fn tell(send: &Sender<Message>, message: Message) {
    send.send(message).unwrap_or(());
}

/// Runs seeds until none is left (`false`) or the thread is used up (`true`).
fn work(shared: &Shared<'_>, send: &Sender<Message>, summary: &mut Summary) -> bool {
    let swarm = shared.swarm;
    while !shared.over.load(Relaxed) {
        let turn = shared.next.fetch_add(1, Relaxed);
        if turn >= shared.limit || turn > shared.ceiling.load(Relaxed) {
            return false;
        }
        let case = swarm.case(if swarm.reversed { shared.limit - 1 - turn } else { turn });
        let outcome = match run_here(swarm.scenario, &case, Record::default()) {
            Ok(outcome) => outcome,
            Err(error) => {
                shared.over.store(true, Relaxed);
                tell(send, Message::Broken(error));
                return false;
            }
        };
        summary.add(case.seed, &outcome);
        if swarm.hashes {
            summary.hashes.insert(case.seed, outcome.trace_hash);
        }
        if swarm.determinism_every.is_some_and(|every| turn.is_multiple_of(every)) {
            match check_determinism(swarm.scenario, &case) {
                Ok(None) => {}
                Ok(Some(divergence)) => {
                    summary.nondeterministic += 1;
                    tell(send, Message::Divergence(case.seed, divergence));
                }
                Err(error) => tell(send, Message::Broken(error)),
            }
        }
        if let Verdict::Fail(failure) = outcome.verdict {
            shared.failures.fetch_add(1, Relaxed);
            if !swarm.keep_going {
                shared.ceiling.fetch_min(turn, Relaxed);
            }
            let found = Found { index: turn, case, failure, trace_hash: outcome.trace_hash };
            tell(send, Message::Failure(Box::new(found)));
        }
        shared.done.fetch_add(1, Relaxed);
        if guard::ACTIVE && swarm.scenario.guarded() && !guard::is_clean() {
            return true;
        }
    }
    false
}
