//! Search in German.
pub mod fold;
