//! Promises with a bound in virtual time.

use crate::time::timeout;
use crate::{Error, Failure, FailureKind, World};
use pin_project::pin_project;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A future that something is promised of; [`Within::within`] gives it a bound.
#[pin_project]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Within<F> {
    promise: &'static str,
    #[pin]
    future: F,
}

impl<F> Within<F> {
    pub(crate) fn new(promise: &'static str, future: F) -> Within<F> {
        Within { promise, future }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<T, F: Future<Output = Result<T, String>>> Within<F> {
    /// Fails the run as a liveness violation, with what every task awaits, unless the promise comes true within `bound`. Once
    /// the bound is crossed nothing runs any more: there is no going on after the error.
    ///
    /// # Errors
    /// When the bound is crossed, and when the promise ends in an error.
    #[track_caller]
    pub fn within(self, bound: Duration) -> impl Future<Output = Result<T, Error>> {
        let at = Location::caller();
        let site = format!("{}:{}", at.file(), at.line());
        async move {
            match timeout(bound, self.future).await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(error)) => Err(Error::from(Failure {
                    kind: FailureKind::Error,
                    property: self.promise.to_owned(),
                    site,
                    message: error,
                })),
                Err(_) => {
                    let failure = World::current(|world| {
                        let stuck = world.describe_tasks();
                        let failure = Failure {
                            kind: FailureKind::Liveness,
                            property: self.promise.to_owned(),
                            site,
                            message: format!(
                                "not within {bound:?} of virtual time; the tasks:{stuck}"
                            ),
                        };
                        world.fail(failure.clone());
                        failure
                    });
                    Err(Error::from(failure))
                }
            }
        }
    }
}

/// Gives any future a bound as a promise.
pub trait Promise: Future + Sized {
    /// Names what is promised, for a call of [`Within::within`].
    fn promised(self, promise: &'static str) -> Within<Self> {
        Within::new(promise, self)
    }
}

impl<F: Future> Promise for F {}
