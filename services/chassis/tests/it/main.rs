//! The mechanisms of the chassis on real Postgres and NATS.
#![expect(missing_docs, reason = "tests")]
mod messaging;
mod probe;
mod serving;
mod tokens;
