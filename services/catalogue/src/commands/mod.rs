//! What can be done to the catalogue, one function each, on a transaction.
pub(crate) mod actors;
pub(crate) mod announce;
pub(crate) mod import_control;
pub(crate) mod import_steps;
pub(crate) mod start_import;
