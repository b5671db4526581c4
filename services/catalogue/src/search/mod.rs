//! Search in German, over an index of this process's own.
//!
//! The index is made from the store when the process starts and follows it from then on ([`follow`]); it answers alone,
//! so a search needs neither the database nor the bus. [`OfferIndex`] can be filled and asked without either, which is
//! what benchmarks do.
pub mod analysis;
mod collect;
pub mod document;
pub mod fold;
pub(crate) mod follow;
pub mod index;
pub mod question;
mod schema;
pub mod stem;
mod suggest;
mod text_query;

pub use index::OfferIndex;
pub use question::Question;
