//! `check`: judges recorded histories.

use crate::exit::Exit;
use crate::output;
use clap::Args;
use serde::Serialize;
use sim_check::Budget;
use sim_check::history::RawHistory;
use sim_check::judge::{Ruling, prepare};
use sim_check::render::Picture;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `check` is asked to do.
#[derive(Args)]
pub struct Command {
    /// Histories: JSON Lines, Jepsen's EDN or Jepsen's log.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The property, instead of the one that the header names.
    #[arg(long)]
    property: Option<String>,
    /// The model, instead of the one that the header names or the functions tell.
    #[arg(long)]
    model: Option<String>,
    /// How many configurations a judge may look at; ten million unless given.
    #[arg(long)]
    budget: Option<u64>,
    /// Print JSON Lines, and nothing else, on standard output.
    #[arg(long)]
    json: bool,
    /// Write a violation as a page with a timeline.
    #[arg(long, value_name = "F")]
    html: Option<PathBuf>,
    /// Write the timeline of a violation.
    #[arg(long, value_name = "F")]
    svg: Option<PathBuf>,
    /// Write a violation as a graph for Graphviz.
    #[arg(long, value_name = "F")]
    dot: Option<PathBuf>,
    /// Write a violation as text.
    #[arg(long, value_name = "F")]
    text: Option<PathBuf>,
}

#[derive(Serialize)]
struct VerdictLine {
    r#type: &'static str,
    file: String,
    property: String,
    verdict: &'static str,
    operations: usize,
    configurations: u64,
    nanoseconds: u64,
    witness: String,
}

/// Judges the files.
///
/// # Errors
/// When a file cannot be read, is no history, or has a model or property that nobody judges, and when a report cannot be written.
/// The other files are judged all the same.
pub fn run(command: &Command) -> Result<Exit, String> {
    if command.files.len() > 1 && command.reports().next().is_some() {
        return Err(
            "a report shows one history; name one file with --html, --svg, --dot and --text"
                .to_owned(),
        );
    }
    let mut exit = Exit::Well;
    let mut errors = Vec::new();
    for file in &command.files {
        match command.judge(file) {
            Ok(one) => exit = exit.max(one),
            Err(error) => errors.push(format!("{}: {error}", file.display())),
        }
    }
    let Some(last) = errors.pop() else { return Ok(exit) };
    for error in errors {
        eprintln!("error: {error}");
    }
    Err(last)
}

type Draw = fn(&Picture) -> String;

impl Command {
    fn reports(&self) -> impl Iterator<Item = (&Path, Draw)> {
        let all: [(&Option<PathBuf>, Draw); 4] = [
            (&self.html, Picture::to_html),
            (&self.svg, Picture::to_svg),
            (&self.dot, Picture::to_dot),
            (&self.text, Picture::to_text),
        ];
        all.into_iter().filter_map(|(path, draw)| Some((path.as_deref()?, draw)))
    }

    #[expect(clippy::disallowed_methods, reason = "a judge is timed from outside")]
    fn judge(&self, file: &Path) -> Result<Exit, String> {
        let bytes =
            std::fs::read(file).map_err(|error| format!("the history cannot be read: {error}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            format!("line {}: not UTF-8; a history is a text", line + 1)
        })?;
        let mut raw = RawHistory::from_text(&text).map_err(|error| error.to_string())?;
        if let Some(model) = &self.model {
            raw.header = raw.header.with("model", model.as_str());
        }
        let prepared =
            prepare(&raw, self.property.as_deref()).map_err(|error| error.to_string())?;
        let budget = self.budget.map_or_else(Budget::default, Budget::configurations);
        let started = Instant::now();
        let ruling = prepared.decide(budget);
        let elapsed = started.elapsed();
        // Explaining is not judging, and not timed.
        let line = VerdictLine {
            r#type: "verdict",
            file: file.display().to_string(),
            property: prepared.property().to_owned(),
            verdict: ruling.verdict().word(),
            operations: prepared.operations(),
            configurations: ruling.configurations(),
            nanoseconds: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
            witness: ruling.witness(),
        };
        self.tell(&line, &*ruling)?;
        self.draw(&*ruling)?;
        Ok(match line.verdict {
            "ok" => Exit::Well,
            "violation" => Exit::Violated,
            _ => Exit::Gate,
        })
    }

    fn tell(&self, line: &VerdictLine, ruling: &dyn Ruling) -> Result<(), String> {
        if self.json {
            return output::line(line);
        }
        let VerdictLine { file, property, verdict, operations, witness, .. } = line;
        output::text(&format!("{file}: {property} {verdict}, {operations} operations"))?;
        match ruling.picture() {
            Some(picture) => output::text(picture.to_text().trim_end()),
            None if *verdict != "ok" => output::text(witness.trim_end()),
            None => Ok(()),
        }
    }

    /// Writes the reports; of a history without a violation there is nothing to show, which is said.
    fn draw(&self, ruling: &dyn Ruling) -> Result<(), String> {
        let Some(picture) = ruling.picture() else {
            for (path, _) in self.reports() {
                eprintln!("{}: not written, as no violation was found", path.display());
            }
            return Ok(());
        };
        for (path, draw) in self.reports() {
            std::fs::write(path, draw(&picture)).map_err(|error| {
                format!("the report {} cannot be written: {error}", path.display())
            })?;
        }
        Ok(())
    }
}
