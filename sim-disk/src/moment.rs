//! The boundaries of durable writes, as points at which a fault can strike.

use sim_runtime::World;
use sim_runtime::task::yield_now;
use std::future::pending;

/// Just before bytes enter the page cache.
pub(crate) const BEFORE_WRITE: &str = "before-write";
/// They are in the page cache, and the caller is about to hear of it.
pub(crate) const AFTER_WRITE: &str = "after-write";
/// Just before a sync begins.
pub(crate) const BEFORE_SYNC: &str = "before-sync";
/// Everything is durable, and the caller is about to hear of it.
pub(crate) const AFTER_SYNC: &str = "after-sync";

/// Marks a point. A process that is ended there goes no further, one that is paused goes on when it is resumed.
#[inline]
pub(crate) async fn moment(name: &str) {
    if World::current(|world| world.point(name, world.current_node())) {
        struck().await;
    }
}

async fn struck() {
    let (lives, paused) = World::current(|world| {
        (world.current_process_lives(), world.node_is_paused(world.current_node()))
    });
    if !lives {
        pending::<()>().await;
    }
    if paused {
        yield_now().await;
    }
}
