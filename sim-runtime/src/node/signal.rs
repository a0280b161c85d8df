//! Being told to shut down.

use crate::world::World;
use std::future::poll_fn;
use std::task::Poll;

/// Completes when the current process was told to shut down (`SIGTERM`). What it does then is its own affair;
/// when it has not ended within the grace that came with the request, it is killed.
///
/// # Panics
/// Outside of a simulation.
pub async fn shutdown_requested() {
    poll_fn(|cx| {
        World::current(|world| {
            let mut nodes = world.nodes();
            let node = nodes.get_mut(world.current_node());
            if node.shutdown {
                return Poll::Ready(());
            }
            node.watch(cx.waker());
            drop(nodes);
            world.waiting(|| "a request to shut down".to_owned());
            Poll::Pending
        })
    })
    .await;
}
