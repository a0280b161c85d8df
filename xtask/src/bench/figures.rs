//! What a measurement found, as a line of JSON and as a line to read.

use super::cpu;
use super::params::Params;
use super::workload::Workload;
use serde::Serialize;
use std::time::Instant;

/// The figures of one run of a workload. The fields and their order are those of the peers' programs.
#[derive(Debug, Serialize)]
pub struct Figures {
    peer: &'static str,
    workload: &'static str,
    params: String,
    events: u64,
    wall_s: f64,
    events_per_s: f64,
    sim_seconds: f64,
    sim_per_wall: f64,
    peak_rss_kb: u64,
    /// Whether the workload did all that it was asked to do.
    pub ok: bool,
    cpu_s: f64,
    delivered: u64,
    order_hash: String,
    time_hash: String,
    trace_hash: String,
}

impl Figures {
    /// Runs the workload.
    ///
    /// # Errors
    /// When a parameter is wrong.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub fn of(workload: Workload, params: &Params) -> Result<Figures, String> {
        let run = workload.prepare(params)?;
        let (cpu_before, wall_before) = (cpu::seconds(), Instant::now());
        let done = run();
        let wall = wall_before.elapsed().as_secs_f64();
        let cpu = cpu::seconds() - cpu_before;
        let virtual_s = done.virtual_time as f64 / 1e9;
        Ok(Figures {
            peer: "squall",
            workload: workload.name(),
            params: params.text(),
            events: done.events,
            wall_s: micros(wall),
            events_per_s: done.events as f64 / wall,
            sim_seconds: virtual_s,
            sim_per_wall: virtual_s / wall,
            peak_rss_kb: peak_rss_kb(),
            ok: done.ok,
            cpu_s: micros(cpu),
            delivered: done.deliveries.count,
            order_hash: format!("{:016x}", done.deliveries.order),
            time_hash: format!("{:016x}", done.deliveries.timed),
            trace_hash: format!("{:016x}", done.trace_hash),
        })
    }

    /// One line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and strings serialise")
    }

    /// The same facts, to read.
    pub fn text(&self) -> String {
        let delivered = match self.delivered {
            0 => String::new(),
            count => {
                format!("  {count} delivered, order {} time {}", self.order_hash, self.time_hash)
            }
        };
        format!(
            "{:6} {:24} {:>10} events  {:>9.1} ns cpu an event  {:>12.0} events/s  {:.6} s wall  {:.6} s cpu  \
             {:.3} virtual s ({:.0} a second)  {} KiB{delivered}  trace {}  {}",
            self.workload,
            self.params,
            self.events,
            self.cpu_s * 1e9 / self.events as f64,
            self.events_per_s,
            self.wall_s,
            self.cpu_s,
            self.sim_seconds,
            self.sim_per_wall,
            self.peak_rss_kb,
            self.trace_hash,
            if self.ok { "ok" } else { "NOT OK" },
        )
    }
}

fn micros(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// The most memory that this process has held. 0 where `/proc` does not say.
fn peak_rss_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}
