//! The page where an actor answers a referral, without an account.
use crate::app::App;
use axum::Router;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
