//! Problems as pages that help: what happened, what to do next. On the API they stay problem details.
use crate::{
    app::App,
    caller::{self, Caller},
    portal::page::{self, Page},
    problem::{self, Carried, Problem},
};
use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use url::form_urlencoded;

#[derive(Template)]
#[template(path = "problem/problem.html")]
struct ProblemPage<'a> {
    page: Page,
    text: &'a str,
    problem: &'a Problem,
    search: bool,
    retry: bool,
    sign_in: bool,
}

/// Turns errors into problems, and on pages problems into pages; whoever must sign in is led there.
pub(crate) async fn as_page(State(app): State<App>, request: Request, next: Next) -> Response {
    let machine = caller::is_api(request.uri().path()) || wants_json(request.headers());
    let method = request.method().clone();
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str()).to_owned();
    let response = problem::from_plain(next.run(request).await).await;
    if machine {
        return response;
    }
    let Some(Carried(problem)) = response.extensions().get::<Carried>().cloned() else { return response };
    if problem.status == 401 {
        let target = if matches!(method, Method::GET | Method::HEAD) { address.as_str() } else { "/office" };
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", target).finish();
        return ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&format!("/sign-in?{query}"))).into_response();
    }
    let (title, text) = words(&problem);
    let page = match response.extensions().get::<Caller>() {
        Some(caller) => Page::new(&app, caller, title),
        None => Page::anonymous(&app, title),
    };
    let template = ProblemPage {
        page,
        text,
        problem: &problem,
        search: problem.status == 404,
        retry: problem.status >= 500,
        sign_in: problem.code.starts_with("sign_in_"),
    };
    let Ok(mut shown) = page::html_with(problem.status(), &template) else { return response };
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    shown
}

fn wants_json(headers: &HeaderMap) -> bool {
    let is_json =
        |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("json"));
    let accepts_html = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"));
    !accepts_html && (is_json(header::ACCEPT) || is_json(header::CONTENT_TYPE))
}

fn words(problem: &Problem) -> (&'static str, &'static str) {
    match (problem.code.as_str(), problem.status()) {
        ("issuer_unavailable", _) => (
            "Anmeldung zurzeit nicht möglich",
            "Der Anmeldedienst der Stadt antwortet nicht. Die Suche nach Angeboten funktioniert weiterhin. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        ),
        ("sign_in_unknown", _) => (
            "Anmeldung abgelaufen",
            "Diese Anmeldung wurde nicht in diesem Browser begonnen, oder sie hat zu lange gedauert. Bitte beginnen Sie noch einmal.",
        ),
        ("sign_in_refused" | "sign_in_failed", _) => (
            "Anmeldung nicht gelungen",
            "Der Anmeldedienst der Stadt hat Sie nicht angemeldet. Bitte versuchen Sie es noch einmal. Wenn es wieder nicht gelingt, wenden Sie sich an die IT der Stadt.",
        ),
        ("form_token_invalid", _) => (
            "Formular abgelaufen",
            "Das Formular gehört zu einer früheren Anmeldung. Es wurde nichts gespeichert. Bitte laden Sie die Seite neu und senden Sie das Formular noch einmal.",
        ),
        (_, StatusCode::NOT_FOUND) => {
            ("Seite nicht gefunden", "Unter dieser Adresse gibt es nichts, oder nichts mehr. Vielleicht hilft Ihnen die Suche weiter.")
        }
        (_, StatusCode::FORBIDDEN) => (
            "Kein Zugriff",
            "Sie sind angemeldet, aber Ihr Konto hat nicht die Rolle, die hier nötig ist. Die IT der Stadt kann Rollen vergeben.",
        ),
        (_, StatusCode::PAYLOAD_TOO_LARGE) => {
            ("Zu groß", "Die Datei oder das Formular ist größer als erlaubt. Es wurde nichts gespeichert.")
        }
        (_, StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT) => (
            "Zurzeit nicht erreichbar",
            "Ein Teil des Portals antwortet gerade nicht. Bitte versuchen Sie es in einigen Minuten noch einmal.",
        ),
        (_, status) if status.is_server_error() => (
            "Da ist bei uns etwas schiefgegangen",
            "Der Fehler wurde aufgezeichnet. Bitte versuchen Sie es noch einmal. Wenn er bleibt, schreiben Sie uns.",
        ),
        _ => ("Das ging nicht", "Die Anfrage konnte nicht ausgeführt werden. Es wurde nichts gespeichert."),
    }
}
