//! How a test says that it failed.

use crate::{Failure, FailureKind};
use std::fmt;
use std::panic::Location;

/// What a test returns.
pub type Result<T = ()> = std::result::Result<T, Error>;

/// Why a test failed. Any error converts into it with `?`, and the place of the `?` becomes the site of the failure.
///
/// It does not implement `std::error::Error` itself, which is what makes that conversion possible.
pub struct Error(Failure);

impl Error {
    /// A violated property. Its name is the same for all seeds, the message tells what happened in this one.
    ///
    /// ```
    /// use squall::Error;
    ///
    /// let error = Error::check("agreement", format!("{} and {} were decided", 1, 2));
    /// assert_eq!(error.failure().fingerprint(), "check:agreement");
    /// ```
    pub fn check(property: impl Into<String>, message: impl Into<String>) -> Error {
        Error(Failure::check(property, message))
    }

    /// Something promised that did not happen in time.
    pub fn liveness(property: impl Into<String>, message: impl Into<String>) -> Error {
        let failure = Failure::check(property, message);
        Error(Failure { kind: FailureKind::Liveness, ..failure })
    }

    /// The failure.
    pub fn failure(&self) -> &Failure {
        &self.0
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        error.0
    }
}

impl<E: std::error::Error + 'static> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Error {
        let error: Box<dyn std::error::Error> = Box::new(error);
        match error.downcast::<Failure>() {
            // A failure keeps its kind, property and site.
            Ok(failure) => Error(*failure),
            Err(error) => {
                let at = Location::caller();
                Error(Failure {
                    kind: FailureKind::Error,
                    property: String::new(),
                    site: format!("{}:{}", at.file(), at.line()),
                    message: error.to_string(),
                })
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.fingerprint(), self.0.message)
    }
}
