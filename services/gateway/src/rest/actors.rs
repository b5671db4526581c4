//! Actors of the network.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        etag::{self, IfMatch},
        json::Json,
        list::{List, Paging},
        query::Query,
    },
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_proto::rpc::network as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(get, change)).routes(routes!(import))
}

/// An organisation, unit, office or initiative; never a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Actor {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) profile: Profile,
    /// `draft`, `active`, `dormant` or `closed`; residents see active actors only.
    pub(crate) state: String,
    /// The key under which it was imported.
    pub(crate) key: Option<String>,
    pub(crate) registered_at: String,
    pub(crate) changed_at: String,
    #[serde(skip)]
    pub(crate) revision: i64,
}

/// What an actor says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ActorProfile)]
pub(crate) struct Profile {
    #[schema(required)]
    pub(crate) name: String,
    pub(crate) short_name: String,
    /// Names under which it is known, too.
    pub(crate) other_names: Vec<String>,
    /// `organisation`, `unit`, `office`, `initiative` or `sole_provider`.
    #[schema(required)]
    pub(crate) kind: String,
    /// Codes such as `vhs`, `school`, `library`.
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) themes: Vec<String>,
    pub(crate) districts: Vec<String>,
    /// BCP 47.
    pub(crate) languages: Vec<String>,
    /// An http or https address.
    pub(crate) web: String,
    pub(crate) description: String,
}

/// An actor to be registered, or its new profile.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ActorInput {
    #[serde(flatten)]
    pub(crate) profile: Profile,
    /// When registering `draft` or `active` (the default); when changing, the state to move to.
    pub(crate) state: String,
    /// When registering: its key in another register, so that an import finds it.
    pub(crate) key: String,
}

/// Which actors.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Part of a name.
    pub(crate) q: String,
    pub(crate) kind: Vec<String>,
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub(crate) types: Vec<String>,
    pub(crate) life_phase: Vec<String>,
    pub(crate) theme: Vec<String>,
    pub(crate) district: Vec<String>,
    pub(crate) language: Vec<String>,
    /// Staff only.
    pub(crate) state: Vec<String>,
}

/// A list to be taken over from another register.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ActorImport {
    pub(crate) actors: Vec<ImportedActor>,
    pub(crate) cooperations: Vec<ImportedCooperation>,
}

/// An actor under the key of the other register.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ImportedActor {
    #[schema(required)]
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) profile: Profile,
}

/// A cooperation between two keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ImportedCooperation {
    #[schema(required)]
    pub(crate) from: String,
    #[schema(required)]
    pub(crate) to: String,
    #[serde(rename = "type")]
    #[schema(required)]
    pub(crate) kind: String,
    pub(crate) strength: u32,
    pub(crate) formality: String,
    pub(crate) state: String,
    pub(crate) since: String,
    pub(crate) until: String,
}

/// What became of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActorImportReport {
    pub(crate) actors: ImportCounts,
    pub(crate) cooperations: ImportCounts,
    /// Records that were not taken over.
    pub(crate) errors: Vec<ActorImportError>,
}

/// What became of the records of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
#[schema(as = ActorImportCounts)]
pub(crate) struct ImportCounts {
    pub(crate) read: u32,
    pub(crate) created: u32,
    pub(crate) updated: u32,
    pub(crate) unchanged: u32,
    pub(crate) rejected: u32,
}

/// A record that was not taken over.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActorImportError {
    /// Such as `/actors/3/name`.
    pub(crate) pointer: String,
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// Lists actors by name.
#[utoipa::path(get, path = "/api/v1/actors", tag = "network", params(Filter, Paging), responses((status = 200, body = List<Actor>), (status = 422, body = Problem)))]
async fn list(State(app): State<App>, caller: Caller, paging: Paging, Query(filter): Query<Filter>) -> Result<Json<List<Actor>>, Problem> {
    Ok(Json(page_of(&app, &caller, paging, filter).await?))
}

/// Registers an actor.
#[utoipa::path(post, path = "/api/v1/actors", tag = "network", security(("bearer" = [])), request_body = ActorInput, responses((status = 201, body = Actor), (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn register(State(app): State<App>, caller: Caller, Json(input): Json<ActorInput>) -> Result<Response, Problem> {
    let actor = add(&app, &caller, input).await?;
    let location = format!("/api/v1/actors/{}", actor.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], tagged(actor)).into_response())
}

/// Gives an actor.
#[utoipa::path(get, path = "/api/v1/actors/{id}", tag = "network", params(("id" = String, Path)), responses((status = 200, body = Actor), (status = 404, body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Result<Response, Problem> {
    Ok(tagged(one(&app, &caller, id).await?))
}

/// Replaces an actor's profile; If-Match is needed.
#[utoipa::path(put, path = "/api/v1/actors/{id}", tag = "network", security(("bearer" = [])), params(("id" = String, Path), ("If-Match" = String, Header)), request_body = ActorInput, responses((status = 200, body = Actor), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    version: IfMatch,
    Json(input): Json<ActorInput>,
) -> Result<Response, Problem> {
    let version = version.required()?;
    let revision = revision(&IfMatch(Some(version)))?.unwrap_or_default();
    Ok(tagged(replace(&app, &caller, id, revision, input).await?))
}

/// Takes over a list of actors and cooperations; the same list again changes nothing.
#[utoipa::path(post, path = "/api/v1/actor-imports", tag = "network", security(("bearer" = [])), request_body = ActorImport, responses((status = 200, body = ActorImportReport), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn import(State(app): State<App>, caller: Caller, Json(list): Json<ActorImport>) -> Result<Json<ActorImportReport>, Problem> {
    let asked = pb::ImportActorsRequest {
        actors: list.actors.into_iter().map(|actor| pb::ImportedActor { key: actor.key, profile: Some(actor.profile.into()) }).collect(),
        cooperations: list
            .cooperations
            .into_iter()
            .map(|cooperation| pb::ImportedCooperation {
                from: cooperation.from,
                to: cooperation.to,
                r#type: cooperation.kind,
                strength: cooperation.strength,
                formality: cooperation.formality,
                state: cooperation.state,
                since: cooperation.since,
                until: cooperation.until,
            })
            .collect(),
    };
    let report = app.peers.network.clone().import_actors(caller.upload(asked)).await?.into_inner();
    Ok(Json(ActorImportReport {
        actors: report.actors.unwrap_or_default().into(),
        cooperations: report.cooperations.unwrap_or_default().into(),
        errors: report
            .errors
            .into_iter()
            .map(|error| ActorImportError { pointer: error.pointer, code: error.code, detail: error.detail })
            .collect(),
    }))
}

/// A page of the actors that match.
pub(crate) async fn page_of(app: &App, caller: &Caller, paging: Paging, filter: Filter) -> Result<List<Actor>, Problem> {
    let asked = pb::ListActorsRequest {
        q: filter.q,
        kinds: filter.kind,
        types: filter.types,
        life_phases: filter.life_phase,
        themes: filter.theme,
        districts: filter.district,
        languages: filter.language,
        states: filter.state,
        page: paging.page,
        per_page: paging.per_page,
    };
    let listed = app.peers.network.clone().list_actors(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, u64::try_from(listed.total).unwrap_or_default(), listed.actors.into_iter().map(Into::into).collect()))
}

/// All actors that match, for a choice on a page; one that has no room for them all is cut at a thousand.
pub(crate) async fn everything(app: &App, caller: &Caller, filter: Filter) -> Result<Vec<Actor>, Problem> {
    let mut all = Vec::new();
    for page in 1..=10 {
        let found = page_of(app, caller, Paging { page, per_page: 100 }, filter.clone()).await?;
        let last = found.items.len() < 100;
        all.extend(found.items);
        if last {
            break;
        }
    }
    Ok(all)
}

/// An actor.
pub(crate) async fn one(app: &App, caller: &Caller, id: String) -> Result<Actor, Problem> {
    Ok(app.peers.network.clone().get_actor(caller.request(pb::GetActorRequest { id })).await?.into_inner().into())
}

/// Registers an actor.
pub(crate) async fn add(app: &App, caller: &Caller, input: ActorInput) -> Result<Actor, Problem> {
    let asked = pb::RegisterActorRequest { profile: Some(input.profile.into()), state: input.state, key: input.key };
    Ok(app.peers.network.clone().register_actor(caller.request(asked)).await?.into_inner().into())
}

/// Replaces an actor's profile.
pub(crate) async fn replace(app: &App, caller: &Caller, id: String, revision: i64, input: ActorInput) -> Result<Actor, Problem> {
    let asked = pb::ChangeActorRequest { id, revision, profile: Some(input.profile.into()), state: input.state };
    Ok(app.peers.network.clone().change_actor(caller.request(asked)).await?.into_inner().into())
}

fn tagged(actor: Actor) -> Response {
    ([(header::ETAG, etag::of(actor.revision))], Json(actor)).into_response()
}

/// The revision that a caller has seen; what was never given out is outdated.
pub(crate) fn revision(version: &IfMatch) -> Result<Option<i64>, Problem> {
    let outdated = || Problem::new(StatusCode::PRECONDITION_FAILED, "revision_outdated", "this ETag is not of the present version");
    version.0.as_deref().map(|tag| tag.parse().map_err(|_| outdated())).transpose()
}

/// What was said, if anything was.
pub(crate) fn present(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl From<pb::Actor> for Actor {
    fn from(actor: pb::Actor) -> Self {
        Self {
            id: actor.id,
            profile: actor.profile.unwrap_or_default().into(),
            state: actor.state,
            key: present(actor.key),
            registered_at: actor.registered_at,
            changed_at: actor.changed_at,
            revision: actor.revision,
        }
    }
}

impl From<pb::ActorProfile> for Profile {
    fn from(profile: pb::ActorProfile) -> Self {
        Self {
            name: profile.name,
            short_name: profile.short_name,
            other_names: profile.other_names,
            kind: profile.kind,
            types: profile.types,
            life_phases: profile.life_phases,
            themes: profile.themes,
            districts: profile.districts,
            languages: profile.languages,
            web: profile.web,
            description: profile.description,
        }
    }
}

impl From<Profile> for pb::ActorProfile {
    fn from(profile: Profile) -> Self {
        Self {
            name: profile.name,
            short_name: profile.short_name,
            other_names: profile.other_names,
            kind: profile.kind,
            types: profile.types,
            life_phases: profile.life_phases,
            themes: profile.themes,
            districts: profile.districts,
            languages: profile.languages,
            web: profile.web,
            description: profile.description,
        }
    }
}

impl From<pb::ImportCounts> for ImportCounts {
    fn from(counts: pb::ImportCounts) -> Self {
        Self { read: counts.read, created: counts.created, updated: counts.updated, unchanged: counts.unchanged, rejected: counts.rejected }
    }
}
