//! All SQL of the network: free functions on a connection.
pub(crate) mod actor;
pub(crate) mod alert;
pub(crate) mod cooperation;
pub(crate) mod measure;

use anyhow::Context as _;
use bildung_chassis::Result;

/// A page of a list: from 1, at most 100 entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

impl Page {
    /// The page of a caller; 0 is "not given".
    pub(crate) fn new(page: u32, per_page: u32) -> Self {
        let limit = if per_page == 0 { 20 } else { i64::from(per_page.min(100)) };
        Self { limit, offset: (i64::from(page.max(1)) - 1) * limit }
    }
}

/// A code that the database's own checks let in.
fn stored<T>(parsed: Option<T>, code: &str) -> Result<T> {
    Ok(parsed.with_context(|| format!("unknown code {code} in the database"))?)
}
