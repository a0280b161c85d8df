//! The disks of all nodes as a device of the runtime.

use crate::errno::Errno;
use crate::file_system::{FileSystem, Met};
use crate::latency::Latency;
use crate::report::{CrashReport, Lost};
use crate::rules::Rules;
use sim_runtime::choice::{Distribution, Kind, Stream};
use sim_runtime::time::Nanos;
use sim_runtime::trace::TraceKind;
use sim_runtime::{Device, End, NodeId, World};
use std::cell::{RefCell, RefMut};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

static FAILED: TraceKind = TraceKind::new("disk", "power failure", |f, world, r| {
    world.with_device(|disks: &Disks| match disks.failures(r.node).get(r.a as usize) {
        Some(report) => write!(f, "{report}"),
        None => Ok(()),
    })
});
static WIPED: TraceKind = TraceKind::new("disk", "wipe", |_, _, _| Ok(()));

/// What disks are made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskConfig {
    /// What a power failure may do.
    pub rules: Rules,
    /// How long calls take.
    pub latency: Latency,
}

/// The disks of a run: one for each node.
///
/// ```
/// use sim_disk::{Disks, fs::File};
/// use sim_runtime::{Config, Simulation};
///
/// let outcome = Simulation::new(Config::default()).device(Disks::default()).run(async {
///     let file = File::create("greeting").await?;
///     file.write_all_at(b"hello", 0).await?;
///     file.sync_all().await?;
///     sim_disk::fs::sync_dir("/").await?;
///     sim_disk::fs::read("greeting").await
/// });
/// assert_eq!(outcome.result.unwrap().unwrap(), b"hello");
/// ```
pub struct Disks {
    /// Tells the disks of a process's runs apart. It never enters a run.
    pub(crate) number: u32,
    config: DiskConfig,
    hosts: RefCell<Vec<Host>>,
}

/// A node as its disk sees it.
pub(crate) struct Host {
    /// Made when it is first used, so that a run pays only for disks that it uses.
    disk: Option<Box<FileSystem>>,
    /// Which life its process is in, or was in last.
    pub(crate) life: u32,
    latency: Latency,
    rules: Rules,
    delays: Option<Stream>,
    failures: Vec<CrashReport>,
    /// Faults have ended here: nothing unsynced is lost any more.
    healed: bool,
}

/// The identity of a disk. A wipe puts another one into the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskId {
    /// The node in which it is.
    pub node: NodeId,
    /// How many disks the node had before.
    pub number: u32,
}

/// What a call costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    Read,
    Write,
    Sync,
    Name,
}

impl Default for Disks {
    fn default() -> Disks {
        Disks::new(DiskConfig::default())
    }
}

impl Disks {
    /// Empty disks.
    pub fn new(config: DiskConfig) -> Disks {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Disks { number: NEXT.fetch_add(1, Relaxed), config, hosts: RefCell::default() }
    }

    /// What the power failures of a node did, oldest first.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn failures(&self, node: NodeId) -> Vec<CrashReport> {
        self.host(node).failures.clone()
    }

    /// The identity of the disk that is in a node now.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn identity(&self, node: NodeId) -> DiskId {
        let number = self.host(node).disk.as_ref().map_or(0, |disk| disk.identity());
        DiskId { node, number }
    }

    /// Sets how long the calls of a node's disk take, from now on.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn set_latency(&self, node: NodeId, latency: Latency) {
        self.host(node).latency = latency;
    }

    /// Sets what power failures of a node may do, from now on.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn set_rules(&self, node: NodeId, rules: Rules) {
        let mut host = self.host(node);
        host.rules = rules;
        host.disk().set_rules(rules);
    }

    /// Has power failures of a node undo again what was not synced, after the node was healed.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn hurt(&self, node: NodeId) {
        self.host(node).healed = false;
    }

    /// Calls `f` with the file system of a node, outside of any process: to look at what is there, or to prepare it.
    /// Takes no time and is not traced.
    ///
    /// # Panics
    /// If the run has no such node.
    pub fn inspect<R>(&self, node: NodeId, f: impl FnOnce(&mut FileSystem) -> R) -> R {
        f(self.host(node).disk())
    }

    #[inline]
    pub(crate) fn host(&self, node: NodeId) -> RefMut<'_, Host> {
        RefMut::map(self.hosts.borrow_mut(), |hosts| &mut hosts[node.index()])
    }

    /// Has the file system of a node do something for its process, and counts the losses that it meets.
    #[inline]
    pub(crate) fn call<R>(
        &self,
        world: &World,
        node: NodeId,
        f: impl FnOnce(&mut FileSystem) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let mut host = self.host(node);
        let disk = host.disk();
        let result = f(disk);
        let met = disk.take_met();
        if met != Met::default() {
            count_met(world, met);
        }
        result
    }

    /// How long a call takes that begins now.
    #[inline]
    pub(crate) fn delay(&self, world: &World, node: NodeId, cost: Cost) -> Nanos {
        let mut host = self.host(node);
        let Host { latency, delays, .. } = &mut *host;
        let distribution: &Distribution = match cost {
            Cost::Read => &latency.read,
            Cost::Write => &latency.write,
            Cost::Sync => &latency.sync,
            Cost::Name => &latency.name,
        };
        if distribution.max() == distribution.min() {
            return distribution.min();
        }
        let choices = world.choices();
        let stream = delays.get_or_insert_with(|| {
            choices.stream(&["disk".into(), world.node_name(node).into(), "delay".into()])
        });
        choices.sample(stream, Kind::Delay, distribution)
    }

    fn power_off(&self, world: &World, node: NodeId) {
        let mut host = self.host(node);
        let number = host.failures.len() as u32;
        let healed = host.healed;
        let Some(disk) = &mut host.disk else { return };
        if healed {
            disk.sync();
        }
        let name = world.node_name(node);
        // A stream for each failure: what one of them draws shifts no other.
        let path = ["disk".into(), name.into(), "failure".into(), number.into()];
        let report = disk.power_off(world.choices(), &mut world.choices().stream(&path));
        for loss in &report.losses {
            world.injected(match loss.what {
                Lost::Write { .. } | Lost::Torn { .. } | Lost::Size { .. } => LOST_BYTES,
                Lost::Create | Lost::Remove | Lost::Rename { .. } => LOST_NAMES,
            });
        }
        let (unsynced, losses) = (report.unsynced, report.losses.len());
        host.failures.push(report);
        drop(host);
        world.trace(&FAILED, node, number, u64::from(unsynced), losses as u64);
    }
}

/// Writes that a power failure undid, in whole or in part, and sizes.
const LOST_BYTES: &str = "lost_bytes";
/// Creations, removals and renames that a power failure undid.
const LOST_NAMES: &str = "lost_names";

#[cold]
fn count_met(world: &World, met: Met) {
    if met.bytes > 0 {
        world.observed(LOST_BYTES);
    }
    if met.names > 0 {
        world.observed(LOST_NAMES);
    }
}

impl Host {
    #[inline]
    fn disk(&mut self) -> &mut FileSystem {
        let rules = self.rules;
        self.disk.get_or_insert_with(|| Box::new(FileSystem::new(rules)))
    }
}

impl Device for Disks {
    fn node_created(&self, _: &World, node: NodeId) {
        let mut hosts = self.hosts.borrow_mut();
        assert_eq!(hosts.len(), node.index(), "nodes come in order");
        hosts.push(Host {
            disk: None,
            life: 0,
            latency: self.config.latency.clone(),
            rules: self.config.rules,
            delays: None,
            failures: Vec::new(),
            healed: false,
        });
    }

    fn node_started(&self, _: &World, node: NodeId, incarnation: u32) {
        self.host(node).life = incarnation;
    }

    fn node_ended(&self, world: &World, node: NodeId, end: End) {
        match end {
            End::Shutdown | End::Kill => {
                if let Some(disk) = &mut self.host(node).disk {
                    disk.kill();
                }
            }
            End::PowerOff => self.power_off(world, node),
            End::Wipe => {
                self.host(node).disk().wipe();
                world.trace(&WIPED, node, 0, 0, 0);
            }
        }
    }

    fn healed(&self, _: &World, core: &[NodeId]) {
        for node in core {
            self.host(*node).healed = true;
        }
    }

    fn memory(&self) -> usize {
        self.hosts.borrow().iter().flat_map(|host| &host.disk).map(|disk| disk.memory()).sum()
    }
}
