//! All SQL of this service. Free functions on a transaction that has said on whose behalf it runs ([`context`]); they
//! decide nothing.
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod consents;
pub(crate) mod context;
pub(crate) mod copies;
pub(crate) mod handovers;
pub(crate) mod notices;
pub(crate) mod people;
pub(crate) mod referrals;
pub(crate) mod staff;

use sqlx::PgConnection;

/// A connection inside a transaction.
pub(crate) type Conn = PgConnection;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Most rows.
    pub limit: i64,
    /// Rows before.
    pub offset: i64,
}

/// The error of a broken named constraint becomes the rule it stands for.
pub(crate) fn on_constraint<T>(outcome: Result<T, sqlx::Error>, name: &str, rule: crate::domain::Violation) -> bildung_chassis::Result<T> {
    match outcome {
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(name) => Err(rule.into()),
        other => Ok(other?),
    }
}
