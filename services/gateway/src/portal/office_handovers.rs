//! Office: hand cases over and accept them.
use crate::app::App;
use axum::Router;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
