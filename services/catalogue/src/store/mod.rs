//! All SQL of the catalogue.
pub(crate) mod imports;
pub(crate) mod offers;
pub(crate) mod providers;
pub(crate) mod sources;
pub(crate) mod staging;

/// A record in a `jsonb` column; `query!` has a type `Record` of its own.
pub(crate) type RecordJson = sqlx::types::Json<crate::domain::record::Record>;
