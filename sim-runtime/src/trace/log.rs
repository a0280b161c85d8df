//! `tracing` events of the code under test, as lines of the trace.

use crate::world::World;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

/// Runs `f` with `tracing` events going to the trace of the current run.
pub(crate) fn capture<R>(f: impl FnOnce() -> R) -> R {
    subscriber::with_default(Lines { spans: AtomicU64::new(1) }, f)
}

/// Writes events as lines. Spans are entered and left in silence: the node and the task say where.
struct Lines {
    spans: AtomicU64,
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.spans.fetch_add(1, Relaxed))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = format!("{} {}:", event.metadata().level(), event.metadata().target());
        event.record(&mut Fields(&mut text));
        World::try_current(|world| world.say(text));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        written.expect("writing to a String cannot fail");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
