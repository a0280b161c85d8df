//! What a person is told of a failure.

use crate::case::{Case, CaseError};
use crate::corpus::Corpus;
use crate::outcome::Outcome;
use crate::run::{Record, run};
use crate::scenario::Scenario;
use crate::span::Span;
use crate::trace::Keep;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

/// Faults that are listed at most.
const FAULTS_SHOWN: usize = 30;
/// Lines of the trace that are shown at most, the last ones.
const LINES_SHOWN: usize = 12;

/// A failure, looked at again: the case run a second time with everything kept, and written down.
#[derive(Debug)]
pub struct Report {
    /// The scenario.
    pub scenario: String,
    /// The case with everything written down that was drawn at large.
    pub case: Case,
    /// The outcome of the second run.
    pub outcome: Outcome,
    /// Whether the second run had the hash of the first.
    pub same: bool,
    /// Where the case was written, or why it was not.
    pub written: Result<PathBuf, CaseError>,
    /// Where the readable trace was written, if it was.
    pub trace: Option<PathBuf>,
    /// Where the histories of clients were written, or why one was not.
    pub histories: Vec<Result<PathBuf, String>>,
}

impl Report {
    /// Runs a failing case again with everything kept, and writes the case into the corpus and the trace into `traces`.
    ///
    /// # Errors
    /// When the case cannot be run.
    pub fn make(
        scenario: &Scenario,
        case: &Case,
        trace_hash: u64,
        corpus: &Corpus,
        traces: &Path,
    ) -> Result<Report, CaseError> {
        let outcome = run(scenario, case, Record { keep: Keep::Text, choices: false })?;
        let case = outcome.written_down(case);
        let written = corpus.add(&case);
        let trace = write_trace(&outcome, traces, scenario.name(), &case).ok();
        let histories = write_histories(&outcome, traces, scenario.name(), &case);
        let same = outcome.trace_hash == trace_hash;
        let scenario = scenario.name().to_owned();
        Ok(Report { scenario, case, outcome, same, written, trace, histories })
    }

    /// The report as text. `replay` is the line that runs the case again, given the case file.
    pub fn text(&self, replay: impl FnOnce(Option<&Path>) -> String) -> String {
        let mut text = String::new();
        self.write(&mut text, replay).expect("writing to a String cannot fail");
        text
    }

    /// The faults that code under test could notice, in the order of time. The others are counted: who looks for a cause need not read them.
    fn write_faults(&self, f: &mut String) -> fmt::Result {
        let faults = self.outcome.plan.as_ref().map_or(&[][..], |plan| &plan.faults);
        let struck = &self.outcome.struck;
        let noticed: Vec<_> = struck.iter().filter(|struck| struck.noticed).collect();
        for struck in noticed.iter().take(FAULTS_SHOWN) {
            let when = Span(struck.at).rounded().to_string();
            writeln!(f, "  t={when:<14} {}", faults[struck.fault].text())?;
        }
        let more = noticed.len().saturating_sub(FAULTS_SHOWN);
        let unnoticed = struck.len() - noticed.len();
        match (more, unnoticed) {
            (0, 0) => Ok(()),
            (0, unnoticed) => writeln!(f, "  and {unnoticed} faults that nobody noticed"),
            (more, unnoticed) => {
                writeln!(f, "  and {more} more faults, and {unnoticed} that nobody noticed")
            }
        }
    }

    fn write(&self, f: &mut String, replay: impl FnOnce(Option<&Path>) -> String) -> fmt::Result {
        writeln!(f, "---- {} ----", self.scenario)?;
        writeln!(f, "replay   {}", replay(self.written.as_deref().ok()))?;
        let seed = self.case.seed;
        match self.outcome.verdict.failure() {
            Some(failure) => writeln!(f, "seed {seed}  {failure}")?,
            None => writeln!(f, "seed {seed}  failed at first, and did not when it was run again")?,
        }
        if !self.same {
            writeln!(
                f,
                "  The second run had another trace: something in it is not deterministic."
            )?;
        }
        self.write_faults(f)?;
        let told: Vec<_> = self.outcome.lines.iter().filter(|line| is_told(&line.text)).collect();
        for line in told.iter().skip(told.len().saturating_sub(LINES_SHOWN)) {
            let when = Span(line.at).rounded().to_string();
            writeln!(f, "  t={when:<14} {}  {}", line.node, line.text)?;
        }
        let figures = &self.outcome.figures;
        writeln!(
            f,
            "  {} events, {} of virtual time",
            figures.events,
            Span(figures.virtual_time).rounded()
        )?;
        if let Some(trace) = &self.trace {
            writeln!(f, "look     {}", trace.display())?;
        }
        for history in &self.histories {
            match history {
                Ok(path) => writeln!(f, "history  {}", path.display())?,
                Err(error) => writeln!(f, "The history could not be kept ({error}).")?,
            }
        }
        if let Err(error) = &self.written {
            writeln!(
                f,
                "The case could not be kept ({error}). Here it is:\n{}",
                self.case.to_toml()
            )?;
        }
        Ok(())
    }
}

/// Whether a line is worth a place in a short report: what nodes went through, and what code under test exported or logged.
fn is_told(text: &str) -> bool {
    !(text.starts_with("task ") || text.starts_with("timer ") || text.starts_with("net "))
}

/// Writes the readable trace next to the other output.
fn write_trace(
    outcome: &Outcome,
    folder: &Path,
    scenario: &str,
    case: &Case,
) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.trace", stem(scenario, case)));
    let mut text = String::new();
    for line in &outcome.lines {
        text.push_str(&trace_line(line));
        text.push('\n');
    }
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Writes the histories of clients next to the readable trace, one file for each subject.
fn write_histories(
    outcome: &Outcome,
    folder: &Path,
    scenario: &str,
    case: &Case,
) -> Vec<Result<PathBuf, String>> {
    let several = outcome.histories.len() > 1;
    let written = outcome.histories.iter().enumerate().map(|(place, history)| {
        let number = if several { format!("-{}", place + 1) } else { String::new() };
        let path = folder.join(format!("{}{number}.jsonl", stem(scenario, case)));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, history.to_json_lines()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    });
    written.collect()
}

/// How the files of a failure are named.
fn stem(scenario: &str, case: &Case) -> String {
    format!("{}-{:x}", scenario.replace("::", "."), case.seed.0)
}

/// A line of the readable trace: virtual time, node, event.
pub(crate) fn trace_line(line: &crate::trace::Line) -> String {
    format!("{:>16}  {:<14} {}", Span(line.at).to_string(), line.node, line.text)
}
