//! The ledger: for each fault kind, how often it was injected and how often the code under test could notice.

/// The counts of one fault kind in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    /// The fault kind.
    pub kind: &'static str,
    /// How often the fault was done to the system.
    pub injected: u64,
    /// How often code under test could have noticed an effect: a receive missed, a read altered, a peer gone.
    pub observed: u64,
}

/// The counts of a run, in the order in which kinds first appeared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    lines: Vec<LedgerLine>,
}

impl Ledger {
    /// Counts an injection.
    pub fn injected(&mut self, kind: &'static str) {
        self.line(kind).injected += 1;
    }

    /// Counts an effect that code under test could notice.
    pub fn observed(&mut self, kind: &'static str) {
        self.line(kind).observed += 1;
    }

    /// The counts so far.
    pub fn lines(&self) -> &[LedgerLine] {
        &self.lines
    }

    fn line(&mut self, kind: &'static str) -> &mut LedgerLine {
        let at = self.lines.iter().position(|line| line.kind == kind).unwrap_or_else(|| {
            self.lines.push(LedgerLine { kind, injected: 0, observed: 0 });
            self.lines.len() - 1
        });
        &mut self.lines[at]
    }
}
