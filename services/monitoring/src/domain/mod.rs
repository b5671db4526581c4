//! What holds in municipal statistics, whatever the database and the network do.
pub mod area;
pub mod dataset;
pub mod indicator;
pub mod period;
pub mod rule;
pub mod series;
pub mod value;

/// A broken rule, with its stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Checker and releaser are one person.
    #[error("the person who checked a data set cannot release it: a second person has to")]
    FourEyes,
    /// Release before check.
    #[error("the data set has not been checked")]
    NotChecked,
    /// Check or release of a data set that is still being read.
    #[error("the data set is still being read")]
    NotReadYet,
    /// Check or release of a failed data set.
    #[error("the data set could not be read")]
    Failed,
    /// Released before.
    #[error("the data set is released already")]
    AlreadyReleased,
    /// A rehearsal has nothing to check or release.
    #[error("a dry run stores nothing that could be checked or released")]
    DryRun,
    /// What was checked is no longer what would be released.
    #[error("other data released since the check change these values: check the data set again")]
    ChangedSinceCheck,
}

impl Violation {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Violation::FourEyes => "dataset_four_eyes",
            Violation::NotChecked => "dataset_not_checked",
            Violation::NotReadYet => "dataset_not_read_yet",
            Violation::Failed => "dataset_failed",
            Violation::AlreadyReleased => "dataset_already_released",
            Violation::DryRun => "dataset_dry_run",
            Violation::ChangedSinceCheck => "dataset_changed_since_check",
        }
    }
}
