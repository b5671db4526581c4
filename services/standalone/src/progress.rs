//! What a person sees: progress bars on a terminal, plain lines elsewhere; results on standard output.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// One line of a result, on standard output. A closed pipe is nobody's error.
pub(crate) fn print(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// One line about what happens, on standard error.
pub(crate) fn say(line: &str) {
    let _closed = writeln!(std::io::stderr(), "{line}");
}

/// One line about what went wrong.
pub(crate) fn complain(line: &str) {
    say(&format!("bildungsbuero: {line}"));
}

/// A work that takes a while.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: String,
}

impl Progress {
    /// Begins a work of unknown length.
    pub(crate) fn begin(what: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            say(what);
            return Self { bar: None, what: what.to_owned() };
        }
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar: Some(bar), what: what.to_owned() }
    }

    /// Shows how far it is.
    pub(crate) fn at(&self, done: u64, total: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        if let Some(total) = total.filter(|total| *total > 0) {
            bar.set_length(total);
            if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}") {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        bar.set_position(done);
    }

    /// Ends the work with a line about its outcome.
    pub(crate) fn end(self, outcome: &str) {
        match self.bar {
            Some(bar) => {
                bar.finish_and_clear();
                say(&format!("{}: {outcome}", self.what));
            }
            None => say(&format!("{}: {outcome}", self.what)),
        }
    }
}
