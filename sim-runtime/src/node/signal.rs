//! Being told to shut down.

use crate::world::World;
use std::future::poll_fn;
use std::task::Poll;

/// Completes when the current process was told to shut down (`SIGTERM`). What it does then is its own affair;
/// when it has not ended within the grace that came with the request, it is killed.
///
/// ```
/// use sim_runtime::node::{NodeSpec, shutdown_requested};
/// use sim_runtime::time::{Duration, sleep};
/// use sim_runtime::{Config, Simulation, World};
///
/// let outcome = Simulation::new(Config::default()).run(async {
///     let server = World::current(|world| {
///         let server = world.add_node(NodeSpec::new("server", || async {
///             shutdown_requested().await;
///             sleep(Duration::from_millis(20)).await; // writes its last snapshot
///         }));
///         world.start(server);
///         world.shutdown(server, Duration::from_secs(1));
///         server
///     });
///     World::exited(server).await
/// });
/// assert_eq!(outcome.result, Ok(Ok(())));
/// assert_eq!(outcome.figures.virtual_time, 20_000_000);
/// ```
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
