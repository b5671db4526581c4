//! Types, transitions and invariants of offers and imports: pure, no IO.
pub mod accessibility;
pub mod classification;
pub mod import_run;
pub mod level;
pub mod offer;
pub mod price;
pub mod record;
pub mod source;
mod violation;

pub use violation::Violation;
