//! Offers: what residents can take part in, brought in from the systems of their providers, found by search.
pub mod domain;
pub mod import;
pub mod search;
