//! Tests of the catalogue that need more than one of its modules.
mod ical;
mod open_vhs;
mod search;
mod shared;
