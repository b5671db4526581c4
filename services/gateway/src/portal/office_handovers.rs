//! Office: hand cases over and accept them.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        case_words as words,
        form::{FormErrors, Submitted},
        page::{self, Page},
        pager::Pager,
    },
    problem::Problem,
    rest::{
        handovers::{self, All, Cases, Filter, Handover, HandoverInput},
        list::Paging,
        query::Query,
    },
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/office/handovers", get(list).post(propose))
        .route("/office/handovers/{id}", get(show))
        .route("/office/handovers/{id}/decide", post(decide))
}

#[derive(Template)]
#[template(path = "handovers/handovers.html")]
struct ListPage {
    page: Page,
    errors: FormErrors,
    handovers: Vec<Handover>,
    total: u64,
    pager: Pager,
    staff: Vec<(String, String)>,
    to: String,
    other: String,
    note: String,
    own: String,
}

impl ListPage {
    async fn load(app: &App, caller: &Caller, paging: Paging, states: Vec<String>, raw: Option<&str>) -> Result<Self, Problem> {
        let found = handovers::page_of(app, caller, paging, states).await?;
        let own = caller.principal().subject().unwrap_or_default().to_owned();
        let staff = handovers::seen(app, caller).await?.into_iter().filter(|member| member.subject != own);
        Ok(Self {
            page: Page::new(app, caller, "Übergaben"),
            errors: FormErrors::default(),
            pager: Pager::new(&found, "/office/handovers", raw),
            total: found.total,
            handovers: found.items,
            staff: staff.map(|member| (member.subject.clone(), words::staff(&member.subject, &member.role))).collect(),
            to: String::new(),
            other: String::new(),
            note: String::new(),
            own,
        })
    }

    fn waits_for_me(&self, handover: &Handover) -> bool {
        handover.state == "proposed" && handover.to == self.own
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    paging: Paging,
    Query(filter): Query<Filter>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    page::html(&ListPage::load(&app, &caller, paging, filter.state, raw.as_deref()).await?)
}

/// The whole caseload to somebody from the list, or to somebody named by their identifier.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Proposal {
    to: String,
    other: String,
    note: String,
}

async fn propose(State(app): State<App>, caller: Caller, Submitted(given): Submitted<Proposal>) -> Result<Response, Problem> {
    let to = if given.other.is_empty() { given.to.clone() } else { given.other.clone() };
    let input = HandoverInput { to, cases: Cases::All(All::All), note: given.note.clone() };
    match handovers::add(&app, &caller, input).await {
        Ok(handover) => Ok(see(&handover.id, "proposed")),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            let mut shown = ListPage::load(&app, &caller, Paging { page: 1, per_page: 20 }, Vec::new(), None).await?;
            shown.page.title = format!("Fehler: {}", shown.page.title);
            shown.errors = words::errors(&problem);
            page::html_with(problem.status(), &ListPage { to: given.to, other: given.other, note: given.note, ..shown })
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "handovers/handover.html")]
struct HandoverPage {
    page: Page,
    errors: FormErrors,
    handover: Handover,
    done: &'static str,
    incoming: bool,
    outgoing: bool,
}

impl HandoverPage {
    async fn load(app: &App, caller: &Caller, id: String) -> Result<Self, Problem> {
        let handover = handovers::one(app, caller, id).await?;
        let (own, waits) = (caller.principal().subject().unwrap_or_default(), handover.state == "proposed");
        Ok(Self {
            page: Page::new(app, caller, "Übergabe"),
            errors: FormErrors::default(),
            incoming: waits && handover.to == own,
            outgoing: waits && handover.from == own,
            handover,
            done: "",
        })
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>, Query(done): Query<Done>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let mut shown = HandoverPage::load(&app, &caller, id).await?;
    shown.done = match done.done.as_str() {
        "proposed" => "Die Übergabe ist vorgeschlagen. Bis sie angenommen ist, bleiben die Fälle bei Ihnen.",
        "accept" => "Die Fälle sind jetzt Ihre.",
        "reject" => "Die Übergabe ist abgelehnt. Die Fälle bleiben, wo sie sind.",
        "withdraw" => "Die Übergabe ist zurückgezogen. Die Fälle bleiben bei Ihnen.",
        _ => "",
    };
    page::html(&shown)
}

/// `accept`, `reject` or `withdraw`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Decision {
    decision: String,
}

async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(given): Submitted<Decision>,
) -> Result<Response, Problem> {
    let outcome = match given.decision.as_str() {
        "accept" => handovers::take(&app, &caller, id.clone()).await.map(drop),
        "reject" => handovers::turn_down(&app, &caller, id.clone()).await.map(drop),
        "withdraw" => handovers::take_back(&app, &caller, id.clone()).await.map(drop),
        _ => Err(Problem::invalid("decision_unknown", "Wählen Sie, was mit der Übergabe geschehen soll.")),
    };
    match outcome {
        Ok(()) => Ok(see(&id, &given.decision)),
        Err(problem) if matches!(problem.status, 409 | 422) => {
            let mut shown = HandoverPage::load(&app, &caller, id).await?;
            shown.page.title = format!("Fehler: {}", shown.page.title);
            shown.errors = words::errors(&problem);
            page::html_with(problem.status(), &shown)
        }
        Err(problem) => Err(problem),
    }
}

fn see(id: &str, done: &str) -> Response {
    Redirect::to(&format!("/office/handovers/{id}?done={done}")).into_response()
}
