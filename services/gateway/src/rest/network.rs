//! The network of actors and its analysis.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{cooperations::ActorRef, json::Json, query::Query},
};
use axum::extract::State;
use bildung_proto::rpc::network as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(network)).routes(routes!(analysis))
}

/// Actors and the cooperations between them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Network)]
pub(crate) struct Net {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

/// An actor in the net.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetworkNode)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) types: Vec<String>,
    pub(crate) life_phases: Vec<String>,
    pub(crate) districts: Vec<String>,
    /// Number of other nodes it shares an edge with.
    pub(crate) degree: u32,
}

/// A cooperation in the net.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetworkEdge)]
pub(crate) struct Edge {
    pub(crate) id: String,
    /// An actor's id.
    pub(crate) from: String,
    /// An actor's id.
    pub(crate) to: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) strength: u32,
    pub(crate) state: String,
}

/// Which part of the net.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub(crate) types: Vec<String>,
    pub(crate) life_phase: Vec<String>,
    pub(crate) district: Vec<String>,
    /// Of cooperations, staff only; without, all that have not ended.
    pub(crate) state: Vec<String>,
}

/// A table about the active actors.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetworkAnalysis)]
pub(crate) struct Analysis {
    pub(crate) view: String,
    pub(crate) as_of: String,
    pub(crate) actors: u32,
    /// Active ones.
    pub(crate) cooperations: u32,
    /// Linked pairs among all possible pairs.
    pub(crate) density: f64,
    pub(crate) rows: Vec<Standing>,
}

/// How an actor is linked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NetworkStanding)]
pub(crate) struct Standing {
    pub(crate) actor: ActorRef,
    /// Distinct actors it works with.
    pub(crate) partners: u32,
    pub(crate) cooperations: u32,
    /// Sum of the strength of its active cooperations.
    pub(crate) strength: u32,
    /// Wished or planned cooperations.
    pub(crate) intended: u32,
}

/// Which table.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct View {
    /// `degree` (the default) or `isolates`.
    pub(crate) view: String,
}

/// Gives the net of active actors; residents see active cooperations only.
#[utoipa::path(get, path = "/api/v1/network", tag = "network", params(Part), responses((status = 200, body = Net)))]
async fn network(State(app): State<App>, caller: Caller, Query(part): Query<Part>) -> Result<Json<Net>, Problem> {
    let asked = pb::GetNetworkRequest { types: part.types, life_phases: part.life_phase, districts: part.district, states: part.state };
    let net = app.peers.network.clone().get_network(caller.request(asked)).await?.into_inner();
    Ok(Json(Net { nodes: net.nodes.into_iter().map(Into::into).collect(), edges: net.edges.into_iter().map(Into::into).collect() }))
}

/// Gives a table about the active actors. For staff.
#[utoipa::path(get, path = "/api/v1/network/analysis", tag = "network", security(("bearer" = [])), params(View), responses((status = 200, body = Analysis), (status = 401, body = Problem), (status = 422, body = Problem)))]
async fn analysis(State(app): State<App>, caller: Caller, Query(view): Query<View>) -> Result<Json<Analysis>, Problem> {
    Ok(Json(table(&app, &caller, view).await?))
}

/// A table about the active actors.
pub(crate) async fn table(app: &App, caller: &Caller, view: View) -> Result<Analysis, Problem> {
    let table = app.peers.network.clone().analyse(caller.request(pb::AnalyseRequest { view: view.view })).await?.into_inner();
    Ok(Analysis {
        view: table.view,
        as_of: table.as_of,
        actors: table.actors,
        cooperations: table.cooperations,
        density: table.density,
        rows: table.rows.into_iter().map(Into::into).collect(),
    })
}

impl From<pb::Node> for Node {
    fn from(node: pb::Node) -> Self {
        Self {
            id: node.id,
            name: node.name,
            kind: node.kind,
            types: node.types,
            life_phases: node.life_phases,
            districts: node.districts,
            degree: node.degree,
        }
    }
}

impl From<pb::Edge> for Edge {
    fn from(edge: pb::Edge) -> Self {
        Self { id: edge.id, from: edge.from, to: edge.to, kind: edge.r#type, strength: edge.strength, state: edge.state }
    }
}

impl From<pb::AnalysisRow> for Standing {
    fn from(row: pb::AnalysisRow) -> Self {
        Self {
            actor: row.actor.unwrap_or_default().into(),
            partners: row.partners,
            cooperations: row.cooperations,
            strength: row.strength,
            intended: row.intended,
        }
    }
}
