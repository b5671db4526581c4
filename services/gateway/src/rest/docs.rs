//! The readable description of the API, made from its OpenAPI document.
use crate::{
    app::App,
    caller::Caller,
    portal::page::{self, Page},
    problem::Problem,
};
use askama::Template;
use axum::{extract::State, response::Response};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::openapi::{OpenApi, RefOr, Required, path::ParameterIn};

/// All operations, by resource.
pub(super) struct Description {
    pub(super) resources: BTreeMap<String, Vec<Operation>>,
}

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) answers: Vec<(String, String)>,
}

/// One parameter.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: &'static str,
    pub(super) required: bool,
    pub(super) description: String,
}

impl Description {
    /// Reads the document.
    pub(super) fn of(document: &OpenApi) -> Self {
        let mut resources: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for (path, item) in &document.paths.paths {
            let methods = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
            for (method, operation) in methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?))) {
                let resource = path.trim_start_matches("/api/v1/").split(['/', '.']).next().unwrap_or_default().to_owned();
                let parameters = operation.parameters.iter().flatten().filter_map(parameter).collect();
                let answers = operation.responses.responses.iter().map(|(status, answer)| {
                    let text = match answer {
                        RefOr::T(answer) => answer.description.clone(),
                        RefOr::Ref(_) => String::new(),
                    };
                    (status.clone(), text)
                });
                resources.entry(resource).or_default().push(Operation {
                    method,
                    path: path.clone(),
                    summary: operation.summary.clone().unwrap_or_default(),
                    description: operation.description.clone().unwrap_or_default(),
                    parameters,
                    answers: answers.collect(),
                });
            }
        }
        Self { resources }
    }
}

fn parameter(given: &RefOr<utoipa::openapi::path::Parameter>) -> Option<Parameter> {
    let RefOr::T(given) = given else { return None };
    let place = match given.parameter_in {
        ParameterIn::Path => "path",
        ParameterIn::Query | ParameterIn::QueryString => "query",
        ParameterIn::Header => "header",
        ParameterIn::Cookie => "cookie",
    };
    Some(Parameter {
        name: given.name.clone(),
        place,
        required: matches!(given.required, Required::True),
        description: given.description.clone().unwrap_or_default(),
    })
}

#[derive(Template)]
#[template(path = "docs/docs.html")]
struct Docs {
    page: Page,
    description: Arc<Description>,
}

/// The page.
#[expect(clippy::unused_async, reason = "a handler is one")]
pub(super) async fn page(State(app): State<App>, caller: Caller, description: Arc<Description>) -> Result<Response, Problem> {
    page::html(&Docs { page: Page::new(&app, &caller, "Schnittstelle (API)"), description })
}
