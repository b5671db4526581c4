//! The page where an actor answers a referral, without an account: whoever has the link may. A machine answers with JSON.
//!
//! The token stands in the path because it must fit into a letter; so this page is never stored, never told to another
//! page as referrer, and its path never logged.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        case_words as words,
        form::FormErrors,
        page::{self, Page},
    },
    problem::Problem,
    rest::{json, query},
};
use askama::Template;
use axum::{
    Router,
    extract::{FromRequest as _, Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bildung_proto::rpc::newcomers as pb;
use serde::{Deserialize, Serialize};

/// The page.
pub(crate) fn routes() -> Router<App> {
    Router::new().route("/antwort/{token}", get(show).post(answer))
}

/// What an actor may know before it has said yes: nothing about the person.
#[derive(Clone, Debug, Serialize)]
struct Invitation {
    state: String,
    offer_title: String,
    actor_name: String,
    sent_at: String,
    expires_at: String,
    /// What can still be answered.
    answers: Vec<String>,
}

/// An answer.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Given {
    /// `accept`, `reject` or `waitlist`.
    answer: String,
    /// A code, such as `no_place`, or the actor's own words.
    reason: String,
    /// The form's own field beside the code.
    words: String,
}

#[derive(Template)]
#[template(path = "answers/answer.html")]
struct AnswerPage {
    page: Page,
    errors: FormErrors,
    invitation: Invitation,
    done: bool,
    given: Given,
}

impl AnswerPage {
    fn may(&self, answer: &str) -> bool {
        self.invitation.answers.iter().any(|known| known == answer)
    }
}

/// A referral that cannot be answered (any more).
#[derive(Template)]
#[template(path = "answers/gone.html")]
struct GonePage {
    page: Page,
    text: &'static str,
}

async fn show(State(app): State<App>, caller: Caller, Path(token): Path<String>) -> Response {
    let outcome = match invitation(&app, &caller, token).await {
        Ok(invitation) => form(&app, &caller, StatusCode::OK, invitation, FormErrors::default(), Given::default(), false),
        Err(problem) => gone(&app, &caller, problem),
    };
    guarded(outcome)
}

async fn answer(State(app): State<App>, caller: Caller, Path(token): Path<String>, request: Request) -> Response {
    let machine = json::is_json(&request);
    let outcome = async {
        let mut given: Given = if machine {
            json::Json::from_request(request, &()).await?.0
        } else {
            let bytes = axum::body::to_bytes(request.into_body(), app.settings.limits.body_bytes)
                .await
                .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the form is larger than allowed"))?;
            query::parse(std::str::from_utf8(&bytes).unwrap_or_default())?
        };
        if !given.words.is_empty() {
            given.reason.clone_from(&given.words);
        }
        let asked = pb::AnswerReferralRequest { token: token.clone(), answer: given.answer.clone(), reason: given.reason.clone() };
        let answered = app.peers.newcomers.clone().answer_referral(caller.request(asked)).await.map_err(Problem::from);
        match answered {
            Ok(answered) if machine => Ok(json::Json(Invitation::from(answered.into_inner())).into_response()),
            Ok(answered) => {
                form(&app, &caller, StatusCode::OK, answered.into_inner().into(), FormErrors::default(), Given::default(), true)
            }
            Err(problem) if machine => Err(problem),
            Err(problem) if problem.status == 422 => {
                let shown = invitation(&app, &caller, token).await?;
                form(&app, &caller, problem.status(), shown, words::errors(&problem), given, false)
            }
            Err(problem) => gone(&app, &caller, problem),
        }
    }
    .await;
    guarded(outcome)
}

async fn invitation(app: &App, caller: &Caller, token: String) -> Result<Invitation, Problem> {
    Ok(app.peers.newcomers.clone().show_referral(caller.request(pb::ShowReferralRequest { token })).await?.into_inner().into())
}

fn form(
    app: &App,
    caller: &Caller,
    status: StatusCode,
    invitation: Invitation,
    errors: FormErrors,
    given: Given,
    done: bool,
) -> Result<Response, Problem> {
    let title = if errors.is_empty() { "Anfrage des Bildungsbüros" } else { "Fehler: Anfrage des Bildungsbüros" };
    page::html_with(status, &AnswerPage { page: hidden(app, caller, title), errors, invitation, done, given })
}

fn gone(app: &App, caller: &Caller, problem: Problem) -> Result<Response, Problem> {
    let text = match problem.code.as_str() {
        "referral_unknown" => {
            "Diesen Link gibt es nicht. Vielleicht fehlt am Ende ein Zeichen: Bitte öffnen Sie ihn noch einmal aus der Nachricht des Bildungsbüros."
        }
        "referral_expired" => {
            "Die Zeit für eine Antwort ist vorbei. Bitte melden Sie sich beim Bildungsbüro, wenn Sie noch antworten möchten."
        }
        "referral_revoked" => "Das Bildungsbüro hat die Anfrage zurückgezogen. Sie brauchen nichts mehr zu tun.",
        "referral_already_answered" => {
            "Diese Anfrage ist schon beantwortet. Wenn sich etwas geändert hat, melden Sie sich bitte beim Bildungsbüro."
        }
        _ => return Err(problem),
    };
    page::html_with(problem.status(), &GonePage { page: hidden(app, caller, "Anfrage des Bildungsbüros"), text })
}

fn hidden(app: &App, caller: &Caller, title: &str) -> Page {
    let mut page = Page::new(app, caller, title);
    page.indexed = false;
    page
}

/// Never stored, and its address never told.
fn guarded(outcome: Result<Response, Problem>) -> Response {
    let mut response = outcome.unwrap_or_else(axum::response::IntoResponse::into_response);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

impl From<pb::ReferralInvitation> for Invitation {
    fn from(invitation: pb::ReferralInvitation) -> Self {
        Self {
            state: invitation.state,
            offer_title: invitation.offer_title,
            actor_name: invitation.actor_name,
            sent_at: invitation.sent_at,
            expires_at: invitation.expires_at,
            answers: invitation.answers,
        }
    }
}
