//! Indicators, their values and where these come from.
use crate::{
    app::App,
    caller::Caller,
    problem::Problem,
    rest::{
        datasets::{Cell, number},
        list::{List, Paging},
        query::Query,
    },
};
use axum::{
    Json,
    extract::{Path, State},
};
use bildung_proto::rpc::monitoring as pb;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Operations of this resource.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(values))
}

/// An indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Indicator {
    /// Such as `leavers-without-certificate`.
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) description: String,
    pub(crate) unit: String,
    pub(crate) decimals: u32,
    pub(crate) table: String,
    /// Periods with values you may see, the latest first.
    pub(crate) periods: Vec<String>,
    /// When a released value is a problem situation.
    pub(crate) rules: Vec<Rule>,
}

/// A problem rule: an area stands worse than its Land by at least a margin.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// The areas it watches.
    pub(crate) areas: Vec<String>,
    #[schema(value_type = f64)]
    pub(crate) margin: Option<serde_json::Number>,
}

/// A value of an indicator.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(crate) struct Value {
    pub(crate) indicator_id: String,
    /// AGS, or `DG` for Germany.
    pub(crate) area: String,
    pub(crate) area_name: String,
    pub(crate) period: String,
    #[schema(value_type = Option<f64>)]
    pub(crate) value: Option<serde_json::Number>,
    pub(crate) unit: String,
    #[schema(value_type = Option<f64>)]
    pub(crate) numerator: Option<serde_json::Number>,
    #[schema(value_type = Option<f64>)]
    pub(crate) denominator: Option<serde_json::Number>,
    /// `value`, `limited`, `not_computable` or `suppressed`.
    pub(crate) status: String,
    /// Why there is no value, such as `numerator_concealed`.
    pub(crate) reason: Option<String>,
    /// The cells of numerator and denominator.
    pub(crate) lineage: Vec<Cell>,
    /// `draft`, `checked` or `released`; residents see released values only.
    pub(crate) state: String,
    pub(crate) dataset_id: String,
}

/// Which values.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// AGS, or `DG`.
    pub(crate) area: Vec<String>,
    pub(crate) period: Vec<String>,
    /// Only those computed from this data set.
    pub(crate) dataset: Option<String>,
}

impl From<pb::IndicatorValue> for Value {
    fn from(value: pb::IndicatorValue) -> Self {
        let area = value.area.unwrap_or_default();
        Self {
            indicator_id: value.indicator_id,
            area: area.code,
            area_name: area.name,
            period: value.period,
            value: number(value.value),
            unit: value.unit,
            numerator: number(value.numerator),
            denominator: number(value.denominator),
            status: value.status,
            reason: value.reason,
            lineage: value.lineage.into_iter().map(Cell::from).collect(),
            state: value.state,
            dataset_id: value.dataset_id,
        }
    }
}

/// The indicators.
#[utoipa::path(get, path = "/api/v1/indicators", tag = "indicators", params(Paging), responses((status = 200, body = List<Indicator>)))]
async fn list(State(app): State<App>, caller: Caller, paging: Paging) -> Result<Json<List<Indicator>>, Problem> {
    let all = all(&app, &caller).await?;
    let total = all.len() as u64;
    let first = (paging.page as usize - 1).saturating_mul(paging.per_page as usize);
    let items = all.into_iter().skip(first).take(paging.per_page as usize).collect();
    Ok(Json(List::new(paging, total, items)))
}

/// The indicators, in the caller's language.
pub(crate) async fn all(app: &App, caller: &Caller) -> Result<Vec<Indicator>, Problem> {
    let found = app.peers.monitoring.clone().list_indicators(caller.request(pb::ListIndicatorsRequest {})).await?.into_inner();
    let language = caller.locale().tag();
    let words = |texts: &HashMap<String, String>| texts.get(language).or_else(|| texts.get("de")).cloned().unwrap_or_default();
    let rule = |rule: pb::ProblemRule| Rule {
        id: rule.id,
        areas: rule.areas.into_iter().map(|area| area.code).collect(),
        margin: number(Some(rule.margin)),
    };
    Ok(found
        .indicators
        .into_iter()
        .map(|indicator| Indicator {
            label: words(&indicator.label),
            description: words(&indicator.description),
            id: indicator.id,
            unit: indicator.unit,
            decimals: indicator.decimals,
            table: indicator.table,
            periods: indicator.periods,
            rules: indicator.rules.into_iter().map(rule).collect(),
        })
        .collect())
}

/// Values of an indicator with the cells they come from: released ones for everybody, those on their way too for staff.
#[utoipa::path(
    get, path = "/api/v1/indicators/{id}/values", tag = "indicators", params(("id" = String, Path, description = "The indicator"), Which, Paging),
    responses((status = 200, body = List<Value>), (status = 404, body = Problem))
)]
async fn values(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    which: Query<Which>,
    paging: Paging,
) -> Result<Json<List<Value>>, Problem> {
    Ok(Json(find(&app, &caller, id, which.0, paging).await?))
}

/// Values of an indicator.
pub(crate) async fn find(app: &App, caller: &Caller, indicator: String, which: Which, paging: Paging) -> Result<List<Value>, Problem> {
    let asked = pb::GetIndicatorValuesRequest {
        indicator_id: indicator,
        areas: which.area,
        periods: which.period,
        dataset_id: which.dataset,
        page: paging.page,
        per_page: paging.per_page,
    };
    let found = app.peers.monitoring.clone().get_indicator_values(caller.request(asked)).await?.into_inner();
    Ok(List::new(paging, found.total, found.values.into_iter().map(Value::from).collect()))
}
