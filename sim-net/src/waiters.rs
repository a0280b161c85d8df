//! Who is woken when something arrives.

use std::sync::Arc;
use std::task::{Wake, Waker};

/// The tasks that wait for one socket. One is the rule; its waker is kept after use, so that a task that waits
/// again and again costs no reference count.
#[derive(Debug, Default)]
pub struct Waiters {
    first: Option<Waker>,
    armed: bool,
    more: Vec<Waker>,
}

impl Waiters {
    /// Has a task woken at the next arrival.
    #[inline]
    pub fn register(&mut self, waker: &Waker) {
        match &self.first {
            Some(first) if first.will_wake(waker) => self.armed = true,
            Some(_) | None => self.register_another(waker),
        }
    }

    #[cold]
    fn register_another(&mut self, waker: &Waker) {
        if !self.armed {
            self.first = Some(waker.clone());
            self.armed = true;
        } else if !self.more.iter().any(|other| other.will_wake(waker)) {
            self.more.push(waker.clone());
        }
    }

    /// What wakes all who wait, to be used where nothing is borrowed and then given to [`Waiters::keep`].
    #[inline]
    pub fn take(&mut self) -> Option<Waker> {
        if !std::mem::take(&mut self.armed) {
            return None;
        }
        if self.more.is_empty() { self.first.take() } else { self.take_all() }
    }

    #[cold]
    fn take_all(&mut self) -> Option<Waker> {
        let first = self.first.take();
        let all = first.into_iter().chain(self.more.drain(..)).collect();
        Some(Waker::from(Arc::new(Several(all))))
    }

    /// Keeps a waker for the time when its task waits again.
    #[inline]
    pub fn keep(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        }
    }
}

/// Wakes several tasks, in the order in which they came.
struct Several(Vec<Waker>);

impl Wake for Several {
    fn wake(self: Arc<Several>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Several>) {
        self.0.iter().for_each(Waker::wake_by_ref);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Default)]
    struct Counter(AtomicU32);

    impl Wake for Counter {
        fn wake(self: Arc<Counter>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn each_waiter_is_woken_once_for_each_time_it_waits() {
        let counters: [Arc<Counter>; 3] = Default::default();
        let wakers = counters.clone().map(Waker::from);
        let counts = || counters.each_ref().map(|c| c.0.load(Relaxed));
        let mut waiters = Waiters::default();
        let wake = |waiters: &mut Waiters| {
            if let Some(waker) = waiters.take() {
                waker.wake_by_ref();
                waiters.keep(waker);
            }
        };
        wake(&mut waiters);
        for waker in &wakers {
            waiters.register(waker);
            waiters.register(waker);
        }
        wake(&mut waiters);
        assert_eq!(counts(), [1, 1, 1]);
        wake(&mut waiters);
        assert_eq!(counts(), [1, 1, 1]);
        waiters.register(&wakers[2]);
        wake(&mut waiters);
        waiters.register(&wakers[0]);
        wake(&mut waiters);
        assert_eq!(counts(), [2, 1, 2]);
        waiters.register(&wakers[0]);
        wake(&mut waiters);
        assert_eq!(counts(), [3, 1, 2]);
    }
}
