//! Problem situations.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        datasets::number,
        list::{List, Paging},
        query::Query,
    },
};
use axum::{Json, extract::State};
use bildung_proto::rpc::monitoring as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A released value that fulfils a problem rule.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Alert {
    pub(crate) id: String,
    pub(crate) rule_id: String,
    pub(crate) indicator_id: String,
    /// AGS.
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    #[schema(value_type = f64)]
    pub(crate) value: Option<serde_json::Number>,
    pub(crate) unit: String,
    /// What it was compared with.
    pub(crate) reference: Reference,
    /// Difference, in the unit.
    #[schema(value_type = f64)]
    pub(crate) margin: Option<serde_json::Number>,
    /// `raised` or `cleared`; residents see raised ones only.
    pub(crate) state: String,
    pub(crate) raised_at: String,
    pub(crate) cleared_at: Option<String>,
    /// `value_within_limits`, `value_withdrawn` or `rule_changed`.
    pub(crate) cleared_reason: Option<String>,
}

/// The value an alert's value was compared with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Reference {
    pub(crate) area: String,
    pub(crate) area_name: String,
    #[schema(value_type = f64)]
    pub(crate) value: Option<serde_json::Number>,
}

/// Which alerts.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `raised` or `cleared`.
    pub(crate) state: Vec<String>,
    /// AGS.
    pub(crate) area: Vec<String>,
}

impl From<pb::Alert> for Alert {
    fn from(alert: pb::Alert) -> Self {
        let area = alert.area.unwrap_or_default();
        let reference = alert.reference_area.unwrap_or_default();
        Self {
            id: alert.id,
            rule_id: alert.rule_id,
            indicator_id: alert.indicator_id,
            area: area.code,
            area_name: area.name,
            period: alert.period,
            value: number(Some(alert.value)),
            unit: alert.unit,
            reference: Reference { area: reference.code, area_name: reference.name, value: number(Some(alert.reference_value)) },
            margin: number(Some(alert.margin)),
            state: alert.state,
            raised_at: alert.raised_at,
            cleared_at: alert.cleared_at,
            cleared_reason: alert.cleared_reason,
        }
    }
}

/// Problem situations, the latest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "indicators", params(Which, Paging), responses((status = 200, body = List<Alert>)))]
async fn list(State(app): State<App>, caller: Caller, which: Query<Which>, paging: Paging) -> Result<Json<List<Alert>>, Problem> {
    Ok(Json(find(&app, &caller, which.0, paging).await?))
}

/// Problem situations, the latest first.
pub(crate) async fn find(app: &App, caller: &Caller, which: Which, paging: Paging) -> Result<List<Alert>, Problem> {
    let asked = pb::ListAlertsRequest { states: which.state, areas: which.area, page: paging.page, per_page: paging.per_page };
    let found = app.peers.monitoring.clone().list_alerts(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, found.total, found.alerts.into_iter().map(Alert::from).collect()))
}
