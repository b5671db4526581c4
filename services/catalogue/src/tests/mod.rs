//! Tests of commands, store and search together, on a real Postgres.
mod actors;
mod imports;
mod stage;
