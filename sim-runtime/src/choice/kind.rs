//! What a choice is about.

/// What a choice is about. Recordings, edits and shrinking group choices by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Which runnable task is polled next.
    Schedule,
    /// How long a message, a timer or an operation takes above its minimum.
    Delay,
    /// Whether a message is lost.
    Loss,
    /// Whether a message arrives more than once.
    Duplicate,
    /// Which fault comes next, when, where and for how long.
    Fault,
    /// What becomes of unsynced data at a power failure.
    Crash,
    /// What a storage operation does.
    Disk,
    /// How a clock deviates.
    Clock,
    /// Whether a `buggify!` site is on, and whether it fires.
    Buggify,
    /// The value of a `knob!`.
    Knob,
    /// Topology, policy and other parameters of a case.
    Config,
    /// What the workload does.
    Workload,
    /// A choice of a device that is not part of squall.
    Device,
}

impl Kind {
    /// The name used in recordings.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Schedule => "schedule",
            Kind::Delay => "delay",
            Kind::Loss => "loss",
            Kind::Duplicate => "duplicate",
            Kind::Fault => "fault",
            Kind::Crash => "crash",
            Kind::Disk => "disk",
            Kind::Clock => "clock",
            Kind::Buggify => "buggify",
            Kind::Knob => "knob",
            Kind::Config => "config",
            Kind::Workload => "workload",
            Kind::Device => "device",
        }
    }
}
