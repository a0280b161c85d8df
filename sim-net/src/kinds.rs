//! The faults of links as kinds that plans draw from.

use crate::{LinkFault, Links, Net, Partition};
use linkme::distributed_slice;
use sim_runtime::choice::Ratio;
use sim_runtime::fault::{Aim, Cost, FAULT_KINDS, FaultKind, HALF, Magnitude, Target};
use sim_runtime::time::Nanos;

const MS: Nanos = 1_000_000;
const SECOND: Nanos = 1_000 * MS;

const MISSED: &str = "a socket misses a datagram that it would have taken";
const LATE: &str = "a datagram comes to its socket later than it would have";
const TWICE: &str = "a datagram comes to its socket a second time";

/// Declares a kind whose start injects the fault that a target stands for, and whose stop lifts it.
macro_rules! kind {
    (
        $name:ident, $text:literal, $summary:literal, $aim:ident,
        gap $gap:expr, duration $duration:expr, magnitude $magnitude:expr, noticed $noticed:expr,
        canary $canary:literal, $fault:expr
    ) => {
        #[distributed_slice(FAULT_KINDS)]
        static $name: FaultKind = FaultKind {
            name: $text,
            summary: $summary,
            aim: Aim::$aim,
            cost: Cost::Free,
            gap: $gap,
            duration: $duration,
            magnitude: $magnitude,
            coin: HALF,
            noticed: $noticed,
            canary: $canary,
            start: |world, target| {
                let fault: fn(&Target) -> LinkFault = $fault;
                let fault = fault(target).named($text);
                world.with_device(|net: &Net| net.inject(world, fault));
            },
            stop: |world, target| {
                let fault: fn(&Target) -> LinkFault = $fault;
                let fault = fault(target).named($text);
                world.with_device(|net: &Net| net.lift_like(world, &fault));
            },
        };
    };
}

kind!(
    PARTITION, "partition", "two groups of nodes cannot reach one another", Groups,
    gap (300 * MS, 30 * SECOND), duration (10 * MS, 20 * SECOND), magnitude None,
    noticed MISSED, canary "silence taken for death",
    |target| LinkFault::partition(Partition::halves(target.nodes.clone(), target.peers.clone()))
);

kind!(
    ONE_WAY, "one_way", "messages of one group do not reach the other, which is heard well", Groups,
    gap (SECOND, 60 * SECOND), duration (10 * MS, 20 * SECOND), magnitude None,
    noticed MISSED, canary "hearing taken for being heard",
    |target| LinkFault::partition(Partition::one_way(target.nodes.clone(), target.peers.clone()))
);

kind!(
    RING, "ring", "the nodes stand in a circle, and each reaches its two neighbours only", Everything,
    gap (2 * SECOND, 60 * SECOND), duration (10 * MS, 10 * SECOND), magnitude None,
    noticed MISSED, canary "the neighbours of neighbours",
    |target| LinkFault::partition(Partition::ring(target.nodes.clone()))
);

kind!(
    ISOLATE, "isolate", "a node runs, and reaches nobody", Node,
    gap (300 * MS, 30 * SECOND), duration (10 * MS, 20 * SECOND), magnitude None,
    noticed MISSED, canary "an old answer",
    |target| LinkFault::partition(Partition::Alone(target.nodes.clone()))
);

kind!(
    BLOCK_LINK, "block_link", "one direction between two nodes is blocked", Link,
    gap (300 * MS, 30 * SECOND), duration (10 * MS, 20 * SECOND), magnitude None,
    noticed MISSED, canary "a deaf backup",
    |target| LinkFault::partition(Partition::one_way(target.nodes.clone(), target.peers.clone()))
);

kind!(
    SLOW_LINK, "slow_link", "one direction between two nodes is many times slower", Link,
    gap (300 * MS, 30 * SECOND), duration (100 * MS, 60 * SECOND),
    magnitude Some(Magnitude { name: "factor", unit: "times", min: 2, max: 1_000 }),
    noticed LATE, canary "an answer to an earlier question",
    |target| LinkFault::slow(link(target), factor(target))
);

kind!(
    SLOW_NODE, "slow_node", "all that a node sends and gets takes many times as long", Node,
    gap (300 * MS, 30 * SECOND), duration (100 * MS, 60 * SECOND),
    magnitude Some(Magnitude { name: "factor", unit: "times", min: 2, max: 1_000 }),
    noticed LATE, canary "a deadline met by luck",
    |target| LinkFault::slow(target.nodes.first().map_or(Links::All, |node| Links::Of(*node)), factor(target))
);

kind!(
    HOLD, "hold", "the next message on a link arrives very much later", Link,
    gap (300 * MS, 30 * SECOND), duration (5 * MS, 20 * SECOND),
    magnitude Some(Magnitude { name: "delay", unit: "ms", min: 20, max: 10_000 }),
    noticed LATE, canary "an old write",
    |target| LinkFault::hold_next(link(target), target.magnitude.saturating_mul(MS))
);

kind!(
    LOSS, "loss", "messages are lost", Everything,
    gap (300 * MS, 30 * SECOND), duration (100 * MS, 60 * SECOND),
    magnitude Some(Magnitude { name: "ratio", unit: "per million", min: 10_000, max: 300_000 }),
    noticed MISSED, canary "a message sent once",
    |target| LinkFault::lose(Links::All, per_million(target))
);

kind!(
    DUPLICATE, "duplicate", "messages arrive twice", Everything,
    gap (300 * MS, 30 * SECOND), duration (100 * MS, 60 * SECOND),
    magnitude Some(Magnitude { name: "ratio", unit: "per million", min: 10_000, max: 1_000_000 }),
    noticed TWICE, canary "a sum with a message twice",
    |target| LinkFault::duplicate(Links::All, per_million(target))
);

fn link(target: &Target) -> Links {
    match (target.nodes.first(), target.peers.first()) {
        (Some(from), Some(to)) => Links::One(*from, *to),
        (Some(from), None) => Links::From(*from),
        (None, Some(to)) => Links::To(*to),
        (None, None) => Links::All,
    }
}

fn factor(target: &Target) -> u32 {
    u32::try_from(target.magnitude).unwrap_or(u32::MAX)
}

fn per_million(target: &Target) -> Ratio {
    Ratio::per_million(u32::try_from(target.magnitude).unwrap_or(u32::MAX).min(1_000_000))
}
