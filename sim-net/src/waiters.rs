//! Who is woken when something arrives.

use std::task::Waker;

/// The tasks that wait for one socket. One is the rule; its waker is kept after use, so that a task that waits
/// again and again costs no reference count.
#[derive(Debug, Default)]
pub struct Waiters {
    first: Option<Waker>,
    armed: bool,
    more: Vec<Waker>,
}

impl Waiters {
    /// Has a task woken at the next [`Waiters::wake`].
    #[inline]
    pub fn register(&mut self, waker: &Waker) {
        match &mut self.first {
            Some(first) if first.will_wake(waker) => self.armed = true,
            Some(_) if self.armed => {
                if !self.more.iter().any(|other| other.will_wake(waker)) {
                    self.more.push(waker.clone());
                }
            }
            first => {
                *first = Some(waker.clone());
                self.armed = true;
            }
        }
    }

    /// Takes in who was taken out before, and those who registered since.
    #[inline]
    pub fn merge(&mut self, old: Waiters) {
        if self.first.is_none() {
            *self = old;
        }
    }

    /// Wakes whoever waits, in the order in which they came.
    #[inline]
    pub fn wake(&mut self) {
        if std::mem::take(&mut self.armed)
            && let Some(first) = &self.first
        {
            first.wake_by_ref();
        }
        for waker in self.more.drain(..) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::task::Wake;

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
        waiters.wake();
        for waker in &wakers {
            waiters.register(waker);
            waiters.register(waker);
        }
        waiters.wake();
        assert_eq!(counts(), [1, 1, 1]);
        waiters.wake();
        assert_eq!(counts(), [1, 1, 1]);
        waiters.register(&wakers[2]);
        waiters.wake();
        waiters.register(&wakers[0]);
        waiters.wake();
        assert_eq!(counts(), [2, 1, 2]);
    }
}
