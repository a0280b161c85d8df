//! What a run keeps of its histories.

use super::Recorded;
use crate::context::Context;
use crate::{NodeId, World};
use sim_check::history::{Header, HistoryRecorder, RawHistory, Value};
use sim_check::{History, OperationId, Outcome, ProcessId};
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;

/// The histories of a run, in the order of their first use.
#[derive(Default)]
pub(crate) struct Books(RefCell<Vec<(TypeId, Rc<dyn Kept>)>>);

/// A history of any subject.
pub(crate) trait Kept {
    /// Itself, to be found by its type.
    fn as_any(self: Rc<Self>) -> Rc<dyn Any>;
    /// The history as a file holds it.
    fn written(&self) -> RawHistory;
}

/// The history of one subject.
pub(crate) struct Book<S: Recorded>(RefCell<Pages<S>>);

struct Pages<S: Recorded> {
    recorder: HistoryRecorder<S::Op, S::Ret>,
    /// Who each process is: the node on which it is, by its number.
    names: Vec<Rc<str>>,
    header: Header,
}

impl Books {
    /// The books of subjects that anything was recorded of, as files.
    pub(crate) fn written(&self) -> Vec<RawHistory> {
        self.0.borrow().iter().map(|(_, book)| book.written()).collect()
    }

    fn get<S: Recorded + 'static>(&self) -> Rc<Book<S>> {
        let wanted = TypeId::of::<S>();
        let mut books = self.0.borrow_mut();
        let at = books.iter().position(|(subject, _)| *subject == wanted).unwrap_or_else(|| {
            books.push((wanted, Rc::new(Book::<S>::new())));
            books.len() - 1
        });
        books[at]
            .1
            .clone()
            .as_any()
            .downcast()
            .unwrap_or_else(|_| unreachable!("found by its type"))
    }
}

impl<S: Recorded + 'static> Kept for Book<S> {
    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }

    fn written(&self) -> RawHistory {
        let pages = self.0.borrow();
        let names = pages.names.iter().enumerate();
        let names = names.map(|(id, name)| (Value::text(&id.to_string()), Value::text(name)));
        let header = pages.header.clone().with("names", Value::map(names.collect()));
        let history = pages.recorder.history();
        RawHistory::of_history(header, &history, S::call, S::result)
    }
}

impl<S: Recorded + 'static> Book<S> {
    fn new() -> Book<S> {
        Book(RefCell::new(Pages {
            recorder: HistoryRecorder::new(),
            names: Vec::new(),
            header: Header::empty().with("schema", "history/1").with("model", S::MODEL),
        }))
    }

    /// Calls `f` with the book of the current run; `None` outside of a simulation.
    pub(crate) fn current<R>(f: impl FnOnce(&Book<S>) -> R) -> Option<R> {
        let book = World::try_current(|world| {
            let kept = world.has_device::<Context>();
            kept.then(|| world.with_device(|context: &Context| context.0.books.get::<S>()))
        });
        Some(f(&*book??))
    }

    pub(crate) fn history(&self) -> History<S::Op, S::Ret> {
        self.0.borrow().recorder.history()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().recorder.len()
    }

    /// Notes for the file which property was asked for, and what its judge has to know.
    pub(crate) fn judged_by(&self, property: &str, fields: Vec<(&'static str, Value)>) {
        let mut pages = self.0.borrow_mut();
        let mut header = pages.header.clone().with("property", property);
        for (field, value) in fields {
            header = header.with(field, value);
        }
        pages.header = header;
    }

    /// A new process on this node.
    pub(super) fn process(&self, world: &World, node: NodeId) -> ProcessId {
        let mut pages = self.0.borrow_mut();
        pages.names.push(world.node_name(node));
        ProcessId(pages.names.len() as u64 - 1)
    }

    pub(super) fn invoke(&self, world: &World, process: ProcessId, op: S::Op) -> OperationId {
        world.say_lazily(|| format!("history {process} asks {op:?}"));
        self.0.borrow_mut().recorder.invoke(process, Some(world.now()), op)
    }

    pub(super) fn complete(&self, world: &World, operation: OperationId, outcome: Outcome<S::Ret>) {
        world.say_lazily(|| match &outcome {
            Outcome::Ok(ret) => format!("history op {} is told {ret:?}", operation.0),
            Outcome::Fail => format!("history op {} failed", operation.0),
            Outcome::Unknown => format!("history op {} has an unknown outcome", operation.0),
        });
        let (recorder, now) = (&mut self.0.borrow_mut().recorder, Some(world.now()));
        let completed = match outcome {
            Outcome::Ok(ret) => recorder.ok(operation, now, ret),
            Outcome::Fail => recorder.fail(operation, now),
            Outcome::Unknown => recorder.info(operation, now),
        };
        completed.expect("an operation completes once");
    }

    /// The explanation, with the names of nodes instead of the numbers of processes.
    pub(crate) fn with_names(&self, why: &str) -> String {
        let pages = self.0.borrow();
        let mut named = String::with_capacity(why.len());
        let mut rest = why;
        while let Some(at) = rest.find(" of p") {
            let (before, after) = rest.split_at(at + " of ".len());
            named.push_str(before);
            let end = after[1..].find(|c: char| !c.is_ascii_digit()).map_or(after.len(), |n| n + 1);
            let process = after[1..end].parse().ok().and_then(|id: usize| pages.names.get(id));
            // Only what is followed by moments is a process.
            match process {
                Some(name) if after[end..].starts_with(" [") => named.push_str(name),
                Some(_) | None => named.push_str(&after[..end]),
            }
            rest = &after[end..];
        }
        named.push_str(rest);
        named
    }
}
