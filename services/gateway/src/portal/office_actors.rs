//! Office: actors and cooperations.
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
        actors::{self, Actor, ActorInput, Filter, Profile},
        cooperations::{self, Cooperation, CooperationInput, CooperationMove},
        list::Paging,
        network,
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
        .route("/office/actors", get(list).post(register))
        .route("/office/actors/new", get(new))
        .route("/office/actors/links", get(links))
        .route("/office/actors/{id}", get(show))
        .route("/office/actors/{id}/edit", get(edit).post(change))
        .route("/office/actors/{id}/cooperations", post(add_cooperation))
        .route("/office/actors/{id}/cooperations/{cooperation}", post(move_cooperation))
}

#[derive(Template)]
#[template(path = "network/actors.html")]
struct ListPage {
    page: Page,
    actors: Vec<Actor>,
    total: u64,
    filter: Filter,
    pager: Pager,
    writes: bool,
}

impl ListPage {
    fn chosen_type(&self) -> &str {
        self.filter.types.first().map_or("", String::as_str)
    }

    fn chosen_phase(&self) -> &str {
        self.filter.life_phase.first().map_or("", String::as_str)
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
    let found = actors::page_of(&app, &caller, paging, filter.clone()).await?;
    page::html(&ListPage {
        page: Page::new(&app, &caller, "Bildungsakteure"),
        pager: Pager::new(&found, "/office/actors", raw.as_deref()),
        total: found.total,
        actors: found.items,
        filter,
        writes: writes(&caller),
    })
}

#[derive(Template)]
#[template(path = "network/links.html")]
struct LinksPage {
    page: Page,
    table: network::Analysis,
    isolates: bool,
}

impl LinksPage {
    fn density(&self) -> String {
        format!("{:.1} %", self.table.density * 100.0).replace('.', ",")
    }
}

async fn links(State(app): State<App>, caller: Caller, Query(view): Query<network::View>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let table = network::table(&app, &caller, view).await?;
    page::html(&LinksPage { page: Page::new(&app, &caller, "Vernetzung"), isolates: table.view == "isolates", table })
}

/// An actor's form: lists are written with commas.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ActorForm {
    revision: i64,
    name: String,
    short_name: String,
    other_names: String,
    kind: String,
    types: Vec<String>,
    life_phases: Vec<String>,
    themes: String,
    districts: String,
    languages: String,
    web: String,
    description: String,
    state: String,
}

impl ActorForm {
    fn of(actor: &Actor) -> Self {
        let profile = actor.profile.clone();
        Self {
            revision: actor.revision,
            name: profile.name,
            short_name: profile.short_name,
            other_names: profile.other_names.join(", "),
            kind: profile.kind,
            types: profile.types,
            life_phases: profile.life_phases,
            themes: profile.themes.join(", "),
            districts: profile.districts.join(", "),
            languages: profile.languages.join(", "),
            web: profile.web,
            description: profile.description,
            state: actor.state.clone(),
        }
    }

    fn input(&self) -> ActorInput {
        let several = |text: &str| text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
        let profile = Profile {
            name: self.name.clone(),
            short_name: self.short_name.clone(),
            other_names: several(&self.other_names),
            kind: self.kind.clone(),
            types: self.types.clone(),
            life_phases: self.life_phases.clone(),
            themes: several(&self.themes),
            districts: several(&self.districts),
            languages: several(&self.languages),
            web: self.web.clone(),
            description: self.description.clone(),
        };
        ActorInput { profile, state: self.state.clone(), key: String::new() }
    }
}

#[derive(Template)]
#[template(path = "network/actor_form.html")]
struct FormPage {
    page: Page,
    errors: FormErrors,
    form: ActorForm,
    /// Of the actor that is changed; empty for a new one.
    id: String,
    /// What to choose types from: the known ones, and those that the actor has besides.
    types: Vec<(String, String)>,
}

impl FormPage {
    fn new(app: &App, caller: &Caller, title: &str, id: String, form: ActorForm) -> Self {
        let mut types: Vec<(String, String)> = words::TYPES.iter().map(|(code, word)| ((*code).to_owned(), (*word).to_owned())).collect();
        for code in &form.types {
            if types.iter().all(|(known, _)| known != code) {
                types.push((code.clone(), code.clone()));
            }
        }
        Self { page: Page::new(app, caller, title), errors: FormErrors::default(), form, id, types }
    }

    fn has_type(&self, code: &str) -> bool {
        self.form.types.iter().any(|chosen| chosen == code)
    }

    fn has_phase(&self, code: &str) -> bool {
        self.form.life_phases.iter().any(|chosen| chosen == code)
    }

    fn with(mut self, problem: &Problem) -> Result<Response, Problem> {
        if !matches!(problem.status, 403 | 409 | 412 | 422) {
            return Err(problem.clone());
        }
        self.errors = words::errors(problem);
        self.page.title = format!("Fehler: {}", self.page.title);
        page::html_with(problem.status(), &self)
    }
}

const REGISTER: &str = "Akteur aufnehmen";
const CHANGE: &str = "Akteur ändern";

async fn new(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.require(&[Role::EducationManager])?;
    page::html(&FormPage::new(&app, &caller, REGISTER, String::new(), ActorForm::default()))
}

async fn register(State(app): State<App>, caller: Caller, Submitted(form): Submitted<ActorForm>) -> Result<Response, Problem> {
    caller.require_staff()?;
    match actors::add(&app, &caller, form.input()).await {
        Ok(actor) => Ok(see(&actor.id, "registered")),
        Err(problem) => FormPage::new(&app, &caller, REGISTER, String::new(), form).with(&problem),
    }
}

async fn edit(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    caller.require(&[Role::EducationManager])?;
    let actor = actors::one(&app, &caller, id.clone()).await?;
    page::html(&FormPage::new(&app, &caller, CHANGE, id, ActorForm::of(&actor)))
}

async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(form): Submitted<ActorForm>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    match actors::replace(&app, &caller, id.clone(), form.revision, form.input()).await {
        Ok(actor) => Ok(see(&actor.id, "changed")),
        Err(problem) => FormPage::new(&app, &caller, CHANGE, id, form).with(&problem),
    }
}

#[derive(Template)]
#[template(path = "network/actor.html")]
struct ActorPage {
    page: Page,
    errors: FormErrors,
    actor: Actor,
    cooperations: Vec<Cooperation>,
    others: Vec<(String, String)>,
    input: CooperationInput,
    done: &'static str,
    writes: bool,
}

impl ActorPage {
    fn partner<'a>(&self, cooperation: &'a Cooperation) -> &'a cooperations::ActorRef {
        if cooperation.from.id == self.actor.id { &cooperation.to } else { &cooperation.from }
    }

    /// Where a cooperation may go from here, by the verbs of the buttons.
    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    fn moves(&self, state: &str) -> &'static [(&'static str, &'static str)] {
        match state {
            "wished" => &[("planned", "Planen")],
            "planned" => &[("active", "Beginnen")],
            "active" => &[("paused", "Ruhen lassen")],
            "paused" => &[("active", "Fortsetzen")],
            _ => &[],
        }
    }

    fn strength(&self) -> String {
        if self.input.strength == 0 { String::new() } else { self.input.strength.to_string() }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>, Query(done): Query<Done>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let mut shown = actor_page(&app, &caller, id).await?;
    shown.done = match done.done.as_str() {
        "registered" => "Der Akteur ist aufgenommen.",
        "changed" => "Die Änderung ist gespeichert.",
        "added" => "Die Kooperation ist eingetragen.",
        "moved" => "Der neue Stand der Kooperation ist festgehalten.",
        _ => "",
    };
    page::html(&shown)
}

async fn actor_page(app: &App, caller: &Caller, id: String) -> Result<ActorPage, Problem> {
    let actor = actors::one(app, caller, id.clone()).await?;
    let of_actor = cooperations::Filter { actor: vec![id], ..cooperations::Filter::default() };
    let cooperations = cooperations::page_of(app, caller, Paging { page: 1, per_page: 100 }, of_actor).await?;
    let writes = writes(caller);
    let others = if writes && actor.state != "closed" {
        let active = Filter { state: vec!["active".to_owned()], ..Filter::default() };
        let all = actors::everything(app, caller, active).await?;
        all.into_iter().filter(|other| other.id != actor.id).map(|other| (other.id, other.profile.name)).collect()
    } else {
        Vec::new()
    };
    Ok(ActorPage {
        page: Page::new(app, caller, actor.profile.name.clone()),
        errors: FormErrors::default(),
        actor,
        cooperations: cooperations.items,
        others,
        input: CooperationInput::default(),
        done: "",
        writes,
    })
}

async fn add_cooperation(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(mut input): Submitted<CooperationInput>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    input.from_actor_id.clone_from(&id);
    match cooperations::record(&app, &caller, input.clone()).await {
        Ok(_) => Ok(see(&id, "added")),
        Err(problem) => again(&app, &caller, id, &problem, input).await,
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MoveForm {
    revision: Option<i64>,
    state: String,
    reason: String,
}

async fn move_cooperation(
    State(app): State<App>,
    caller: Caller,
    Path((id, cooperation)): Path<(String, String)>,
    Submitted(form): Submitted<MoveForm>,
) -> Result<Response, Problem> {
    caller.require_staff()?;
    let input = CooperationMove { state: form.state, reason: form.reason, on: String::new() };
    match cooperations::shift(&app, &caller, cooperation, form.revision, input).await {
        Ok(_) => Ok(see(&id, "moved")),
        Err(problem) => again(&app, &caller, id, &problem, CooperationInput::default()).await,
    }
}

async fn again(app: &App, caller: &Caller, id: String, problem: &Problem, input: CooperationInput) -> Result<Response, Problem> {
    if !matches!(problem.status, 403 | 409 | 412 | 422) {
        return Err(problem.clone());
    }
    let mut shown = actor_page(app, caller, id).await?;
    shown.errors = words::errors(problem);
    shown.page.title = format!("Fehler: {}", shown.page.title);
    shown.input = input;
    page::html_with(problem.status(), &shown)
}

fn see(id: &str, done: &str) -> Response {
    Redirect::to(&format!("/office/actors/{id}?done={done}")).into_response()
}

fn writes(caller: &Caller) -> bool {
    caller.has_any(&[Role::EducationManager])
}
