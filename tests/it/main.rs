//! What crosses services, in one binary that links once.
#![expect(clippy::unwrap_used, reason = "tests")]
mod bad_input;
mod canary;
mod contracts;
mod direction;
mod faults;
mod journey;
mod product;
mod sink;
mod whole;
