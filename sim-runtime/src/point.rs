//! Points: named moments in a run at which a fault can strike.
//!
//! Devices mark theirs (just before and just after a sync, a datagram's arrival), code under test marks its own with `hint!`. Marking
//! costs one load unless somebody waits for a point.

use crate::node::NodeId;
use crate::world::World;
use std::cell::{Cell, RefCell};

type Action = Box<dyn FnOnce(&World)>;

/// A moment in a run, as it is marked.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The name of the point.
    pub name: &'a str,
    /// The node on which it lies.
    pub node: NodeId,
    /// The node at the other end of a message.
    pub peer: Option<NodeId>,
    /// Finds out the kind of the message. Asked only if somebody waits for a kind.
    pub message: &'a dyn Fn() -> Option<&'static str>,
}

/// What somebody waits for: a name, and what else must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// The name of the point.
    pub name: String,
    /// Only on this node.
    pub node: Option<NodeId>,
    /// Only with this node at the other end of the message.
    pub peer: Option<NodeId>,
    /// Only for messages of this kind.
    pub message: Option<String>,
}

impl Point {
    /// Whether this is the moment, the kind of the message aside.
    fn is(&self, moment: &Moment<'_>) -> bool {
        self.name == moment.name
            && self.node.is_none_or(|node| node == moment.node)
            && self.peer.is_none_or(|peer| Some(peer) == moment.peer)
    }
}

struct Waiting {
    point: Point,
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
        self.points().armed.get()
            && self.reached(&Moment { name, node, peer: None, message: &|| None })
    }

    /// The same of which more is known; see [`expects_points`](World::expects_points).
    pub fn moment(&self, moment: &Moment<'_>) -> bool {
        self.points().armed.get() && self.reached(moment)
    }

    /// Whether somebody waits for a point: then it is worth finding out more about one.
    #[inline]
    pub fn expects_points(&self) -> bool {
        self.points().armed.get()
    }

    #[cold]
    fn reached(&self, moment: &Moment<'_>) -> bool {
        let asks = |entry: &Waiting| entry.point.message.is_some() && entry.point.is(moment);
        let asked = self.points().waiting.borrow().iter().any(asks);
        let message = if asked { (moment.message)() } else { None };
        let mut due = Vec::new();
        {
            let mut waiting = self.points().waiting.borrow_mut();
            let mut at = 0;
            while at < waiting.len() {
                let entry = &mut waiting[at];
                let wanted = entry.point.message.as_deref();
                let meant =
                    entry.point.is(moment) && wanted.is_none_or(|kind| Some(kind) == message);
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

    /// Has `action` called at the `nth` time that the point is marked from now on.
    ///
    /// # Panics
    /// If `nth` is 0.
    pub fn at_point(&self, point: Point, nth: u64, action: impl FnOnce(&World) + 'static) {
        assert!(nth > 0, "points are counted from 1");
        let entry = Waiting { point, left: nth, action: Box::new(action) };
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
    use super::Point;
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
                let tick = Point { name: "tick".into(), node: Some(victim), ..Point::default() };
                world.at_point(tick, 3, move |world| world.end(victim, End::Kill));
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
