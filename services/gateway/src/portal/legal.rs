//! Impressum, Datenschutz and the accessibility statement, with the city's own texts.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        page::{self, Page},
        text::{self, Block},
    },
    problem::Problem,
};
use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

/// The pages that every page links to.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/impressum", get(imprint)).route("/datenschutz", get(privacy)).route("/barrierefreiheit", get(accessibility))
}

#[derive(Template)]
#[template(path = "legal/legal.html")]
struct Legal<'a> {
    page: Page,
    blocks: Vec<Block<'a>>,
}

async fn imprint(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    page::html(&Legal { page: Page::new(&app, &caller, "Impressum"), blocks: text::blocks(&app.city.imprint) })
}

async fn privacy(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    page::html(&Legal { page: Page::new(&app, &caller, "Datenschutz"), blocks: text::blocks(&app.city.privacy) })
}

async fn accessibility(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    page::html(&Legal { page: Page::new(&app, &caller, "Erklärung zur Barrierefreiheit"), blocks: text::blocks(&app.city.accessibility) })
}
