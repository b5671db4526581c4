//! The mechanisms of the chassis on real Postgres and NATS.
#![expect(unreachable_pub, clippy::unwrap_used, reason = "tests")]
mod messaging;
mod probe;
mod serving;
mod tokens;
