//! What a command ends with when it cannot do what was asked: one line for a person, a number for a script.

use std::fmt;

/// The exit codes, listed in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed that no other code names.
    Failed = 1,
    /// Nothing runs that the command could speak to.
    NothingRuns = 3,
    /// The settings do not hold.
    Settings = 4,
    /// A program that is needed is missing or too old.
    MissingTool = 5,
    /// A port or the data folder is in use.
    InUse = 6,
    /// The data folder is damaged, half written or not empty.
    Folder = 7,
    /// The product answered, and refused or rejected what was sent.
    Refused = 8,
}

/// The codes as `--help` shows them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  nothing runs that the command could speak to
  4  the settings do not hold
  5  a program that is needed is missing or too old
  6  a port or the data folder is in use
  7  the data folder is damaged, half written or not empty
  8  refused: the product answered no, or rejected records";

/// A failure with its exit code; its text is one clear line with the remedy.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl Failure {
    /// A failure as an error to return.
    pub(crate) fn error(exit: Exit, message: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self { exit, message: message.into() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit code of an error: its own, else "failed".
pub(crate) fn exit_of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(|e| e.downcast_ref::<Failure>()).map_or(Exit::Failed, |f| f.exit)
}
