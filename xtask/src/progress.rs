//! Progress, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar on standard error, or nothing where that is no terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar named `name` towards `total` seeds, or without an end.
    pub fn new(name: &str, total: Option<u64>) -> Progress {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let form = match total {
            Some(_) => "{prefix} {bar:30} {pos}/{len} seeds, {msg}, {eta} left",
            None => "{prefix} {spinner} {pos} seeds, {msg}, {elapsed}",
        };
        bar.set_style(ProgressStyle::with_template(form).expect("the form is right"));
        bar.set_prefix(name.to_owned());
        Progress(bar)
    }

    /// Shows how far it is.
    pub fn show(&self, seeds: u64, failures: u64) {
        self.0.set_position(seeds);
        self.0.set_message(format!("{failures} failed"));
    }

    /// Prints a line above the bar, on standard error.
    pub fn say(&self, text: &str) {
        self.0.suspend(|| eprintln!("{text}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
