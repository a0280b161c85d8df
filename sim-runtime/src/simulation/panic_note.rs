//! Panics inside a run: kept quiet, and remembered with their place.

use crate::world::World;
use std::any::Any;
use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static NOTE: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Once per process: panics inside a run are noted instead of printed. A swarm would drown in them, and the verdict tells them anyway.
pub(super) fn install() {
    // What an earlier run on this thread panicked with and caught itself is of no concern to this one.
    NOTE.take();
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if World::try_current(|_| ()).is_none() {
                return before(info);
            }
            let site = info
                .location()
                .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
            NOTE.set(Some((site, text(info.payload()))));
        }));
    });
}

/// Where the panic with this payload happened, and its message.
pub(crate) fn take_panic_note(payload: &(dyn Any + Send)) -> (String, String) {
    // Without a note the panic did not pass the hook: `resume_unwind`.
    NOTE.take().unwrap_or_else(|| (String::new(), text(payload)))
}

fn text(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        (None, None) => "a panic without a message".to_owned(),
    }
}
