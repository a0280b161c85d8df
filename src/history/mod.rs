//! Histories: what the clients of a simulated system asked for and were told, recorded while it happens and judged at the end.
//!
//! ```
//! use squall::check::spec::{Register, RegisterOp, RegisterRet};
//! use squall::history::linearizable;
//! use squall::prelude::*;
//!
//! /// Stands for a call of the system under test.
//! async fn write(_value: u64) -> std::io::Result<()> {
//!     sleep(3.millis()).await;
//!     Ok(())
//! }
//!
//! #[squall::test(seeds = 5)]
//! async fn the_register_is_linearizable(sim: Sim) -> squall::Result {
//!     let history = sim.history::<Register<u64>>();
//!     let clients = sim.nodes("client", 2, move || async move {
//!         let mut client = history.client();
//!         for value in 1..=3_u64 {
//!             let written = write(value);
//!             let told = async { written.await.map(|()| RegisterRet::Written) };
//!             // An error tells nothing: the write may take effect later. So does a kill in the middle of it.
//!             client.call(RegisterOp::Write(value), told).await.ok();
//!         }
//!     });
//!     clients.finished().within(1.minutes()).await?;
//!     assert_eq!(history.len(), 6);
//!     history.check(linearizable(Register::new(0)))
//! }
//! ```
//!
//! Recording is no event of the run: it draws no choice, and the trace hash is the same with and without it. Every
//! moment has its virtual time. When a case fails, its histories are written next to its trace, where `cargo xtask check` reads them.
//!
//! Code that is not handed a `Sim` finds the history of the run with [`of`]; outside of a simulation nothing is recorded.

mod book;
mod client;
mod property;

pub(crate) use book::{Book, Books};
pub use client::{Client, Pending};
pub use property::{
    Holds, Isolation, Linearizable, Property, Ruling, Sequential, holds, isolation, linearizable,
    sequential,
};
pub use sim_check::history::{ListAppend, Recorded, RwRegister};

use crate::{Error, Failure, FailureKind, Result};
use sim_check::Verdict;
use std::fmt;
use std::marker::PhantomData;

/// The history of the current run for the subject `S`: a specification such as
/// [`Register`](sim_check::spec::Register), or [`ListAppend`] for transactions. The same one wherever it is asked for. Also
/// for code under test, which nobody hands a [`Sim`](crate::Sim); outside of a simulation its recordings go nowhere.
pub fn of<S: Recorded + 'static>() -> History<S> {
    History(PhantomData)
}

/// A history under way. A handle: it can be copied, and moved into the programs of nodes.
pub struct History<S>(PhantomData<fn() -> S>);

impl<S> Clone for History<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for History<S> {}

impl<S: Recorded> fmt::Debug for History<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "History({})", S::MODEL)
    }
}

impl<S: Recorded + 'static> History<S> {
    /// A client, which has one operation open at a time. Each task that asks needs one of its own.
    pub fn client(self) -> Client<S> {
        Client::new()
    }

    /// What was recorded so far. Operations under way have an unknown outcome.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn so_far(self) -> sim_check::History<S::Op, S::Ret> {
        Book::<S>::current(|book| book.history()).expect("histories are kept within a simulation")
    }

    /// How many operations were invoked so far; none outside of a simulation.
    pub fn len(self) -> usize {
        Book::<S>::current(|book| book.len()).unwrap_or(0)
    }

    /// Whether nothing was invoked yet.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Judges what was recorded so far. A violation is told by the property's name, which is the same for all seeds, and by a
    /// sentence that says why no order works. A judge that gave up is an error of its own: undecided is never passed.
    ///
    /// # Errors
    /// Unless the property was proven to hold.
    ///
    /// # Panics
    /// Outside of a simulation.
    pub fn check(self, property: impl Property<S>) -> Result {
        let name = property.name();
        let header = property.header();
        let ruling = Book::<S>::current(|book| {
            book.judged_by(&name, header);
            let ruling = property.judge(&book.history());
            ruling.map_violation(|why| book.with_names(&why))
        })
        .expect("histories are kept within a simulation");
        let (kind, message) = match ruling {
            Verdict::Ok(()) => return Ok(()),
            Verdict::Violation(why) => {
                (FailureKind::Check, format!("not {name}: {}", in_a_line(&why)))
            }
            Verdict::Unknown(why) => (FailureKind::Undecided, format!("{name}: {why}")),
        };
        Err(Error::from(Failure { kind, ..Failure::check(name, message) }))
    }
}

/// Sentences that are told at most; the rest is found with the file.
const SENTENCES_MAX: usize = 16;

/// A message is one line.
fn in_a_line(why: &str) -> String {
    let lines: Vec<&str> = why.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let more = lines.len().saturating_sub(SENTENCES_MAX);
    let mut line = lines[..lines.len() - more].join(" ");
    if more > 0 {
        line.push_str(&format!(" And {more} more sentences."));
    }
    line
}
