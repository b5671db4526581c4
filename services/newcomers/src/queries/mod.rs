//! One function per question, inside an attempt as well: reading leaves its entry in the trail.
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod handovers;
pub(crate) mod referrals;

use crate::store::Window;

/// One page of a list.
#[derive(Clone, Debug)]
pub(crate) struct Page<T> {
    /// How many there are in all.
    pub total: u64,
    /// Those of this page.
    pub items: Vec<T>,
}

/// The window of a page: from 1, 1 to 100 per page, 20 if nothing is said.
pub(crate) fn window(page: u32, per_page: u32) -> Window {
    let limit = i64::from(if per_page == 0 { 20 } else { per_page.min(100) });
    Window { limit, offset: i64::from(page.saturating_sub(1)) * limit }
}

pub(crate) fn total(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
