//! Office: actors and cooperations.
use crate::app::App;
use axum::Router;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
