//! Where two runs that should be one part.

use super::Record;
use std::fmt;
use std::sync::Arc;

/// The first event in which two runs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many events the runs have in common.
    pub index: usize,
    /// What happened next in the first run, in words; `None` when it had ended.
    pub first: Option<String>,
    /// What happened next in the second run.
    pub second: Option<String>,
}

/// The first event in which two recordings (of [`Keep::Records`](super::Keep::Records)) differ; `None` when they are equal.
///
/// Equal cases must give equal recordings, so the event named here is where something leaked into a run: it, or what the
/// code did since the event before it, depends on more than the case.
///
/// ```
/// use sim_runtime::time::{Duration, sleep};
/// use sim_runtime::trace::{Keep, first_difference};
/// use sim_runtime::{Config, Simulation};
///
/// let run = |ms| {
///     let config = Config { keep: Keep::Records, ..Config::default() };
///     Simulation::new(config).run(async move { sleep(Duration::from_millis(ms)).await }).records
/// };
/// assert_eq!(first_difference(&run(3), &run(3)), None);
/// let difference = first_difference(&run(3), &run(4)).unwrap();
/// assert_eq!(difference.index, 1);
/// assert!(difference.first.unwrap().starts_with("0.003000000 s on test: timer fire"));
/// ```
pub fn first_difference(
    first: &[(Record, Arc<str>)],
    second: &[(Record, Arc<str>)],
) -> Option<Difference> {
    let pairs = first.iter().zip(second);
    let common = pairs.take_while(|(a, b)| a.0.same(&b.0) && a.1 == b.1).count();
    if common == first.len() && common == second.len() {
        return None;
    }
    let words = |run: &[(Record, Arc<str>)]| run.get(common).map(in_words);
    Some(Difference { index: common, first: words(first), second: words(second) })
}

/// An event in words that need no world: the numbers stay numbers.
fn in_words((record, node): &(Record, Arc<str>)) -> String {
    let (seconds, nanos) = (record.at / 1_000_000_000, record.at % 1_000_000_000);
    let (device, name) = (record.kind.device(), record.kind.name());
    let (a, b, c) = (record.a, record.b, record.c);
    format!("{seconds}.{nanos:09} s on {node}: {device} {name} ({a}, {b}, {c})")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "the end".to_owned());
        write!(
            f,
            "after {} equal events, one run had {}, the other {}",
            self.index,
            side(&self.first),
            side(&self.second)
        )
    }
}
