//! The office's landing page: the steps that the signed-in person takes in the loop.
use crate::{
    app::App,
    caller::Caller,
    portal::page::{self, Page},
    problem::Problem,
};
use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

/// The landing page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/office", get(office))
}

#[derive(Template)]
#[template(path = "office/office.html")]
struct Office {
    page: Page,
}

async fn office(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.require_staff()?;
    page::html(&Office { page: Page::new(&app, &caller, "Bildungsbüro") })
}
