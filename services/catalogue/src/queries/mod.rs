//! What can be asked of the catalogue, one function each.
pub(crate) mod imports;
pub(crate) mod offers;
pub(crate) mod providers;
