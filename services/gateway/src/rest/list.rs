//! Lists: `{total, page, per_page, items}`, 20 items a page, at most 100.
use super::query;
use crate::problem::Problem;
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Deserialize, Serialize};

/// Items of a page if nothing else is asked for.
pub(crate) const PER_PAGE: u32 = 20;
/// Most items of a page.
pub(crate) const PER_PAGE_MAX: u32 = 100;

/// Which page of a list; document it with `params(Paging)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Page, from 1.
    #[param(minimum = 1, default = 1, required = false)]
    pub(crate) page: u32,
    /// Items of a page.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    pub(crate) per_page: u32,
}

#[derive(Deserialize)]
struct Given {
    page: Option<String>,
    per_page: Option<String>,
}

impl Paging {
    /// Reads `page` and `per_page` of a query string.
    pub(crate) fn parse(raw: &str) -> Result<Self, Problem> {
        let given: Given = query::parse(raw)?;
        let page = number("page", given.page, 1, u32::MAX)?;
        let per_page = number("per_page", given.per_page, PER_PAGE, PER_PAGE_MAX)?;
        Ok(Self { page, per_page })
    }
}

fn number(name: &str, given: Option<String>, default: u32, most: u32) -> Result<u32, Problem> {
    let Some(given) = given else { return Ok(default) };
    match given.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(Problem::parameter(name, format!("must be a whole number from 1 to {most}"))),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct List<T> {
    /// Items on all pages.
    pub(crate) total: u64,
    /// This page, from 1.
    pub(crate) page: u32,
    /// Items of a page.
    pub(crate) per_page: u32,
    /// Items of this page.
    pub(crate) items: Vec<T>,
}

impl<T> List<T> {
    /// The page that was asked for.
    pub(crate) fn new(paging: Paging, total: u64, items: Vec<T>) -> Self {
        Self { total, page: paging.page, per_page: paging.per_page, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_between_1_and_100_items() {
        assert_eq!(Paging::parse("").unwrap(), Paging { page: 1, per_page: 20 });
        assert_eq!(Paging::parse("page=3&per_page=100&x=1").unwrap(), Paging { page: 3, per_page: 100 });
        for wrong in ["per_page=0", "per_page=101", "per_page=x", "page=0", "page=-1", "per_page=20&per_page=30"] {
            let problem = Paging::parse(wrong).unwrap_err();
            assert_eq!((problem.status, problem.errors.len()), (422, 1), "{wrong}");
        }
    }
}
