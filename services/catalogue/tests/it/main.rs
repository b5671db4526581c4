//! Tests of the catalogue that need more than one of its modules.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a test fails by panicking, and says what it skipped"
)]

mod ical;
mod kufer;
mod open_vhs;
mod search;
mod search_quality;
mod shared;
