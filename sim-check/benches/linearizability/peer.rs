//! Times of another judge for the same histories.

use std::collections::BTreeMap;

/// What the peer took for a history, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PeerTime {
    Decided(f64),
    /// It had not decided after so long.
    Undecided(f64),
}

/// Times of a peer by the names of histories.
#[derive(Default)]
pub(crate) struct Peer(BTreeMap<String, PeerTime>);

impl Peer {
    /// Reads lines of a name, a tab and nanoseconds, those of an undecided history with `>` before them. Of several lines
    /// with one name the best counts, so that runs and configurations of the peer can be put one after the other.
    pub(crate) fn add(&mut self, lines: &str) -> Result<(), String> {
        for line in lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let wrong = || format!("{line:?}; expected a name, a tab and nanoseconds");
            let (name, nanos) = line.split_once('\t').ok_or_else(wrong)?;
            let (undecided, digits) =
                nanos.strip_prefix('>').map_or((false, nanos), |digits| (true, digits));
            let nanos: f64 = digits.trim().parse().map_err(|_| wrong())?;
            let time = self.0.entry(name.to_string()).or_insert(PeerTime::Undecided(0.0));
            *time = match (*time, undecided) {
                (PeerTime::Decided(known), false) => PeerTime::Decided(known.min(nanos)),
                (PeerTime::Decided(known), true) => PeerTime::Decided(known),
                (PeerTime::Undecided(_), false) => PeerTime::Decided(nanos),
                (PeerTime::Undecided(known), true) => PeerTime::Undecided(known.max(nanos)),
            };
        }
        Ok(())
    }

    pub(crate) fn time(&self, name: &str) -> Option<PeerTime> {
        self.0.get(name).copied()
    }
}

/// The comparison of a group of histories, of those that the peer was timed on.
#[derive(Default)]
pub(crate) struct Comparison {
    ours: f64,
    theirs: f64,
    logarithms: f64,
    decided: usize,
    undecided: usize,
    slowest: Option<(f64, String)>,
}

impl Comparison {
    /// Adds a history that took us so many nanoseconds.
    ///
    /// # Panics
    /// If the peer did not decide it, and we took more than a second.
    pub(crate) fn add(&mut self, name: &str, nanos: f64, peer: PeerTime) {
        match peer {
            PeerTime::Undecided(_) => {
                assert!(nanos <= 1e9, "{name} takes {nanos} ns");
                self.undecided += 1;
            }
            PeerTime::Decided(theirs) => {
                let ratio = theirs / nanos;
                self.ours += nanos;
                self.theirs += theirs;
                self.logarithms += ratio.ln();
                self.decided += 1;
                if self.slowest.as_ref().is_none_or(|(least, _)| ratio < *least) {
                    self.slowest = Some((ratio, name.to_string()));
                }
            }
        }
    }
}

impl std::fmt::Display for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Comparison { ours, theirs, logarithms, decided, undecided, slowest } = self;
        let Some((least, name)) = slowest else {
            return match undecided {
                0 => write!(f, "not compared"),
                n => write!(f, "{n} undecided by the peer, each decided within a second"),
            };
        };
        let geomean = (logarithms / *decided as f64).exp();
        write!(
            f,
            "{decided} histories: x{:.1} in total, x{geomean:.1} in the geometric mean, at least x{least:.2} ({name})",
            theirs / ours
        )?;
        match undecided {
            0 => Ok(()),
            n => write!(f, "; {n} more are undecided by the peer, each decided within a second"),
        }
    }
}
