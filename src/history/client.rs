//! The recorder's side of a client.

use super::{Book, Recorded};
use crate::World;
use sim_check::{OperationId, Outcome, ProcessId};
use std::fmt;
use std::marker::PhantomData;

/// A client, as a history knows it: it has one operation open at a time. After an operation of unknown outcome it goes on as
/// a new process, since the old one may still be busy with that operation for ever.
pub struct Client<S: Recorded> {
    /// Who it is, from its first operation on.
    process: Option<ProcessId>,
    subject: PhantomData<fn() -> S>,
}

impl<S: Recorded> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("process", &self.process).finish()
    }
}

impl<S: Recorded + 'static> Client<S> {
    pub(super) fn new() -> Client<S> {
        Client { process: None, subject: PhantomData }
    }

    /// Records that the client asks for `op` now. Dropped without a completion, because the process was killed, the future
    /// given up or a timeout came, the operation has an unknown outcome.
    pub fn invoke(&mut self, op: S::Op) -> Pending<'_, S> {
        let operation = World::try_current(|world| {
            // A process that has ended asks for nothing, whatever its destructors do.
            if !world.current_process_lives() {
                return None;
            }
            Book::<S>::current(|book| {
                let process =
                    self.process.unwrap_or_else(|| book.process(world, world.current_node()));
                self.process = Some(process);
                book.invoke(world, process, op)
            })
        });
        Pending { client: self, operation: operation.flatten() }
    }

    /// Records `op` from now until `answer` completes: `Ok` is what the client is told, and after an error, as after a kill,
    /// the outcome is unknown. Where an error proves that nothing happened, use [`invoke`](Client::invoke) and [`Pending::fail`].
    ///
    /// # Errors
    /// The error of `answer`.
    pub async fn call<E>(
        &mut self,
        op: S::Op,
        answer: impl Future<Output = Result<S::Ret, E>>,
    ) -> Result<S::Ret, E> {
        let pending = self.invoke(op);
        match answer.await {
            Ok(ret) => {
                pending.ok(ret.clone());
                Ok(ret)
            }
            Err(error) => {
                pending.info();
                Err(error)
            }
        }
    }
}

/// An operation under way.
#[must_use = "an operation that is not completed has an unknown outcome"]
pub struct Pending<'c, S: Recorded + 'static> {
    client: &'c mut Client<S>,
    /// `None` where nothing is recorded, and once it is complete.
    operation: Option<OperationId>,
}

impl<S: Recorded + 'static> Pending<'_, S> {
    /// It took effect, and the client was told `ret`.
    pub fn ok(mut self, ret: S::Ret) {
        self.complete(Outcome::Ok(ret));
    }

    /// It certainly had no effect, and never will.
    pub fn fail(mut self) {
        self.complete(Outcome::Fail);
    }

    /// Nobody knows: it may have taken effect, or may do so at any later moment, or never.
    pub fn info(mut self) {
        self.complete(Outcome::Unknown);
    }

    fn complete(&mut self, outcome: Outcome<S::Ret>) {
        let Some(operation) = self.operation.take() else { return };
        if matches!(outcome, Outcome::Unknown) {
            self.client.process = None;
        }
        World::try_current(|world| {
            // A process that has ended is told nothing: what was open stays unknown.
            let outcome = if world.current_process_lives() { outcome } else { Outcome::Unknown };
            Book::<S>::current(|book| book.complete(world, operation, outcome));
        });
    }
}

impl<S: Recorded + 'static> Drop for Pending<'_, S> {
    fn drop(&mut self) {
        self.complete(Outcome::Unknown);
    }
}

impl<S: Recorded + 'static> fmt::Debug for Pending<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("operation", &self.operation).finish()
    }
}
