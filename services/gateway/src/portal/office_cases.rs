//! Office: cases, consents and referrals.
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
        actors,
        cases::{self, Case, CaseFile, CaseInput, CaseSearch, Consent, ConsentDecision, ConsentInput, Filter, PrivacyNotice},
        list::Paging,
        query::Query,
        referrals::{self, ReferralInput, SentReferral},
    },
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use bildung_chassis::Role;
use bildung_proto::rpc::catalogue as pb;
use serde::Deserialize;

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/office/cases", get(list).post(open))
        .route("/office/cases/new", get(new))
        .route("/office/cases/search", post(search))
        .route("/office/cases/{id}", get(show))
        .route("/office/cases/{id}/consents", post(record_consent))
        .route("/office/cases/{id}/consents/{consent_id}", post(decide_consent))
        .route("/office/cases/{id}/refer", get(choose))
        .route("/office/cases/{id}/referrals", post(refer))
        .route("/office/cases/{id}/referrals/{referral_id}/revoke", post(revoke))
}

/// Who may see names and change cases.
const WORKERS: &[Role] = &[Role::Coordinator, Role::Deputy];

#[derive(Template)]
#[template(path = "cases/cases.html")]
struct ListPage {
    page: Page,
    errors: FormErrors,
    cases: Vec<Case>,
    total: u64,
    state: String,
    /// What was searched for; shown again in the field, never in an address.
    name: String,
    searched: bool,
    pager: Option<Pager>,
    works: bool,
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
    let found = cases::page_of(&app, &caller, paging, filter).await?;
    page::html(&ListPage {
        page: Page::new(&app, &caller, "Fälle"),
        errors: FormErrors::default(),
        state,
        name: String::new(),
        searched: false,
        pager: Some(Pager::new(&found, "/office/cases", raw.as_deref())),
        total: found.total,
        cases: found.items,
        works: caller.has_any(WORKERS),
    })
}

/// A name must not stand in an address, so the search answers the POST itself.
async fn search(State(app): State<App>, caller: Caller, Submitted(wanted): Submitted<CaseSearch>) -> Result<Response, Problem> {
    let name = wanted.name.clone().unwrap_or_default();
    if name.is_empty() {
        return Ok(Redirect::to("/office/cases").into_response());
    }
    let mut shown = ListPage {
        page: Page::new(&app, &caller, "Fälle suchen"),
        errors: FormErrors::default(),
        state: String::new(),
        name,
        searched: true,
        pager: None,
        total: 0,
        cases: Vec::new(),
        works: true,
    };
    match cases::find(&app, &caller, CaseSearch { per_page: Some(100), ..wanted }).await {
        Ok(found) => {
            shown.total = found.total;
            shown.cases = found.items;
            page::html(&shown)
        }
        Err(problem) if problem.status == 422 => {
            shown.errors = words::errors(&problem);
            page::html_with(problem.status(), &shown)
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Template)]
#[template(path = "cases/case_new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    name: String,
    language: String,
    legal_basis: String,
    notice: Option<PrivacyNotice>,
    others: Vec<PrivacyNotice>,
}

impl NewPage {
    async fn load(app: &App, caller: &Caller) -> Result<Self, Problem> {
        let mut notices = cases::published(app, caller, String::new()).await?;
        // Of the newest version: the German one first, the other languages below.
        let newest = notices.first().map(|notice| notice.version.clone()).unwrap_or_default();
        notices.retain(|notice| notice.version == newest);
        let german = notices.iter().position(|notice| notice.language == "de");
        let notice = german.map(|at| notices.remove(at));
        Ok(Self {
            page: Page::new(app, caller, "Fall öffnen"),
            errors: FormErrors::default(),
            name: String::new(),
            language: String::new(),
            legal_basis: "public_task".into(),
            notice,
            others: notices,
        })
    }
}

async fn new(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.require(WORKERS)?;
    page::html(&NewPage::load(&app, &caller).await?)
}

/// A new case, and that the notice was shown.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Opening {
    name: String,
    language: String,
    legal_basis: String,
    notice_version: String,
    told: String,
}

async fn open(State(app): State<App>, caller: Caller, Submitted(given): Submitted<Opening>) -> Result<Response, Problem> {
    caller.require(WORKERS)?;
    let mut errors = FormErrors::default();
    if given.told.is_empty() {
        errors.add("told", "Bestätigen Sie, dass die Person die Hinweise zum Datenschutz gesehen hat.");
    } else {
        let input = CaseInput {
            name: Some(given.name.clone()),
            language: given.language.clone(),
            legal_basis: given.legal_basis.clone(),
            notice_version: given.notice_version,
        };
        match cases::add(&app, &caller, input).await {
            Ok(case) => return Ok(see(&case.id, "opened")),
            Err(problem) if matches!(problem.status, 409 | 422) => errors = words::errors(&problem),
            Err(problem) => return Err(problem),
        }
    }
    let mut shown = NewPage::load(&app, &caller).await?;
    shown.page.title = format!("Fehler: {}", shown.page.title);
    page::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &NewPage { errors, name: given.name, language: given.language, legal_basis: given.legal_basis, ..shown },
    )
}

#[derive(Template)]
#[template(path = "cases/case.html")]
struct CasePage {
    page: Page,
    errors: FormErrors,
    file: CaseFile,
    done: &'static str,
    actors: Vec<(String, String)>,
    input: ConsentInput,
    notice_version: String,
    works: bool,
}

impl CasePage {
    async fn load(app: &App, caller: &Caller, id: String) -> Result<Self, Problem> {
        let file = cases::one(app, caller, id).await?;
        let works = caller.has_any(WORKERS);
        let (mut choices, mut notice_version) = (Vec::new(), file.case.notice_version.clone());
        if works {
            choices = actors::everything(app, caller, actors::Filter::default())
                .await?
                .into_iter()
                .map(|actor| (actor.id, actor.profile.name))
                .collect();
            if let Some(newest) = cases::published(app, caller, String::new()).await?.into_iter().next() {
                notice_version = newest.version;
            }
        }
        Ok(Self {
            page: Page::new(app, caller, format!("Fall {}", words::short(&file.case.id))),
            errors: FormErrors::default(),
            file,
            done: "",
            actors: choices,
            input: ConsentInput { purpose: "referral".into(), ..ConsentInput::default() },
            notice_version,
            works,
        })
    }

    fn can_refer(&self) -> bool {
        self.file.consents.iter().any(refers)
    }
}

fn refers(consent: &Consent) -> bool {
    consent.state == "given" && consent.purpose == "referral"
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>, Query(done): Query<Done>) -> Result<Response, Problem> {
    caller.require_staff()?;
    let mut shown = CasePage::load(&app, &caller, id).await?;
    shown.done = match done.done.as_str() {
        "opened" => "Der Fall ist geöffnet.",
        "consent" => "Die Einwilligung ist festgehalten.",
        "decided" => {
            "Der neue Stand der Einwilligung ist festgehalten. Ist sie zurückgenommen, so sind es auch die Verweise, die auf ihr beruhten."
        }
        "revoked" => "Der Verweis ist zurückgezogen.",
        _ => "",
    };
    page::html(&shown)
}

async fn record_consent(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(input): Submitted<ConsentInput>,
) -> Result<Response, Problem> {
    match cases::consent(&app, &caller, id.clone(), input.clone()).await {
        Ok(_) => Ok(see(&id, "consent")),
        Err(problem) => again(&app, &caller, id, problem, Some(input)).await,
    }
}

async fn decide_consent(
    State(app): State<App>,
    caller: Caller,
    Path((id, consent_id)): Path<(String, String)>,
    Submitted(decision): Submitted<ConsentDecision>,
) -> Result<Response, Problem> {
    match cases::decide(&app, &caller, id.clone(), consent_id, decision.state).await {
        Ok(_) => Ok(see(&id, "decided")),
        Err(problem) => again(&app, &caller, id, problem, None).await,
    }
}

/// Nothing but the token.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Nothing {}

async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path((id, referral_id)): Path<(String, String)>,
    Submitted(Nothing {}): Submitted<Nothing>,
) -> Result<Response, Problem> {
    match referrals::take_back(&app, &caller, id.clone(), referral_id).await {
        Ok(_) => Ok(see(&id, "revoked")),
        Err(problem) => again(&app, &caller, id, problem, None).await,
    }
}

/// The case's page once more, with what is wrong.
async fn again(app: &App, caller: &Caller, id: String, problem: Problem, input: Option<ConsentInput>) -> Result<Response, Problem> {
    if !matches!(problem.status, 409 | 422) {
        return Err(problem);
    }
    let mut shown = CasePage::load(app, caller, id).await?;
    shown.page.title = format!("Fehler: {}", shown.page.title);
    shown.errors = words::errors(&problem);
    if let Some(input) = input {
        shown.input = input;
    }
    page::html_with(problem.status(), &shown)
}

fn see(case_id: &str, done: &str) -> Response {
    Redirect::to(&format!("/office/cases/{case_id}?done={done}")).into_response()
}

/// An offer to refer to.
struct Choice {
    id: String,
    title: String,
    provider: String,
    when: String,
}

#[derive(Template)]
#[template(path = "cases/refer.html")]
struct ReferPage {
    page: Page,
    errors: FormErrors,
    case: Case,
    consents: Vec<(String, String)>,
    q: String,
    offers: Vec<Choice>,
    total: u64,
    consent_id: String,
    offer_id: String,
}

impl ReferPage {
    async fn load(app: &App, caller: &Caller, id: String, q: String) -> Result<Self, Problem> {
        let file = cases::one(app, caller, id).await?;
        let name = |consent: &Consent| consent.recipient_name.clone().unwrap_or_else(|| consent.recipient_actor_id.clone());
        let actors: Vec<&str> =
            file.consents.iter().filter(|consent| refers(consent)).map(|consent| consent.recipient_actor_id.as_str()).collect();
        let asked = pb::SearchOffersRequest {
            query: q.clone(),
            page: 1,
            per_page: 20,
            locale: "de".into(),
            // Only what the institutions provide that the person has agreed to; all, if none of them is known as a provider.
            providers: providers_of(app, caller, &actors).await?,
            ..pb::SearchOffersRequest::default()
        };
        let found = app.peers.catalogue.clone().search_offers(caller.request(asked)).await?.into_inner();
        let offers = found.items.into_iter().map(|offer| Choice {
            id: offer.id,
            title: offer.title,
            provider: offer.provider.map(|provider| provider.name).unwrap_or_default(),
            when: offer.next_instance.map(|instance| words::day(&instance.start)).unwrap_or_default(),
        });
        Ok(Self {
            page: Page::new(app, caller, "An ein Angebot verweisen"),
            errors: FormErrors::default(),
            consents: file.consents.iter().filter(|consent| refers(consent)).map(|consent| (consent.id.clone(), name(consent))).collect(),
            case: file.case,
            q,
            total: found.total,
            offers: offers.collect(),
            consent_id: String::new(),
            offer_id: String::new(),
        })
    }
}

/// The catalogue's providers that are these actors.
async fn providers_of(app: &App, caller: &Caller, actors: &[&str]) -> Result<Vec<String>, Problem> {
    let mut found = Vec::new();
    for page in 1.. {
        let asked = pb::ListProvidersRequest { page, per_page: 100 };
        let answer = app.peers.catalogue.clone().list_providers(caller.request(asked)).await?.into_inner();
        let last = u64::from(page) * 100 >= answer.total;
        let theirs = answer.items.into_iter().filter(|provider| provider.actor_id.as_deref().is_some_and(|id| actors.contains(&id)));
        found.extend(theirs.map(|provider| provider.id));
        if last {
            break;
        }
    }
    Ok(found)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    q: String,
}

async fn choose(State(app): State<App>, caller: Caller, Path(id): Path<String>, Query(wanted): Query<Wanted>) -> Result<Response, Problem> {
    caller.require(WORKERS)?;
    page::html(&ReferPage::load(&app, &caller, id, wanted.q).await?)
}

/// Which offer, on the strength of which consent; the consent names the actor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Referring {
    offer_id: String,
    consent_id: String,
    q: String,
}

#[derive(Template)]
#[template(path = "cases/sent.html")]
struct SentPage {
    page: Page,
    case_id: String,
    sent: SentReferral,
}

/// The link is secret and shown once, so the page answers the POST itself.
async fn refer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Submitted(given): Submitted<Referring>,
) -> Result<Response, Problem> {
    caller.require(WORKERS)?;
    let file = cases::one(&app, &caller, id.clone()).await?;
    let recipient = file.consents.iter().find(|consent| consent.id == given.consent_id).map(|consent| consent.recipient_actor_id.clone());
    let mut errors = FormErrors::default();
    if recipient.is_none() {
        errors.add("consent_id", "Wählen Sie, an welche Einrichtung Sie verweisen.");
    }
    if given.offer_id.is_empty() {
        errors.add("offer_id", "Wählen Sie ein Angebot aus der Liste.");
    }
    if let (Some(actor_id), true) = (recipient, errors.is_empty()) {
        let input = ReferralInput { offer_id: given.offer_id.clone(), actor_id, consent_id: given.consent_id.clone() };
        match referrals::send(&app, &caller, id.clone(), input).await {
            Ok(sent) => {
                return page::html_with(
                    StatusCode::CREATED,
                    &SentPage { page: Page::new(&app, &caller, "Verweis gesendet"), case_id: id, sent },
                );
            }
            Err(problem) if matches!(problem.status, 409 | 422) => errors = words::errors(&problem),
            Err(problem) => return Err(problem),
        }
    }
    let mut shown = ReferPage::load(&app, &caller, id, given.q).await?;
    shown.page.title = format!("Fehler: {}", shown.page.title);
    page::html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &ReferPage { errors, consent_id: given.consent_id, offer_id: given.offer_id, ..shown },
    )
}
