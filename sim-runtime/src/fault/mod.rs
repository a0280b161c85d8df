//! Fault kinds: what can be done to a system, registered at link time by the crate whose hardware it breaks.
//!
//! A kind is one small file: a `static` in [`FAULT_KINDS`] with a name, what it aims at, its default ranges, and two
//! functions that start and stop it. Plans, budgets, phases and the report know kinds only by this description.

mod process;

use crate::choice::Ratio;
use crate::node::NodeId;
use crate::time::Nanos;
use crate::world::World;

/// What a fault aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// One node.
    Node,
    /// The direction from one node to another.
    Link,
    /// Two groups of nodes.
    Groups,
    /// All nodes.
    Everything,
}

/// A number that a fault carries: how likely, how slow, how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magnitude {
    /// Its name in a plan.
    pub name: &'static str,
    /// What it counts.
    pub unit: &'static str,
    /// The least value that is drawn. Not 0.
    pub min: u64,
    /// The greatest value that is drawn.
    pub max: u64,
}

/// What a fault costs the budget of the system under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Nothing: any number at once is tolerated.
    Free,
    /// The node is down for the time of the fault.
    Down,
    /// The node has lost what it promised to keep, for ever.
    Damaged,
}

/// A kind of fault.
pub struct FaultKind {
    /// Its name in plans, cases and ledgers.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// What it aims at.
    pub aim: Aim,
    /// What it costs the budget.
    pub cost: Cost,
    /// The least and the greatest mean time between two faults of the kind, in nanoseconds.
    pub gap: (Nanos, Nanos),
    /// The least and the greatest time a fault lasts, in nanoseconds.
    pub duration: (Nanos, Nanos),
    /// The number it carries, if any.
    pub magnitude: Option<Magnitude>,
    /// How likely it is on where coins are thrown.
    pub coin: Ratio,
    /// Its line in the ledger: what code under test could notice of it. A fault counts as noticed once, however often that happens.
    pub noticed: &'static str,
    /// The name of its canary: a small program that breaks under this kind alone, next to a corrected form that never does.
    /// The tests of squall ask for one of each kind.
    pub canary: &'static str,
    /// Starts it, and counts it as injected ([`World::injected`]) if there was anything to do it to. What code under test can notice
    /// of it later is counted by [`World::observed`], or by [`World::observed_of`] where several of a kind may be in force at once.
    pub start: fn(&World, &Target),
    /// Stops it.
    pub stop: fn(&World, &Target),
}

/// What a fault is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The node, the source of the link, or the first group.
    pub nodes: Vec<NodeId>,
    /// The destination of the link, or the second group.
    pub peers: Vec<NodeId>,
    /// The number it carries, 0 where the kind has none.
    pub magnitude: u64,
}

/// All fault kinds of the program.
#[linkme::distributed_slice]
pub static FAULT_KINDS: [FaultKind];

/// Registers a kind of fault, from any crate: its fields are those of a [`FaultKind`].
///
/// ```
/// use sim_runtime::fault::{Aim, Cost, HALF, kind};
///
/// sim_runtime::fault_kind! {
///     name: "bounce",
///     summary: "the process is killed, and starts again at once",
///     aim: Aim::Node,
///     cost: Cost::Free,
///     gap: (300_000_000, 30_000_000_000),
///     duration: (1, 1),
///     magnitude: None,
///     coin: HALF,
///     noticed: "the program runs again from its beginning",
///     canary: "a counter in memory",
///     start: |world, target| {
///         for node in &target.nodes {
///             world.injected("bounce");
///             world.restart(*node);
///             world.observed("bounce");
///         }
///     },
///     stop: |_, _| {},
/// }
///
/// assert_eq!(kind("bounce").unwrap().aim, Aim::Node);
/// ```
#[macro_export]
macro_rules! fault_kind {
    ($($field:ident: $value:expr),* $(,)?) => {
        const _: () = {
            #[$crate::__private::linkme::distributed_slice($crate::fault::FAULT_KINDS)]
            #[linkme(crate = $crate::__private::linkme)]
            static KIND: $crate::fault::FaultKind =
                $crate::fault::FaultKind { $($field: $value),* };
        };
    };
}

/// The kinds in the order of their names: the order of the registry is the linker's and means nothing.
pub fn kinds() -> Vec<&'static FaultKind> {
    let mut kinds: Vec<&FaultKind> = FAULT_KINDS.iter().collect();
    kinds.sort_unstable_by_key(|kind| kind.name);
    kinds
}

/// The kind of a name.
pub fn kind(name: &str) -> Option<&'static FaultKind> {
    FAULT_KINDS.iter().find(|kind| kind.name == name)
}

/// Half, the usual coin.
pub const HALF: Ratio = Ratio::new(1, 2);
