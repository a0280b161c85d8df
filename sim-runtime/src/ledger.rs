//! The ledger: for each fault kind, how often it was injected and how often the code under test could notice.
//!
//! It keeps two accounts. `injected` and `observed` count what happened, whoever did it: a test that cuts the power itself is counted
//! like a fault of a plan, and a fault that drops a hundred messages is observed a hundred times. `struck` and `noticed` count faults of
//! the plan alone, each at most once: so `noticed` is never above `struck`, and what the test does itself is not mistaken for the weather.

use std::num::NonZeroU32;

/// The counts of one fault kind, or of one effect of faults, in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerLine {
    /// The fault kind or effect.
    pub kind: &'static str,
    /// How many faults of the plan were done to the system.
    pub struck: u64,
    /// How many of those the code under test could have noticed.
    pub noticed: u64,
    /// How often it was done to the system, by a plan or by the test.
    pub injected: u64,
    /// How often code under test could have noticed an effect: a receive missed, a read altered, a peer gone.
    pub observed: u64,
}

/// One fault of the plan that was done to the system. Devices keep it to say later that this one was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strike(NonZeroU32);

/// The counts of a run, in the order in which kinds first appeared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    lines: Vec<LedgerLine>,
    /// For each strike its line, and whether it was noticed.
    strikes: Vec<(usize, bool)>,
    /// Set while a fault of the plan begins: the strike that it is, once it has counted itself as injected.
    begins: Option<Option<Strike>>,
}

impl Ledger {
    /// Counts an injection.
    pub fn injected(&mut self, kind: &'static str) {
        let line = self.line(kind);
        self.lines[line].injected += 1;
        if self.begins == Some(None) {
            self.lines[line].struck += 1;
            self.strikes.push((line, false));
            let number = u32::try_from(self.strikes.len()).ok().and_then(NonZeroU32::new);
            self.begins = Some(Some(Strike(number.expect("fewer than 2^32 faults"))));
        }
    }

    /// Counts an effect that code under test could notice. Of the plan, the fault of that kind that struck last is the one noticed.
    pub fn observed(&mut self, kind: &'static str) {
        let line = self.line(kind);
        self.lines[line].observed += 1;
        if self.lines[line].struck > self.lines[line].noticed
            && let Some(last) = self.strikes.iter_mut().rev().find(|strike| strike.0 == line)
            && !std::mem::replace(&mut last.1, true)
        {
            self.lines[line].noticed += 1;
        }
    }

    /// Counts an effect that is owed to a certain fault of the plan, or to none.
    pub fn observed_of(&mut self, kind: &'static str, strike: Option<Strike>) {
        let line = self.line(kind);
        self.lines[line].observed += 1;
        if let Some(strike) = strike {
            let (of, noticed) = &mut self.strikes[strike.0.get() as usize - 1];
            if !std::mem::replace(noticed, true) {
                self.lines[*of].noticed += 1;
            }
        }
    }

    /// A fault of the plan begins, until [`Ledger::begun`]: what is injected first meanwhile is a strike.
    pub fn begin(&mut self) {
        self.begins = Some(None);
    }

    /// The fault has begun: the strike that it was, unless there was nothing to do it to.
    pub fn begun(&mut self) -> Option<Strike> {
        self.begins.take().flatten()
    }

    /// Whether code under test could notice a fault of the plan.
    pub fn was_noticed(&self, strike: Strike) -> bool {
        self.strikes[strike.0.get() as usize - 1].1
    }

    /// The fault of the plan that is beginning.
    pub fn strike(&self) -> Option<Strike> {
        self.begins.flatten()
    }

    /// The counts so far.
    pub fn lines(&self) -> &[LedgerLine] {
        &self.lines
    }

    fn line(&mut self, kind: &'static str) -> usize {
        self.lines.iter().position(|line| line.kind == kind).unwrap_or_else(|| {
            self.lines.push(LedgerLine { kind, ..LedgerLine::default() });
            self.lines.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(ledger: &Ledger, kind: &str) -> [u64; 4] {
        let line = ledger.lines().iter().find(|line| line.kind == kind).unwrap();
        [line.struck, line.noticed, line.injected, line.observed]
    }

    fn strike(ledger: &mut Ledger, kind: &'static str) -> Option<Strike> {
        ledger.begin();
        ledger.injected(kind);
        assert_eq!(
            ledger.strike(),
            ledger.strikes.len().try_into().ok().and_then(NonZeroU32::new).map(Strike)
        );
        ledger.begun()
    }

    #[test]
    fn a_fault_is_noticed_once_however_often_it_is_observed() {
        let mut ledger = Ledger::default();
        let (first, second) = (strike(&mut ledger, "loss"), strike(&mut ledger, "loss"));
        assert_ne!(first, second);
        for _ in 0..5 {
            ledger.observed_of("loss", second);
        }
        assert_eq!(
            [first, second].map(|strike| ledger.was_noticed(strike.unwrap())),
            [false, true]
        );
        assert_eq!(counts(&ledger, "loss"), [2, 1, 2, 5]);
        ledger.observed_of("loss", first);
        assert_eq!(counts(&ledger, "loss"), [2, 2, 2, 6]);
    }

    #[test]
    fn what_the_test_does_itself_is_not_of_the_plan() {
        let mut ledger = Ledger::default();
        ledger.injected("kill");
        ledger.observed_of("kill", None);
        assert_eq!((counts(&ledger, "kill"), ledger.strike()), ([0, 0, 1, 1], None));
        ledger.observed("kill");
        assert_eq!(counts(&ledger, "kill"), [0, 0, 1, 2]);
    }

    #[test]
    fn who_keeps_no_strike_means_the_last_one() {
        let mut ledger = Ledger::default();
        strike(&mut ledger, "hail");
        ledger.observed("hail");
        ledger.observed("hail");
        strike(&mut ledger, "hail");
        assert_eq!(counts(&ledger, "hail"), [2, 1, 2, 2]);
        ledger.observed("hail");
        assert_eq!(counts(&ledger, "hail"), [2, 2, 2, 3]);
    }

    #[test]
    fn a_fault_that_does_nothing_has_not_struck() {
        let mut ledger = Ledger::default();
        ledger.begin();
        assert_eq!(ledger.strike(), None);
        ledger.begun();
        assert_eq!(ledger.lines(), []);
    }
}
