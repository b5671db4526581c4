//! The REST API under `/api/v1`: one file per resource, merged into one router with its OpenAPI document.
pub(crate) mod actors;
pub(crate) mod alerts;
pub(crate) mod audit;
pub(crate) mod cases;
pub(crate) mod cooperations;
pub(crate) mod datasets;
mod docs;
pub(crate) mod etag;
pub(crate) mod handovers;
pub(crate) mod indicators;
pub(crate) mod json;
pub(crate) mod list;
pub(crate) mod measures;
pub(crate) mod network;
pub(crate) mod offer_imports;
pub(crate) mod offers;
pub(crate) mod query;
pub(crate) mod referrals;
pub(crate) mod upload;

use crate::app::App;
use axum::{Json, Router, routing::get};
use std::sync::Arc;
use utoipa::openapi::{
    InfoBuilder, OpenApiBuilder,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

/// The API, its OpenAPI document and its readable description.
pub(crate) fn routes() -> Router<App> {
    let (router, mut document) = OpenApiRouter::with_openapi(frame())
        .merge(offers::routes())
        .merge(offer_imports::routes())
        .merge(actors::routes())
        .merge(cooperations::routes())
        .merge(network::routes())
        .merge(measures::routes())
        .merge(indicators::routes())
        .merge(datasets::routes())
        .merge(alerts::routes())
        .merge(cases::routes())
        .merge(referrals::routes())
        .merge(handovers::routes())
        .merge(audit::routes())
        .split_for_parts();
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert(
        "bearer".into(),
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()).into(),
    );
    let readable = Arc::new(docs::Description::of(&document));
    let document = Arc::new(document);
    router
        .route("/api/openapi.json", get(move || async move { Json(Arc::clone(&document)) }))
        .route("/api/docs", get(move |app, caller| docs::page(app, caller, readable)))
}

fn frame() -> utoipa::openapi::OpenApi {
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("bildungsbuero")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Offers, actors, data and case coordination of a municipal education office.\n\n\
                     Lists answer {total, page, per_page, items}; per_page is 20 and at most 100. A repeated parameter means or, \
                     different parameters mean and; unknown parameters are ignored. Errors are problem details (RFC 9457) with a stable code. \
                     A POST with an Idempotency-Key is carried out once and answered again for 24 hours. \
                     Public answers need no token; with a staff token the same address shows more.",
                )),
        )
        .build()
}
