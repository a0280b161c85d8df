//! Points: named moments in a run at which a fault can strike.
//!
//! Devices mark theirs (just before and just after a sync, a datagram's arrival), code under test marks its own with `hint!`. Marking
//! costs one load unless somebody waits for a point.

use crate::node::NodeId;
use crate::world::World;
use std::cell::{Cell, RefCell};

type Action = Box<dyn FnOnce(&World)>;

struct Waiting {
    name: String,
    node: Option<NodeId>,
    left: u64,
    action: Action,
}

/// The points that somebody waits for.
#[derive(Default)]
pub(crate) struct Points {
    armed: Cell<bool>,
    waiting: RefCell<Vec<Waiting>>,
}

impl World {
    /// Marks a point on a node. Whoever waits for it acts now, before this returns: afterwards the process to which the
    /// caller belongs may be dead, see [`World::current_process_lives`]. No cell of the caller may be borrowed. Whether anybody acted.
    #[inline]
    pub fn point(&self, name: &str, node: NodeId) -> bool {
        self.points().armed.get() && self.reached(name, node)
    }

    /// Whether somebody waits for a point: then it is worth finding out on which node one lies.
    #[inline]
    pub fn expects_points(&self) -> bool {
        self.points().armed.get()
    }

    #[cold]
    fn reached(&self, name: &str, node: NodeId) -> bool {
        let mut due = Vec::new();
        {
            let mut waiting = self.points().waiting.borrow_mut();
            let mut at = 0;
            while at < waiting.len() {
                let entry = &mut waiting[at];
                let meant = entry.name == name && entry.node.is_none_or(|wanted| wanted == node);
                if meant {
                    entry.left -= 1;
                }
                if meant && entry.left == 0 {
                    due.push(waiting.remove(at));
                } else {
                    at += 1;
                }
            }
            self.points().armed.set(!waiting.is_empty());
        }
        let struck = !due.is_empty();
        for entry in due {
            (entry.action)(self);
        }
        struck
    }

    /// Has `action` called at the `nth` time that the point is marked from now on, on a node or on any.
    ///
    /// # Panics
    /// If `nth` is 0.
    pub fn at_point(
        &self,
        name: &str,
        node: Option<NodeId>,
        nth: u64,
        action: impl FnOnce(&World) + 'static,
    ) {
        assert!(nth > 0, "points are counted from 1");
        let entry = Waiting { name: name.to_owned(), node, left: nth, action: Box::new(action) };
        self.points().waiting.borrow_mut().push(entry);
        self.points().armed.set(true);
    }

    /// Forgets who waits for points.
    pub fn forget_points(&self) {
        let waiting = std::mem::take(&mut *self.points().waiting.borrow_mut());
        self.points().armed.set(false);
        drop(waiting);
    }
}

/// What `hint!` expands to.
pub fn hint(name: &str) {
    World::try_current(|world| world.point(name, world.current_node()));
}

/// Marks a moment in code under test at which a fault would be interesting: between a write and its answer, after a
/// prepare. A plan can have a fault strike at its n-th occurrence; a process that ends there has no effect on the world from that moment
/// on, and its code stops at the next await. Nothing outside of a simulation.
///
/// ```
/// # async fn send_prepare() {}
/// async fn prepare() {
///     send_prepare().await;
///     sim_runtime::hint!("after-prepare");
/// }
/// ```
#[macro_export]
macro_rules! hint {
    ($name:expr $(,)?) => {
        $crate::point::hint($name)
    };
}

#[cfg(test)]
mod tests {
    use crate::time::{Duration, sleep};
    use crate::{Config, End, Simulation, World, node::NodeSpec};
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn the_nth_time_on_the_node_counts() {
        let outcome = Simulation::new(Config::default()).run(async {
            let count = Rc::new(Cell::new(0));
            let seen = count.clone();
            let victim = World::current(|world| {
                let program = move || {
                    let seen = seen.clone();
                    async move {
                        loop {
                            sleep(Duration::from_millis(1)).await;
                            seen.set(seen.get() + 1);
                            crate::hint!("tick");
                            // Dropped at the await if the hint was deadly.
                            sleep(Duration::from_millis(1)).await;
                        }
                    }
                };
                let other = world.add_node(NodeSpec::new("other", || async {
                    loop {
                        sleep(Duration::from_micros(100)).await;
                        crate::hint!("tick");
                    }
                }));
                let victim = world.add_node(NodeSpec::new("victim", program));
                world.at_point("tick", Some(victim), 3, move |world| world.end(victim, End::Kill));
                world.start(other);
                world.start(victim);
                victim
            });
            sleep(Duration::from_secs(1)).await;
            (count.get(), World::current(|world| world.node_is_up(victim)))
        });
        assert_eq!(outcome.result, Ok((3, false)));
    }
}
