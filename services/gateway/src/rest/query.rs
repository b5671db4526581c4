//! Query parameters: a repeated one becomes a list (or), an empty one counts as absent, unknown ones are ignored.
use crate::problem::Problem;
use axum::{extract::FromRequestParts, http::request::Parts};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// The query as a struct; give lists `#[serde(default)] Vec<_>` and single values `Option<_>`.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string, or a form, into a struct.
pub(crate) fn parse<T: DeserializeOwned>(raw: &str) -> Result<T, Problem> {
    let given = form_urlencoded::parse(raw.as_bytes()).filter(|(_, value)| !value.trim().is_empty());
    let cleaned = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    let deserializer = serde_html_form::Deserializer::new(form_urlencoded::parse(cleaned.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let name = path.split(['.', '[']).next().unwrap_or_default();
        Problem::parameter(name, error.inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Filter {
        q: Option<String>,
        #[serde(default)]
        topic: Vec<String>,
        free: Option<bool>,
        radius_km: Option<f64>,
    }

    #[test]
    fn repeated_parameters_are_lists_and_empty_ones_absent() {
        let filter: Filter = parse("q=%C3%A4%20b&topic=a&topic=&topic=b&free=true&radius_km=&unknown=1").unwrap();
        assert_eq!(filter, Filter { q: Some("ä b".into()), topic: vec!["a".into(), "b".into()], free: Some(true), radius_km: None });
    }

    #[test]
    fn a_value_of_the_wrong_kind_names_its_parameter() {
        let problem = parse::<Filter>("radius_km=far").unwrap_err();
        assert_eq!(problem.status, 422);
        assert_eq!(problem.errors[0].pointer, "?radius_km");
    }
}
