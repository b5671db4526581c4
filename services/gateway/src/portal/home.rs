//! The start page: a search box, and ways in by phase of life.
use crate::{
    app::App,
    caller::Caller,
    portal::page::{self, Page},
    problem::Problem,
};
use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

/// The start page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "home/home.html")]
struct Home {
    page: Page,
}

async fn home(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let title = format!("Bildungsangebote in {}", app.city.name);
    page::html(&Home { page: Page::new(&app, &caller, title) })
}
