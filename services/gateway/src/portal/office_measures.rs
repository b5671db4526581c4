//! Office: problem situations and measures.
use crate::{
    app::App,
    caller::Caller,
    portal::{
        form::{FormErrors, Submitted},
        network_words as words,
        page::{self, Page},
        pager::Pager,
    },
    problem::Problem,
    rest::{
        actors,
        list::Paging,
        measures::{self, Decision, Filter, Measure, MeasureInput, MeasureMove, Rejection},
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
use bildung_chassis::Role;
use serde::Deserialize;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/office/measures", get(list).post(propose))
        .route("/office/measures/new", get(new))
        .route("/office/measures/{id}", get(show))
        .route("/office/measures/{id}/decide", post(decide))
        .route("/office/measures/{id}/reject", post(reject))
        .route("/office/measures/{id}/move", post(move_to))
}

#[derive(Template)]
#[template(path = "network/measures.html")]
struct ListPage {
    page: Page,
    measures: Vec<Measure>,
    total: u64,
    state: String,
    options: Vec<(&'static str, String)>,
    pager: Pager,
    writes: bool,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    paging: Paging,
    Query(filter): Query<Filter>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let state = filter.state.first().cloned().unwrap_or_default();
    let found = measures::page_of(&app, &caller, paging, filter).await?;
    let count = |code: &str| found.by_state.iter().find(|(state, _)| state == code).map_or(0, |(_, count)| *count);
    let options = words::MEASURE_STATES.iter().map(|(code, word)| (*code, format!("{word} ({})", count(code))));
    page::html(&ListPage {
        page: Page::new(&app, &caller, "Maßnahmen"),
        options: options.collect(),
        state,
        pager: Pager::new(&found.list, "/office/measures", raw.as_deref()),
        total: found.list.total,
        measures: found.list.items,
        writes: writes(&caller),
    })
}

#[derive(Template)]
#[template(path = "network/measure.html")]
struct MeasurePage {
    page: Page,
    errors: FormErrors,
    measure: Measure,
    done: String,
    others: Vec<(String, String)>,
    decision: Decision,
    rejection: String,
    note: String,
    writes: bool,
}

impl MeasurePage {
    fn undecided(&self) -> bool {
        self.measure.next_states.iter().any(|state| state == "decided")
    }

    /// What a decided measure may become, by the verbs of the buttons.
    fn moves(&self) -> Vec<(&'static str, &'static str)> {
        let verb = |state: &str| match state {
            "running" if self.measure.state == "paused" => Some(("running", "Fortsetzen")),
            "running" => Some(("running", "Beginnen")),
            "paused" => Some(("paused", "Ruhen lassen")),
            "completed" => Some(("completed", "Abschließen")),
            "evaluated" => Some(("evaluated", "Auswertung festhalten")),
            "cancelled" => Some(("cancelled", "Aufheben")),
            _ => None,
        };
        self.measure.next_states.iter().filter_map(|state| verb(state)).collect()
    }

    fn is_partner(&self, id: &str) -> bool {
        self.decision.partner_actor_ids.iter().any(|partner| partner == id)
    }

    /// How far the value stands out, for a bar beside the reference; both are on one scale.
    fn scale(&self) -> Option<(f64, f64, f64)> {
        let alert = self.measure.origin.as_ref()?.alert.as_ref()?;
        let (value, reference): (f64, f64) = (alert.value.parse().ok()?, alert.reference_value.parse().ok()?);
        let most = value.max(reference);
        (value >= 0.0 && reference >= 0.0 && most > 0.0).then_some((value, reference, most * 1.2))
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>, Query(done): Query<Done>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let mut shown = measure_page(&app, &caller, id).await?;
    shown.done = match done.done.as_str() {
        "decided" => "Die Maßnahme ist beschlossen.",
        "rejected" => "Der Vorschlag ist abgelehnt.",
        "moved" => "Der neue Stand ist festgehalten.",
        "proposed" => "Die Maßnahme ist vorgeschlagen.",
        _ => "",
    }
    .to_owned();
    page::html(&shown)
}

async fn measure_page(app: &App, caller: &Caller, id: String) -> Result<MeasurePage, Problem> {
    let measure = measures::one(app, caller, id).await?;
    let undecided = measure.next_states.iter().any(|state| state == "decided");
    let writes = writes(caller);
    let others = if undecided && writes { other_actors(app, caller, &measure).await? } else { Vec::new() };
    Ok(MeasurePage {
        page: Page::new(app, caller, measure.title.clone()),
        errors: FormErrors::default(),
        done: String::new(),
        decision: Decision { title: measure.title.clone(), ..Decision::default() },
        measure,
        others,
        rejection: String::new(),
        note: String::new(),
        writes,
    })
}

/// Active actors besides the candidates, to choose a lead from.
async fn other_actors(app: &App, caller: &Caller, measure: &Measure) -> Result<Vec<(String, String)>, Problem> {
    let active = actors::Filter { state: vec!["active".to_owned()], ..actors::Filter::default() };
    let mut all = actors::everything(app, caller, active).await?;
    all.retain(|actor| measure.candidates.iter().all(|candidate| candidate.actor.id != actor.id));
    Ok(all.into_iter().map(|actor| (actor.id, actor.profile.name)).collect())
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct DecisionForm {
    revision: Option<i64>,
    title: String,
    goal: String,
    lead_actor_id: String,
    partner_actor_ids: Vec<String>,
    target: String,
    due_on: String,
}

async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(form): Submitted<DecisionForm>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let decision = Decision {
        goal: form.goal,
        lead_actor_id: form.lead_actor_id,
        partner_actor_ids: form.partner_actor_ids,
        title: form.title,
        // The office writes numbers the German way.
        target: form.target.replace(',', "."),
        due_on: form.due_on,
    };
    match measures::settle(&app, &caller, id.clone(), form.revision, decision.clone()).await {
        Ok(measure) => Ok(see(&measure, "decided")),
        Err(problem) => again(&app, &caller, id, &problem, |shown| shown.decision = decision).await,
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RejectionForm {
    revision: Option<i64>,
    reason: String,
}

async fn reject(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(form): Submitted<RejectionForm>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let rejection = Rejection { reason: form.reason.clone() };
    match measures::turn_down(&app, &caller, id.clone(), form.revision, rejection).await {
        Ok(measure) => Ok(see(&measure, "rejected")),
        Err(problem) => again(&app, &caller, id, &problem, |shown| shown.rejection = form.reason).await,
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MoveForm {
    revision: Option<i64>,
    state: String,
    note: String,
}

async fn move_to(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(form): Submitted<MoveForm>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let input = MeasureMove { state: form.state, note: form.note.clone() };
    match measures::shift(&app, &caller, id.clone(), form.revision, input).await {
        Ok(measure) => Ok(see(&measure, "moved")),
        Err(problem) => again(&app, &caller, id, &problem, |shown| shown.note = form.note).await,
    }
}

fn see(measure: &Measure, done: &str) -> Response {
    Redirect::to(&format!("/office/measures/{}?done={done}", measure.id)).into_response()
}

/// The measure's page with what was wrong; it shows the present state, so that an outdated form is seen to be so.
async fn again(
    app: &App,
    caller: &Caller,
    id: String,
    problem: &Problem,
    fill: impl FnOnce(&mut MeasurePage),
) -> Result<Response, Problem> {
    if !matches!(problem.status, 403 | 409 | 412 | 422) {
        return Err(problem.clone());
    }
    let mut shown = measure_page(app, caller, id).await?;
    shown.errors = words::errors(problem);
    shown.page.title = format!("Fehler: {}", shown.page.title);
    fill(&mut shown);
    page::html_with(problem.status(), &shown)
}

#[derive(Template)]
#[template(path = "network/measure_new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    input: MeasureInput,
}

async fn new(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.require(&[Role::EducationManager])?;
    page::html(&NewPage {
        page: Page::new(&app, &caller, "Maßnahme vorschlagen"),
        errors: FormErrors::default(),
        input: MeasureInput::default(),
    })
}

async fn propose(State(app): State<App>, caller: Caller, Submitted(input): Submitted<MeasureInput>) -> Result<Response, Problem> {
    caller.require_staff()?;
    match measures::add(&app, &caller, input.clone()).await {
        Ok(measure) => Ok(see(&measure, "proposed")),
        Err(problem) if matches!(problem.status, 403 | 422) => {
            let errors = words::errors(&problem);
            page::html_with(problem.status(), &NewPage { page: Page::new(&app, &caller, "Fehler: Maßnahme vorschlagen"), errors, input })
        }
        Err(problem) => Err(problem),
    }
}

fn writes(caller: &Caller) -> bool {
    caller.has_any(&[Role::EducationManager])
}
