//! Office: import offers, with trial run and report.
use crate::app::App;
use axum::Router;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
