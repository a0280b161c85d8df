//! Bounding a future in time.

use super::{Instant, Sleep, sleep, sleep_until};
use pin_project::pin_project;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The errors of this module, by tokio's path.
pub mod error {
    use std::fmt;

    /// The time was up.
    #[derive(Debug, PartialEq, Eq)]
    pub struct Elapsed(pub(super) ());

    impl fmt::Display for Elapsed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("deadline has elapsed")
        }
    }

    impl std::error::Error for Elapsed {}

    impl From<Elapsed> for std::io::Error {
        fn from(_: Elapsed) -> std::io::Error {
            std::io::ErrorKind::TimedOut.into()
        }
    }
}

/// Gives `future` at most `duration`, like `tokio::time::timeout`. The future is asked first, so a value
/// that is ready at the deadline wins.
///
/// ```
/// use sim_runtime::time::{Duration, sleep, timeout};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let long = sleep(Duration::from_secs(10));
///     timeout(Duration::from_secs(3), long).await.is_err()
/// });
/// assert_eq!(outcome.result, Ok(true));
/// assert_eq!(outcome.figures.virtual_time, 3_000_000_000);
/// ```
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), delay: sleep(duration) }
}

/// Gives `future` until `deadline`.
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout { value: future.into_future(), delay: sleep_until(deadline) }
}

/// The future of [`timeout`] and [`timeout_at`].
#[derive(Debug)]
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[pin_project]
pub struct Timeout<T> {
    #[pin]
    value: T,
    #[pin]
    delay: Sleep,
}

impl<T> Timeout<T> {
    /// The bounded future.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The bounded future.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The bounded future.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, error::Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(value) = this.value.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        this.delay.poll(cx).map(|()| Err(error::Elapsed(())))
    }
}
