//! The web portal: pages rendered on the server that work without scripts, in German, over the same functions as the API.
pub(crate) mod answers;
mod case_words;
pub(crate) mod chart;
pub(crate) mod errors;
pub(crate) mod form;
mod fresh;
mod home;
mod legal;
mod network_words;
mod offer_words;
mod offers;
mod office;
mod office_actors;
mod office_cases;
mod office_data;
mod office_handovers;
mod office_imports;
mod office_measures;
pub(crate) mod page;
pub(crate) mod pager;
mod text;
pub(crate) mod upload;

pub(crate) use fresh::fresh;

use crate::app::App;
use axum::{
    Router,
    extract::{Path, RawQuery},
    response::Redirect,
    routing::get,
};

/// All pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(home::routes())
        .merge(legal::routes())
        .merge(offers::routes())
        .merge(answers::routes())
        .merge(office::routes())
        .merge(office_imports::routes())
        .merge(office_data::routes())
        .merge(office_measures::routes())
        .merge(office_actors::routes())
        .merge(office_cases::routes())
        .merge(office_handovers::routes())
        .route("/de", get(|| async { Redirect::permanent("/") }))
        .route("/de/", get(|| async { Redirect::permanent("/") }))
        .route("/de/{*rest}", get(german))
}

/// German has no prefix.
async fn german(Path(rest): Path<String>, RawQuery(query): RawQuery) -> Redirect {
    // A rest that begins with a slash would name another host.
    let rest = rest.trim_start_matches(['/', '\\']);
    match query {
        Some(query) => Redirect::permanent(&format!("/{rest}?{query}")),
        None => Redirect::permanent(&format!("/{rest}")),
    }
}
