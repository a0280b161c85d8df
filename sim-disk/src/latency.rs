//! How long calls take.

use sim_runtime::choice::Distribution;

const US: u64 = 1_000;
const MS: u64 = 1_000 * US;

/// How long the calls of a disk take, in virtual nanoseconds. The calls of one disk do not wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latency {
    /// Reads of bytes.
    pub read: Distribution,
    /// Writes of bytes: into the page cache.
    pub write: Distribution,
    /// Syncs.
    pub sync: Distribution,
    /// Opening, renaming, listing and so on.
    pub name: Distribution,
}

impl Latency {
    /// No time at all. Calls complete at once, and the clock is not asked.
    pub const NONE: Latency = Latency {
        read: Distribution::constant(0),
        write: Distribution::constant(0),
        sync: Distribution::constant(0),
        name: Distribution::constant(0),
    };

    /// An NVMe drive of a laptop, without capacitors: reads of about 90 us, syncs of about 1.5 ms with a
    /// tail to 100 ms. Writes go to the page cache and take about 15 us.
    pub const NVME: Latency = Latency {
        read: Distribution::log_normal(20 * US, 90 * US, 350, 10 * MS),
        write: Distribution::log_normal(2 * US, 15 * US, 350, MS),
        sync: Distribution::log_normal(200 * US, 1_500 * US, 800, 100 * MS),
        name: Distribution::log_normal(2 * US, 15 * US, 350, MS),
    };
}

impl Default for Latency {
    /// [`Latency::NVME`].
    fn default() -> Latency {
        Latency::NVME
    }
}
