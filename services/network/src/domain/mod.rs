//! What the network knows and which changes it allows: pure, no IO.
pub(crate) mod actor;
pub(crate) mod code;
pub(crate) mod cooperation;
pub(crate) mod graph;
pub(crate) mod measure;
pub(crate) mod proposal;
pub(crate) mod violation;

pub(crate) use violation::Violation;
