//! The ends of a process as faults.

use super::{Aim, Cost, FAULT_KINDS, FaultKind, HALF, Target};
use crate::node::End;
use crate::time::Nanos;
use crate::world::World;
use linkme::distributed_slice;

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MS;

/// How long a process that is told to shut down may take.
const GRACE: std::time::Duration = std::time::Duration::from_secs(1);

macro_rules! end {
    ($name:ident, $text:literal, $summary:literal, $cost:expr, $gap:expr, $noticed:literal, $canary:literal, $start:expr) => {
        #[distributed_slice(FAULT_KINDS)]
        static $name: FaultKind = FaultKind {
            name: $text,
            summary: $summary,
            aim: Aim::Node,
            cost: $cost,
            gap: $gap,
            duration: (MS, 5 * SECOND),
            magnitude: None,
            coin: HALF,
            noticed: $noticed,
            canary: $canary,
            start: $start,
            stop: start_again,
        };
    };
}

end!(
    SHUTDOWN,
    "shutdown",
    "the process is told to shut down, and starts again later",
    Cost::Down,
    (SECOND, 30 * SECOND),
    "the program is told, ends, and runs again from its beginning",
    "a job given up",
    |world, target| each(world, target, "shutdown", |world, node| world.shutdown(node, GRACE))
);
end!(
    KILL,
    "kill",
    "the process is killed, and starts again later",
    Cost::Down,
    (300 * MS, 30 * SECOND),
    "the program runs again from its beginning, without its memory",
    "a buffer in memory",
    |world, target| each(world, target, "kill", |world, node| world.end(node, End::Kill))
);
end!(
    POWER_OFF,
    "power_off",
    "the machine loses power and what was not synced, and starts again later",
    Cost::Down,
    (300 * MS, 30 * SECOND),
    "the program runs again from its beginning, without its memory",
    "a late sync",
    |world, target| each(world, target, "power_off", |world, node| world.end(node, End::PowerOff))
);
end!(
    WIPE,
    "wipe",
    "the machine is replaced by an empty one, which starts later",
    Cost::Damaged,
    (2 * SECOND, 60 * SECOND),
    "the program runs again from its beginning, with an empty disk",
    "a forgotten vote",
    |world, target| each(world, target, "wipe", |world, node| world.end(node, End::Wipe))
);

#[distributed_slice(FAULT_KINDS)]
static PAUSE: FaultKind = FaultKind {
    name: "pause",
    summary: "the process is frozen for a while, as by a long garbage collection",
    aim: Aim::Node,
    cost: Cost::Down,
    gap: (300 * MS, 30 * SECOND),
    duration: (MS, 5 * SECOND),
    magnitude: None,
    coin: HALF,
    noticed: "a task of the process was due meanwhile, and runs late",
    canary: "an expired lease",
    start: |world, target| each(world, target, "pause", World::pause),
    stop: |world, target| target.nodes.iter().for_each(|node| world.resume(*node)),
};

/// Does it to each target that is up: what is down cannot go down.
fn each(world: &World, target: &Target, kind: &'static str, f: impl Fn(&World, crate::NodeId)) {
    for node in &target.nodes {
        if world.node_is_up(*node) {
            world.injected(kind);
            f(world, *node);
        }
    }
}

fn start_again(world: &World, target: &Target) {
    target.nodes.iter().for_each(|node| world.start(*node));
}
