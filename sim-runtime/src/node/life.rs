//! How processes start and end.

use super::registry::{address, node_at};
use super::{End, NodeId, NodeSpec};
use crate::choice::{Path, Segment};
use crate::simulation::take_panic_note;
use crate::task::{Name, start};
use crate::time::{Nanos, NodeClock};
use crate::trace::TraceKind;
use crate::world::World;
use futures::FutureExt;
use std::any::Any;
use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, Location, resume_unwind};
use std::rc::Rc;
use std::task::Poll;

static STARTED: TraceKind =
    TraceKind::new("node", "start", |f, _, r| write!(f, "incarnation {}", r.a));
static ENDED: TraceKind = TraceKind::new("node", "end", |f, _, r| {
    f.write_str(["shutdown", "kill", "power_off", "wipe"].get(r.a as usize).unwrap_or(&"?"))
});
static TOLD: TraceKind = TraceKind::new("node", "told to shut down", |_, _, _| Ok(()));
static PAUSED: TraceKind = TraceKind::new("node", "pause", |_, _, _| Ok(()));
static RESUMED: TraceKind = TraceKind::new("node", "resume", |_, _, _| Ok(()));

impl World {
    /// Adds a node. It does not start yet.
    ///
    /// # Panics
    /// If its name is empty or taken.
    pub fn add_node(&self, spec: NodeSpec) -> NodeId {
        let id = self.nodes().add(spec.name, Some(spec.factory));
        self.each_device(|device| device.node_created(self, id));
        id
    }

    /// Starts the process of a node that is down. A node that is up stays as it is, except that one on which a shutdown is under
    /// way starts again as soon as that is over, and so does one that is just being ended, by what its tasks do in their `Drop`.
    #[track_caller]
    pub fn start(&self, id: NodeId) {
        let (factory, name, incarnation, ended) = {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if node.up || node.ending {
                node.again = node.shutdown || node.ending;
                return;
            }
            node.again = false;
            let Some(factory) = node.factory.clone() else { return };
            node.up = true;
            node.shutdown = false;
            node.exit = None;
            node.starts += 1;
            (factory, node.name.clone(), node.starts - 1, node.ended.take())
        };
        if let Some((how, strike)) = ended {
            // The program runs again from its beginning: it cannot but notice.
            self.observed_of(how.name(), strike);
        }
        // What the last life touched in its last moments, as in the `Drop` of another value, is gone too.
        self.drop_locals(id);
        self.trace(&STARTED, id, incarnation, 0, 0);
        self.each_device(|device| device.node_started(self, id, incarnation));
        let task = self.choices().child(Path::ROOT, "task".into());
        let path = self.choices().child(task, Segment::Life(name, incarnation));
        let (_, main) =
            start(self, id, path, Some(Name::Fixed("main")), Location::caller(), async move {
                let program = AssertUnwindSafe(async move { factory().await });
                let result = match program.catch_unwind().await {
                    Ok(result) => result,
                    Err(payload) => World::current(|world| world.program_panicked(payload)),
                };
                World::current(|world| world.returned(id, incarnation, result));
            });
        main.detach();
        self.wake_watchers(id);
    }

    /// Ends the process of a node: its tasks are dropped, then its devices are told. A node that is down stays as it is.
    ///
    /// A process can end itself: then the task that does so is dropped when it yields, and until then has no effect any more.
    ///
    /// # Panics
    /// If it is the test's own node, which never fails.
    #[track_caller]
    pub fn end(&self, id: NodeId, how: End) {
        assert!(id != NodeId::TEST, "the test's own node cannot be ended: it runs the test itself");
        let strike = self.strike();
        {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if !node.up {
                return;
            }
            node.up = false;
            node.ending = true;
            node.ended = match how {
                End::Shutdown if !node.shutdown => None,
                // Also out of patience with a process that was told to end: the effect of the shutdown, not of a kill.
                End::Shutdown => Some((how, node.shutdown_by)),
                End::Kill if node.shutdown => Some((End::Shutdown, node.shutdown_by)),
                End::Kill | End::PowerOff | End::Wipe => Some((how, strike)),
            };
        }
        self.trace(&ENDED, id, how as u32, 0, 0);
        self.unpause(id);
        self.drop_tasks_of(id);
        self.drop_locals(id);
        self.each_device(|device| device.node_ended(self, id, how));
        self.wake_watchers(id);
        let again = {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            node.ending = false;
            std::mem::take(&mut node.again)
        };
        // A machine that lost its power or its disk meanwhile waits for whoever did that.
        if again && matches!(how, End::Shutdown | End::Kill) {
            self.start(id);
        }
    }

    fn drop_locals(&self, id: NodeId) {
        let locals = std::mem::take(&mut self.nodes().get_mut(id).locals);
        self.drop_as_ended(id, locals);
    }

    /// Tells the process of a node to shut down, and kills it after `grace` unless it has ended.
    ///
    /// # Panics
    /// If it is the test's own node, which never fails.
    #[track_caller]
    pub fn shutdown(&self, id: NodeId, grace: std::time::Duration) {
        assert!(
            id != NodeId::TEST,
            "the test's own node cannot be shut down: it runs the test itself"
        );
        let (incarnation, strike) = (self.incarnation(id), self.strike());
        {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if !node.up || node.shutdown {
                return;
            }
            node.shutdown = true;
            node.shutdown_by = strike;
        }
        self.trace(&TOLD, id, 0, 0, 0);
        self.wake_watchers(id);
        self.run_as_test("shutdown", async move {
            crate::time::sleep(grace).await;
            World::current(|world| {
                if world.incarnation(id) == incarnation {
                    world.end(id, End::Kill);
                }
            });
        });
    }

    /// Kills the process of a node if it is up, and starts it again at once.
    #[track_caller]
    pub fn restart(&self, id: NodeId) {
        self.end(id, End::Kill);
        self.start(id);
    }

    /// Freezes the process of a node (`SIGSTOP`): its tasks do not run, its sockets fill up, its clocks go on.
    ///
    /// # Panics
    /// If it is the test's own node, which never fails.
    #[track_caller]
    pub fn pause(&self, id: NodeId) {
        assert!(
            id != NodeId::TEST,
            "the test's own node cannot be paused: it runs the test itself"
        );
        let strike = self.strike();
        {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if !node.up || node.paused {
                return;
            }
            node.paused = true;
            node.paused_by = strike;
        }
        self.trace(&PAUSED, id, 0, 0, 0);
        self.count_paused(1);
        self.freeze_ready(id);
    }

    /// Lets a paused process go on: what was woken meanwhile, by timers that fell due too, runs now.
    pub fn resume(&self, id: NodeId) {
        if self.nodes().get(id).paused {
            self.trace(&RESUMED, id, 0, 0, 0);
            self.unpause(id);
        }
    }

    fn unpause(&self, id: NodeId) {
        let (frozen, strike) = {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if !node.paused {
                return;
            }
            node.paused = false;
            (std::mem::take(&mut node.frozen), node.paused_by.take())
        };
        self.count_paused(-1);
        if !frozen.is_empty() {
            self.observed_of("pause", strike); // Something was due meanwhile, and comes late.
        }
        for task in frozen {
            self.push_ready(task);
        }
    }

    /// Faults stop among the nodes of `core`, for good: those that are down start, those that are paused go on, and
    /// the devices are perfect among them. The rest stays as it is.
    pub fn heal(&self, core: &[NodeId]) {
        self.each_device(|device| device.healed(self, core));
        for node in core {
            self.resume(*node);
            self.start(*node);
        }
    }

    /// The program of a process returned, unless the process had been ended before in the same turn.
    fn returned(&self, id: NodeId, incarnation: u32, result: Result<(), String>) {
        {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id);
            if !node.up || node.starts != incarnation + 1 {
                return;
            }
            node.exit = Some(result);
        }
        self.end(id, End::Shutdown);
    }

    /// A program's panic fails the run; where panics are tolerated, it ends the process with an error.
    fn program_panicked(&self, payload: Box<dyn Any + Send>) -> Result<(), String> {
        if !self.panics_are_tolerated() {
            resume_unwind(payload);
        }
        let (site, message) = take_panic_note(&*payload);
        Err(format!("panicked at {site}: {message}"))
    }

    /// Completes when the process of a node has returned by itself; `Err` when it returned an error.
    pub async fn exited(id: NodeId) -> Result<(), String> {
        poll_fn(|cx| {
            World::current(|world| {
                let mut nodes = world.nodes();
                let node = nodes.get_mut(id);
                if let (Some(exit), false) = (&node.exit, node.up) {
                    return Poll::Ready(exit.clone());
                }
                node.watch(cx.waker());
                let name = node.name.clone();
                drop(nodes);
                world.waiting(|| format!("the end of the process on {name}"));
                Poll::Pending
            })
        })
        .await
    }

    fn wake_watchers(&self, id: NodeId) {
        let watchers = std::mem::take(&mut self.nodes().get_mut(id).watchers);
        for waker in watchers {
            waker.wake();
        }
    }

    /// How many nodes there are, the test's own included.
    #[inline]
    pub fn node_count(&self) -> usize {
        self.nodes().len()
    }

    /// The name of a node.
    pub fn node_name(&self, id: NodeId) -> Rc<str> {
        self.nodes().get(id).name.clone()
    }

    /// The node of a name.
    pub fn node_named(&self, name: &str) -> Option<NodeId> {
        self.nodes().named(name)
    }

    /// The address of a node.
    pub fn node_address(&self, id: NodeId) -> IpAddr {
        address(id)
    }

    /// The node that has an address.
    #[inline]
    pub fn node_at(&self, address: IpAddr) -> Option<NodeId> {
        node_at(address).filter(|id| id.index() < self.node_count())
    }

    /// Whether a process runs on the node, paused or not.
    pub fn node_is_up(&self, id: NodeId) -> bool {
        self.nodes().get(id).up
    }

    /// Whether the process of the node was told to shut down and has not ended yet.
    pub fn node_is_leaving(&self, id: NodeId) -> bool {
        let nodes = self.nodes();
        let node = nodes.get(id);
        node.up && node.shutdown
    }

    /// Whether the node is paused.
    pub fn node_is_paused(&self, id: NodeId) -> bool {
        self.nodes().get(id).paused
    }

    /// Which life the process of a node is, or the last one was: 0 first.
    pub fn incarnation(&self, id: NodeId) -> u32 {
        self.nodes().get(id).starts.saturating_sub(1)
    }

    /// What the wall clock of a node shows, in nanoseconds since the Unix epoch.
    pub fn wall(&self, id: NodeId) -> Nanos {
        self.nodes().get(id).clock.wall(self.now())
    }

    /// Sets the clocks of a node.
    pub fn set_clock(&self, id: NodeId, clock: NodeClock) {
        self.nodes().get_mut(id).clock = clock;
    }
}
