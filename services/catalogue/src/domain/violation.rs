//! Broken rules of the catalogue.

/// A broken rule with a stable code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The name of a source is not `[a-z0-9-]{1,64}`.
    #[error("a source's name has 1 to 64 characters out of a-z, 0-9 and hyphen")]
    SourceName,
    /// The format is not one that can be imported.
    #[error("this format cannot be imported: {0}")]
    UnknownFormat(String),
    /// The import mode is neither `full` nor `delta`.
    #[error("the mode is full or delta")]
    UnknownMode,
    /// The file is empty.
    #[error("the file is empty")]
    EmptyFile,
    /// With `auto`, no format was recognised.
    #[error("the format of the file was not recognised; name it with the parameter format")]
    FormatNotRecognised,
    /// A transition that the state machine does not have.
    #[error("an import that is {from} cannot be {attempted}")]
    ImportState {
        /// The state it is in.
        from: &'static str,
        /// What was tried.
        attempted: &'static str,
    },
    /// A parameter of a search is not understood.
    #[error("the parameter {name} is not understood: {detail}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// What would be right.
        detail: &'static str,
    },
    /// A later import has already changed the source.
    #[error("only the latest import of a source can be undone")]
    NotTheLatestImport,
}

impl Violation {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SourceName => "source_name_invalid",
            Self::UnknownFormat(_) => "format_unknown",
            Self::UnknownMode => "mode_unknown",
            Self::EmptyFile => "file_empty",
            Self::FormatNotRecognised => "format_not_recognised",
            Self::ImportState { .. } => "import_state",
            Self::Parameter { .. } => "parameter_invalid",
            Self::NotTheLatestImport => "import_not_latest",
        }
    }
}
