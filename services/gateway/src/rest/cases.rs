//! Newcomers' cases: opening, search, consents.
use crate::app::App;
use utoipa_axum::router::OpenApiRouter;

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
