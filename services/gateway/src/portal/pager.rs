//! Links to the pages of a list; every state is an address.
use crate::rest::list::List;
use url::form_urlencoded;

/// The pages of a list, for `partials/pagination.html`.
#[derive(Clone, Debug)]
pub(crate) struct Pager {
    /// This page.
    pub(crate) page: u32,
    /// How many there are.
    pub(crate) pages: u32,
    base: String,
}

impl Pager {
    /// The pages of `list`, which is shown at `path` with the query `raw`.
    pub(crate) fn new<T>(list: &List<T>, path: &str, raw: Option<&str>) -> Self {
        let others = form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).filter(|(name, value)| name != "page" && !value.is_empty());
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(others).finish();
        let base = if query.is_empty() { format!("{path}?page=") } else { format!("{path}?{query}&page=") };
        let pages = list.total.div_ceil(u64::from(list.per_page.max(1)));
        Self { page: list.page, pages: u32::try_from(pages).unwrap_or(u32::MAX), base }
    }

    /// Whether there is more than one.
    pub(crate) fn is_needed(&self) -> bool {
        self.pages > 1
    }

    /// The address of a page.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    pub(crate) fn href(&self, page: &u32) -> String {
        format!("{}{page}", self.base)
    }

    /// The page before.
    pub(crate) fn previous(&self) -> Option<u32> {
        (self.page > 1).then(|| self.page - 1)
    }

    /// The page after.
    pub(crate) fn next(&self) -> Option<u32> {
        (self.page < self.pages).then(|| self.page + 1)
    }

    /// The pages to link: the first, the last, and those around this one; `None` stands for a gap.
    pub(crate) fn shown(&self) -> Vec<Option<u32>> {
        let mut shown: Vec<Option<u32>> = Vec::new();
        let mut before = 0;
        for page in 1..=self.pages {
            let near = page == 1 || page == self.pages || page.abs_diff(self.page) <= 1;
            if !near {
                // Far pages are skipped without walking over millions of them.
                if page > self.page {
                    break;
                }
                continue;
            }
            if page > before + 1 {
                shown.push(None);
            }
            shown.push(Some(page));
            before = page;
        }
        if before < self.pages {
            shown.push(None);
            shown.push(Some(self.pages));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pager(page: u32, total: u64) -> Pager {
        Pager::new(&List::<u8> { total, page, per_page: 20, items: Vec::new() }, "/angebote", Some("q=a%26b&page=7&topic=x&topic=y&free="))
    }

    #[test]
    fn links_keep_the_other_parameters() {
        assert_eq!(pager(2, 100).href(&3), "/angebote?q=a%26b&topic=x&topic=y&page=3");
        assert!(!pager(1, 20).is_needed());
        assert_eq!((pager(1, 21).next(), pager(1, 21).previous()), (Some(2), None));
    }

    #[test]
    fn far_pages_are_left_out() {
        assert_eq!(pager(5, 200).shown(), [Some(1), None, Some(4), Some(5), Some(6), None, Some(10)]);
        assert_eq!(pager(1, 60).shown(), [Some(1), Some(2), Some(3)]);
        assert_eq!(pager(1, 200).shown(), [Some(1), Some(2), None, Some(10)]);
    }
}
